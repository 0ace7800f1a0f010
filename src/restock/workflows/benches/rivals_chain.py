"""Stable-Baselines3 on a chain of sites. Imported only where the extra `bench` is installed."""

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
from gymnasium.wrappers import RescaleAction
from gymnasium.wrappers.vector import RescaleAction as RescaleActions
from numpy.typing import NDArray

from restock.environments.chain import Chain
from restock.environments.chain_task import ChainRows, chain_task
from restock.workflows.benches.rivals_sb3 import TUNED, Setting, learn

SECONDS = 20.0  # of one core: twice what our training takes with its compilation


def train(algorithm: str, tuned: bool, chain: Chain, seed: int) -> Any:
    """A model that has learned for `SECONDS`; actions lie between -1 and 1, as its authors advise."""

    low, high = np.full(chain.sites, -1, np.float32), np.full(chain.sites, 1, np.float32)

    def make(rows: int | None) -> Any:
        if rows is None:
            return RescaleAction(gymnasium.make("restock/Chain-v0", instance=chain.name), low, high)
        return RescaleActions(gymnasium.make_vec("restock/Chain-v0", num_envs=rows, instance=chain.name), low, high)

    return learn(algorithm, make, seed, SECONDS, setting_of(algorithm) if tuned else None)[0]


def setting_of(algorithm: str) -> Setting:
    """As on one site, but an episode ends, and its money is discounted already."""
    setting = TUNED[algorithm]
    return replace(setting, given={**setting.given, "gamma": 1.0})


def profits(chain: Chain, model: Any, demand: NDArray[np.int64]) -> NDArray[np.float64]:
    """Discounted profit of episodes with this demand. [episode, period] -> [episode]"""
    rows, moments = ChainRows(chain_task(chain.name)), model.get_vec_normalize_env()
    most, earned = np.asarray(chain.capacity, np.float32), np.zeros(len(demand))
    seen = rows.begin_with(demand)
    while not rows.over:
        action, _ = model.predict(seen if moments is None else moments.normalize_obs(seen), deterministic=True)
        lived = rows.advance(np.clip((action + 1.0) / 2.0, 0.0, 1.0) * most)
        seen, earned = lived.observation, earned + lived.reward
    return earned
