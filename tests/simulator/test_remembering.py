"""Lives of policies with a memory: the same shop, and only what a shop can see."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from restock.algorithms.lives import live_worlds
from restock.simulator.money import profit_at_cost
from restock.simulator.remembering import Seen, recall, run_remembering
from restock.simulator.rollout import run
from restock.simulator.types import Decision
from restock.simulator.worlds import LONGEST, draw_worlds

ROWS, PERIODS = 60, 40


class Forgetful(eqx.Module):
    """Orders four units whatever happens, and keeps everything that it is shown."""

    def __call__(self, view, key=None):
        return Decision(jnp.full(1, 4.0), view.known.price, jnp.zeros(1))

    def begin(self, shop, known):
        return (jnp.zeros(()), jnp.zeros(()), jnp.zeros(shop.lead_chance.shape[-1] + 1))

    def decide(self, view, memory):
        return self(view)

    def remember(self, memory, shop, known, seen):
        sales, hidden, leads = memory
        return sales + seen.weight * seen.sales, hidden + seen.hidden, leads + seen.leads


def lives(seen=None, history=20):
    generator = np.random.default_rng(4)
    worlds = draw_worlds(generator, ROWS, history + PERIODS)
    return worlds, live_worlds(worlds, generator, history, seen)


def test_a_memory_changes_nothing_in_the_shop() -> None:
    _, made = lives()
    memory = jax.vmap(Forgetful().begin)(made.stretch.shop, jax.tree.map(lambda x: x[:, 0], made.past))
    stock, _, earned = run_remembering(Forgetful(), made.stretch, memory, keep=profit_at_cost)
    usual_stock, usual = run(Forgetful(), made.stretch, keep=profit_at_cost)
    np.testing.assert_allclose(earned, usual, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(stock.on_hand, usual_stock.on_hand, rtol=1e-6)


def test_only_what_was_sold_or_promised_is_seen_and_an_empty_shelf_is_no_sign_of_no_demand() -> None:
    worlds, made = lives()
    memory = jax.vmap(Forgetful().begin)(made.stretch.shop, jax.tree.map(lambda x: x[:, 0], made.past))
    _, (sales, hidden, _), periods = run_remembering(Forgetful(), made.stretch, memory)
    served = (periods.sold + periods.waited)[:, :, 0]
    np.testing.assert_allclose(sales, served.sum(1), rtol=1e-5)
    lost_sales = np.asarray(worlds.shop.waiting[:, 0] < 1)
    empty = np.asarray(periods.on_hand[:, :, 0] <= 0)
    np.testing.assert_array_equal(hidden, np.where(lost_sales, empty.sum(1), 0))
    assert (np.asarray(periods.lost[:, :, 0])[lost_sales[:, None] & ~empty] == 0).all()


def test_every_order_that_left_early_enough_is_counted_once_with_its_lead_time() -> None:
    worlds, made = lives()
    nothing = eqx.tree_at(lambda s: s.stock.on_order, made.stretch, jnp.zeros_like(made.stretch.stock.on_order))
    memory = jax.vmap(Forgetful().begin)(made.stretch.shop, jax.tree.map(lambda x: x[:, 0], made.past))
    after, (_, _, leads), periods = run_remembering(Forgetful(), nothing, memory)
    placed = (np.asarray(periods.ordered[:, :, 0]) > 0).sum(1)
    under_way = (np.asarray(after.on_order[:, 0]) > 0).sum(1)
    given_up = np.asarray(leads)[:, -1]
    # an order is given up when it could not come in the next period any more: it is still in the last place then
    still_there = (np.asarray(after.on_order[:, 0, -1]) > 0) & (given_up > 0)
    assert (leads.sum(1) + under_way >= placed).all()
    assert (leads.sum(1) + under_way - placed <= 1).all()
    assert still_there.sum() < ROWS
    fixed = np.asarray((worlds.delivery == 0) & (worlds.loss == 0))
    length = np.asarray(worlds.shop.lead_chance[:, 0].argmax(1))
    counted = np.asarray(leads)
    for row in np.flatnonzero(fixed & (placed > 0)):
        assert counted[row].sum() == counted[row, length[row]]


def test_periods_without_a_record_leave_the_memory_as_it_began() -> None:
    _, made = lives(seen=0)
    sales, _, _ = recall(Forgetful(), made.stretch.shop, made.past, made.seen)
    np.testing.assert_array_equal(sales, 0.0)
    worlds, made = lives(seen=3)
    sales, _, _ = recall(Forgetful(), made.stretch.shop, made.past, made.seen)
    np.testing.assert_allclose(sales, np.asarray(made.seen.sales)[:, -3:].sum(1), rtol=1e-6)
    whole = np.asarray(made.seen.hidden == 0)
    np.testing.assert_array_equal(np.asarray(made.seen.sales)[whole], np.asarray(worlds.demand[:, :20, 0])[whole])
    assert isinstance(made.seen, Seen)
    assert made.stretch.stock.on_order.shape[-1] == LONGEST
