"""Laws of demand, and how likely sales are that a stock-out has cut.

Written for any number of leading axes; every function has a derivative in the parameters. A day on which the shelf was
full for a share of the time is the same law with its mean thinned: a sale process that is stopped when the stock is
gone has the likelihood of one that was watched for that long, whoever stopped it. Where only the end is known, sales
are a lower bound, and the survival function is what they tell (Agrawal and Smith 1996).
"""

from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import betaln, gammaln, log_ndtr
from jaxtyping import Array, Float

Numbers = Float[Array, "*axes"]
NODES, WEIGHTS = (jnp.asarray(part, jnp.float32) for part in np.polynomial.legendre.leggauss(24))
DROP = 21.0  # log of what is too small to count
JUMPS = 64  # most purchases that the compound law adds up
POWER = 1.5  # of the Tweedie law
SHAPE = (2 - POWER) / (POWER - 1)  # of its purchases


class NegativeBinomial(eqx.Module):
    """Counts with variance mean + spread * mean^2 (NB2)."""

    mean: Numbers
    spread: Numbers

    outputs = 2  # numbers that a network gives

    @classmethod
    def of(cls, usual: Numbers, raw: Float[Array, "*axes 2"]) -> Self:
        """From a network's outputs. usual: the mean if the network says nothing"""
        return cls(usual * jnp.exp(_bounded(raw[..., 0], 3.0)), jnp.exp(_bounded(raw[..., 1] - 1.0, 5.0)))

    def log_chance(self, y: Numbers) -> Numbers:
        """Log P(demand = y)."""
        size = 1.0 / self.spread
        coefficient = gammaln(y + size) - gammaln(size) - gammaln(y + 1.0)
        log_all = jnp.log1p(self.mean * self.spread)
        return coefficient - size * log_all + y * (jnp.log(self.mean * self.spread) - log_all)

    def log_survival(self, y: Numbers) -> Numbers:
        """Log P(demand >= y)."""
        below = log_beta_below(jnp.maximum(y, 1.0), 1.0 / self.spread, jnp.log(self.mean * self.spread))
        return jnp.where(y >= 1.0, jnp.minimum(below, 0.0), 0.0)

    def thin(self, share: Numbers) -> Self:
        """Demand in a share of the period."""
        return type(self)(self.mean * share, self.spread)

    def mix(self, axis: int = 0) -> Self:
        """One law with the mean and variance of several, equally likely ones."""
        mean = self.mean.mean(axis)
        square = ((1.0 + self.spread) * self.mean**2 + self.mean).mean(axis)
        return type(self)(mean, jnp.maximum((square - mean) / jnp.maximum(mean, 1e-9) ** 2 - 1.0, 1e-3))

    @property
    def expected(self) -> Numbers:
        """Mean demand."""
        return self.mean


class Hurdle(eqx.Module):
    """Nothing, or one unit and a negative binomial number more: for items that sell rarely, and then several."""

    chance: Numbers  # that anything is asked for
    rest: NegativeBinomial  # units after the first

    outputs = 3

    @classmethod
    def of(cls, usual: Numbers, raw: Float[Array, "*axes 3"]) -> Self:
        """From a network's outputs; it says nothing: about Poisson."""
        some = -jnp.expm1(-usual)
        odds = jnp.log(jnp.maximum(some, 1e-6)) + usual  # logit of `some`
        chance = jax.nn.sigmoid(jnp.clip(odds + raw[..., 2], -12.0, 12.0))
        rest = jnp.maximum(usual / some - 1.0, 0.02)
        return cls(chance, NegativeBinomial.of(rest, raw[..., :2]))

    def log_chance(self, y: Numbers) -> Numbers:
        """Log P(demand = y)."""
        some = jnp.log(self.chance) + self.rest.log_chance(jnp.maximum(y - 1.0, 0.0))
        return jnp.where(y > 0, some, jnp.log1p(-self.chance))

    def log_survival(self, y: Numbers) -> Numbers:
        """Log P(demand >= y)."""
        return jnp.where(y > 0, jnp.log(self.chance) + self.rest.log_survival(jnp.maximum(y - 1.0, 0.0)), 0.0)

    def thin(self, share: Numbers) -> Self:
        """Demand in a share of the period: the mean falls with it, the chance of nothing as a Poisson stream's."""
        chance = -jnp.expm1(share * jnp.log1p(-self.chance))
        mean = jnp.maximum(share * self.expected / chance - 1.0, 1e-4)
        return type(self)(chance, NegativeBinomial(mean, self.rest.spread))

    def mix(self, axis: int = 0) -> Self:
        """One law for several, equally likely ones: the chance of nothing, mean and variance are theirs."""
        weight = self.chance / jnp.maximum(self.chance.sum(axis, keepdims=True), 1e-9)
        mean = (weight * self.rest.mean).sum(axis)
        square = (weight * ((1.0 + self.rest.spread) * self.rest.mean**2 + self.rest.mean)).sum(axis)
        spread = jnp.maximum((square - mean) / jnp.maximum(mean, 1e-9) ** 2 - 1.0, 1e-3)
        return type(self)(self.chance.mean(axis), NegativeBinomial(mean, spread))

    @property
    def expected(self) -> Numbers:
        """Mean demand."""
        return self.chance * (1.0 + self.rest.mean)


class Tweedie(eqx.Module):
    """A Poisson number of purchases of gamma size, power 1.5: for sales in fractions (weight, length), many of 0."""

    purchases: Numbers  # expected number
    size: Numbers  # scale of one purchase; its mean is `SHAPE * size`

    outputs = 2

    @classmethod
    def of(cls, usual: Numbers, raw: Float[Array, "*axes 2"]) -> Self:
        """From a network's outputs."""
        mean = usual * jnp.exp(_bounded(raw[..., 0], 3.0))
        purchases = jnp.exp(_bounded(raw[..., 1] + 0.5, 3.0))
        return cls(purchases, mean / (purchases * SHAPE))

    def log_chance(self, y: Numbers) -> Numbers:
        """Log of the chance of 0, of the density elsewhere (Dunn and Smyth 2005, the series)."""
        units = jnp.maximum(y, 1e-6) / self.size
        terms = self._log_jumps() + _log_gamma_density(units)
        return jnp.where(y > 0, jax.nn.logsumexp(terms, axis=-1) - jnp.log(self.size), -self.purchases)

    def log_survival(self, y: Numbers) -> Numbers:
        """Log P(demand >= y); the gamma tails by Wilson and Hilferty's cube root."""
        shape = SHAPE * jnp.arange(1, JUMPS + 1)
        root = jnp.cbrt(jnp.maximum(y, 1e-6) / self.size)[..., None] / jnp.cbrt(shape)
        tail = log_ndtr(-(root - (1.0 - 1.0 / (9.0 * shape))) * 3.0 * jnp.sqrt(shape))
        return jnp.where(y > 0, jnp.minimum(jax.nn.logsumexp(self._log_jumps() + tail, axis=-1), 0.0), 0.0)

    def thin(self, share: Numbers) -> Self:
        """Demand in a share of the period: fewer purchases of the same size."""
        return type(self)(self.purchases * share, self.size)

    def mix(self, axis: int = 0) -> Self:
        """One law with the mean and variance of several, equally likely ones."""
        each = self.expected
        mean = each.mean(axis)
        variance = (each * self.size * (SHAPE + 1) + each**2).mean(axis) - mean**2
        size = variance / (mean * (SHAPE + 1))
        return type(self)(mean / (SHAPE * size), size)

    @property
    def expected(self) -> Numbers:
        """Mean demand."""
        return self.purchases * self.size * SHAPE

    def _log_jumps(self) -> Float[Array, "*axes jumps"]:
        """Log P(1, 2, ... purchases)."""
        count = jnp.arange(1, JUMPS + 1)
        return count * jnp.log(self.purchases)[..., None] - self.purchases[..., None] - gammaln(count + 1.0)


Law = NegativeBinomial | Hurdle | Tweedie
LAWS: dict[str, type[Law]] = {"negative_binomial": NegativeBinomial, "hurdle": Hurdle, "tweedie": Tweedie}


def log_likelihood(law: Law, y: Numbers, available: Numbers) -> Numbers:
    """How likely the sales of a period are.

    Args:
        law: of demand in a whole period.
        y: units sold.
        available: share of the period on the shelf. 1: sales are demand; between 0 and 1: demand of a part of the
            period; 0: how long it was there is unknown, and sales are a lower bound.
    """
    seen = law.thin(jnp.where(available > 0, jnp.minimum(available, 1.0), 1.0)).log_chance(y)
    return jnp.where(available > 0, seen, law.log_survival(y))


def log_beta_below(a: Numbers, b: Numbers, logit: Numbers) -> Numbers:
    """Log of the regularised incomplete beta function at x, given the logit of x; a >= 1.

    By Gauss-Legendre in the logit, left and right of the peak, over all that counts: unlike the continued fraction it
    has a derivative in all three.
    """
    fixed = jax.lax.stop_gradient
    peak = jnp.log(a / b)
    width = 6.5 * jnp.sqrt((a + b) / (a * b))
    top = jnp.where(logit < peak, logit, fixed(peak))
    slope = jnp.maximum(a - (a + b) * jax.nn.sigmoid(top), 1e-9)
    begin = fixed(top - jnp.minimum(DROP / a + width, DROP / slope))
    end = jnp.where(logit < peak, logit, jnp.minimum(logit, fixed(peak + DROP / b + width)))

    def height(s: Array) -> Array:
        return a[..., None] * s - (a + b)[..., None] * jax.nn.softplus(s)

    highest = fixed(height(top[..., None]))
    parts = jnp.zeros_like(top)
    for low, high in ((begin, top), (top, end)):
        half = 0.5 * (high - low)
        points = (low + half)[..., None] + half[..., None] * NODES
        parts = parts + half * (WEIGHTS * jnp.exp(height(points) - highest)).sum(-1)
    return jnp.log(jnp.maximum(parts, 1e-30)) + highest[..., 0] - betaln(a, b)


def _log_gamma_density(units: Numbers) -> Float[Array, "*axes jumps"]:
    shape = SHAPE * jnp.arange(1, JUMPS + 1)
    return (shape - 1.0) * jnp.log(units)[..., None] - units[..., None] - gammaln(shape)


def _bounded(x: Numbers, bound: float) -> Numbers:
    return bound * jnp.tanh(x / bound)
