"""Prove a figure that we publish: our result, the optimum or the best known, the rivals, and seconds."""

import time
from collections.abc import Sequence
from fnmatch import fnmatchcase

from restock.errors import UsageError, nearest
from restock.language import Text
from restock.progress import Progress, Silent
from restock.workflows.benches.backlog import BACKLOG
from restock.workflows.benches.chain import CHAIN
from restock.workflows.benches.fixed_cost import FIXED_COST
from restock.workflows.benches.forecast import FORECAST
from restock.workflows.benches.forecast_money import FORECAST_MONEY
from restock.workflows.benches.generalist import GENERALIST
from restock.workflows.benches.lost_sales import LOST_SALES
from restock.workflows.benches.lot_sizing import LOT_SIZING
from restock.workflows.benches.nonstationary import NONSTATIONARY
from restock.workflows.benches.pricing import PRICING
from restock.workflows.benches.result import Bench, BenchResult, Row, Task, this_machine
from restock.workflows.benches.rivals import RIVALS
from restock.workflows.benches.seeds import seeds_of
from restock.workflows.benches.simulator import SIMULATOR
from restock.workflows.benches.stockouts import STOCKOUTS

BENCHES: dict[str, Bench] = {
    bench.name: bench
    for bench in (
        LOST_SALES,
        BACKLOG,
        FIXED_COST,
        LOT_SIZING,
        NONSTATIONARY,
        PRICING,
        CHAIN,
        RIVALS,
        SIMULATOR,
        STOCKOUTS,
        GENERALIST,
        FORECAST,
        FORECAST_MONEY,
    )
}
BENCH, METHOD, INSTANCE = Text("bench", "评测"), Text("method", "方法"), Text("instance", "算例")


def bench(
    name: str,
    methods: Sequence[str] | None = (),
    instances: Sequence[str] | None = (),
    seeds: int | str | None = 1,
    quick: bool = False,
    progress: Progress | None = None,
) -> BenchResult:
    """Run a bench.

    Args:
        name: one of `BENCHES`.
        methods: only these; none: all, or those that are quick. Patterns such as `*base_stock` are allowed here and
            in `instances`.
        instances: only these; none: the usual ones, or the quick ones.
        seeds: trainings of each learned method on each instance, or a range of seeds such as `0-4`.
        quick: a slice of it in under a minute.

    Raises:
        UsageError: a name is unknown, or there is nothing to repeat.
    """
    began, machine, progress = time.perf_counter(), this_machine(), progress or Silent()
    trained_with = seeds_of(seeds)
    chosen = BENCHES[choose(BENCH, (name,), tuple(BENCHES))[0]]
    usual = chosen.quick if quick else chosen.usual
    compared = (quick and chosen.quick_methods) or chosen.methods
    task = Task(
        methods=choose(METHOD, methods, chosen.methods) if methods else compared,
        instances=choose(INSTANCE, instances, chosen.instances) if instances else usual,
        seeds=trained_with,
        quick=quick,
        progress=progress,
    )
    try:
        rows: tuple[Row, ...] = tuple(chosen.run(task))
    finally:
        progress.finish()
    return BenchResult(chosen.name, rows, machine, time.perf_counter() - began)


def choose(kind: Text, wanted: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    """The names that match, each once, in the order in which they were asked for.

    Raises:
        UsageError: nothing matches; the hint offers the nearest names.
    """
    found: dict[str, None] = {}
    for pattern in wanted:
        matches = [name for name in there if fnmatchcase(name.lower(), pattern.strip().lower())]
        if not matches:
            raise _unknown(kind, pattern, there)
        found |= dict.fromkeys(matches)
    return tuple(found)


def _unknown(kind: Text, pattern: str, there: Sequence[str]) -> UsageError:
    return UsageError(
        Text(
            f"there is no {kind.en} `{pattern}`; there are {len(there)}",
            f"没有名为 `{pattern}` 的{kind.zh}；共有 {len(there)} 个",
        ),
        hint=nearest(pattern, there),
    )
