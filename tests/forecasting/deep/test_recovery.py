"""Expected demand of sold-out periods, against plain sums over the law."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from restock.forecasting.deep.likelihood import NegativeBinomial
from restock.forecasting.deep.recovery import given_sales

UNITS = np.arange(2000)


@pytest.mark.parametrize(
    ("mean", "spread", "y"), [(4.0, 0.5, 3.0), (0.7, 2.0, 1.0), (30.0, 0.1, 45.0), (5.0, 0.3, 0.0)]
)
def test_at_least_what_was_sold(mean, spread, y):
    chance = stats.nbinom.pmf(UNITS, 1 / spread, 1 / (1 + spread * mean))
    wanted = (UNITS * chance)[y <= UNITS].sum() / chance[y <= UNITS].sum()
    law = NegativeBinomial(jnp.asarray(mean), jnp.asarray(spread))
    assert given_sales(law, np.asarray(y), np.asarray(0.0)) == pytest.approx(wanted, rel=1e-4)


def test_the_rest_of_a_day_is_what_customers_would_have_asked_for():
    """Days are drawn whole, cut when a stock of 6 is gone, and filled up again: no bias on the cut ones."""
    draw, mean, spread, stock = np.random.default_rng(0), 8.0, 0.5, 6
    demand = draw.negative_binomial(1 / spread, 1 / (1 + spread * mean), 200_000)
    out = demand >= stock
    share = np.where(out, draw.beta(stock, np.maximum(demand - stock, 0) + 1), 1.0)
    law = NegativeBinomial(jnp.full(200_000, mean), jnp.full(200_000, spread))
    found = given_sales(law, np.minimum(demand, stock), share)
    assert found[out].mean() == pytest.approx(demand[out].mean(), rel=0.01)
    np.testing.assert_allclose(found[~out], demand[~out])
