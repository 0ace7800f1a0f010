"""How good forecasts were: rolling windows of the past, the method chosen on all but the last, told of the last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from restock.forecasting.baselines import BASELINES
from restock.forecasting.forecast import FULL
from restock.forecasting.forecaster import Ask, Tried, Windows, cross_validate
from restock.forecasting.methods import FALLBACK, find_method
from restock.forecasting.panel import Panel
from restock.forecasting.scores import Scores, Summary, difference, patterns, score, summarise, summarise_by
from restock.language import Text
from restock.progress import Progress

QUICK: tuple[str, ...] = (*BASELINES, "ensemble_events", "lightgbm")  # tried where no method is asked for
RIVAL = "seasonal_naive"
PATHS = 100


@dataclass(frozen=True)
class Accuracy:
    """Scores of the methods that were compared."""

    windows: Windows | None  # None: the history is too short to compare
    chosen: str
    before: tuple[Scores, ...]  # all windows but the last: these chose the method
    last: tuple[Scores, ...]  # the last window, seen once
    tried: tuple[Tried, ...]  # of the chosen method
    groups: Any  # pattern of demand [series]
    was_chosen: bool = False  # among all methods, by the windows before the last

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        if self.windows is None:
            return {"windows": 0, "accuracy": [], "by_class": []}
        mine = next(each for each in self.last if each.method == self.chosen)
        return {
            "windows": self.windows.n_windows,
            "accuracy": [self._row(a, b) for a, b in zip(self.before, self.last, strict=True)],
            "by_class": [
                {"class": name, **_numbers(summary)} for name, summary in summarise_by(mine, self.groups).items()
            ],
        }

    def _row(self, before: Scores, last: Scores) -> dict[str, Any]:
        rival = next((each for each in self.last if each.method == RIVAL), None)
        against = None if rival is None or rival is last else difference(last, rival)
        return {
            "method": last.method,
            **_numbers(summarise(last)),
            "windows_before": _finite(summarise(before).scaled_pinball),
            "against_naive_percent": None if against is None else _finite(against.percent),
        }


def measure(panel: Panel, windows: Windows | None, methods: Sequence[str], seed: int, progress: Progress) -> Accuracy:
    """Try methods on rolling windows and choose the one with the least scaled pinball before the last window.

    Args:
        panel: the whole history.
        windows: where; none: nothing can be tried.
        methods: names; the first is chosen where there is only one to choose.
        seed: of learning and paths.
        progress: one step per method.
    """
    groups = patterns(panel)
    if windows is None:
        chosen = methods[0] if len(methods) < len(QUICK) else FALLBACK
        return Accuracy(None, chosen, (), (), (), groups)
    ask = Ask(windows.h, FULL, PATHS, seed)
    progress.start(Text("compare forecasting methods", "比较预测方法"), len(methods))
    kept: dict[str, list[Tried]] = {}
    try:
        for number, name in enumerate(methods, start=1):
            kept[name] = list(cross_validate(find_method(name), panel, windows, ask, seed))
            progress.advance(number)
    finally:
        progress.finish()
    before = tuple(score(panel, tried[:-1]) for tried in kept.values())
    last = tuple(score(panel, tried[-1:]) for tried in kept.values())
    choose = len(methods) >= len(QUICK)
    chosen = _best(before) if choose else methods[0]
    return Accuracy(windows, chosen, before, last, tuple(kept[chosen]), groups, choose)


def _best(scores: Sequence[Scores]) -> str:
    means = [summarise(each).scaled_pinball for each in scores]
    if not np.isfinite(means).any():
        return FALLBACK
    return scores[int(np.nanargmin(means))].method


def _numbers(summary: Summary) -> dict[str, Any]:
    return {name: _finite(value) for name, value in summary._asdict().items()}


def _finite(value: float) -> float | int | None:
    return value if isinstance(value, int) else round(float(value), 5) if np.isfinite(value) else None
