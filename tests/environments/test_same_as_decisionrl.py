"""Instances re-made from decisionrl are the same problem: with the same chance, what is seen and paid is the same."""

import gymnasium
import numpy as np
import pytest
from scipy import stats

from restock.environments.nonstationary import Nonstationary
from restock.environments.pricing import find_instance

theirs = pytest.importorskip(
    "decisionrl.envs", reason="needs the rivals: .venv/bin/pip install -c constraints.txt -e '.[bench]'"
)
from decisionrl.envs.gym import to_gymnasium  # noqa: E402


class Told(np.random.Generator):
    """A generator whose draws are told: a list for each law, the next one at each call."""

    def __init__(self, **draws) -> None:
        super().__init__(np.random.PCG64(0))
        self._draws = {law: list(values) for law, values in draws.items()}

    def __getattribute__(self, name):
        if name.startswith("_") or name not in self._draws:
            return super().__getattribute__(name)
        return lambda *given, **more: np.array(self._draws[name].pop(0))


def ours(name: str, chance: Told, **given):
    """Our environment in an episode of this chance."""
    env = gymnasium.make(name, **given).unwrapped
    env._np_random = chance
    return env, env.reset()[0]


@pytest.mark.parametrize("seed", range(3))
def test_nonstationary_inventory(seed):
    package, actions = to_gymnasium(theirs.NonstationaryInventory()), np.random.default_rng(seed)
    shown, _ = package.reset(seed=seed)
    steps = []
    high = before = package._env._high
    changes, stock = [], [round(float(shown[0]) * 30)]
    for _ in range(80):
        order = int(actions.integers(0, 19))
        shown, paid, _, over, info = package.step(order)
        steps.append((order, shown, paid, info["demand"]))
        changes.append(float((info["regime"] == "high") == before))  # below the chance of a change where it changes
        before = info["regime"] == "high"
    assert over
    draws = [[1.0, *changes[:-1]]], [0.0 if high else 1.0]
    chance = Told(random=draws, poisson=[[[step[-1] for step in steps]]], integers=[stock])
    env, seen = ours("restock/Nonstationary-v0", chance)
    features = env.task.names.index("features[0]")
    unit_cost = Nonstationary().unit_cost
    for period, (order, shown, paid, demand) in enumerate(steps):
        room = 30 - seen[0]
        seen, reward, _, over, facts = env.step(order)
        assert facts["demand"] == demand
        # what does not fit is neither bought nor paid here; there it is paid and thrown away
        assert reward - paid == pytest.approx(unit_cost * max(order - room, 0), abs=1e-4)
        assert seen[0] / 30 == pytest.approx(shown[0])
        if period < 79:
            assert seen[features] == pytest.approx(shown[1], abs=1e-6)
    assert over


def luck_of(mean: float, demand: int) -> float:
    """An even draw that means this demand."""
    return float(stats.poisson.cdf(demand - 1, mean) + stats.poisson.cdf(demand, mean)) / 2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["markdown", "orders-only", "joint"])
def test_pricing(name, seed):
    instance, actions = find_instance(name), np.random.default_rng(seed)
    made = {"markdown": "DynamicPricing", "orders-only": "InventoryManagement", "joint": "JointPricingInventory"}[name]
    package = to_gymnasium(getattr(theirs, made)())
    package.reset(seed=seed)
    start, steps, ended = package._env._inventory, [], False
    for _ in range(instance.periods):
        order = int(actions.integers(0, instance.largest_order + 1))
        place = int(actions.integers(0, len(instance.prices)))
        asked = {"markdown": place, "orders-only": order, "joint": joint(instance, order, place)}[name]
        _, paid, ended, over, info = package.step(asked)
        steps.append((order, place, paid, info["demand"], package._env._inventory))
        if ended or over:
            break
    lucks = [luck_of(instance.demand.mean(instance.prices[step[1]]), step[3]) for step in steps]
    lucks += [0.5] * (instance.periods + 1 - len(lucks))
    env, seen = ours(
        "restock/Pricing-v0", Told(random=[[lucks]], integers=[[instance.starts.index(start)]]), instance=name
    )
    for order, place, paid, demand, left in steps:
        room = instance.capacity - seen[0]
        seen, reward, _, over, facts = env.step(order * len(instance.prices) + place)
        assert facts["demand"] == demand
        assert seen[0] == left
        assert reward - paid == pytest.approx(instance.unit_cost * max(order - room, 0), abs=1e-4)
    assert over or ended  # an episode ends early there where everything is sold, here with its periods


def joint(instance, order: int, place: int) -> np.ndarray:
    """A pair as the package counts it, both from -1 to 1."""
    share = (instance.prices[place] - 0.5) / 2.5
    return np.array([2 * share - 1, 2 * order / 15 - 1], np.float32)
