"""Lost sales with lead times: what a learned policy and tuned rules cost above the exact optimum."""

import time
from collections.abc import Callable, Iterator
from statistics import fmean, median, stdev

import jax

from restock.environments.exact.grid import most_states, newsvendor_limits
from restock.environments.exact.lost_sales import MOST_STATES, optimal_cost
from restock.environments.exact.lost_sales_rules import best_base_stock, best_capped_base_stock
from restock.environments.exact.simulation import Cost
from restock.environments.lost_sales import LONG, PUBLISHED, ZIPKIN, LostSales, find_instance
from restock.language import Text
from restock.workflows.benches.lost_sales_learning import learn_orders, orders_of, price_orders
from restock.workflows.benches.result import Bench, Row, Task

OPTIMAL, BASE_STOCK, CAPPED, PATHWISE = "optimal", "base_stock", "capped_base_stock", "pathwise"
EXACT: dict[str, Callable[[LostSales], Cost]] = {
    OPTIMAL: lambda instance: Cost(optimal_cost(instance).cost, 0.0),
    BASE_STOCK: lambda instance: best_base_stock(instance).cost,
    CAPPED: lambda instance: best_capped_base_stock(instance).cost,
}


def bench_lost_sales(task: Task) -> Iterator[Row]:
    """Every chosen method on every chosen instance.

    The optimum is left out where it does not fit into memory; asked for alone, it says so.
    """
    pairs = [(find_instance(name), method) for name in task.instances for method in task.methods]
    pairs = [
        (i, m)
        for i, m in pairs
        if m != OPTIMAL or task.methods == (OPTIMAL,) or most_states(newsvendor_limits(i)) <= MOST_STATES
    ]
    task.progress.start(Text("lost sales", "缺货损失（lost sales）"), len(pairs))
    for done, (instance, method) in enumerate(pairs, start=1):
        row = _learned(instance, task.seeds) if method == PATHWISE else _classical(instance, method)
        yield row
        gap = "" if row.gap_percent is None else f" {row.gap_percent:+.3f} %"
        task.progress.advance(done, Text(f"{instance.name} {method}{gap}", f"{instance.name} {method}{gap}"))


def _classical(instance: LostSales, method: str) -> Row:
    began = time.perf_counter()
    cost = EXACT[method](instance)
    return Row(instance.name, method, cost.value, cost.stderr, best_known(instance), time.perf_counter() - began, 1)


def _learned(instance: LostSales, seeds: int) -> Row:
    costs: list[Cost] = []
    seconds: list[float] = []
    for seed in range(seeds):
        jax.clear_caches()  # every training pays for its compilation, as the first one of a user does
        began = time.perf_counter()
        network = learn_orders(instance, seed)
        seconds.append(time.perf_counter() - began)
        costs.append(price_orders(instance, orders_of(network, instance)))
    values = [cost.value for cost in costs]
    stderr = stdev(values) / seeds**0.5 if seeds > 1 else costs[0].stderr
    return Row(instance.name, PATHWISE, fmean(values), stderr, best_known(instance), median(seconds), seeds)


def best_known(instance: LostSales) -> float | None:
    """The optimum where it is known exactly, else the best cost published."""
    published = PUBLISHED[instance]
    return published.best_known if published.optimum is None else published.optimum


LOST_SALES = Bench(
    name="lost-sales",
    about=Text(
        "lost sales, lead times 1 to 10, against the exact optimum",
        "缺货损失（lost sales），提前期 1 至 10，与精确最优解比较",
    ),
    methods=(OPTIMAL, BASE_STOCK, CAPPED, PATHWISE),
    instances=tuple(instance.name for instance in (*ZIPKIN, *LONG)),
    usual=tuple(instance.name for instance in ZIPKIN if instance.demand == "poisson"),
    quick=("poisson-p4-L1", "poisson-p4-L4"),
    run=bench_lost_sales,
)
