"""An untrained gate is the (s, S) rule of the newsvendor and Harris, by hand; the law it is drawn from is one."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock

from restock.policies.actors import observe, observed
from restock.policies.gates import Gated, harris
from restock.simulator.types import View

# Demand of the lead time and the period: 20, known for certain, so the usual level is 20; demand scale 10.
KNOWN = made_up_known(scale=10.0, lead_demand=20.0, lead_spread=0.0)
# sqrt(2 * 45 per order * 10 units a period / 0.5 to hold one) = sqrt(1800) = 42.4 units.
SHOP = made_up_shop(1, order_cost=45.0)


@pytest.fixture(scope="module")
def gated() -> Gated:
    return Gated(observed(0, 1), 1, 4, jax.random.key(0))


def view_of(on_hand: float, shop=SHOP) -> View:
    return View(shop, made_up_stock(on_hand, [0.0]), KNOWN)


def test_the_quantity_of_harris_is_at_least_the_minimum() -> None:
    assert float(harris(SHOP, jnp.asarray(10.0))) * 10 == pytest.approx(1800**0.5)
    assert float(harris(made_up_shop(1, minimum=70.0), jnp.asarray(10.0))) * 10 == pytest.approx(70.0)


@pytest.mark.parametrize(("on_hand", "units"), [(5.0, 15 + 1800**0.5), (16.0, 4 + 1800**0.5), (24.0, 0.0), (90.0, 0.0)])
def test_untrained_it_orders_up_to_more_only_from_below_the_usual_level(gated, on_hand, units) -> None:
    assert float(gated(view_of(on_hand)).order[0]) == pytest.approx(units, abs=1.0)


@pytest.mark.parametrize("on_hand", [0.0, 19.0, 21.0, 60.0])
def test_an_order_is_none_or_at_least_the_minimum_wherever_the_bend_has_gone(gated, on_hand) -> None:
    """Half of the minimum would be raised to it by the supplier, and less than that refused: the gate decides alone."""
    down = eqx.tree_at(lambda g: g.bend.layers[-1].bias, gated, jnp.full(1, -50.0))
    order = float(down(view_of(on_hand, made_up_shop(1, minimum=30.0))).order[0])
    assert order == (pytest.approx(30.0, abs=0.1) if on_hand < 20 else 0.0)


def test_with_a_key_an_order_is_drawn_as_often_as_its_odds_say(gated) -> None:
    view = view_of(22.0)
    keys = jax.random.split(jax.random.key(1), 2000)
    share = float((jax.vmap(lambda key: gated(view, key).order[0])(keys) > 0).mean())
    odds = float(gated.log_odds(observe(view, 1)))
    assert share == pytest.approx(1 / (1 + np.exp(-odds)), abs=0.04)
    assert 0.2 < share < 0.45  # a fifth of a demand scale too much: log odds of about -0.8


def test_the_chances_of_an_order_and_of_none_add_up_to_one(gated) -> None:
    seen = observe(view_of(21.0), 1)
    (yes, entropy), (no, same) = (gated.log_chance(seen, jnp.asarray(passes)) for passes in (True, False))
    assert float(jnp.exp(yes) + jnp.exp(no)) == pytest.approx(1.0, abs=1e-6)
    assert float(entropy) == float(same) == pytest.approx(float(-(jnp.exp(yes) * yes + jnp.exp(no) * no)), abs=1e-6)
