"""Make the pretrained policy: python benchmarks/generalist.py. Stop it at will; it goes on where it was."""

import argparse
import sys
import time
from pathlib import Path

from run import Lines, commit

import restock.policies
from restock.algorithms.generalist import GeneralistConfig
from restock.policies.pretrained import save_generalist
from restock.simulator.worlds import CALM, EVERYDAY, LONGEST, PRIOR, STEADY, TAUGHT
from restock.workflows.benches.result import this_machine
from restock.workflows.benches.world_scores import (
    adaptive_base_stock,
    adaptive_reorder,
    development_worlds,
    members_of,
    score_of,
)
from restock.workflows.pretrain import pretrain

WEIGHTS = Path(restock.policies.__file__).parent / "weights"
SEEDS = (0, 1, 2)
NAMES = {"prior": PRIOR, "everyday": EVERYDAY, "calm": CALM, "steady": STEADY}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=GeneralistConfig().updates)
    parser.add_argument("--folder", type=Path, default=Path("build/generalist"))
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    asked = parser.parse_args()
    config, measured = GeneralistConfig(updates=asked.updates), commit()
    began = time.perf_counter()
    team = pretrain(asked.folder, config, SEEDS, progress=Lines())
    seconds = time.perf_counter() - began
    scores = {}
    for prior in ("prior", "second-prior"):
        lives = development_worlds(prior)
        rules = {"adaptive_base_stock": adaptive_base_stock(), "adaptive_reorder": adaptive_reorder()}
        policies = {**rules, "generalist": team, **members_of(team)}
        scores[prior] = {name: round(score_of(policy, lives).mean, 4) for name, policy in policies.items()}
    card = {
        "name": "generalist",
        "made_by": "make generalist",
        "commit": measured,
        "settings": config.model_dump(),
        "seeds": SEEDS,
        "size": {"longest": LONGEST, "hidden": config.hidden, "state": config.state, "members": len(SEEDS)},
        "taught": {
            name: {"share": TAUGHT.count(prior) / len(TAUGHT), **prior.model_dump()} for name, prior in NAMES.items()
        },
        "seconds": round(seconds),
        "machine": this_machine(),
        "development_scores": scores,
        "limits": [*LIMITS, lived(config)],
    }
    save_generalist(asked.out, team, card)
    print(scores, file=sys.stderr)


LIMITS = [
    "one site, one supplier and one channel per item; no shelf life, no substitution, no price decisions",
    f"lead times up to {LONGEST} periods; demand from 0.01 to 1,000 units per period",
    "margin / holding cost per period from 0.2 to 200",
]


def lived(config: GeneralistConfig) -> str:
    """What it has seen at most."""
    seen = f"up to {config.history} that were seen"
    return f"trained on {config.periods} periods after {seen}; a season of a year is seen in part only"


if __name__ == "__main__":
    main()
