"""The bench of the pretrained policy: scores on worlds, cost where the law is unknown, speed."""

import equinox as eqx
import jax.numpy as jnp
import pytest

from restock.environments.exact.lost_sales_rules import best_base_stock
from restock.environments.lost_sales import LostSales
from restock.policies.adaptive import AdaptiveBaseStock
from restock.policies.rules import buy, position
from restock.workflows.bench import bench
from restock.workflows.benches import generalist, unknown_law, world_scores

TERMS = LostSales("poisson", 4, 2)


class Level(eqx.Module):
    """Orders up to a level, and remembers nothing."""

    level: float

    def begin(self, shop, known):
        return ()

    def decide(self, view, memory):
        return buy(view, self.level - position(view))

    def remember(self, memory, shop, known, seen):
        return ()


def test_a_rule_costs_what_it_costs_when_the_law_is_known(monkeypatch) -> None:
    monkeypatch.setattr(unknown_law, "PATHS", 100)
    monkeypatch.setattr(unknown_law, "PERIODS", 450)
    exact = best_base_stock(TERMS)
    cost, stderr = unknown_law.cost_of(Level(float(exact.rule.level)), TERMS, seed=100)
    assert abs(cost - exact.cost.value) < 4 * stderr
    assert stderr < 0.03 * cost


def test_worlds_are_scored_beside_a_rule_and_perfect_foresight(monkeypatch) -> None:
    rule = AdaptiveBaseStock(jnp.asarray(6), jnp.asarray(1.0), jnp.asarray(0.5))
    for module in (generalist, world_scores):
        monkeypatch.setattr(module, "adaptive_base_stock", lambda: rule)
    monkeypatch.setattr(world_scores, "EVALUATED", 400)
    methods = ["adaptive_base_stock", "generalist", "foresight"]
    rows = {row.method: row for row in bench("generalist", methods, ["prior-10"]).rows}
    base, learned, bound = (rows[method] for method in methods)
    assert base.value < learned.value < bound.value  # unseen worlds
    assert learned.ratio == pytest.approx(learned.value / base.value)
    assert base.low == base.high == 0.0
    assert learned.low < learned.value - base.value < learned.high
    assert learned.low > 0


def test_thousands_of_items_are_decided_at_once(monkeypatch) -> None:
    monkeypatch.setattr(world_scores, "EVALUATED", 2000)
    row = bench("generalist", ["generalist"], [generalist.SPEED]).rows[0]
    assert row.value > 10_000  # per second, with whatever else this machine does
    assert row.more_is_better
