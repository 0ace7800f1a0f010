"""What keeps the generalist from the optimum of lost sales: python benchmarks/generalist_limits.py

Parts of what it goes by are put right, one after the other: what it remembers of demand, its learned memory, how single
units are rounded. On instances of this file's own, not on those that are published.
"""

import json
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from run import RESULTS, commit

from restock.environments.exact.lost_sales import optimal_cost
from restock.environments.lost_sales import LostSales
from restock.environments.setting import repeat
from restock.policies import lots
from restock.policies.generalist import Recalled, Team
from restock.policies.memory import Memory, Told
from restock.policies.pretrained import load_generalist
from restock.simulator.remembering import Remembering, Seen, recall
from restock.simulator.types import Decision, Known, Shop, View
from restock.workflows.benches import unknown_law
from restock.workflows.benches.result import this_machine

INSTANCES = (LostSales("poisson", 1, 7, mean=7), LostSales("poisson", 3, 15, mean=7))
PERIODS, SEED = 200, 5
ROWS = 100
SURE = 1e6  # weight of what is known
NEAREST = 0.5


class Corrected(eqx.Module):
    """The policy, with what it remembers put right before it decides."""

    team: Team
    mean: float  # true mean of demand, which is the variance too
    state: Array | None  # in place of what it has learned to keep; none: as it is

    def begin(self, shop: Shop, known: Known) -> Recalled:
        return self.team.begin(shop, known)

    def decide(self, view: View, memory: Recalled) -> Decision:
        state = memory.state if self.state is None else self.state
        return self.team.decide(view, Recalled(true_memory(memory.kept, self.mean), state))

    def remember(self, memory: Recalled, shop: Shop, known: Known, seen: Seen) -> Recalled:
        return self.team.remember(memory, shop, known, seen)


def true_memory(kept: Memory, mean: float) -> Memory:
    """What would be remembered of endless Poisson demand that nothing was hidden of."""
    known = {"means": mean, "open_means": mean, "full_means": mean, "squares": mean, "empty": np.exp(-mean)}
    known |= dict.fromkeys(("weights", "open_weights", "full_weights", "square_weights"), 1.0)
    sure = {name: jnp.full_like(getattr(kept, name), SURE * value) for name, value in known.items()}
    plain = {"hidden": 0.0, "product": 0.0, "last": mean, "last_hidden": 0.0}
    usual = {name: jnp.full_like(getattr(kept, name), value) for name, value in plain.items()}
    names = (*sure, *usual)
    return eqx.tree_at(lambda k: [getattr(k, name) for name in names], kept, [*sure.values(), *usual.values()])


def usual_state(team: Team, instance: LostSales) -> Array:
    """What it has learned to keep after many periods, on average. [member, state]"""
    setting, generator = instance.setting(), np.random.default_rng(SEED)
    shop = repeat(setting.shop, ROWS)
    told = jnp.zeros(len(Told._fields)).at[Told._fields.index("law_told")].set(1.0)
    known = eqx.tree_at(lambda k: k.features, setting.draw(generator, 1, 1).known, told)
    known = jax.tree.map(lambda x: jnp.broadcast_to(x, (ROWS, PERIODS, *x.shape)), known)
    past = jnp.asarray(instance.draw(generator, (ROWS, PERIODS)), jnp.float32)
    seen = Seen(past, 0 * past, 1 + 0 * past, jnp.zeros((ROWS, PERIODS, setting.lead + 2)))
    return eqx.filter_jit(recall)(team, shop, known, seen).state.mean(0)


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

    rows = [{"name": "as it comes", "gaps": gaps(lambda instance: team)}]
    lots.ROUND_UP = NEAREST  # pyright: ignore[reportConstantRedefinition]
    jax.clear_caches()
    cases = {
        "units rounded to the nearest": lambda instance: team,
        "and mean, spread and last sales known": lambda instance: Corrected(team, instance.mean, None),
        "and the learned memory held still": lambda i: Corrected(team, i.mean, usual_state(team, i)),
    }
    for name, make in cases.items():
        rows.append({"name": name, "gaps": gaps(make)})
        print(rows[-1], flush=True)
    kept = {"periods": PERIODS, "rows": rows, "machine": this_machine(), "commit": measured}
    (RESULTS / "generalist-limits.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
