import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from restock.policies.network import Network
from restock.policies.rules import BaseStock
from restock.simulator.rollout import Stretch, earn, profits, rollout, run
from restock.simulator.types import Chance, Known, Shop, Stock

ROWS, PERIODS, LEAD = 3, 9, 2


def made_up_stretch(varying: bool) -> Stretch:
    """Three unlike items with two channels; `varying`: knowledge and lead times differ between periods."""
    draw = np.random.default_rng(3)

    def units(*shape: int):
        return jnp.asarray(draw.integers(0, 9, (ROWS, *shape)), jnp.float32)

    one = jnp.ones((ROWS, 1))
    lead_chance = jnp.broadcast_to(jnp.array([[0.0, 0.5, 0.5]]), (ROWS, 1, LEAD + 1))
    shop = Shop(
        unit_cost=units(1), order_cost=one, transport=one, pack=one, minimum=one, review=one, lead_chance=lead_chance,
        holding=units(1) / 9, salvage=one, shortage=units(2), waiting=jnp.full((ROWS, 2), 0.25), backlog_cost=units(2),
    )  # fmt: skip
    time = (PERIODS,) if varying else ()
    known = Known(
        scale=units(*time) + 1, averages=units(*time, 2), lead_demand=units(*time) + 4, lead_spread=units(*time) + 1,
        features=units(*time, 4), price=units(*time, 2) + 20, may_order=jnp.ones((ROWS, *time, 1)),
    )  # fmt: skip
    arrives = jax.nn.one_hot(jnp.asarray(draw.integers(1, 3, (ROWS, *time, 1))), LEAD + 1)
    stock = Stock(units(1, 1), units(1, LEAD), units(2))
    return Stretch(shop, stock, known, Chance(units(PERIODS, 2), arrives), jnp.ones((ROWS, PERIODS)))


def assert_same(found, expected):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for ours, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-3)


@pytest.mark.parametrize("varying", [True, False])
def test_rows_together_live_as_each_row_alone(varying):
    stretch, network = made_up_stretch(varying), Network(4, LEAD, 8, jax.random.key(0))
    together, alone_lives = run(network, stretch), eqx.filter_jit(rollout)  # compiled once for all rows
    for row in range(ROWS):
        alone = jax.tree.map(lambda x, row=row: x[row], stretch)
        expected = alone_lives(network, alone.shop, alone.stock, alone.known, alone.chance)
        assert_same(jax.tree.map(lambda x, row=row: x[row], together), expected)


def test_each_row_may_have_a_policy_of_its_own():
    stretch, levels = made_up_stretch(True), jnp.array([1.0, 2.0, 4.0])
    _, together = run(BaseStock(levels, jnp.full(ROWS, 5.0)), stretch, 0)
    for row in range(ROWS):
        alone = run(BaseStock(levels[row], jnp.asarray(5.0)), jax.tree.map(lambda x, r=row: x[r : r + 1], stretch))[1]
        assert_same(jax.tree.map(lambda x, row=row: x[row : row + 1], together), alone)


def test_what_is_earned_is_the_profit_of_everything_that_happened():
    stretch, network = made_up_stretch(True), Network(4, LEAD, 8, jax.random.key(0))
    _, period = eqx.filter_jit(run)(network, stretch)
    assert_same(earn(network, stretch)[1], profits(stretch.shop, period))
