"""Orders up to what forecasters name: by hand, on one view with a position of 17 and a demand scale of 5."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock

from restock.policies.actors import Choices, Weigher
from restock.policies.named import BENT, Bent, Mixture, between, parts_of
from restock.policies.rules import critical_ratio
from restock.simulator.types import View

NAMED = np.array([6.0, 4.0, 9.0])  # scales: 30, 20 and 45 units
TABLES = np.stack([4 + 3 * np.asarray(BENT), 3 + 2 * np.asarray(BENT), 5 + 6 * np.asarray(BENT)])
CONTEXT = np.array([0.5, -1.0])


@pytest.fixture
def view():
    features = np.concatenate([NAMED, TABLES.ravel(), CONTEXT])
    known = made_up_known(scale=5.0, averages=[5.0], lead_demand=20.0, lead_spread=4.0, features=features, price=[0.0])
    return View(
        made_up_shop(2, shortage=9.0, holding=1.0, unit_cost=0.0), made_up_stock(12.0, [5.0, 3.0], [3.0]), known
    )


def order(policy, view):
    return float(policy(view, None).order[0])


def test_features_come_apart_as_they_were_put_together(view):
    parts = parts_of(view.known.features, 3)
    np.testing.assert_allclose(parts.named, NAMED)
    np.testing.assert_allclose(parts.tables, TABLES, rtol=1e-6)
    np.testing.assert_allclose(parts.context, CONTEXT)


def test_a_mixture_orders_up_to_the_weighted_level(view):
    assert order(Mixture(jnp.array([0.0, 1.0, 0.0])), view) == pytest.approx(20 - 17)
    assert order(Mixture(jnp.array([0.5, 0.25, 0.25])), view) == pytest.approx(5 * (3 + 1 + 2.25) - 17)


def test_a_place_lies_between_the_levels_whatever_their_order():
    named = jnp.asarray(NAMED)
    assert [float(between(named, jnp.asarray(place))) for place in (0.0, 0.5, 1.0, 2.0, 5.0)] == [4, 5, 6, 9, 9]


def test_before_learning_a_bent_policy_is_its_weights_at_the_newsvendor_s_ratio(view):
    assert float(critical_ratio(view.shop, view.known)) == pytest.approx(0.9)
    weights = jnp.array([0.2, 0.3, 0.5])
    level = float(Bent(weights, len(CONTEXT)).level(view))
    assert level == pytest.approx(0.2 * 6.7 + 0.3 * 4.8 + 0.5 * 10.4, rel=1e-3)


def test_every_number_of_a_bent_policy_has_a_slope(view):
    slope = eqx.filter_grad(lambda policy: policy.level(view))(Bent(jnp.ones(3) / 3, len(CONTEXT)))
    assert all(bool((jnp.abs(leaf) > 0).any()) for leaf in jax.tree.leaves(slope))


def test_an_action_is_a_forecaster_or_a_place_between_them(view):
    choices = Choices("named", 3, jnp.asarray(1.0))
    assert [float(choices.order(view, jnp.asarray(index))) for index in range(3)] == [13, 3, 28]
    weigher = Weigher(4, 1, 8, jax.random.key(0), 3)
    assert float(weigher.decide(view, jnp.asarray(0.5)).order[0]) == pytest.approx(25 - 17)
    assert float(weigher.amount(jnp.zeros(4))) == pytest.approx(1.0)  # the middle one
