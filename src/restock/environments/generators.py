"""Rows that draw by generators of their own, in one call for all of them."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restock.errors import UsageError
from restock.language import Text

PARAMETERS = {  # law: what stands before the size in its call
    "random": 0,
    "standard_normal": 0,
    "exponential": 1,
    "geometric": 1,
    "poisson": 1,
    "standard_gamma": 1,
    "binomial": 2,
    "gamma": 2,
    "integers": 2,
    "lognormal": 2,
    "negative_binomial": 2,
    "normal": 2,
    "uniform": 2,
}


class OwnGenerators(np.random.Generator):
    """A generator that draws paths: each row's come from its own generator, one after the other.

    So a setting draws the paths of a thousand rows as fast as those of one, and a row's depend on its seed only.
    """

    def __init__(self, rows: Sequence[np.random.Generator], each: int) -> None:
        """Args: rows: their generators. each: paths of a row."""
        super().__init__(rows[0].bit_generator)  # never drawn from
        self._rows, self._each = rows, each

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_"):
            return super().__getattribute__(name)
        if name not in PARAMETERS:
            raise AttributeError(f"rows cannot draw `{name}` by generators of their own, only {', '.join(PARAMETERS)}")
        return partial(self._draw, name)

    def _draw(self, law: str, *given: Any, size: int | tuple[int, ...] | None = None) -> NDArray[Any]:
        parameters, after = given[: PARAMETERS[law]], given[PARAMETERS[law] :]
        size = after[0] if after else size
        drawn = np.broadcast_shapes(*map(np.shape, parameters)) if size is None else size
        shape = (drawn,) if isinstance(drawn, int) else drawn
        if shape[:1] != (self._each * len(self._rows),):
            raise self._not_by_path(law, shape)

        def of_row(place: int) -> NDArray[Any]:
            paths = slice(place * self._each, (place + 1) * self._each)
            own = [_part(parameter, shape, paths) for parameter in parameters]
            return getattr(self._rows[place], law)(*own, size=(self._each, *shape[1:]))

        return np.concatenate([of_row(place) for place in range(len(self._rows))])

    def _not_by_path(self, law: str, shape: tuple[int, ...]) -> UsageError:
        paths = self._each * len(self._rows)
        return UsageError(
            Text(
                f"a setting draws `{law}` of shape {shape} for {paths} paths; rows cannot share it",
                f"算例为 {paths} 条路径抽取了形状为 {shape} 的 `{law}`，无法分给各行",
            ),
            hint=Text("make paths the first axis of every draw", "请让每次抽样的第一个维度为路径"),
        )


def _part(parameter: Any, shape: tuple[int, ...], paths: slice) -> Any:
    """What of a parameter belongs to these paths: numbers, and arrays without a path axis, to all of them."""
    by_path = np.ndim(parameter) == len(shape) and np.shape(parameter)[0] == shape[0]
    return parameter[paths] if by_path else parameter
