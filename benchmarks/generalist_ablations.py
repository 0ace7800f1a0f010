"""What a generalist owes to prior, memory and team, by small trainings: python benchmarks/generalist_ablations.py"""

import argparse
import json
import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
from generalist_limits import deaf
from run import RESULTS, commit

from restock.algorithms.generalist import GeneralistConfig, train_generalist
from restock.policies.generalist import Generalist
from restock.policies.pretrained import team_of
from restock.simulator.worlds import CALM, PRIOR, STEADY, TAUGHT, Prior
from restock.workflows.benches.result import this_machine
from restock.workflows.benches.world_scores import development_worlds, score_of


def forgetful(policy: Generalist) -> Generalist:
    """Without what it has learned to keep: its memory is that of the rules."""
    return eqx.tree_at(lambda p: (p.write.weight, p.write.bias), policy, replace_fn=jnp.zeros_like)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=300)
    parser.add_argument("--out", type=Path, default=RESULTS / "generalist-ablations.json")
    asked = parser.parse_args()
    config, measured, rows = GeneralistConfig(updates=asked.updates), commit(), []
    lives = {prior: development_worlds(prior) for prior in ("prior", "second-prior")}

    def add(name: str, policy: Generalist | eqx.Module, seconds: float) -> None:
        scores = {prior: score_of(policy, of) for prior, of in lives.items()}  # pyright: ignore[reportArgumentType]
        rows.append(
            {"name": name, "seconds": round(seconds)}
            | {prior: {"score": round(s.mean, 4), "stderr": round(s.stderr, 4)} for prior, s in scores.items()}
        )
        print(rows[-1], flush=True)

    def trained(seed: int, priors: tuple[Prior, ...] = TAUGHT) -> tuple[Generalist, float]:
        began = time.perf_counter()
        policy = jax.block_until_ready(train_generalist(config, seed, priors))
        return policy, time.perf_counter() - began

    members = []
    for seed in range(2):
        policy, seconds = trained(seed)
        members.append(policy)
        add(f"seed {seed}", policy, seconds)
    add("team of both", team_of(members), 0.0)
    add("seed 0, its learned memory erased", forgetful(members[0]), 0.0)
    add("seed 0, deaf to what was seen lately", deaf(team_of(members[:1])), 0.0)
    for name, priors in (
        ("the prior only", (PRIOR,)),
        ("calm worlds only", (CALM,)),
        ("calm and steady worlds only", (CALM, STEADY)),
    ):
        policy, seconds = trained(0, priors)
        add(f"seed 0, trained on {name}", policy, seconds)
    kept = {"updates": asked.updates, "rows": rows, "machine": this_machine(), "commit": measured}
    asked.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
