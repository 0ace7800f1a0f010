"""What is lived equals the simulator; what is remembered equals flashbax."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import oracle

from restock.algorithms.experience import Steps, empty_memory, later, live, money_scale, next_window, transitions
from restock.environments.lost_sales import LostSales
from restock.policies.actors import Mover, observe, observed
from restock.policies.rules import BaseStock, buy
from restock.simulator.rollout import earn
from restock.workflows.benches.learning_problem import learning_problem

INSTANCE = LostSales("poisson", 2, 9)
PROBLEM = learning_problem(INSTANCE.setting(), 0)


@pytest.fixture(scope="module")
def flashbax():
    return oracle("flashbax")


def act_by(policy):
    def act(seen, view, drawn):
        decision = jax.vmap(policy)(view)
        return decision.order[:, 0], decision

    return act


def test_living_earns_what_the_simulator_says() -> None:
    policy = BaseStock(jnp.array(3.4), jnp.array(5.0))
    window = next_window(PROBLEM, 32, 12, jax.random.key(3), None)
    stock, steps = live(act_by(policy), window, PROBLEM.lead, jnp.zeros(12))
    _, earned = earn(policy, window)
    scale = money_scale(window.shop, window.known)
    np.testing.assert_allclose(steps.reward * scale, earned[:, :12].T, rtol=1e-5, atol=1e-4)
    assert steps.seen.shape == (13, 32, observed(0, PROBLEM.lead))
    assert stock.on_hand.shape == (32, 1, 1)


def test_a_period_is_paid_as_asked_and_a_decision_cut_to_its_limit() -> None:
    policy = BaseStock(jnp.array(3.4), jnp.array(5.0))
    window = next_window(PROBLEM, 32, 12, jax.random.key(3), None)
    _, steps = live(
        act_by(policy), window, PROBLEM.lead, jnp.zeros(12),
        reward=lambda shop, period: period.ordered.sum(-1),
        limit=lambda view, decision: buy(view, jnp.minimum(decision.order[0], 3.0)),
    )  # fmt: skip
    assert steps.action.max() > 3
    ordered = steps.reward * money_scale(window.shop, window.known)
    np.testing.assert_allclose(ordered, jnp.minimum(steps.action, 3.0), rtol=1e-5)


def test_where_a_unit_costs_nothing_rewards_are_taken_as_they_are() -> None:
    window = next_window(PROBLEM, 4, 2, jax.random.key(3), None)
    free = eqx.tree_at(lambda shop: shop.holding, window.shop, jnp.zeros((4, 1)))
    assert money_scale(free, window.known).tolist() == [1, 1, 1, 1]


def test_a_carried_window_goes_on_where_the_last_one_ended() -> None:
    policy = BaseStock(jnp.array(3.4), jnp.array(5.0))
    first = next_window(PROBLEM, 8, 5, jax.random.key(0), None)
    stock, steps = live(act_by(policy), first, PROBLEM.lead, jnp.zeros(5))
    second = next_window(PROBLEM, 8, 5, jax.random.key(1), stock)
    _, more = live(act_by(policy), second, PROBLEM.lead, jnp.zeros(5))
    # the last observation of a window is the first one of the next: nothing is lived twice, nothing is left out
    np.testing.assert_allclose(more.seen[0], steps.seen[-1], rtol=1e-5, atol=1e-5)


def test_an_actor_orders_the_same_from_a_view_and_from_what_was_seen_of_it() -> None:
    actor = Mover(observed(0, PROBLEM.lead), PROBLEM.lead, 8, jax.random.key(5))
    window = next_window(PROBLEM, 8, 2, jax.random.key(2), None)
    seen, orders = [], []

    def act(row, view, drawn):
        seen.append(jax.vmap(lambda v: observe(v, PROBLEM.lead))(view))
        decision = jax.vmap(actor)(view)
        return decision.order[:, 0], decision

    _, steps = live(act, window, PROBLEM.lead, jnp.zeros(2))
    orders = jax.vmap(jax.vmap(actor.amount))(steps.seen[:-1]) * INSTANCE.mean
    np.testing.assert_allclose(steps.action, orders, rtol=1e-4, atol=1e-4)


def test_transitions_are_cut_from_a_window() -> None:
    seen = jnp.arange(6.0)[:, None, None] * jnp.ones((6, 2, 3))
    steps = Steps(seen, jnp.arange(10).reshape(5, 2), jnp.arange(10.0).reshape(5, 2))
    cut = transitions(steps, 0.5, 2)
    assert cut.seen.shape == (8, 3)
    # the second row's third step: rewards 5 and then 7, from period 2 to period 4
    assert int(cut.action[5]) == 5
    assert float(cut.reward[5]) == 5.0 + 0.5 * 7.0
    assert float(cut.seen[5, 0]) == 2.0
    assert float(cut.then[5, 0]) == 4.0


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_the_memory_keeps_the_latest(counts: list[int]) -> None:
    memory, told = empty_memory(8, {"x": jnp.zeros(())}), []
    for count in counts:
        entries = [len(told) + k + 1.0 for k in range(count)]
        memory = memory.add({"x": jnp.asarray(entries)})
        told += entries
    kept = sorted(float(x) for x in memory.content["x"] if x > 0)
    assert kept == sorted(told[-8:])
    assert int((memory.priority > 0).sum()) == min(len(told), 8)


def test_the_memory_holds_what_flashbax_holds(flashbax) -> None:
    theirs = flashbax.make_item_buffer(max_length=16, min_length=1, sample_batch_size=4, add_batches=True)
    state, ours = theirs.init({"x": jnp.zeros(2)}), empty_memory(16, {"x": jnp.zeros(2)})
    for start in range(0, 40, 8):
        entries = {"x": jnp.arange(start, start + 8.0)[:, None] * jnp.ones(2)}
        state, ours = theirs.add(state, entries), ours.add(entries)
    np.testing.assert_array_equal(ours.content["x"], np.asarray(state.experience["x"])[0])


def test_priorities_are_drawn_as_flashbax_draws_them(flashbax) -> None:
    theirs = flashbax.make_prioritised_item_buffer(
        max_length=8, min_length=1, sample_batch_size=4, add_batches=True, priority_exponent=0.6
    )
    error = jnp.asarray([0.1, 2.0, 0.5, 1.0, 4.0, 0.2, 0.9, 3.0]) - 1e-3
    entries = {"x": jnp.arange(8.0)}
    state = theirs.add(theirs.init({"x": jnp.zeros(())}), entries)
    state = theirs.set_priorities(state, jnp.arange(8), error + 1e-3)
    expected = np.asarray(theirs.sample(state, jax.random.key(0)).probabilities)
    drawn = np.asarray(theirs.sample(state, jax.random.key(0)).indices)
    memory = empty_memory(8, {"x": jnp.zeros(())}).add(entries).rate(jnp.arange(8), error)
    _, places, relative = memory.draw(4000, jax.random.key(1), 0.6)
    chance = {int(p): float(r) / 8 for p, r in zip(places, relative, strict=True)}
    for place, probability in zip(drawn, expected, strict=True):
        assert chance[int(place)] == pytest.approx(probability, rel=1e-5)
    counts = np.bincount(np.asarray(places), minlength=8) / 4000
    np.testing.assert_allclose(counts, [chance[k] for k in range(8)], atol=0.03)


def test_nothing_is_drawn_from_where_nothing_is_kept() -> None:
    memory = empty_memory(64, jnp.zeros(())).add(jnp.ones(5))
    entries, places, relative = memory.draw(200, jax.random.key(0))
    assert float(entries.min()) == 1.0
    assert int(places.max()) < 5
    np.testing.assert_allclose(relative, np.ones(200), rtol=1e-6)


def test_an_order_is_put_beside_what_was_earned_when_it_arrived() -> None:
    steps = Steps(jnp.arange(6.0)[:, None, None], jnp.arange(5)[:, None], jnp.arange(5.0)[:, None])
    shifted = later(steps, 2)
    assert shifted.action[:, 0].tolist() == [0, 1, 2]
    assert shifted.reward[:, 0].tolist() == [2.0, 3.0, 4.0]
    assert shifted.seen[:, 0, 0].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert later(steps, 0).reward.shape == steps.reward.shape
