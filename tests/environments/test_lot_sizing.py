import numpy as np
import pytest

from restock.environments.lot_sizing import AHEAD, PATTERNS, PERIODS, PUBLISHED, LotSizing, find_instance
from restock.errors import UsageError


def test_every_instance_is_found_by_its_name():
    assert len(PUBLISHED) == 8
    assert all(find_instance(instance.name) == instance for instance in PUBLISHED)
    assert find_instance("seasonal-1-Poisson") == LotSizing("seasonal-1", "poisson")


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="no lot-sizing instance") as caught:
        find_instance("constant-10-gamma")
    assert "`constant-10-normal`" in caught.value.hint.en


@pytest.mark.parametrize(
    "wrong", [{"pattern": "flat"}, {"law": "gamma"}, {"lead_time": -1}, {"order_cost": 0}, {"start": -1}]
)
def test_an_impossible_instance_is_refused(wrong):
    with pytest.raises(UsageError, match="is not a lot-sizing instance"):
        LotSizing(**{"pattern": "growth", "law": "normal", **wrong})


def test_what_is_unusual_is_part_of_the_name():
    assert LotSizing("growth", "normal", variation=0.1, order_cost=80, start=0).name == "growth-normal-cv0.1-K80-x0"


@pytest.mark.parametrize(
    ("pattern", "period", "mean"),
    [
        ("constant-15", 90, 15),
        ("seasonal-1", 26, 15),
        ("seasonal-1", 1, 10.30189),  # 10 + 5 sin(2 pi / 104)
        ("seasonal-4", 13, 10),
        ("seasonal-2", 39, 5),
        ("growth", 1, 5),
        ("growth", 136, 15),
        ("growth", 500, 15),
        ("decline", 136, 5),
    ],
)
def test_mean_demand_follows_its_pattern(pattern, period, mean):
    assert LotSizing(pattern, "poisson").means(period)[-1] == pytest.approx(mean, abs=1e-5)


@pytest.mark.parametrize("law", ["poisson", "normal"])
def test_demand_has_the_means_and_the_variances_of_its_law(law):
    instance = LotSizing("seasonal-1", law)
    means, drawn = instance.means(60), instance.draw(np.random.default_rng(4), 20_000, 60)
    variances = means if law == "poisson" else 0.04 * means**2
    np.testing.assert_allclose(drawn.mean(axis=0), means, atol=0.12)
    np.testing.assert_allclose(drawn.var(axis=0), variances, rtol=0.08)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_policy_sees_the_forecast_and_nothing_of_demand(pattern):
    instance = LotSizing(pattern, "normal")
    setting = instance.setting()
    course, other = (setting.draw(np.random.default_rng(seed), 3, PERIODS) for seed in (1, 2))
    means, known = instance.means(PERIODS + AHEAD), course.known
    assert (np.asarray(known.features) == np.asarray(other.known.features)).all()
    assert known.features.shape == (3, PERIODS, AHEAD)
    forecast = np.asarray(known.features * known.scale[..., None])
    np.testing.assert_allclose(forecast[1, 7], means[7 : 7 + AHEAD], rtol=1e-5)
    np.testing.assert_allclose(known.lead_demand[0, -1], means[PERIODS - 1 : PERIODS + 2].sum(), rtol=1e-5)
    np.testing.assert_allclose(known.lead_spread[0, 0], 0.2 * np.sqrt(np.sum(means[:3] ** 2)), rtol=1e-5)


def test_its_setting_is_one_episode_with_stock_at_the_start():
    whole, any_quantity = (LotSizing("constant-10", law).setting() for law in ("poisson", "normal"))
    assert (whole.periods, whole.lead) == (104, 2)
    assert float(whole.stock.on_hand.sum()) == 20
    assert float(whole.stock.on_order.sum()) == 0
    assert (float(whole.shop.pack[0]), float(any_quantity.shop.pack[0])) == (1.0, 0.0)
    assert [float(cost[0]) for cost in (whole.shop.holding, whole.shop.shortage, whole.shop.order_cost)] == [1, 5, 10]
