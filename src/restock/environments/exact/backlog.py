"""The optimum of a single site with full backlog and normal demand: a closed form, in every textbook.

A position of S after ordering meets the demand D of lead time and the period itself, normal with mean (L + 1) mu and
standard deviation s = sigma sqrt(L + 1). With z = (S - mean of D) / s a period costs
s (h (phi + z Phi) + p (phi - z (1 - Phi))), which is least where Phi(z) = p / (p + h), and there (h + p) phi(z) s.

The formulas take demand as it is before what is below zero is cut off. Of normal(5, 1.6) that is 0.09 % of all periods;
the mean rises by 0.0004 units and the optimum moves by less than 0.1 %.
"""

from scipy import stats

from restock.environments.backlog import Backlog


def optimal_level(instance: Backlog) -> float:
    """The position to order up to in every period, units."""
    return instance.protected * instance.mean + instance.safety


def optimal_backlog_cost(instance: Backlog) -> float:
    """The smallest average cost per period."""
    return base_stock_cost(instance, optimal_level(instance))


def base_stock_cost(instance: Backlog, level: float) -> float:
    """Average cost per period of ordering up to a level."""
    spread = instance.spread * instance.protected**0.5
    z = (level - instance.protected * instance.mean) / spread
    density, below = float(stats.norm.pdf(z)), float(stats.norm.cdf(z))
    left, waiting = spread * (density + z * below), spread * (density - z * (1 - below))
    return instance.holding * left + instance.penalty * waiting
