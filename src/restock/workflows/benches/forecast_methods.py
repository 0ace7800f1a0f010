"""Who is compared in the bench of forecasts: ours, the classical ones, and packages of others."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

from restock.forecasting.forecaster import Forecaster
from restock.forecasting.methods import METHODS as OWN
from restock.workflows.benches.statsforecast_rivals import MODELS, Rival

OURS = ("deep", "lightgbm", "median_ensemble")  # the first that takes part is compared with all others
LEARNED = ("deep", "deep_censored", "lightgbm", "lightgbm_quantile")  # whose numbers depend on a seed
QUICK_METHODS = ("seasonal_naive", "seasonal_mean", "croston_sba", "ets", "median_ensemble", "lightgbm_quantile")


class Entry(NamedTuple):
    """A method that takes part."""

    forecaster: Forecaster
    learns: bool  # more than one seed says something


METHODS: dict[str, Callable[[], Forecaster]] = dict(OWN)
if find_spec("statsforecast") is not None:  # the extra `bench`
    METHODS |= {name: partial(Rival, name) for name in MODELS}


def make(name: str) -> Entry:
    """A method by its name, newly made."""
    return Entry(METHODS[name](), name in LEARNED)
