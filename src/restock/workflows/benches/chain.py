"""A chain of sites, `InvManagement` of or-gym: what rules, plans and learned policies earn of what could be known.

The gap is the one to a planner that knows all demand ahead, which nobody can close.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.environments.chain import INSTANCES, Chain, find_instance
from restock.environments.exact.chain import best_plan, fresh
from restock.environments.exact.simulation import Cost
from restock.language import Text
from restock.workflows.benches.chain_learning import learn_chain, steps
from restock.workflows.benches.chain_policies import ChainPolicy, planned, profit_of, searched
from restock.workflows.benches.comparison import Comparison, Learner
from restock.workflows.benches.result import Bench
from restock.workflows.benches.rivals import refuse_without
from restock.workflows.benches.simulated import STREAMS, Purpose, mean_of_paths

EPISODES: dict[Purpose, int] = {"price": 2000, "tune": 1000}
BOUND = "perfect_foresight"
RIVALS = tuple(f"sb3_{algorithm}{tuned}" for algorithm in ("a2c", "ppo", "ddpg", "td3") for tuned in ("", "_tuned"))


@lru_cache(maxsize=4)
def episodes(chain: Chain, purpose: Purpose) -> NDArray[np.int64]:
    """Demand that every method meets. [episode, period]"""
    return chain.draw(np.random.default_rng(STREAMS[purpose]), EPISODES[purpose])


def price(chain: Chain, policy: ChainPolicy) -> Cost:
    """Mean discounted profit of an episode."""
    return mean_of_paths(np.asarray(profit_of(policy, chain, jnp.asarray(episodes(chain, "price"), jnp.float32))))


def rule(chain: Chain, ends: bool) -> Cost:
    """Levels searched on other demand."""
    return price(chain, searched(chain, episodes(chain, "tune"), ends))


@lru_cache(maxsize=4)
def foresight(chain: Chain) -> Cost:
    """Of who knows all demand."""
    return _each(chain, lambda demand: best_plan(chain, fresh(chain), demand.astype(float)).profit)


def replanned(chain: Chain) -> Cost:
    """Of who plans anew in every period, for mean demand."""
    return _each(chain, partial(planned, chain))


def _each(chain: Chain, profit: Callable[[NDArray[Any]], float]) -> Cost:
    return mean_of_paths(np.array([profit(demand) for demand in episodes(chain, "price")]))


def fits(chain: Chain, method: str) -> bool:
    """Rivals only where they are installed."""
    return method not in RIVALS or find_spec("stable_baselines3") is not None


def rival(method: str) -> Learner[Chain]:
    """Stable-Baselines3, for the seconds of `rivals_chain`."""
    algorithm, tuned = method.removeprefix("sb3_").removesuffix("_tuned"), method.endswith("_tuned")

    def train(chain: Chain, seed: int) -> Any:
        refuse_without((method,))
        return _rivals().train(algorithm, tuned, chain, seed)

    def earns(chain: Chain, model: Any) -> Cost:
        return mean_of_paths(_rivals().profits(chain, model, episodes(chain, "price")))

    return Learner(train, earns)


def _rivals() -> Any:
    return import_module(f"{__package__}.rivals_chain")


COMPARISON = Comparison(
    about=Text("chain of sites", "多站点链"),
    find=find_instance,
    best_known=lambda chain: foresight(chain).value,
    solved={
        BOUND: foresight,
        "replanned": replanned,
        "base_stock": partial(rule, ends=False),
        "base_stock_until": partial(rule, ends=True),
    },
    learned={"pathwise": Learner(learn_chain, price, steps), **{method: rival(method) for method in RIVALS}},
    fits=fits,
    more_is_better=True,
)

CHAIN = Bench(
    name="chain",
    about=Text(
        "a chain of sites that order from each other (or-gym), against perfect foresight",
        "多个站点逐级订货（or-gym），与完全预知需求比较",
    ),
    methods=COMPARISON.methods,
    instances=tuple(chain.name for chain in INSTANCES),
    usual=tuple(chain.name for chain in INSTANCES),
    quick=(INSTANCES[1].name,),
    quick_methods=(BOUND, "base_stock", "base_stock_until", "pathwise"),
    run=COMPARISON,
)
