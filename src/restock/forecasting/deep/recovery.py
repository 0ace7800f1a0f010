"""What was probably asked for in periods that sold out: demand given what was sold and when it was gone."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy import special

from restock.forecasting.deep.forecaster import AT_ONCE, FittedDeep
from restock.forecasting.deep.inputs import group_sales, make_source, observed
from restock.forecasting.deep.likelihood import Law, NegativeBinomial
from restock.forecasting.deep.training import foresee
from restock.forecasting.panel import Panel
from restock.simulator.history import Floats

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Recovered:
    """Demand of every period: as sold where nothing was missing, expected where the shelf was empty for a time."""

    demand: Floats  # units, NaN where nothing is known [series, period]
    estimated: NDArray[np.bool_]  # [series, period]


def recover(fitted: FittedDeep, panel: Panel) -> Recovered:
    """Expected demand of each sold-out period, given its sales and all that came before it."""
    y, share = np.nan_to_num(panel.y), observed(panel, fitted.config.sold_out)[1]
    cut = panel.known & (panel.available < 1)
    rows, periods = np.nonzero(cut & (np.arange(panel.shape[1]) > 0))
    demand = np.where(panel.known, panel.y, np.nan).astype(np.float32)
    groups = group_sales(panel, fitted.config.sold_out)
    source = make_source(panel, fitted.scaling, fitted.length, groups, fitted.config.sold_out)
    for begin in range(0, len(rows), AT_ONCE):
        some = np.minimum(np.arange(begin, begin + AT_ONCE), len(rows) - 1)
        row, period = rows[some], periods[some]
        law = jax.device_get(foresee(fitted.networks, source, fitted.length, jnp.asarray(row), jnp.asarray(period)))
        law = jax.tree.map(lambda values: values[:, 0], law)
        demand[row, period] = given_sales(law, y[row, period], share[row, period])
    return Recovered(demand, cut)


def given_sales(law: Law, y: NDArray, share: NDArray) -> Doubles:
    """Expected demand of a period that sold `y`: in the share of it that is told, or at least that much (share 0)."""
    mean = np.asarray(law.expected, np.float64)
    if not isinstance(law, NegativeBinomial):
        return np.maximum(y, np.where(share > 0, y + (1.0 - share) * mean, mean))
    size = 1.0 / np.asarray(law.spread, np.float64)
    # Strong days sell out early: the rate of the rest of the day is what the first part says of it (gamma posterior).
    after = (1.0 - share) * mean * (size + y) / (size + mean * share)
    odds = mean / (mean + size)
    tail = np.where(y > 0, special.betainc(np.maximum(y, 1.0), size, odds), 1.0)
    bigger = np.where(y > 1, special.betainc(np.maximum(y - 1.0, 1.0), size + 1.0, odds), 1.0)
    at_least = np.maximum(mean * bigger / np.maximum(tail, 1e-12), y)
    return np.where(share > 0, y + after, at_least)
