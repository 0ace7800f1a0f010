"""What benches that compare policies share: every method on every instance, learned ones once per seed."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, Generic, TypeVar

import jax

from restock.environments.exact.simulation import Cost
from restock.environments.naming import Named
from restock.language import Text
from restock.workflows.benches.result import Row, Task

I = TypeVar("I", bound=Named)  # noqa: E741 - an instance


@dataclass(frozen=True)
class Learner(Generic[I]):
    """A method that trains a policy; its seconds are those of the first `train` alone."""

    train: Callable[[I, int], Any]  # instance, seed -> a policy, ready when it is returned
    price: Callable[[I, Any], Cost]  # what that policy costs, or earns; the same demand for every policy
    steps: Callable[[I], int | None] = lambda instance: None  # periods that a training lives or simulates in all


def all_fit(instance: Named, method: str) -> bool:
    """Every method can do every instance."""
    return True


@dataclass(frozen=True)
class Comparison(Generic[I]):
    """Methods, and the instances on which they are compared; `Bench.run` calls it."""

    about: Text
    find: Callable[[str], I]
    best_known: Callable[[I], float | None]  # the optimum, or the best value published
    solved: Mapping[str, Callable[[I], Cost]]  # methods that leave nothing to chance: optima, bounds, tuned rules
    learned: Mapping[str, Learner[I]]
    fits: Callable[[I, str], bool] = all_fit  # what does not is left out, but for all that was asked: then it says why
    more_is_better: bool = False  # profit, where others report costs

    @property
    def methods(self) -> tuple[str, ...]:
        """All of them, what is learned last."""
        return (*self.solved, *self.learned)

    def __call__(self, task: Task) -> Iterator[Row]:
        """A row per instance and method."""
        asked = [(instance, method) for instance in map(self.find, task.instances) for method in task.methods]
        pairs = [pair for pair in asked if self.fits(*pair)] or asked
        task.progress.start(self.about, len(pairs))
        for done, (instance, method) in enumerate(pairs, start=1):
            row = self._solved(instance, method) if method in self.solved else self._learned(instance, method, task)
            yield row
            gap = "" if row.gap_percent is None else f" {row.gap_percent:+.3f} %"
            task.progress.advance(done, Text(f"{instance.name} {method}{gap}", f"{instance.name} {method}{gap}"))

    def _solved(self, instance: I, method: str) -> Row:
        began = time.perf_counter()
        value = self.solved[method](instance)
        return self._row(instance, method, [value], time.perf_counter() - began)

    def _learned(self, instance: I, method: str, task: Task) -> Row:
        learner = self.learned[method]
        values: list[Cost] = []
        seconds = 0.0
        jax.clear_caches()  # the first training pays for its compilation, as that of a user does
        for seed in task.seeds:
            began = time.perf_counter()
            policy = learner.train(instance, seed)
            seconds = seconds or time.perf_counter() - began
            values.append(learner.price(instance, policy))
        return self._row(instance, method, values, seconds, learner.steps(instance))

    def _row(self, instance: I, method: str, values: list[Cost], seconds: float, steps: int | None = None) -> Row:
        value = mean_of_seeds(values)
        return Row(
            instance.name,
            method,
            value.value,
            value.stderr,
            self.best_known(instance),
            seconds,
            len(values),
            more_is_better=self.more_is_better,
            steps=steps,
            seed_spread=stdev(value.value for value in values) if len(values) > 1 else None,
        )


def mean_of_seeds(values: list[Cost]) -> Cost:
    """The mean; its error is that between seeds, and that of the demand that prices all of them."""
    if len(values) == 1:
        return values[0]
    between = stdev(value.value for value in values) / len(values) ** 0.5
    shared = fmean(value.stderr for value in values)
    return Cost(fmean(value.value for value in values), (between**2 + shared**2) ** 0.5)
