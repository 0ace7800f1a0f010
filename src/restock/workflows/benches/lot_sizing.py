"""Lot sizing on a forecast that moves: what is learned and tuned rules cost above the optimum of the same demand law.

No derivative tells whether to order: what an order costs does not change with its size. `rollout` tries orders, `shac`
puts a gate before them.
"""

from functools import partial

from restock.environments.exact.lot_sizing import optimal_lot_sizing
from restock.environments.exact.simulation import Cost
from restock.environments.lot_sizing import PERIODS, PUBLISHED, LotSizing, find_instance
from restock.language import Text
from restock.policies.rules import Rule, rule
from restock.workflows.benches.comparison import Comparison, Learner
from restock.workflows.benches.gated_learning import LOT_SIZING as GATED
from restock.workflows.benches.gated_learning import learn_lot_sizing as learn_gates
from restock.workflows.benches.lot_sizing_rules import ECONOMIC, SILVER_MEAL
from restock.workflows.benches.result import Bench
from restock.workflows.benches.rollout_learning import LOT_SIZING as RECIPE
from restock.workflows.benches.rollout_learning import learn_lot_sizing, price_lot_sizing, steps
from restock.workflows.benches.simulated import earned, mean_of_paths, stretch_of, tuned

PATHS, TUNING = 5000, 500  # episodes that price a rule, and that it is tuned on


def rule_cost(instance: LotSizing, rule: Rule) -> Cost:
    """Cost of an episode under a rule, its numbers tuned on other demand."""
    setting = instance.setting()
    policy = tuned(rule, stretch_of(setting, "tune", TUNING, PERIODS))
    return mean_of_paths(-earned(policy, stretch_of(setting, "price", PATHS, PERIODS)).sum(axis=1))


COMPARISON = Comparison(
    about=Text("lot sizing", "批量订货（lot sizing）"),
    find=find_instance,
    best_known=lambda instance: PUBLISHED[instance].optimum,
    solved={
        "optimal": lambda instance: Cost(optimal_lot_sizing(instance).cost, 0.0),
        "base_stock": lambda instance: rule_cost(instance, rule("forecast")),
        "min_max": lambda instance: rule_cost(instance, rule("min_max")),
        "economic_quantity": lambda instance: rule_cost(instance, ECONOMIC),
        "silver_meal": lambda instance: rule_cost(instance, SILVER_MEAL),
    },
    learned={
        "rollout": Learner(learn_lot_sizing, price_lot_sizing, partial(steps, RECIPE)),
        "shac": Learner(learn_gates, price_lot_sizing, lambda _: GATED.environment_steps),
    },
)

LOT_SIZING = Bench(
    name="lot-sizing",
    about=Text(
        "fixed order cost and a forecast that moves, against the exact optimum",
        "有固定订货成本且预测随时间变化，与精确最优解比较",
    ),
    methods=COMPARISON.methods,
    instances=tuple(instance.name for instance in PUBLISHED),
    usual=tuple(instance.name for instance in PUBLISHED),
    quick=("constant-5-poisson",),
    quick_methods=tuple(COMPARISON.solved),
    run=COMPARISON,
)
