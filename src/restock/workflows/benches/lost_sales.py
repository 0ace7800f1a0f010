"""Lost sales with lead times: what learned policies and tuned rules cost above the exact optimum."""

from functools import partial

from restock.algorithms.training import AlgorithmConfig
from restock.environments.exact.grid import most_states, newsvendor_limits
from restock.environments.exact.lost_sales import MOST_STATES, optimal_cost
from restock.environments.exact.lost_sales_rules import best_base_stock, best_capped_base_stock
from restock.environments.exact.simulation import Cost
from restock.environments.lost_sales import LONG, PUBLISHED, ZIPKIN, LostSales, find_instance
from restock.language import Text
from restock.simulator.rollout import Policy
from restock.workflows.benches import together
from restock.workflows.benches.comparison import Comparison, Learner
from restock.workflows.benches.lost_sales_learning import RECIPES, learn_orders, orders_of, price_orders, suited
from restock.workflows.benches.result import Bench
from restock.workflows.benches.together import learn_together

OPTIMAL, BASE_STOCK, CAPPED, PATHWISE = "optimal", "base_stock", "capped_base_stock", "pathwise"
TOGETHER = "pathwise_together"  # one network, told what each shop is like; its seconds are those of all together


def price_policy(instance: LostSales, policy: Policy) -> Cost:
    """What a policy's orders cost."""
    return price_orders(instance, orders_of(policy, instance))


def best_known(instance: LostSales) -> float | None:
    """The optimum where it is known exactly, else the best cost published."""
    published = PUBLISHED[instance]
    return published.best_known if published.optimum is None else published.optimum


def fits(instance: LostSales, method: str) -> bool:
    """Left out are the optimum where it does not fit into memory, and one network for all where it never was."""
    if method == TOGETHER:
        return instance in together.LEARNED
    return method != OPTIMAL or most_states(newsvendor_limits(instance)) <= MOST_STATES


def _learner(recipe: AlgorithmConfig) -> Learner[LostSales]:
    """Trained with one recipe on any instance."""
    return Learner(
        partial(learn_orders, recipe), price_policy, lambda instance: suited(recipe, instance).environment_steps
    )


COMPARISON = Comparison(
    about=Text("lost sales", "缺货损失（lost sales）"),
    find=find_instance,
    best_known=best_known,
    solved={
        OPTIMAL: lambda instance: Cost(optimal_cost(instance).cost, 0.0),
        BASE_STOCK: lambda instance: best_base_stock(instance).cost,
        CAPPED: lambda instance: best_capped_base_stock(instance).cost,
    },
    learned={
        **{name: _learner(recipe) for name, recipe in RECIPES.items()},
        TOGETHER: Learner(
            lambda instance, seed: learn_together(seed), price_policy, lambda _: together.RECIPE.environment_steps
        ),
    },
    fits=fits,
)

LOST_SALES = Bench(
    name="lost-sales",
    about=Text(
        "lost sales, lead times 1 to 10, against the exact optimum",
        "缺货损失（lost sales），提前期 1 至 10，与精确最优解比较",
    ),
    methods=COMPARISON.methods,
    instances=tuple(instance.name for instance in (*ZIPKIN, *LONG)),
    usual=tuple(instance.name for instance in ZIPKIN if instance.demand == "poisson"),
    quick=("poisson-p4-L1", "poisson-p4-L4"),
    quick_methods=(OPTIMAL, BASE_STOCK, CAPPED, PATHWISE),
    run=COMPARISON,
)
