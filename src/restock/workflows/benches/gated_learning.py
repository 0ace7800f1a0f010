"""Benches whose orders cost a fixed amount, learned along the derivative with a gate before each order."""

from restock.algorithms.shac import ShacConfig
from restock.environments.fixed_cost import FixedCost
from restock.environments.lot_sizing import PERIODS, LotSizing
from restock.simulator.rollout import Policy
from restock.workflows.benches.learning_problem import learn

# Chosen with seeds from 100 on. A discount of 0.97 instead of 0.995 leaves 1.0 % instead of 0.4 % on the fixed-cost
# instance: after an order there are two periods without one, and what they saved is counted for less.
FIXED_COST = ShacConfig(rounds=4000, rows=512, discount=0.995, lambda_=0.7, hidden=32, carry_stock=True)
LOT_SIZING = FIXED_COST.model_copy(update={"rounds": 2000, "lambda_": 0.8})
BEYOND = 16  # periods after the end that are learned from too: the optimum does not know the end either


def learn_fixed_cost(instance: FixedCost, seed: int, recipe: ShacConfig = FIXED_COST) -> Policy:
    """A policy that starts as the (s, S) rule of the newsvendor and Harris (1913)."""
    return learn(recipe, instance.setting(), seed)


def learn_lot_sizing(instance: LotSizing, seed: int, recipe: ShacConfig = LOT_SIZING) -> Policy:
    """The same; it sees the forecast."""
    return learn(recipe, instance.setting(), seed, PERIODS + BEYOND)
