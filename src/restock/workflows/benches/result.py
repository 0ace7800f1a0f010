"""What a bench is asked and what it answers, the same for all of them."""

import os
import platform
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from statistics import fmean, median
from typing import Any

from restock.language import Text
from restock.progress import Progress

PACKAGES = ("restock", "jax", "equinox", "optax", "numpy", "scipy", "lightgbm", "torch", "stable-baselines3")
PACKAGES += ("decisionrl", "statsforecast", "mlforecast")
RARE = ("ratio", "low", "high", "steps_per_second", "seconds_to_reach", "seeds_that_reached")


@dataclass(frozen=True)
class Row:
    """One method on one instance."""

    instance: str
    method: str
    value: float  # cost per period, profit of an episode, or whatever the bench measures
    stderr: float  # over seeds, and of the pricing, which is 0 where that is exact
    best_known: float | None  # the optimum, or the best value published
    seconds: float  # to find the policy once, compilation included
    seeds: int
    ratio: float | None = None  # value as a multiple of the rival's
    more_is_better: bool = False  # a profit or a speed, not a cost
    low: float | None = None  # of the paired difference from the rival: 95 % lie between low and high
    high: float | None = None
    steps: int | None = None  # periods that one training lived or simulated in all; None: nothing was trained
    seed_spread: float | None = None  # standard deviation of `value` between seeds; None: there is but one
    steps_per_second: float | None = None  # of all trainings, compilation included
    seconds_to_reach: float | None = None  # a value close to the best known, the median of the seeds that reached it
    seeds_that_reached: int | None = None

    @property
    def gap_percent(self) -> float | None:
        """How much worse than the best known value, in percent of it."""
        if self.best_known is None:
            return None
        worse = self.best_known - self.value if self.more_is_better else self.value - self.best_known
        return 100 * worse / self.best_known

    def to_json(self) -> dict[str, Any]:
        """For programs; what only some benches measure only where it is there."""
        row = {**asdict(self), "gap_percent": self.gap_percent}
        return {key: value for key, value in row.items() if key not in RARE or value is not None}


@dataclass(frozen=True)
class Task:
    """What to measure; names have been checked."""

    methods: tuple[str, ...]
    instances: tuple[str, ...]
    seeds: range
    quick: bool
    progress: Progress


@dataclass(frozen=True)
class Bench:
    """A comparison that anybody can repeat."""

    name: str
    about: Text
    methods: tuple[str, ...]
    instances: tuple[str, ...]  # all there are
    usual: tuple[str, ...]  # unless asked for others
    quick: tuple[str, ...]  # a slice of it in under a minute
    run: Callable[[Task], Iterable[Row]]
    quick_methods: tuple[str, ...] = ()  # of that slice; none: all


@dataclass(frozen=True)
class BenchResult:
    """What a bench measured, where, and in which words it can be repeated."""

    name: str
    rows: tuple[Row, ...]
    machine: dict[str, Any]
    seconds: float

    def summary(self) -> dict[str, dict[str, float | None]]:
        """Gaps and time of each method over all instances."""
        return {
            method: _summary([r for r in self.rows if r.method == method])
            for method in dict.fromkeys(r.method for r in self.rows)
        }

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "name": self.name,
            "rows": [row.to_json() for row in self.rows],
            "summary": self.summary(),
            "machine": self.machine,
            "seconds": self.seconds,
        }


def this_machine() -> dict[str, Any]:
    """What seconds depend on."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES if _installed(name)},
    }


def _summary(rows: list[Row]) -> dict[str, float | None]:
    gaps = [gap for row in rows if (gap := row.gap_percent) is not None]
    return {
        "mean_gap_percent": fmean(gaps) if gaps else None,
        "worst_gap_percent": max(gaps) if gaps else None,
        "median_seconds": median(row.seconds for row in rows),
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def _installed(name: str) -> bool:
    try:
        return bool(version(name))
    except ModuleNotFoundError:
        return False
