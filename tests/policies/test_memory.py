"""What is kept of an item's past: hand-computed means, seasons, deliveries; nothing that depends on the unit."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_shop import made_up_known, made_up_shop

from restock.policies.memory import RATES, Told, believe, empty_memory, expected, remember, week_factor
from restock.policies.outline import outline
from restock.simulator.remembering import Seen

LONGEST = 3
SHOP = made_up_shop(lead_chance=np.array([[0.0, 0.0, 0.95, 0.0]]))
UNITLESS = np.r_[0:2, 6:21, 22:28]  # of the slow facts: what no guess of a variance has a part in
NOTHING = dict.fromkeys(Told._fields, 0.0)


def known(**told: float):
    return made_up_known(features=np.array(list({**NOTHING, **told}.values())), price=[3.0])


def seen(sales: float, hidden: float = 0.0, weight: float = 1.0, leads=(0, 0, 0, 0, 0)) -> Seen:
    return Seen(jnp.asarray(sales), jnp.asarray(hidden), jnp.asarray(weight), jnp.asarray(leads, float))


def after(periods, **told):
    memory = empty_memory(LONGEST)
    step = eqx.filter_jit(remember)
    for one in periods:
        memory = step(memory, SHOP, known(**told), one)
    return memory, believe(memory, SHOP, known(**told))


def test_without_observations_the_guess_of_like_items_is_the_mean_and_else_one_unit() -> None:
    _, beliefs = after([], category=1.0, category_level=40.0, category_dispersion=0.5)
    assert float(beliefs.scale) == 40.0
    np.testing.assert_allclose(beliefs.means, 40.0)
    np.testing.assert_allclose(beliefs.spreads, (40 + 0.5 * 40**2) ** 0.5)
    assert float(after([])[1].scale) == 1.0


def test_means_forget_at_their_rates_and_first_observations_count_fully() -> None:
    memory, beliefs = after([seen(10.0), seen(20.0)])
    sums = RATES * (1 - RATES) * 10 + RATES * 20
    weights = 1 - (1 - RATES) ** 2
    np.testing.assert_allclose(memory.means, sums, rtol=1e-5)
    np.testing.assert_allclose(memory.weights, weights, rtol=1e-5)
    np.testing.assert_allclose(beliefs.means, (sums + 0.15 * RATES) / (weights + 0.15 * RATES), rtol=1e-5)
    assert float(memory.count) == 2


def test_the_first_sales_of_all_are_no_surprise_unless_like_items_had_told_what_to_expect() -> None:
    memory, beliefs = after([seen(1000.0)])
    usual = 1000 + 0.3 * 1000**2  # variance that is usual at such a mean
    np.testing.assert_allclose(memory.squares / memory.square_weights, usual, rtol=1e-5)
    assert float(memory.surprise) == 0.0
    guess = {"category": 1.0, "category_level": 40.0}
    memory, _ = after([seen(1000.0)], **guess)
    np.testing.assert_allclose(memory.squares / memory.square_weights, (1000 - 40) ** 2, rtol=1e-5)
    memory, later = after([seen(1000.0), seen(1000.0)])
    assert (later.spreads < beliefs.spreads).all()


def test_what_could_not_be_seen_changes_nothing_but_the_last_sales() -> None:
    before, _ = after([seen(10.0), seen(20.0)])
    later, _ = after([seen(10.0), seen(20.0), seen(0.0, hidden=1.0, weight=0.0)])
    for name in ("count", "means", "weights", "open_means", "squares", "hidden", "empty", "lift", "leads"):
        np.testing.assert_array_equal(getattr(before, name), getattr(later, name))


def test_periods_in_which_demand_was_hidden_do_not_pull_the_open_mean_down() -> None:
    _, beliefs = after([seen(10.0), seen(10.0), *[seen(2.0, hidden=1.0)] * 5] * 6)
    assert beliefs.open_means[0] == pytest.approx(10.0, rel=0.02)
    assert beliefs.means[2] < 7


def test_a_weekday_without_sales_is_found_and_does_not_lower_the_others() -> None:
    _, beliefs = after([seen(0.0 if t % 7 == 6 else 10.0) for t in range(7 * 30)], days=1.0)
    assert beliefs.week[6] < 0.12  # the next period is day 0; half a visit of the usual factor stays in it
    assert beliefs.means[2] * beliefs.week[0] == pytest.approx(10.0, rel=0.05)
    covered = known(days=1.0)
    of_week = expected(
        eqx.tree_at(lambda b: b.lead, beliefs, jnp.asarray(6.0)), SHOP, covered, beliefs.means[2], 0 * beliefs.scale
    )
    assert of_week.lead_demand == pytest.approx(60.0, rel=0.05)  # lead time 6 and a review period of 1: a whole week


def test_a_promotion_teaches_the_lift_and_leaves_the_mean_alone() -> None:
    step, memory = eqx.filter_jit(remember), empty_memory(LONGEST)
    for t in range(120):
        promoted = float(t % 6 == 5)
        memory = step(memory, SHOP, known(promotion=promoted), seen(40.0 if promoted else 10.0))
    beliefs = believe(memory, SHOP, known())
    assert beliefs.lift == pytest.approx(4.0, rel=0.1)
    assert beliefs.means[2] == pytest.approx(10.0, rel=0.1)


def test_lead_times_are_learned_from_orders_that_came_and_from_those_that_never_did() -> None:
    _, at_first = after([], promised=1.0)
    np.testing.assert_allclose(at_first.law, [0, 0, 0.95, 0, 0.05], atol=1e-6)  # as the shop was promised
    came_late = [seen(1.0, leads=(0, 0, 0, 1, 0))] * 15 + [seen(1.0, leads=(0, 0, 0, 0, 1))] * 2
    _, beliefs = after(came_late, promised=1.0)
    np.testing.assert_allclose(beliefs.law, np.array([0, 0, 3 * 0.95, 15, 2 + 3 * 0.05]) / 20, atol=1e-6)
    assert beliefs.lead == pytest.approx((2 * 2.85 + 3 * 15) / 17.85)
    _, told = after(came_late, law_told=1.0)
    assert told.lead < beliefs.lead  # a law that is known gives way slowly


@given(
    st.lists(st.tuples(st.integers(0, 50), st.booleans(), st.booleans()), min_size=1, max_size=12),
    st.sampled_from([0.01, 0.1, 10.0, 1000.0]),
)
@settings(max_examples=25, deadline=None)
def test_a_network_sees_the_same_item_in_any_unit(past, unit) -> None:
    def outlined(unit):
        told = {"category": 1.0, "category_level": 8.0 * unit, "days": 1.0}
        memory, beliefs = after([seen(s * unit, float(h), float(w)) for s, h, w in past], **told)
        return outline(memory, beliefs, known(**told))

    # a guess of mean and variance apart has no unit only where the variance is that of a multiple
    some, one = outlined(unit), outlined(1.0)
    np.testing.assert_allclose(some.slow[UNITLESS], one.slow[UNITLESS], atol=2e-3)
    np.testing.assert_allclose(some.change[6:], one.change[6:], atol=2e-3)
    np.testing.assert_allclose(some.fast[0], one.fast[0], atol=2e-3)


@given(st.floats(0.1, 40.0))
@settings(max_examples=30, deadline=None)
def test_the_factor_of_a_span_is_the_mean_over_its_days(covered) -> None:
    week = jnp.array([1.0, 2.0, 0.0, 1.0, 3.0, 0.5, 0.5])
    days = np.clip(covered - np.arange(45), 0, 1)
    assert week_factor(week, jnp.asarray(covered)) == pytest.approx(
        (days @ np.tile(week, 7)[:45]) / days.sum(), rel=1e-3
    )


def test_every_number_stays_a_number_whatever_is_sold() -> None:
    generator = np.random.default_rng(0)
    for size in (0.0, 1e-3, 1e5):
        memory, beliefs = after([seen(float(generator.poisson(1) * size)) for _ in range(60)], days=1.0, weeks=1.0)
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((memory, beliefs)))
        assert all(np.isfinite(part).all() for part in outline(memory, beliefs, known()))


def test_each_mean_is_judged_by_how_far_it_missed_each_sale_that_came_next() -> None:
    memory, _ = after([seen(4.0), seen(10.0), seen(1.0)])
    rate = RATES[-1]
    # of the first nothing was expected; then each mean foretold what it was
    _, one = after([seen(4.0)])
    _, two = after([seen(4.0), seen(10.0)])
    misses = [4 + 0.3 * 16 + 0 * RATES, (10 - one.means) ** 2, (1 - two.means) ** 2]
    kept = sum(rate * (1 - rate) ** (2 - n) * miss for n, miss in enumerate(misses))
    np.testing.assert_allclose(memory.misses, kept, rtol=1e-4)


def test_evidence_tells_a_law_that_never_changes_from_one_that_jumps() -> None:
    generator = np.random.default_rng(2)
    calm, jumped = generator.poisson(7, 150), np.r_[generator.poisson(3, 75), generator.poisson(12, 75)]
    _, still = after([seen(float(s)) for s in calm])
    _, moved = after([seen(float(s)) for s in jumped])
    assert (still.stillness > 0).all()  # every faster mean foretold worse than the slowest
    assert (moved.stillness[1:] < 0).all()
    _, shorter = after([seen(float(s)) for s in calm[:50]])
    assert still.stillness[0] > 2 * shorter.stillness[0]  # it adds up


def test_what_was_seen_lately_differs_from_the_usual_only_where_something_changed() -> None:
    memory, beliefs = after([seen(8.0)] * 120)
    np.testing.assert_allclose(outline(memory, beliefs, known()).fast[1:], 0.0, atol=0.05)
    memory, beliefs = after([seen(8.0)] * 120 + [seen(24.0)])
    assert outline(memory, beliefs, known()).fast[1:].max() > 0.3
