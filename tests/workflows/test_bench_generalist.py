"""The bench of the pretrained policy: scores on worlds, cost where the law is unknown, speed."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from restock.environments.exact.lost_sales_rules import best_base_stock
from restock.environments.lost_sales import LostSales
from restock.policies.adaptive import AdaptiveBaseStock
from restock.policies.rules import buy, position
from restock.workflows.bench import bench
from restock.workflows.benches import generalist, one_shop, unknown_law, world_scores
from restock.workflows.benches.world_classes import DEMANDS, rows_of

METHODS = ["adaptive_base_stock", "generalist", "foresight"]
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


@pytest.fixture
def few_worlds(monkeypatch):
    """Few worlds, and a rival that needs no tuning."""
    rule = AdaptiveBaseStock(jnp.asarray(6), jnp.asarray(1.0), jnp.asarray(0.5))
    for module in (generalist, world_scores):
        monkeypatch.setattr(module, "adaptive_base_stock", lambda: rule)
    monkeypatch.setattr(world_scores, "EVALUATED", 400)


def test_worlds_are_scored_beside_a_rule_and_perfect_foresight(few_worlds) -> None:
    rows = {row.method: row for row in bench("generalist", METHODS, ["prior-10"]).rows}
    base, learned, bound = (rows[method] for method in METHODS)
    assert base.value < learned.value < bound.value  # unseen worlds
    assert learned.ratio == pytest.approx(learned.value / base.value)
    assert base.low == base.high == 0.0
    assert learned.low < learned.value - base.value < learned.high
    assert learned.low > 0


def test_classes_share_out_the_worlds_whose_score_they_tell(few_worlds) -> None:
    asked = ["prior-5", *generalist.BY_CLASS]
    rows = {row.instance: row for row in bench("generalist", METHODS, asked).rows if row.method == "generalist"}
    worlds, _ = world_scores.evaluation_worlds("prior", 5)
    for names in (("fixed", "crossing", "in_order", "lost"), ("told", "promised", "broken", "unknown")):
        counts = [rows_of(worlds, name).sum() for name in names]
        assert min(counts) > 0
        assert sum(counts) == 400
        whole = sum(count * rows[f"class-{name}"].value for count, name in zip(counts, names, strict=True))
        assert whole / 400 == pytest.approx(rows["prior-5"].value)


def test_a_class_of_demand_holds_the_worlds_that_look_like_it() -> None:
    worlds, _ = world_scores.evaluation_worlds("prior", 5)
    demand = np.asarray(worlds.demand[:, :, 0])
    busy = (demand > 0).mean(1)
    assert busy[rows_of(worlds, "smooth")].min() > 1 / 1.32
    assert busy[rows_of(worlds, "lumpy")].max() <= 1 / 1.32
    assert demand[rows_of(worlds, "intermittent")].sum(1).min() > 0
    assert sum(rows_of(worlds, name).sum() for name in DEMANDS) == (demand.sum(1) > 0).sum()


def test_deliveries_are_told_apart_by_their_true_law_and_by_what_is_known_of_it() -> None:
    worlds, _ = world_scores.evaluation_worlds("prior", 5)
    chances = np.asarray(worlds.shop.lead_chance[:, 0])
    assert (chances[rows_of(worlds, "fixed")].max(1) == 1.0).all()
    assert (chances[rows_of(worlds, "lost")].sum(1) < 1.0 - 1e-3).all()
    usual = chances @ np.arange(chances.shape[1]) / chances.sum(1)
    broken = rows_of(worlds, "broken")
    assert (np.asarray(worlds.told.promised)[broken] < usual[broken]).all()


@pytest.mark.slow
def test_in_a_shop_what_was_tuned_and_trained_there_is_scored_beside_the_others(few_worlds, monkeypatch) -> None:
    monkeypatch.setattr(one_shop, "SCORED", 400)  # as many as worlds: what is compiled for these holds for both
    monkeypatch.setattr(one_shop, "OWN", 30)
    small = {"updates": 2, "batch": 16, "hidden": 8, "state": 4, "at_once": 1}
    monkeypatch.setattr(one_shop, "CONFIG", one_shop.CONFIG.model_copy(update=small))
    monkeypatch.setattr(one_shop, "tuned_on_shop", lambda: AdaptiveBaseStock(*map(jnp.asarray, (6, 1.0, 0.5))))
    monkeypatch.setattr(generalist, "tuned_on_shop", one_shop.tuned_on_shop)
    rows = {
        row.method: row for row in bench("generalist", [*METHODS, "tuned_on_shop", "trained_on_shop"], ["shop-5"]).rows
    }
    assert set(rows) == {"adaptive_base_stock", "generalist", "tuned_on_shop", "trained_on_shop", "foresight"}
    assert rows["tuned_on_shop"].value == rows["adaptive_base_stock"].value
    assert max(row.value for row in rows.values()) == rows["foresight"].value


def test_what_a_shop_learns_on_is_not_what_is_scored() -> None:
    own, scored = one_shop.own_items(), one_shop.scored_items(5)
    assert len(own.loss) == one_shop.OWN
    demands = (np.asarray(x[:, :, 0]) for x in (own.demand[:, world_scores.HISTORY :], scored.stretch.chance.demand))
    learned, later = ({row.tobytes() for row in demand if row.sum() > 10} for demand in demands)
    assert len(learned) > 200
    assert not learned & later


def test_thousands_of_items_are_decided_at_once(monkeypatch) -> None:
    monkeypatch.setattr(world_scores, "EVALUATED", 2000)
    row = bench("generalist", ["generalist"], [generalist.SPEED]).rows[0]
    assert row.value > 10_000  # per second, with whatever else this machine does
    assert row.more_is_better
