"""Rules for demand that jumps, made from the recent average alone, and the limits that every order keeps."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.language import Text
from restock.policies.rules import Rule, buy, position, recent
from restock.simulator.rollout import Policy
from restock.simulator.types import Decision, Number, View


class Within(eqx.Module):
    """A policy whose orders are whole units and cut off at the largest order and the capacity."""

    policy: Policy
    largest: float
    capacity: float

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        decision = self.policy(view, key)
        room = jnp.minimum(self.largest, self.capacity - position(view))
        order = jnp.clip(jnp.round(decision.order), 0.0, room)
        return eqx.tree_at(lambda d: d.order, decision, order)


class LevelLine(eqx.Module):
    """Order up to a level that rises with the average."""

    least: Number  # units
    slope: Number

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, self.least + self.slope * recent(view, jnp.zeros(())) - position(view))


class LevelTable(eqx.Module):
    """Order up to a level for each range of the average; the ranges are equally wide and end at `highest`."""

    levels: Float[Array, " range"]  # units
    highest: float

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        share = recent(view, jnp.zeros(())) / self.highest
        place = jnp.clip(jnp.floor(share * len(self.levels)).astype(int), 0, len(self.levels) - 1)
        return buy(view, self.levels[place] - position(view))


LINE = Rule(
    "level_line", Text("level by the average", "随均值变化的库存水平"), ("least", "slope"),
    (-5, 0), (20, 2), (False, False),
    lambda n, past: LevelLine(n[0], n[1]),
)  # fmt: skip
