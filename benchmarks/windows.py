"""What a critic at the end of a window is worth: python benchmarks/windows.py --seeds 5

Lost sales, poisson-p4-L4: an order can be sold four periods later. `shac` without a gate learns along windows of 4, 8,
16 and 40 periods, with and without a critic that says what comes afterwards; all live equally many periods in training.
Costs are exact, all seeds are learned side by side. Writes benchmarks/results/windows.json.
"""

import argparse
import json
import os
import platform
import shlex
import sys
import time
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import equinox as eqx
import jax

from restock.algorithms.shac import ShacConfig
from restock.algorithms.training import train
from restock.environments.lost_sales import PUBLISHED, find_instance
from restock.workflows.benches.learning_problem import TRAINING, learning_problem
from restock.workflows.benches.lost_sales_learning import orders_of, price_orders

RESULTS = Path(__file__).parent / "results"
INSTANCE = find_instance("poisson-p4-L4")
OPTIMUM = PUBLISHED[INSTANCE].optimum or float("nan")
LENGTHS = (4, 8, 16, 40)
AT_ONCE = 2048  # periods lived between two steps of the policy
USUAL = ShacConfig(gate=False, rounds=800, hidden=32, carry_stock=True, discount=0.99, lambda_=0.8)


def gaps(length: int, critic: bool, seeds: range) -> list[float]:
    """Percent above the optimum, of each seed."""
    settings = USUAL.model_copy(update={"periods": length, "rows": AT_ONCE // length, "critic": critic})
    problem = learning_problem(INSTANCE.setting(), seeds.start)  # one draw of demand; seeds differ in all else
    keys = jax.vmap(jax.random.key)(jax.numpy.asarray([TRAINING + seed for seed in seeds]))
    learned, _ = eqx.filter_vmap(lambda key: train(settings, problem, key))(keys)
    found = []
    for place in range(len(seeds)):
        arrays, rest = eqx.partition(learned, eqx.is_array)
        one = eqx.combine(jax.tree.map(lambda x, place=place: x[place], arrays), rest)
        found.append(100 * (price_orders(INSTANCE, orders_of(one, INSTANCE)).value / OPTIMUM - 1))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--lengths", default=",".join(map(str, LENGTHS)))
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "windows.json")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for length in map(int, asked.lengths.split(",")):
        for critic in (True, False):
            began = time.perf_counter()
            found = gaps(length, critic, range(asked.first_seed, asked.first_seed + asked.seeds))
            spread = stdev(found) / len(found) ** 0.5 if len(found) > 1 else 0.0
            row = {"periods": length, "critic": critic, "gap_percent": fmean(found), "stderr": spread, "gaps": found}
            rows.append({**row, "seconds": time.perf_counter() - began})
            print(json.dumps(rows[-1]), flush=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "jax": jax.__version__}
    kept = {
        "name": "windows",
        "instance": INSTANCE.name,
        "rows": rows,
        "machine": machine,
        "command": shlex.join(["python", *sys.argv]),
    }
    asked.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
