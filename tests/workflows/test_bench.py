import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from restock.environments.exact.lost_sales import optimal_cost
from restock.environments.exact.lost_sales_rules import OrderUpTo, rule_cost
from restock.environments.exact.reachable import reach, reached_cost
from restock.environments.exact.simulation import Cost, Effort, simulated_cost
from restock.environments.lost_sales import LostSales, find_instance
from restock.errors import UsageError
from restock.language import Text
from restock.progress import Silent
from restock.workflows.bench import bench
from restock.workflows.benches.comparison import mean_of_seeds
from restock.workflows.benches.lost_sales import best_known
from restock.workflows.benches.lost_sales_learning import orders_of, price_orders
from restock.workflows.benches.result import BenchResult, Row, Task
from restock.workflows.benches.seeds import seeds_of

FIELDS = {
    "instance",
    "method",
    "value",
    "stderr",
    "best_known",
    "gap_percent",
    "seconds",
    "seeds",
    "steps",
    "seed_spread",
}


def wild(states: np.ndarray) -> np.ndarray:
    """A policy that no limits were made for: far too much whenever the shelf is empty."""
    return np.where(states[:, 0] == 0, 23, np.maximum(11 - states.sum(axis=1), 0))


def test_a_short_training_comes_close_to_the_optimum_and_is_reported_in_full():
    result = bench("lost-sales", methods=["optimal", "base_stock", "pathwise"], instances=["poisson-p4-L1"])
    report = json.loads(json.dumps(result.to_json()))
    assert {"name", "rows", "summary"} <= set(report)
    assert [row["method"] for row in report["rows"]] == ["optimal", "base_stock", "pathwise"]
    assert all(set(row) >= FIELDS for row in report["rows"])
    gaps = {row["method"]: row["gap_percent"] for row in report["rows"]}
    assert abs(gaps["optimal"]) < 1e-3
    assert gaps["base_stock"] == pytest.approx(100 * (4.16 / 4.0407 - 1), abs=0.15)  # Zipkin (2008), two decimals
    assert 0 <= gaps["pathwise"] < 0.5
    steps = {row["method"]: row["steps"] for row in report["rows"]}
    assert steps == {"optimal": None, "base_stock": None, "pathwise": 800 * 128 * 40}  # updates, windows, periods
    assert set(report["summary"]["pathwise"]) == {"mean_gap_percent", "worst_gap_percent", "median_seconds"}


def test_the_summary_is_the_mean_and_the_worst_gap_and_the_median_time():
    rows = tuple(Row(f"i{n}", "m", value, 0.0, 10.0, n, 1) for n, value in ((1.0, 10.1), (2.0, 10.4), (9.0, 10.1)))
    assert BenchResult("x", rows, {}, 1.0).summary()["m"] == pytest.approx(
        {"mean_gap_percent": 2.0, "worst_gap_percent": 4.0, "median_seconds": 2.0}
    )


def test_less_profit_and_more_cost_are_both_worse():
    cost, profit = (Row("i", "m", 9.0, 0.0, 10.0, 1.0, 1, more_is_better=more) for more in (False, True))
    assert (cost.gap_percent, profit.gap_percent) == pytest.approx((-10, 10))
    assert profit.to_json()["more_is_better"]


def test_the_error_of_several_seeds_keeps_that_of_the_demand_they_share():
    mean = mean_of_seeds([Cost(1.0, 0.3), Cost(3.0, 0.5)])
    assert mean == pytest.approx((2.0, (1.0**2 + 0.4**2) ** 0.5))  # 2 ** 0.5 / 2 ** 0.5, and the mean of 0.3 and 0.5
    assert mean_of_seeds([Cost(5.0, 0.1)]) == Cost(5.0, 0.1)


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ({"name": "lost-sale"}, "lost-sales"),
        ({"name": "lost-sales", "methods": ["pathwize"]}, "pathwise"),
        ({"name": "lost-sales", "instances": ["poisson-p4-L9"]}, "poisson-p4-L"),
    ],
)
def test_an_unknown_name_gets_the_nearest_ones(asked, near):
    with pytest.raises(UsageError) as error:
        bench(**asked)
    assert near in error.value.hint.en
    assert near in error.value.hint.zh


def test_no_seeds_are_refused():
    with pytest.raises(UsageError, match="`0` seeds: nothing would be trained"):
        bench("lost-sales", seeds=0)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [(None, [0]), (3, [0, 1, 2]), ("2", [0, 1]), ("0-4", [0, 1, 2, 3, 4]), (" 100 - 101 ", [100, 101]), ("7-7", [7])],
)
def test_seeds_are_a_number_of_them_or_a_range(asked, meant):
    assert list(seeds_of(asked)) == meant


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("0", "nothing would be trained"),
        ("4-0", "the last seed comes before the first"),
        ("-1", "not a number nor a range"),
        ("1,2", "not a number nor a range"),
        ("five", "not a number nor a range"),
        ("0-2147483648", "seeds go up to 2147483647"),
    ],
)
def test_what_are_no_seeds_is_refused_with_what_is_wanted(asked, why):
    with pytest.raises(UsageError) as error:
        seeds_of(asked)
    assert error.value.message.en == f"cannot train with `{asked}` seeds: {why}"
    assert f"`{asked}`" in error.value.message.zh
    assert "`--seeds 0-4`" in error.value.hint.en
    assert "`--seeds 0-4`" in error.value.hint.zh


def test_the_seeds_of_a_range_are_those_that_are_trained(monkeypatch):
    from restock.workflows.benches import comparison

    told = []
    learner = SimpleNamespace(
        train=lambda instance, seed: told.append(seed), price=lambda *_: Cost(1.0, 0.0), steps=lambda _: 1
    )
    monkeypatch.setattr(comparison.jax, "clear_caches", lambda: None)
    one = comparison.Comparison(
        Text("it", "它"), lambda name: None, best_known=lambda _: None, solved={}, learned={"it": learner}
    )
    task = Task(("it",), (), seeds_of("3-5"), False, Silent())
    row = one._learned(SimpleNamespace(name="x"), "it", task)
    assert told == [3, 4, 5]
    assert row.seeds == 3


def test_patterns_choose_many_instances():
    rows = bench("lost-sales", methods=["base*"], instances=["poisson-p4-L[12]", "geometric-p9-L1"]).rows
    assert [row.instance for row in rows] == [f"poisson-p4-L{n}" for n in (1, 2)] + ["geometric-p9-L1"]


@pytest.mark.parametrize("name", ["poisson-p9-L1", "poisson-p9-L3", "geometric-p9-L2"])
def test_on_reached_states_the_optimal_policy_costs_the_optimum(name):
    instance = find_instance(name)
    exact = optimal_cost(instance)
    reached = reach(instance, exact.policy)
    assert reached is not None
    assert reached_cost(instance, reached) == pytest.approx(exact.cost, abs=2e-6)


def test_reached_states_price_a_rule_like_its_own_grid():
    instance, rule = LostSales("geometric", 3, 9), OrderUpTo(30, 8)
    assert price_orders(instance, rule).value == pytest.approx(rule_cost(instance, rule).value, abs=2e-6)


def test_the_exact_price_of_a_wild_policy_is_what_simulation_finds():
    instance = LostSales("poisson", 2, 4)
    exact = price_orders(instance, wild)
    simulated = simulated_cost(instance, wild, Effort(paths=2000, periods=500))
    assert exact.stderr == 0
    assert abs(exact.value - simulated.value) < 4 * simulated.stderr


def test_too_many_states_are_simulated_not_cut():
    assert reach(LostSales("poisson", 2, 4), wild, most=20) is None
    assert reach(LostSales("poisson", 8, 4), wild) is None


def test_a_network_decides_in_the_simulator_as_in_the_table():
    import jax
    import jax.numpy as jnp

    from restock.environments.setting import repeat
    from restock.policies.network import Network
    from restock.simulator.rollout import Stretch, run
    from restock.simulator.types import Chance

    instance, rows, periods = find_instance("poisson-p4-L3"), 400, 300
    network = Network(0, 3, 8, jax.random.key(1))
    setting = instance.setting()
    course = setting.draw(np.random.default_rng(5), rows, periods)
    shop, stock, known = repeat(setting.shop, rows), repeat(setting.stock, rows), repeat(course.known, rows)
    chance = Chance(course.demand[:, :, None], shop.lead_chance)
    _, period = run(network, Stretch(shop, stock, known, chance, jnp.ones((rows, periods))))
    costs = -np.asarray(period.money.profit)[:, 50:].mean(axis=1)
    exact = price_orders(instance, orders_of(network, instance)).value
    assert abs(costs.mean() - exact) < 4 * costs.std() / math.sqrt(rows)


def test_long_lead_times_are_compared_with_the_best_published_cost():
    assert best_known(find_instance("poisson-p4-L8")) == 4.95078  # Temizoz et al. (2025)


def test_the_simulator_agrees_with_plain_numpy_and_counts_both(monkeypatch):
    monkeypatch.setattr("restock.workflows.benches.simulator.ROWS", 64)
    rows = bench("simulator", instances=["base-stock-forward"], quick=True).rows
    assert [row.method for row in rows] == ["restock", "numpy"]
    assert all(row.value > 0 for row in rows)
    assert rows[0].ratio == pytest.approx(rows[0].value / rows[1].value)
