"""Where demand and lead times come from: laws, draws of whole paths, paths resampled from history.

All in NumPy on purpose: drawing inside JAX costs more than the simulation that uses the draws.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from restock.errors import DataError, UsageError
from restock.language import Text

Numbers = int | float | np.floating | NDArray[np.floating] | NDArray[np.integer]
Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
Shape = int | tuple[int, ...]

NO_SPREAD = 1e-9  # a dispersion below this is drawn as Poisson


class Law(Protocol):
    """What demand of one period follows; parameters may be arrays, which broadcast against `shape`."""

    @property
    def mean(self) -> Numbers:
        """Units per period."""
        ...

    @property
    def variance(self) -> Numbers:
        """Units squared."""
        ...

    def draw(self, rng: np.random.Generator, shape: Shape) -> Floats:
        """Independent draws of this shape."""
        ...

    def probabilities(self, upper: int) -> Doubles:
        """P(demand = 0, 1, ..., upper - 1, at least upper). [..., upper + 1]

        For laws of fractions of a unit: of demand rounded to whole units.
        """
        ...


@dataclass(frozen=True)
class Poisson:
    """Many customers who come independently, one unit each."""

    mean: Numbers

    def __post_init__(self) -> None:
        _require("mean", self.mean, least=0.0)

    @property
    def variance(self) -> Numbers:
        """Equal to the mean."""
        return self.mean

    def draw(self, rng: np.random.Generator, shape: Shape) -> Floats:
        """See `Law.draw`."""
        return rng.poisson(self.mean, shape).astype(np.float32)

    def probabilities(self, upper: int) -> Doubles:
        """See `Law.probabilities`."""
        return _cells(stats.poisson(_column(self.mean)), upper)


@dataclass(frozen=True)
class NegativeBinomial:
    """Over-dispersed counts: variance = mean + dispersion * mean²; dispersion 0 is Poisson."""

    mean: Numbers
    dispersion: Numbers

    def __post_init__(self) -> None:
        _require("mean", self.mean, least=0.0)
        _require("dispersion", self.dispersion, least=0.0)

    @property
    def variance(self) -> Numbers:
        """Grows with the square of the mean."""
        return self.mean + self.dispersion * self.mean**2

    def draw(self, rng: np.random.Generator, shape: Shape) -> Floats:
        """See `Law.draw`; a Poisson law whose mean is itself drawn from a gamma law."""
        dispersion = np.maximum(self.dispersion, NO_SPREAD)
        return rng.poisson(rng.standard_gamma(1.0 / dispersion, shape) * dispersion * self.mean).astype(np.float32)

    def probabilities(self, upper: int) -> Doubles:
        """See `Law.probabilities`."""
        mean, dispersion = _column(self.mean), np.maximum(_column(self.dispersion), NO_SPREAD)
        return _cells(stats.nbinom(1.0 / dispersion, 1.0 / (1.0 + dispersion * mean)), upper)


@dataclass(frozen=True)
class Geometric:
    """P(k) = p (1 - p)^k on 0, 1, 2, ... with p = 1 / (1 + mean): the law of Zipkin's lost-sales tables."""

    mean: Numbers

    def __post_init__(self) -> None:
        _require("mean", self.mean, least=0.0)

    @property
    def variance(self) -> Numbers:
        """Mean + mean²."""
        return self.mean + self.mean**2

    def draw(self, rng: np.random.Generator, shape: Shape) -> Floats:
        """See `Law.draw`."""
        return (rng.geometric(1.0 / (1.0 + np.asarray(self.mean)), shape) - 1).astype(np.float32)

    def probabilities(self, upper: int) -> Doubles:
        """See `Law.probabilities`."""
        _require("upper", upper, least=0)
        again = _column(self.mean) / (1.0 + _column(self.mean))  # chance of one more unit
        return np.concatenate([(1.0 - again) * again ** np.arange(upper), again**upper], -1)


@dataclass(frozen=True)
class Normal:
    """Normal demand clipped at 0; `mean`, `sd` and `variance` are those before clipping, as textbooks state them."""

    mean: Numbers
    sd: Numbers

    def __post_init__(self) -> None:
        _require("mean", self.mean, least=0.0)
        _require("sd", self.sd, least=0.0)

    @property
    def variance(self) -> Numbers:
        """Before clipping."""
        return self.sd**2

    @property
    def clipped(self) -> tuple[Doubles, Doubles]:
        """Mean and variance of what `draw` returns: larger mean, smaller variance than before clipping."""
        mean, sd = np.asarray(self.mean, np.float64), np.maximum(np.asarray(self.sd, np.float64), NO_SPREAD)
        share, density = stats.norm.cdf(mean / sd), stats.norm.pdf(mean / sd)
        first = mean * share + sd * density
        second = (mean**2 + sd**2) * share + mean * sd * density
        return np.asarray(first), np.asarray(second - first**2)

    def draw(self, rng: np.random.Generator, shape: Shape) -> Floats:
        """See `Law.draw`."""
        return np.maximum(rng.normal(self.mean, self.sd, shape), 0.0).astype(np.float32)

    def probabilities(self, upper: int) -> Doubles:
        """See `Law.probabilities`."""
        return _rounded_cells(stats.norm(_column(self.mean), np.maximum(_column(self.sd), NO_SPREAD)), upper)


@dataclass(frozen=True)
class Gamma:
    """Positive fractions of a unit with coefficient of variation `cv`, such as goods sold by weight."""

    mean: Numbers
    cv: Numbers

    def __post_init__(self) -> None:
        _require("mean", self.mean, least=0.0)
        _require("cv", self.cv, least=NO_SPREAD)

    @property
    def variance(self) -> Numbers:
        """The square of mean * cv."""
        return (self.mean * self.cv) ** 2

    def draw(self, rng: np.random.Generator, shape: Shape) -> Floats:
        """See `Law.draw`."""
        spread = np.square(self.cv, dtype=np.float64)
        return (rng.standard_gamma(1.0 / spread, shape) * (spread * self.mean)).astype(np.float32)

    def probabilities(self, upper: int) -> Doubles:
        """See `Law.probabilities`."""
        spread = np.square(_column(self.cv))
        scale = np.maximum(spread * _column(self.mean), NO_SPREAD)
        return _rounded_cells(stats.gamma(1.0 / spread, scale=scale), upper)


def lead_time_arrivals(rng: np.random.Generator, lead_chance: NDArray[np.floating], periods: int) -> Floats:
    """Draw when orders arrive: 1 where the order that left `lead` periods before a period comes in.

    One lead time is drawn per period in which an order may leave, from `lead` - 1 periods before the window on, so that
    stock on order at the start arrives by the same law. Orders may cross; each arrives exactly once, in the window or
    after it.

    Args:
        rng: where the draws come from.
        lead_chance: P(lead time = 0, 1, 2, ... periods), sums to 1. [..., lead]
        periods: length of the window.

    Returns:
        What `Chance.arrives` holds, for each period. [..., period, lead]
    """
    chance = np.asarray(lead_chance, np.float64)
    total = chance.sum(-1)
    if np.any(chance < 0.0) or np.any(np.abs(total - 1.0) > 1e-4):
        worst = float(np.ravel(total)[np.argmax(np.abs(np.ravel(total) - 1.0))])
        raise DataError(
            Text(
                f"chances of a lead time must be 0 or more and add up to 1, these add up to {worst:.4g}",
                f"各提前期的概率必须不小于 0 且合计为 1，这里合计为 {worst:.4g}",
            ),
            hint=Text("divide each chance by their sum", "请将每个概率除以它们的合计"),
        )
    leads = chance.shape[-1]
    uniform = rng.random((*chance.shape[:-1], periods + leads - 1))
    bounds = (np.cumsum(chance, -1) / total[..., None])[..., None, :-1]
    drawn = np.sum(uniform[..., None] >= bounds, -1)  # lead time of each order, the oldest first
    left = np.arange(periods)[:, None] - np.arange(leads) + leads - 1  # [period, lead] -> place in `drawn`
    return (drawn[..., left] == np.arange(leads)).astype(np.float32)


def _require(name: str, values: Numbers, least: int | float) -> None:
    """Raise UsageError unless every value is a number of at least `least`."""
    array = np.asarray(values, np.float64)
    wrong = ~(np.isfinite(array) & (array >= least))
    if wrong.any():
        first = float(np.ravel(array)[np.argmax(np.ravel(wrong))])
        count, size = int(wrong.sum()), array.size
        raise UsageError(
            Text(
                f"`{name}` of a demand law must be {least:g} or more, {count} of {size} are not, such as {first:g}",
                f"需求分布的参数 `{name}` 必须不小于 {least:g}，{size} 个值中有 {count} 个不符合，例如 {first:g}",
            ),
            hint=Text("units per period, neither negative nor missing", "单位是件/周期，不能为负数或缺失"),
        )


def _column(values: Numbers) -> Doubles:
    """With a last axis along which demand runs."""
    return np.asarray(values, np.float64)[..., None]


def _cells(law: Any, upper: int) -> Doubles:
    """Chances of 0 .. upper - 1, then of all the rest."""
    _require("upper", upper, least=0)
    return np.concatenate([law.pmf(np.arange(upper)), law.sf(np.asarray([upper - 1]))], -1)


def _rounded_cells(law: Any, upper: int) -> Doubles:
    """The same for demand rounded to whole units; what is clipped at 0 is in the first cell."""
    _require("upper", upper, least=0)
    below = law.cdf(np.arange(upper) + 0.5)
    edges = np.concatenate([np.zeros_like(below[..., :1]), below], -1) if upper else np.zeros_like(law.cdf([0.0]))
    return np.concatenate([np.diff(edges, axis=-1), 1.0 - edges[..., -1:]], -1)
