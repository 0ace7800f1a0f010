"""A memory filled from records decides as the same policy would that lived through them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_team import made_up_team

from restock.algorithms.lives import live_worlds
from restock.policies.informed import Informed, inform
from restock.policies.memory import Told
from restock.simulator.money import profit_at_cost
from restock.simulator.remembering import recall
from restock.simulator.rollout import run
from restock.simulator.types import View
from restock.simulator.worlds import draw_worlds

ROWS, HISTORY = 12, 10
TEAM = made_up_team()


@pytest.fixture(scope="module")
def lives():
    generator = np.random.default_rng(7)
    return live_worlds(draw_worlds(generator, ROWS, HISTORY + 20), generator, HISTORY)


@pytest.fixture(scope="module")
def later(lives):
    """One moment more than the past has."""
    return jax.tree.map(lambda a, b: jnp.concatenate([a, b[:, :1]], 1), lives.past, lives.stretch.known)


@pytest.fixture(scope="module")
def informed(lives, later):
    return inform(TEAM, lives.stretch.shop, later, lives.seen, 0)


def at(tree, period):
    return jax.tree.map(lambda x: x[:, period], tree)


@pytest.mark.parametrize("period", [0, 4, HISTORY])
def test_the_order_is_that_of_the_team_with_this_past(lives, later, informed, period):
    seen, past = jax.tree.map(lambda x: x[:, :period], (lives.seen, later))
    memory = recall(TEAM, lives.stretch.shop, later, jax.tree.map(lambda x: jnp.pad(
        x, [(0, 0), (0, HISTORY + 1 - period), *[(0, 0)] * (x.ndim - 2)]), seen)) if period == 0 else recall(
        TEAM, lives.stretch.shop, past, seen)  # fmt: skip

    def ask(policy, shop, stock, known, memory):
        view = View(shop, stock, known)
        return policy(view).order if memory is None else policy.decide(view, memory).order

    stretch = lives.stretch
    wanted = jax.vmap(ask, (None, 0, 0, 0, 0))(TEAM, stretch.shop, stretch.stock, at(later, period), memory)
    policy = Informed(TEAM)
    found = jax.vmap(ask, (None, 0, 0, 0, None))(policy, stretch.shop, stretch.stock, at(informed, period), None)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)
    assert float(wanted.max()) > 1


def test_periods_can_be_left_out_at_the_beginning(lives, later, informed):
    short = inform(TEAM, lives.stretch.shop, later, lives.seen, 6)
    for a, b in zip(jax.tree.leaves(short), jax.tree.leaves(informed), strict=True):
        np.testing.assert_allclose(a, b[:, 6:], rtol=2e-4, atol=2e-5)


def test_the_future_changes_nothing_before_it(lives, later, informed):
    poisoned = eqx.tree_at(lambda s: s.sales, lives.seen, lives.seen.sales.at[:, 5:].set(1e4))
    other = inform(TEAM, lives.stretch.shop, later, poisoned, 0)
    np.testing.assert_array_equal(other.features[:, :6], informed.features[:, :6])
    assert not np.array_equal(other.features[:, 6:], informed.features[:, 6:])


def test_scale_is_what_sells_per_day_also_where_all_sells_on_one_weekday(lives, later):
    days = 210
    nothing = jax.tree.map(lambda x: jnp.zeros_like(x[:1, :1].repeat(days, 1)), lives.seen)
    sales = jnp.where(jnp.arange(days) % 7 == 5, 14.0, 0.0)[None]
    seen = eqx.tree_at(lambda s: (s.sales, s.weight), nothing, (sales, jnp.ones_like(sales)))
    told = np.array(Told(*np.zeros(len(Told._fields)))._replace(days=1.0), np.float32)
    known = jax.tree.map(lambda x: x[:1, :1].repeat(days + 1, 1), later)
    known = eqx.tree_at(lambda k: k.features, known, jnp.broadcast_to(told, (1, days + 1, len(told))))
    found = inform(TEAM, jax.tree.map(lambda x: x[:1], lives.stretch.shop), known, seen, 0)
    np.testing.assert_allclose(found.scale[0, -7:], 2.0, rtol=0.1)


def test_it_runs_a_shop_like_any_policy_and_its_parts_add_up(lives, informed):
    known = jax.tree.map(lambda x: jnp.repeat(x[:, -1:], 20, 1), informed)
    stretch = eqx.tree_at(lambda s: s.known, lives.stretch, known)
    _, earned = eqx.filter_jit(run)(Informed(TEAM), stretch, keep=profit_at_cost)
    assert np.isfinite(earned).all()
    view = jax.tree.map(lambda x: x[0], View(stretch.shop, stretch.stock, at(known, 0)))
    parts = Informed(TEAM).parts(view)
    assert float(parts.order) == pytest.approx(float(Informed(TEAM)(view).order[0]), rel=1e-4)
