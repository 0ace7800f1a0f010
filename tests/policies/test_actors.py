"""Grids of orders, by hand."""

import jax.numpy as jnp
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock

from restock.policies.actors import Choices, usual_level
from restock.simulator.types import View

# Demand of the lead time and the period: 20, known for certain, so the usual level is 20; demand scale 10.
KNOWN = made_up_known(scale=10.0, lead_demand=20.0, lead_spread=0.0)


def order(kind, index, on_hand=0.0) -> float:
    view = View(made_up_shop(1), made_up_stock(on_hand, [0.0]), KNOWN)
    assert float(usual_level(view.shop, view.known)) == 20.0
    return float(Choices(kind, 5, jnp.asarray(0.4)).order(view, jnp.asarray(index)))  # steps of 4 units


@pytest.mark.parametrize(
    ("kind", "index", "on_hand", "units"),
    [
        ("quantities", 3, 100.0, 12.0),
        ("levels", 2, 6.0, 14.0),  # the middle of five: up to 20
        ("levels", 0, 6.0, 6.0),  # two steps below: up to 12
        ("levels", 4, 30.0, 0.0),
        ("bounded", 3, 6.0, 12.0),
        ("bounded", 4, 14.0, 14.0),  # never beyond 20 + 2 steps
        ("bounded", 4, 30.0, 0.0),
    ],
)
def test_a_choice_is_so_many_units(kind, index, on_hand, units) -> None:
    assert order(kind, index, on_hand) == pytest.approx(units, abs=1e-4)
