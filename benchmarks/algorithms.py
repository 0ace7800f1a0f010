"""What each algorithm earns on the shop of `restock demo`: python benchmarks/algorithms.py FOLDER --algorithms ppo,dqn

As `restock train` learns: stopped by money on validation periods, learned again from all periods before the test, and
replayed once over the test periods, here with one network instead of four. Rivals are the rules, tuned as always. Rows
go into benchmarks/results/algorithms.json as they come; those measured again are replaced.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from regularisation import RESULTS, grocer
from run import commit
from trial import Trial

from restock.algorithms.training import USUAL
from restock.backtest.compare import difference
from restock.config import TrainConfig
from restock.storage.folder import Folder
from restock.workflows.benches.result import this_machine

FILE = RESULTS / "algorithms.json"


def keep(row: dict[str, Any]) -> None:
    """Into what is kept now: others may have added rows since."""
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"rows": []}
    others = [r for r in kept["rows"] if (r["algorithm"], r["seed"]) != (row["algorithm"], row["seed"])]
    FILE.write_text(json.dumps({**kept, "rows": [*others, row]}, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--algorithms", default=",".join(USUAL))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--updates", type=int, default=300, help="at most; validation stops earlier")
    parser.add_argument("--rules", default="", help="names; none: all")
    asked = parser.parse_args()
    shop, situation = grocer(asked.folder)
    names = tuple(name for name in asked.rules.split(",") if name)
    shop = shop.model_copy(update={"backtest": shop.backtest.model_copy(update={"policies": names})})
    trial = Trial(shop, Folder(asked.folder), situation, situation.catalogue())
    best = trial.replay_rules(trial.tune())[0]
    for name in asked.algorithms.split(","):
        for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
            train = TrainConfig(algorithm=name, seeds=1, updates=asked.updates)  # pyright: ignore[reportArgumentType]
            wall, work = time.perf_counter(), time.process_time()
            run, rounds = trial.under(shop.model_copy(update={"train": train})).learn(seed)
            found = difference(run, best)
            row = {
                "algorithm": name,
                "seed": seed,
                "profit": float(run.profit.sum()),
                "rule": {"policy": best.policy, "profit": float(best.profit.sum())},
                "against_rule": {"total": found.total, "low": found.low, "high": found.high},
                "rounds": rounds,
                "most_rounds": asked.updates,
                "seconds": time.perf_counter() - wall,
                "cpu_seconds": time.process_time() - work,
                "commit": commit(),
                "machine": this_machine(),
            }
            keep(row)
            print(
                json.dumps({key: row[key] for key in ("algorithm", "seed", "profit", "rounds", "cpu_seconds")}),
                flush=True,
            )


if __name__ == "__main__":
    main()
