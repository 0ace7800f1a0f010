"""The pretrained policy learned on with a shop's history, beside the policy trained from nothing.

    python benchmarks/fine_tuning.py PROJECT NAME --seeds 3

PROJECT is a folder with facts (`restock load`). Validation chooses how long each learns; every policy is replayed over
the same test periods. Seconds are processor time and hold everything: memories, compilation, validation, and learning
again on all periods before the test. Writes benchmarks/results/fine-tuning-NAME.json.
"""

import argparse
import json
import time
from pathlib import Path

import jax
import numpy as np
from trial import Trial

from restock.backtest.compare import difference
from restock.backtest.replay import Replay, replay
from restock.policies import pretrained
from restock.policies.informed import Informed
from restock.progress import Silent
from restock.workflows.benches.result import this_machine
from restock.workflows.fine_tune import judge_pretrained, settings_of_fine_tuning, shop_of
from restock.workflows.project import open_project
from restock.workflows.situation import understand

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("project", type=Path)
    parser.add_argument("name")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--validation-only", action="store_true")
    chosen = parser.parse_args()
    project = open_project(chosen.project)
    situation = understand(project)
    trial = Trial(project.config, project.folder, situation, situation.catalogue())
    catalogue, windows, scaling, test = trial.catalogue, trial.windows, trial.scaling, trial.test
    validation = catalogue.window(windows.validation, scaling)
    shop = shop_of(catalogue, situation.terms.lead_kind, windows, scaling, validation)
    config = settings_of_fine_tuning(catalogue, windows)
    if chosen.learning_rate:
        config = config.model_copy(update={"learning_rate": chosen.learning_rate})
    if chosen.validation_only:
        for seed in range(chosen.first_seed, chosen.first_seed + chosen.seeds):
            began = time.process_time()
            earned, _ = judge_pretrained(shop, config, seed, Silent())
            told = {name: float(money.sum()) for name, money in earned.items()}
            print(json.dumps({"seed": seed, "seconds": time.process_time() - began, **told}), flush=True)
        return

    def run(team, name: str) -> Replay:
        window = shop.recollection.window(team, test, windows.test[0])
        return replay(Informed(team), window, name, "learned")

    def fine_tuned(seed: int) -> Replay:
        return run(judge_pretrained(shop, config, seed, Silent())[1], "fine_tuned")

    def from_nothing(seed: int) -> Replay:
        return trial.learn(seed)[0]

    as_it_comes = run(pretrained.load_generalist(), "generalist")
    rows = []
    for seed in range(chosen.first_seed, chosen.first_seed + chosen.seeds):
        runs, seconds = {}, {}
        for name, make in (("fine_tuned", fine_tuned), ("learned", from_nothing)):
            jax.clear_caches()
            began = time.process_time()
            runs[name] = make(seed)
            seconds[name] = round(time.process_time() - began, 1)
        found = difference(runs["fine_tuned"], runs["learned"])
        before = difference(runs["fine_tuned"], as_it_comes)
        rows.append(
            {
                "seed": seed,
                "seconds": seconds,
                "profit": {name: float(each.profit.sum()) for name, each in runs.items()},
                "against_learned": [found.total, found.low, found.high],
                "against_generalist": [before.total, before.low, before.high],
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    result = {
        "command": f"python benchmarks/fine_tuning.py PROJECT {chosen.name} --seeds {chosen.seeds}",
        "items": situation.history.shape[0],
        "objective": situation.terms.objective,
        "generalist": float(as_it_comes.profit.sum()),
        "share_of_time": float(np.mean([r["seconds"]["fine_tuned"] / r["seconds"]["learned"] for r in rows])),
        "rows": rows,
        "card": pretrained.generalist_card(),
        "machine": this_machine(),
    }
    (RESULTS / f"fine-tuning-{chosen.name}.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
