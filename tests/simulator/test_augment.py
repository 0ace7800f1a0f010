from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from restock.errors import UsageError
from restock.simulator.augment import OFF, Augmentation, augment, noise, shift, swap, thin
from restock.simulator.history import History

AHEAD = 14
CHANGES = {
    "thin": lambda h, rng: thin(h, rng, rng.uniform(0.3, 3.0, h.shape[0])),
    "shift": lambda h, rng: shift(h, rng, rng.integers(-20, 21, h.shape[0])),
    "swap": lambda h, rng: swap(h, rng, 0.5),
    "noise": lambda h, rng: noise(h, rng, 0.2),
    "augment": augment,
}


def rng(seed=0):
    return np.random.default_rng(seed)


def make(levels, periods=210, seed=0, days=1, peak=None):
    """A shop with Poisson demand, a late launch, two stock-outs, promotions; its last item is sold by weight."""
    draw = rng(seed)
    items = len(levels)
    mean = np.asarray(levels, np.float64)[:, None] * np.ones(periods)
    if peak is not None:
        mean[:, peak] *= 6.0
    demand = draw.poisson(mean).astype(np.float32)
    demand[-1] = draw.gamma(4.0, mean[-1] / 4.0)
    on_sale, known = np.ones((2, items, periods), np.float32)
    on_sale[0, :40] = 0.0
    known[:2, 60:75] = 0.0
    demand *= on_sale
    sold = demand * np.where(known > 0, 1.0, 0.0).astype(np.float32)
    demand[1, 60:75] += np.float32(0.3)
    return History(
        items=tuple(f"i{i}" for i in range(items)),
        sites=("main",) * items,
        groups=np.zeros(items, np.int32),
        like=("",) * items,
        starts=np.arange(0, days * periods, days).view(
            "datetime64"
        ),  # no unit: all that the annotation of History lets in
        period_days=days,
        sold=sold,
        demand=demand,
        known=known,
        on_sale=on_sale,
        price=draw.uniform(9, 11, (items, periods + AHEAD)).astype(np.float32)
        * (1 + np.arange(items))[:, None].astype(np.float32),
        seen=draw.random((items, periods, 1)).astype(np.float32),
        seen_names=("views",),
        planned=draw.random((items, periods + AHEAD, 2)).astype(np.float32),
        planned_names=("discount", "promotion"),
        calendar=draw.random((periods + AHEAD, 3)).astype(np.float32),
        calendar_names=("a", "b", "c"),
    )


LEVELS = [5.0, 0.3, 12.0, 14.0, 60.0, 8.0]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 7]), st.integers(80, 210))
def test_every_change_makes_a_past_that_could_have_been(change, seed, days, periods):
    old = make(LEVELS, periods, seed, days)
    new = change(old, rng(seed))
    for name in ("sold", "demand", "known", "on_sale", "price", "planned", "calendar"):
        assert getattr(new, name).shape == getattr(old, name).shape
        assert getattr(new, name).dtype == np.float32
        assert np.isfinite(getattr(new, name)).all()
    assert new.demand.min() >= 0
    assert (new.sold <= new.demand).all()
    assert (new.sold >= 0).all()
    np.testing.assert_array_equal(new.sold[new.known > 0], new.demand[new.known > 0])
    np.testing.assert_array_equal(new.sold[:-1], np.rint(new.sold[:-1]))
    assert not (new.demand * (new.on_sale == 0)).any()
    np.testing.assert_array_equal(new.on_sale, old.on_sale)
    np.testing.assert_array_equal(new.calendar, old.calendar)
    np.testing.assert_array_equal(new.price[:, periods:], old.price[:, periods:])
    np.testing.assert_array_equal(new.planned[:, periods:], old.planned[:, periods:])
    assert set(np.unique(new.known)) <= {0.0, 1.0}


@pytest.mark.parametrize("change", [CHANGES["shift"], CHANGES["swap"], CHANGES["noise"], augment])
def test_the_mean_of_every_item_is_kept_over_many_draws(change):
    old = make([5.0, 0.3, 12.0, 14.0, 60.0, 58.0, 8.0])
    draws = rng(1)
    mean = np.mean([change(old, draws).demand.mean(-1) for _ in range(200)], 0)
    np.testing.assert_allclose(mean, old.demand.mean(-1), rtol=0.08)


def test_thinning_scales_the_level_by_the_factor_and_keeps_counts_as_noisy_as_counts_are():
    old = make([20.0, 20.0, 20.0, 1.0, 1.0, 9.0], 3000)
    factor = np.array([0.25, 1.0, 3.0, 0.5, 3.0, 2.0])
    new = thin(old, rng(), factor)
    seen = old.known > 0
    for i in range(6):
        now, before = new.demand[i, seen[i]], old.demand[i, seen[i]]
        assert now.mean() == pytest.approx(factor[i] * before.mean(), rel=0.06)
    for i in (0, 2, 3, 4):  # Poisson before, about Poisson after: scaling alone would give a variance of 3 means
        now = new.demand[i, 80:]
        assert now.var() / now.mean() == pytest.approx(1.0, abs=0.25)
    np.testing.assert_allclose(new.demand[5], 2.0 * old.demand[5], rtol=1e-6)
    np.testing.assert_array_equal(new.sold[1], old.sold[1])


def test_thinning_upwards_keeps_real_peaks():
    old = make([10.0] * 6, 700)
    old.demand[2, ::50] = old.sold[2, ::50] = 100.0
    new = thin(old, rng(), np.full(6, 2.0))
    assert new.demand[2, ::50].mean() == pytest.approx(200.0, rel=0.15)


def test_a_peak_that_the_group_shares_stays_on_its_date_when_items_are_shifted():
    old = make([30.0] * 30, peak=150)
    new = shift(old, rng(), np.full(30, 6))
    ratio = new.demand[1:-1, 150].mean() / np.delete(new.demand[1:-1], 150, 1).mean()
    assert ratio == pytest.approx(6.0, rel=0.15)
    where_it_would_go = new.demand[1:-1, 150 + 42].mean() / 30.0
    assert where_it_would_go < 1.4


def test_an_items_own_bump_moves_with_its_price_and_plans():
    old = make([30.0] * 30)
    old.demand[5, 50:57] = old.sold[5, 50:57] = 150.0
    new = shift(old, rng(), np.where(np.arange(30) == 5, 4, 0))
    assert new.demand[5, 78:85].mean() > 90
    assert new.demand[5, 50:57].mean() < 55
    np.testing.assert_array_equal(new.price[5, 78:85], old.price[5, 50:57])
    np.testing.assert_array_equal(new.planned[5, 78:85], old.planned[5, 50:57])
    np.testing.assert_array_equal(np.delete(new.demand, 5, 0), np.delete(old.demand, 5, 0))


def test_a_shift_keeps_weekdays_and_stays_within_the_time_on_sale():
    old = make([50.0] * 8)
    weekday = np.arange(210) % 7
    planned = np.broadcast_to(weekday[:, None], (8, 210, 2))
    old.planned[:, :210] = planned
    new = shift(old, rng(), np.arange(-4, 4))
    np.testing.assert_array_equal(new.planned[:, :210], planned)
    assert new.demand[0, 40:47].min() > 0  # the late launch stays where it was


def test_estimates_stay_marked_where_they_move():
    old = make([50.0] * 8)
    new = shift(old, rng(), np.array([0, 2, 0, 0, 0, 0, 0, 0]))
    np.testing.assert_array_equal(new.known[1, 74:89], np.zeros(15))
    assert new.known[1].sum() == old.known[1].sum()
    np.testing.assert_array_equal(new.sold[1, 74:89], np.zeros(15))


def test_swapping_trades_only_within_a_group_and_at_the_own_level():
    old = make([12.0, 12.0, 12.0, 12.0, 25.0, 25.0, 25.0, 25.0])
    old = replace(old, groups=np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int32))
    old.planned[:4, :, 0] = 5.0
    new = swap(old, rng(), 1.0)
    np.testing.assert_array_equal(new.planned[:4, :, 0], np.float32(5.0))
    assert (new.planned[4:, :, 0] <= 1.0).all()
    assert (new.demand != old.demand).mean() > 0.3
    np.testing.assert_allclose(new.demand[2:].mean(-1), old.demand[2:].mean(-1), rtol=0.12)
    np.testing.assert_allclose(new.price.mean(-1), old.price.mean(-1), rtol=0.02)


def test_items_of_very_different_levels_do_not_trade():
    old = make([1.0, 100.0])
    old = replace(old, known=np.ones_like(old.known))
    np.testing.assert_array_equal(swap(old, rng(), 1.0).demand, old.demand)


def test_nothing_changes_when_everything_is_off_and_the_same_seed_repeats_itself():
    old = make(LEVELS)
    assert augment(old, rng(), OFF) is old
    np.testing.assert_array_equal(augment(old, rng(3)).demand, augment(old, rng(3)).demand)
    assert (augment(old, rng(3)).demand != augment(old, rng(4)).demand).any()


def test_a_shop_without_prices_or_groups_can_be_augmented():
    old = make(LEVELS)
    old = replace(old, price=np.zeros_like(old.price), groups=np.full(6, -1, np.int32), planned=old.planned[..., :0])
    assert augment(old, rng()).demand.shape == old.demand.shape


def test_impossible_settings_are_refused():
    with pytest.raises(UsageError, match="`swap` must be between 0 and 1"):
        Augmentation(swap=1.5)
    with pytest.raises(UsageError, match="noise"):
        Augmentation(noise=-1)
