"""Windows cut from the past."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import Script, made_up_known, made_up_shop

from restock.algorithms.problem import Problem, draw
from restock.simulator.demand import lead_time_arrivals
from restock.simulator.rollout import run, under_way

BATCH, LENGTH = 400, 6
run_now = eqx.filter_jit(run)
draw_now = eqx.filter_jit(lambda problem, key: draw(problem, BATCH, LENGTH, key))

ROWS, PERIODS, LONGEST = 4, 30, 3
LEADS = [0, 1, 2, 3]


def problem_of(*, random_leads=False, first=5, last=25, chance_of_row=(1, 1, 1, 1)):
    """Demand tells its row and column: 100 * row + period."""
    shop = jax.tree.map(lambda x: jnp.broadcast_to(x, (ROWS, *x.shape)), made_up_shop(LONGEST))
    arrives = np.eye(LONGEST + 1, dtype=np.float32)[LEADS][:, None]
    if random_leads:
        chances = np.full((ROWS, LONGEST + 1), 0.25)
        arrives = lead_time_arrivals(np.random.default_rng(0), chances, PERIODS)[:, :, None]
    known = jax.tree.map(lambda x: jnp.broadcast_to(x, (ROWS, PERIODS, *x.shape)), made_up_known(features=[0.0, 0.0]))
    demand = 100.0 * jnp.arange(ROWS)[:, None] + jnp.arange(PERIODS)
    known = eqx.tree_at(lambda k: k.scale, known, 1.0 + demand)
    chance = jnp.asarray(chance_of_row, jnp.float32)
    return Problem(shop, known, demand[:, :, None], jnp.asarray(arrives), demand, chance, first, last)


def test_a_window_is_consecutive_periods_of_one_row_with_all_that_belongs_to_them():
    window = draw_now(problem_of(), jax.random.key(0))
    demand = np.asarray(window.chance.demand[..., 0])
    rows, columns = demand // 100, demand % 100
    assert np.all(rows == rows[:, :1])
    assert np.all(np.diff(columns, axis=1) == 1)
    np.testing.assert_array_equal(window.weight, demand)
    np.testing.assert_array_equal(window.known.scale, demand + 1)
    np.testing.assert_array_equal(np.argmax(window.chance.arrives[:, 0], axis=-1), rows[:, 0])


def test_windows_begin_everywhere_between_first_and_last_and_nowhere_else():
    demand = np.asarray(draw_now(problem_of(), jax.random.key(1)).chance.demand[..., 0]) % 100
    assert set(demand[:, 0]) == set(range(5, 25 - 6 + 1))
    assert demand.max() == 24


def test_rows_come_by_their_probability():
    demand = np.asarray(draw_now(problem_of(chance_of_row=(1, 0, 3, 0)), jax.random.key(2)).chance.demand[:, 0, 0])
    share = np.bincount((demand // 100).astype(int), minlength=4) / BATCH
    assert share == pytest.approx([0.25, 0, 0.75, 0], abs=0.08)


@pytest.mark.parametrize("random_leads", [False, True])
def test_every_unit_on_order_at_the_start_arrives(random_leads):
    window = draw_now(problem_of(random_leads=random_leads), jax.random.key(3))
    known = eqx.tree_at(lambda k: k.features, window.known, jnp.zeros((BATCH, LENGTH, 2)))
    window = eqx.tree_at(lambda w: w.known, window, known)
    assert float(window.stock.on_order.sum()) > 0
    after, period = run_now(Script(), window)
    np.testing.assert_allclose(period.arrived.sum(axis=1), window.stock.on_order.sum(axis=-1), rtol=1e-5)
    assert float(after.on_order.sum()) == 0


def test_what_may_be_under_way_by_hand():
    np.testing.assert_array_equal(
        under_way(jnp.eye(4)[:, None])[:, 0], [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]]
    )  # fmt: skip
    arrives = np.zeros((1, 2, 1, 4), np.float32)
    arrives[0, 1, 0, 2] = 1.0  # the order that left 1 period before the window comes in its second period
    # that of age 2 can only come at age 2 or 3, in the window, and does not; that of age 1 does
    np.testing.assert_array_equal(under_way(jnp.asarray(arrives))[0, 0], [1, 0, 0])
    # a window of one period: orders of age 1 and 2 may come after it
    np.testing.assert_array_equal(under_way(jnp.zeros((1, 1, 1, 4)))[0, 0], [1, 1, 0])
    assert under_way(jnp.ones((5, 1, 1))).shape == under_way(jnp.ones((5, 7, 1, 1))).shape == (5, 1, 0)


def test_the_longest_lead_time_is_the_length_of_the_pipeline():
    assert problem_of().lead == LONGEST
    assert draw_now(problem_of(), jax.random.key(0)).stock.on_order.shape == (BATCH, 1, LONGEST)
