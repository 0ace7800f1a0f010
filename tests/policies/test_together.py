"""Policies that order together."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock

from restock.policies.actors import Choices, Chooser, Perceptron, observed
from restock.policies.together import Actors, together
from restock.simulator.types import View

VIEW = View(made_up_shop(0), made_up_stock(0.0, []), made_up_known(scale=10.0))


def chooser(order: int) -> Chooser:
    """Always so many steps of one unit."""
    inputs = observed(VIEW.known.features.shape[-1], 0)
    scores = Perceptron((inputs, 4, 5), jax.random.key(0), last_gain=0.0)
    scores = eqx.tree_at(lambda s: s.layers[-1].bias, scores, jnp.zeros(5).at[order].set(1.0))
    return Chooser(scores, Choices("quantities", 5, jnp.asarray(0.1)), 0)


@pytest.mark.parametrize(
    ("orders", "expected"),
    [((0, 0, 0, 4), 0.0), ((0, 0, 2, 4), 3.0), ((1, 2, 3, 4), 2.5), ((0, 3, 3, 3), 3.0), ((0, 0, 0, 0), 0.0)],
)
def test_most_say_whether_and_those_who_do_say_how_much(orders, expected):
    members = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(chooser(order) for order in orders))
    policy = together(members)
    assert isinstance(policy, Actors)
    assert float(policy(VIEW, None).order[0]) == pytest.approx(expected)
