"""Lost sales with a fixed order cost: what is learned and the best rule of each kind cost above the exact optimum.

No derivative tells whether to order: what an order costs does not change with its size. `rollout` tries orders, `shac`
puts a gate before them.
"""

from functools import partial

from restock.environments.exact.fixed_cost import (
    best_batches,
    best_capped_min_max,
    best_min_max,
    optimal_fixed_cost,
)
from restock.environments.exact.simulation import Cost
from restock.environments.fixed_cost import PUBLISHED, find_instance
from restock.language import Text
from restock.workflows.benches.comparison import Comparison, Learner
from restock.workflows.benches.gated_learning import FIXED_COST as GATED
from restock.workflows.benches.gated_learning import learn_fixed_cost as learn_gates
from restock.workflows.benches.result import Bench
from restock.workflows.benches.rollout_learning import FIXED_COST as RECIPE
from restock.workflows.benches.rollout_learning import learn_fixed_cost, price_fixed_cost, steps

COMPARISON = Comparison(
    about=Text("fixed order cost", "固定订货成本"),
    find=find_instance,
    best_known=lambda instance: PUBLISHED[instance].optimum,
    solved={
        "optimal": lambda instance: Cost(optimal_fixed_cost(instance).cost, 0.0),
        "min_max": lambda instance: Cost(best_min_max(instance).cost, 0.0),
        "batches": lambda instance: Cost(best_batches(instance).cost, 0.0),
        "capped_min_max": lambda instance: Cost(best_capped_min_max(instance).cost, 0.0),
    },
    learned={
        "rollout": Learner(learn_fixed_cost, price_fixed_cost, partial(steps, RECIPE)),
        "shac": Learner(learn_gates, price_fixed_cost, lambda _: GATED.environment_steps),
    },
)

FIXED_COST = Bench(
    name="fixed-cost",
    about=Text(
        "lost sales with a fixed order cost, against the exact optimum",
        "有固定订货成本的缺货损失，与精确最优解比较",
    ),
    methods=COMPARISON.methods,
    instances=tuple(instance.name for instance in PUBLISHED),
    usual=tuple(instance.name for instance in PUBLISHED),
    quick=tuple(instance.name for instance in PUBLISHED),
    quick_methods=tuple(COMPARISON.solved),
    run=COMPARISON,
)
