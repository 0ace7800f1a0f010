"""A dense encoder of a whole window and a small decoder per period (TiDE, Das et al. 2023, arXiv 2304.08424).

The decoder bends a mixture of simple forecasts, so that an untrained network already forecasts sensibly; its outputs
are the parameters of a law of demand.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from restock.forecasting.deep.inputs import Length, Scaling
from restock.forecasting.deep.likelihood import LAWS, Law
from restock.forecasting.deep.settings import DeepConfig
from restock.forecasting.deep.windows import Window, base_count

SQUEEZED = 4  # numbers that the covariates of one period become
DECODED = 8  # numbers per period between the two decoders
NAME = 8  # numbers that stand for a series


class Dense(eqx.Module):
    """An affine map."""

    weight: Float[Array, "*axes out into"]
    bias: Float[Array, "*axes out"]

    def __init__(self, into: int, out: int, draw: np.random.Generator, gain: float = 1.0) -> None:
        # Drawn by NumPy: each call of a random function of JAX costs a second of compilation.
        self.weight = jnp.asarray(gain * draw.standard_normal((out, into), np.float32) / max(into, 1) ** 0.5)
        self.bias = jnp.zeros(out)

    def __call__(self, x: Float[Array, "*axes into"]) -> Float[Array, "*axes out"]:
        return x @ self.weight.T + self.bias


class Tide(eqx.Module):
    """One member. A window in, the law of demand of each of its periods out."""

    squeeze: tuple[Dense, Dense]
    squeeze_past: Dense
    attributes: tuple[Float[Array, "*axes level number"], ...]
    name: Float[Array, "*axes series number"]
    encode: Dense
    blocks: tuple[tuple[Dense, Dense], ...]
    blend: Dense  # which simple forecast to trust
    decode: Dense
    period: tuple[Dense, Dense]
    skip: Dense  # straight from the context to every period
    law: str = eqx.field(static=True)

    def __init__(
        self, config: DeepConfig, scaling: Scaling, length: Length, window: Window, draw: np.random.Generator
    ) -> None:
        covariates, past = window.covariates.shape[-1], window.past.shape[-1]
        sizes = [min(8, (len(levels) + 3) // 2) for levels in scaling.levels]
        self.law = config.law
        self.squeeze = (Dense(covariates, 16, draw), Dense(16, SQUEEZED, draw))
        self.squeeze_past = Dense(past, 2, draw)
        self.attributes = tuple(
            _table(len(levels), size, draw) for levels, size in zip(scaling.levels, sizes, strict=True)
        )
        self.name = _table(len(scaling.ids), NAME, draw)
        into = 2 * length.context + (length.context + length.h) * SQUEEZED + (2 * length.context if past else 0)
        into += window.memory.shape[-1] + window.traits.shape[-1] + sum(sizes) + NAME
        hidden, outputs = config.hidden, LAWS[config.law].outputs
        self.encode = Dense(into, hidden, draw)
        self.blocks = tuple(
            (Dense(hidden, hidden, draw), Dense(hidden, hidden, draw, 0.5)) for _ in range(config.blocks)
        )
        bases = base_count(length)
        self.blend = Dense(hidden, bases, draw, 0.1)
        self.decode = Dense(hidden, length.h * DECODED, draw)
        step = DECODED + covariates + bases + 3
        self.period = (Dense(step, 32, draw), Dense(32, outputs, draw, 0.1))
        self.skip = Dense(length.context, length.h, draw, 0.05)

    def __call__(self, window: Window, keep: Array, named: Array) -> Law:
        """The law of each period.

        Args:
            window: of one series.
            keep: 0 where an input is hidden, 1 / share kept elsewhere. [input]
            named: 0: as if the series had never been met.
        """
        h = window.bases.shape[0]
        squeezed = self.squeeze[1](jax.nn.relu(self.squeeze[0](window.covariates)))
        inputs = jnp.concatenate(
            [
                window.values,
                window.shelf,
                squeezed.reshape(-1),
                *([self.squeeze_past(window.past).reshape(-1)] if window.past.shape[-1] else []),
                window.memory,
                window.traits,
                *(table[code] for table, code in zip(self.attributes, window.codes, strict=True)),
                self.name[window.name * named],
            ]
        )
        hidden = jax.nn.relu(self.encode(inputs * keep))
        for first, second in self.blocks:
            hidden = hidden + second(jax.nn.relu(first(_normal(hidden))))
        hidden = _normal(hidden)
        weights = jax.nn.softmax(self.blend(hidden))
        usual = window.scale * (window.bases @ weights)
        decoded = self.decode(hidden).reshape(h, DECODED)
        place = (jnp.arange(h) / h)[:, None]
        step = jnp.concatenate(
            [decoded, window.covariates[-h:], jnp.log(window.bases), window.last_year, place], axis=-1
        )
        raw = self.period[1](jax.nn.relu(self.period[0](step)))
        raw = raw.at[:, 0].add(self.skip(window.values))
        return LAWS[self.law].of(jnp.maximum(usual, 1e-4), raw)


def _normal(x: Float[Array, " hidden"]) -> Float[Array, " hidden"]:
    """Mean 0, deviation 1."""
    centred = x - x.mean()
    return centred * jax.lax.rsqrt((centred**2).mean() + 1e-5)


def _table(names: int, numbers: int, draw: np.random.Generator) -> Float[Array, "name number"]:
    """Numbers that stand for each name; the first row for all that were never met."""
    return jnp.asarray(0.1 * draw.standard_normal((names + 1, numbers), np.float32))
