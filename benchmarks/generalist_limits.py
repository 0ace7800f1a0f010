"""What keeps the generalist from the optimum of lost sales: python benchmarks/generalist_limits.py

Parts of what it goes by are put right, one after the other: it is made deaf to what was seen lately, and told mean and
spread. On instances of this file's own, not on those that are published.
"""

import json
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from run import RESULTS, commit

from restock.environments.exact.lost_sales import optimal_cost
from restock.environments.lost_sales import LostSales
from restock.policies.generalist import Recalled, Team
from restock.policies.memory import RATES, Memory
from restock.policies.pretrained import load_generalist
from restock.simulator.remembering import Remembering, Seen
from restock.simulator.types import Decision, Known, Shop, View
from restock.workflows.benches import unknown_law
from restock.workflows.benches.result import this_machine

INSTANCES = (LostSales("poisson", 1, 7, mean=7), LostSales("poisson", 3, 15, mean=7))
PERIODS, SEED = 200, 5
SURE = 1e6  # weight of what is known
DEAF = -1e3  # log odds of going by what was seen lately


class Corrected(eqx.Module):
    """The policy, with what it remembers put right before it decides."""

    team: Team
    mean: float  # true mean of demand, which is the variance too

    def begin(self, shop: Shop, known: Known) -> Recalled:
        return self.team.begin(shop, known)

    def decide(self, view: View, memory: Recalled) -> Decision:
        return self.team.decide(view, Recalled(true_memory(memory.kept, self.mean), memory.state))

    def remember(self, memory: Recalled, shop: Shop, known: Known, seen: Seen) -> Recalled:
        return self.team.remember(memory, shop, known, seen)


def true_memory(kept: Memory, mean: float) -> Memory:
    """What would be remembered of endless Poisson demand that nothing was hidden of."""
    known = {"means": mean, "open_means": mean, "full_means": mean, "squares": mean, "empty": np.exp(-mean)}
    known |= {"misses": mean * (1.0 + RATES / (2.0 - RATES))}  # a mean of few sales misses by its own error too
    known |= dict.fromkeys(("weights", "open_weights", "full_weights", "square_weights"), 1.0)
    sure = {name: jnp.broadcast_to(SURE * value, getattr(kept, name).shape) for name, value in known.items()}
    plain = {"hidden": 0.0, "product": 0.0, "last": mean, "last_hidden": 0.0}
    usual = {name: jnp.full_like(getattr(kept, name), value) for name, value in plain.items()}
    names = (*sure, *usual)
    return eqx.tree_at(lambda k: [getattr(k, name) for name in names], kept, [*sure.values(), *usual.values()])


def deaf(team: Team) -> Team:
    """The same, going by nothing that was seen lately."""
    heed = team.members.heed
    numbers = (jnp.zeros_like(heed.weight), jnp.full_like(heed.bias, DEAF))
    return eqx.tree_at(lambda t: (t.members.heed.weight, t.members.heed.bias), team, numbers)


def main() -> None:
    unknown_law.PERIODS = PERIODS
    team, measured = load_generalist(), commit()
    optima = {instance: optimal_cost(instance).cost for instance in INSTANCES}

    def gaps(make: Callable[[LostSales], Remembering]) -> dict[str, dict[str, float]]:
        found = {}
        for instance, best in optima.items():
            cost, stderr = unknown_law.cost_of(make(instance), instance, SEED)
            found[instance.name] = {"gap_percent": 100 * (cost / best - 1), "stderr": 100 * stderr / best}
        return found

    cases = {
        "as it comes": lambda instance: team,
        "deaf to what was seen lately": lambda instance: deaf(team),
        "and mean and spread known": lambda instance: Corrected(deaf(team), instance.mean),
    }
    rows = []
    for name, make in cases.items():
        rows.append({"name": name, "gaps": gaps(make)})
        print(rows[-1], flush=True)
    kept = {"periods": PERIODS, "rows": rows, "machine": this_machine(), "commit": measured}
    (RESULTS / "generalist-limits.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
