"""Laws of a draw of worlds, for both priors."""

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from restock.errors import UsageError
from restock.simulator.rollout import Stretch, run
from restock.simulator.types import Chance, Decision, Known
from restock.simulator.worlds import (
    DELIVERIES,
    LONGEST,
    NOISES,
    PARTS,
    PRIOR,
    Prior,
    draw_second_worlds,
    draw_worlds,
)
from restock.simulator.worlds.draw import CHUNK
from restock.simulator.worlds.prior import DemandPrior, NoiseShares, PartShares, TermsPrior

DRAWS = {"first": draw_worlds, "second": draw_second_worlds}
MANY = 6000


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module", params=DRAWS)
def worlds(request):
    return DRAWS[request.param](rng(), 1500, 60)


@pytest.fixture(scope="module")
def many():
    return draw_worlds(rng(5), MANY, 30)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 40),
    periods=st.integers(4, 70),
    draw=st.sampled_from(list(DRAWS.values())),
)
def test_any_draw_is_whole_finite_and_never_negative(seed, count, periods, draw):
    worlds = draw(rng(seed), count, periods)
    for leaf in jax.tree.leaves(worlds):
        assert leaf.shape[0] == count
        assert np.isfinite(leaf).all()
        assert (np.asarray(leaf) >= 0).all()
    units = (worlds.demand, worlds.stock, worlds.shop.pack, worlds.shop.minimum)
    for array in jax.tree.leaves(units):
        np.testing.assert_array_equal(array, np.rint(array))
    assert worlds.demand.shape == (count, periods, 1)
    assert worlds.arrives.shape == (count, periods, 1, LONGEST + 1)
    assert worlds.stock.on_order.shape == (count, 1, LONGEST)


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_a_seed_gives_the_same_worlds_and_another_seed_others(draw):
    first, again, other = (draw(rng(seed), CHUNK + 3, 20) for seed in (4, 4, 5))
    for one, two in zip(jax.tree.leaves(first), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first.demand, other.demand)
    assert not np.array_equal(first.demand[:3], first.demand[CHUNK:]), "a chunk repeats the one before"


def test_every_order_arrives_at_most_once(worlds):
    arrives = np.asarray(worlds.arrives)[:, :, 0]
    count, periods, leads = arrives.shape
    times = np.zeros((count, periods + LONGEST))
    for lead in range(leads):  # the order that left in period t - lead
        times[:, LONGEST - lead : LONGEST - lead + periods] += arrives[:, :, lead]
    assert set(np.unique(arrives)) == {0.0, 1.0}
    assert times.max() == 1
    settled = times[:, LONGEST:periods]  # all of these had time to come
    lossless = np.asarray(worlds.loss) == 0
    assert (settled[lossless] == 1).all()
    assert (settled[~lossless] == 0).any()


def test_orders_come_as_often_after_each_lead_time_as_their_law_says(worlds):
    seen = np.asarray(worlds.arrives)[:, :, 0].mean(1)
    law = np.asarray(worlds.shop.lead_chance)[:, 0]
    np.testing.assert_allclose(law.sum(1), 1 - np.asarray(worlds.loss), atol=1e-5)
    for kind in np.unique(worlds.delivery):
        mine = np.asarray(worlds.delivery) == kind
        np.testing.assert_allclose(seen[mine].mean(0), law[mine].mean(0), atol=0.012)


def test_stock_on_order_can_still_come_unless_it_is_lost(worlds):
    """What is under way at the start comes at a later age than it has, or the world loses orders."""
    on_order, arrives = np.asarray(worlds.stock.on_order)[:, 0], np.asarray(worlds.arrives)[:, :, 0]
    coming = np.zeros_like(on_order)
    for age in range(1, LONGEST + 1):
        for t in range(LONGEST + 1 - age):
            coming[:, age - 1] += arrives[:, t, age + t]
    lossless = np.asarray(worlds.loss) == 0
    assert (on_order[lossless] > 0).any()
    assert (coming[lossless][on_order[lossless] > 0] == 1).all()
    assert (coming[~lossless][on_order[~lossless] > 0] == 0).any()


def test_review_days_come_once_in_a_review_period(worlds):
    review, may = np.asarray(worlds.shop.review)[:, 0].astype(int), np.asarray(worlds.may_order)[:, :, 0]
    assert review.min() == 1
    assert review.max() == 14
    for every, days in zip(review, may, strict=True):
        np.testing.assert_array_equal(np.convolve(days, np.ones(every), "valid"), 1)


def test_units_follow_the_mean_of_their_period(worlds):
    """Summed over a kind of noise, weighted so that no world dominates, units are what the mean says."""
    units, mean = np.asarray(worlds.demand)[:, :, 0], np.asarray(worlds.mean)
    for kind in np.unique(worlds.noise):
        mine = (np.asarray(worlds.noise) == kind) & (mean.mean(1) > 0.3)
        ratio = units[mine].sum(1) / mean[mine].sum(1)
        assert abs(ratio.mean() - 1) < 5 * ratio.std() / np.sqrt(len(ratio))
        assert ratio.std() / np.sqrt(len(ratio)) < 0.05


def test_shares_of_kinds_are_their_settings(many):
    demand, three_sigma = PRIOR.demand, 3 * np.sqrt(0.25 / MANY)
    days = np.asarray(many.told.period_days) == 1
    assert days.mean() == pytest.approx(demand.days, abs=three_sigma)
    for column, name in enumerate(PARTS):
        share = getattr(demand.parts, name) * (demand.days if name == "week" else 1)
        assert np.asarray(many.parts)[:, column].mean() == pytest.approx(share, abs=three_sigma), name
    for number, name in enumerate(NOISES):
        share = np.mean(np.asarray(many.noise) == number)
        assert share == pytest.approx(getattr(demand.noises, name), abs=three_sigma), name
    for number, name in enumerate(DELIVERIES):
        share = np.mean(np.asarray(many.delivery) == number)
        assert share == pytest.approx(getattr(PRIOR.deliveries.kinds, name), abs=three_sigma), name
    terms = PRIOR.terms
    for values, share in (
        (many.shop.order_cost > 0, terms.fixed_cost),
        (many.shop.shortage > 0, terms.goodwill),
        (many.shop.waiting > 0, terms.backlog + terms.partial),
        (many.shop.waiting == 1, terms.backlog),
        (many.shop.review > 1, terms.reviewed),
        (many.loss > 0, PRIOR.deliveries.lossy),
        (many.told.lead_told, PRIOR.deliveries.lead_told),
        (many.told.category_told, PRIOR.told.category),
        (many.told.plan_told, PRIOR.told.plan),
    ):
        assert np.asarray(values).mean() == pytest.approx(share, abs=three_sigma)


def test_the_prior_is_as_wide_as_it_says(many):
    margin = np.asarray(many.price).max(1) - np.asarray(many.shop.unit_cost)
    ratio = margin / np.asarray(many.shop.holding)
    low, high = PRIOR.terms.margin_to_holding
    assert np.quantile(ratio, [0.01, 0.99]) == pytest.approx([low * 1.07, high / 1.07], rel=0.1)
    orders = np.log10(np.asarray(many.mean).mean(1) + 1e-9)
    assert np.mean(orders < -1) > 0.1
    assert np.mean(orders > 2) > 0.1
    cover = np.asarray(many.stock.on_hand)[:, 0, 0] / np.maximum(np.asarray(many.mean)[:, :4].mean(1), 1e-3)
    assert np.mean(cover == 0) > 0.3
    assert np.mean(cover > 50) > 0.05


def test_what_is_not_told_is_not_there(many):
    told = many.told
    for flag, value in (
        (told.promise_told, told.promised),
        (told.category_told, told.category_level),
        (told.category_told, told.category_dispersion),
        (told.plan_told, told.promotion.max(1)),
        (told.plan_told, 1 - told.price.min(1)),
        (told.season_length, told.phase),
    ):
        flag, value = np.asarray(flag), np.asarray(value)
        assert (value[flag == 0] == 0).all()
        assert (value[flag > 0] > 0).any()


def test_planned_prices_are_what_customers_pay(many):
    told = np.asarray(many.told.plan_told) > 0
    price = np.asarray(many.price)[:, :, 0]
    promoted = np.asarray(many.parts)[:, PARTS.index("promotion")] > 0
    both = told & promoted
    np.testing.assert_allclose((price / price.max(1, keepdims=True))[both], many.told.price[both], rtol=1e-5)
    assert np.ptp(price[~promoted], axis=1).max() == 0
    assert ((np.asarray(many.told.price) < 1) == (np.asarray(many.told.promotion) == 1)).all()


def test_some_promises_are_shorter_than_the_truth_and_none_longer(many):
    law = np.asarray(many.shop.lead_chance)[:, 0]
    true = law @ np.arange(LONGEST + 1) / law.sum(1)
    named = np.asarray(many.told.promise_told) > 0
    late = (true - np.asarray(many.told.promised))[named]
    assert late.min() >= -0.5 - 1e-5
    assert np.mean(late > 0.6) == pytest.approx(PRIOR.deliveries.broken, abs=0.08)  # no promise falls below 0


def test_other_settings_give_other_worlds():
    plain = Prior(
        demand=DemandPrior(
            level=(20.0, 20.0),
            parts=PartShares(**dict.fromkeys(PARTS, 0)),
            noises=NoiseShares(steady=0, poisson=1, mixed=0, lumpy=0),
        ),
        terms=TermsPrior(packed=0, minimum=0, reviewed=0),
    )
    worlds = draw_worlds(rng(), 300, 50, plain)
    units = np.asarray(worlds.demand)
    np.testing.assert_allclose(worlds.mean, 20, rtol=1e-5)
    assert units.mean() == pytest.approx(20, abs=5 * np.sqrt(20 / units.size))
    assert units.var() == pytest.approx(20, rel=0.05)
    assert set(np.unique(worlds.shop.pack)) == {1.0}
    assert np.asarray(worlds.may_order).min() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"demand": {"level": (5, 1)}},
        {"demand": {"level": (0, 1)}},
        {"demand": {"noises": {"steady": 0.9}}},
        {"demand": {"shelf_life": (1, 2)}},
        {"deliveries": {"lead": (0, LONGEST + 1)}},
        {"terms": {"backlog": 0.7, "partial": 0.7}},
        {"terms": {"review": (0, 3)}},
    ],
    ids=str,
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        Prior.model_validate(wrong)


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
@pytest.mark.parametrize(("count", "periods"), [(0, 10), (5, 3)])
def test_too_few_worlds_or_periods_are_refused(draw, count, periods):
    with pytest.raises(UsageError, match="or more"):
        draw(rng(), count, periods)


def test_the_simulator_takes_the_worlds_and_loses_no_unit(worlds):
    """Order up to a fixed level for 60 periods: what came in, less what was served, is what is left."""
    rows, periods = worlds.demand.shape[:2]
    nothing = jnp.zeros((rows, periods))
    known = Known(
        scale=worlds.mean,
        averages=worlds.mean[:, :, None],
        lead_demand=nothing,
        lead_spread=nothing,
        features=nothing[:, :, None],
        price=worlds.price,
        may_order=worlds.may_order,
    )
    stretch = Stretch(
        worlds.shop, worlds.stock, known, Chance(worlds.demand, worlds.arrives), jnp.ones((rows, periods))
    )

    def up_to(view, key):
        position = view.stock.on_hand.sum() + view.stock.on_order.sum() - view.stock.backlog.sum()
        order = jnp.maximum(jnp.round(3 * view.known.scale) - position, 0)
        return Decision(order[None], view.known.price, jnp.zeros(1))

    after, period = run(up_to, stretch)
    served = period.demand.sum((1, 2)) - period.lost.sum((1, 2)) - after.backlog.sum(1)  # sold, or waited for and got
    before = worlds.stock.on_hand.sum((1, 2)) - worlds.stock.backlog.sum(1)
    here = before + period.arrived.sum((1, 2)) - served
    big = np.maximum(np.asarray(period.demand.sum((1, 2))) + np.abs(before), 1)
    assert (np.abs(np.asarray(here - after.on_hand.sum((1, 2)))) / big).max() < 1e-4
    assert np.asarray(period.arrived.sum()) > 0
    assert np.asarray(period.money.order_cost.sum()) > 0
