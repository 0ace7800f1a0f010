"""What the learned policy earns on unseen periods of real shops, over several training seeds.

    python benchmarks/money.py PROJECT NAME --seeds 5

PROJECT is a folder with facts (`restock load`). Rules are tuned once, networks are trained once per seed; every policy
is replayed over the same test periods. Writes benchmarks/results/money-NAME.json.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

import jax
import numpy as np
from trial import Trial

from restock.backtest.compare import difference
from restock.backtest.metrics import kpis
from restock.backtest.replay import replay
from restock.policies.foresight import with_foresight
from restock.workflows.project import open_project
from restock.workflows.situation import understand

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("project", type=Path)
    parser.add_argument("name")
    parser.add_argument("--seeds", type=int, default=5)
    chosen = parser.parse_args()
    project = open_project(chosen.project)
    situation = understand(project)
    trial = Trial(project.config, project.folder, situation, situation.catalogue())
    began = time.perf_counter()
    rules = trial.tune()
    tuning = time.perf_counter() - began
    classical = trial.replay_rules(rules)
    by_test, test = classical[0], trial.test
    by_validation = max(rules, key=lambda name: float(rules[name].validation.sum()))
    script, known = with_foresight(test.stretch)
    bound = replay(script, test._replace(stretch=known), "foresight", "bound")
    learned = []
    for seed in range(chosen.seeds):
        began = time.perf_counter()
        run, updates = trial.learn(seed)
        seconds = time.perf_counter() - began
        rivals = {
            "best_on_test": by_test,
            "best_on_validation": next(r for r in classical if r.policy == by_validation),
        }
        learned.append(
            {
                "seed": seed,
                "seconds": seconds,
                "updates": updates,
                **row(run, bound),
                "against": {key: interval(run, rival) for key, rival in rivals.items()},
            }
        )
        print(json.dumps(learned[-1]), flush=True)
    profits = np.array([r["profit"] for r in learned])
    result = {
        "name": chosen.name,
        "items": situation.history.shape[0],
        "periods": situation.history.shape[1],
        "objective": situation.terms.objective,
        "test_periods": trial.windows.test[1] - trial.windows.test[0],
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "jax": jax.__version__,
        },
        "tuning_seconds": tuning,
        "best_rule_on_test": by_test.policy,
        "best_rule_on_validation": by_validation,
        "learned": {
            "mean": float(profits.mean()),
            "spread": float(profits.std(ddof=1)) if len(profits) > 1 else 0.0,
            "runs": learned,
        },
        "classical": [row(r, bound) for r in classical],
        "bound": row(bound, bound),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"money-{chosen.name}.json").write_text(json.dumps(result, indent=1) + "\n")


def row(run, bound) -> dict:
    """The figures of one policy."""
    k = kpis(run, bound)
    return {
        "policy": run.policy,
        "profit": k.profit,
        "fill_rate": k.fill_rate,
        "in_stock_rate": k.in_stock_rate,
        "turnover": k.turnover,
        "stock_value": k.stock_value,
        "share_of_oracle": k.share_of_oracle,
    }


def interval(run, rival) -> dict:
    """The paired difference, all periods and only those with observed demand."""
    both = {"all": difference(run, rival), "observed": difference(run, rival, observed_only=True)}
    return {
        "policy": rival.policy,
        **{
            key: {"total": d.total, "low": d.low, "high": d.high, "percent": d.relative_percent}
            for key, d in both.items()
        },
    }


if __name__ == "__main__":
    main()
