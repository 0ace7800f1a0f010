"""The agent of decisionrl on its own environment. Imported only where the extra `bench` is installed."""

import time
from typing import Any

import jax.numpy as jnp
import torch  # pyright: ignore[reportMissingImports]
from decisionrl import PPO  # pyright: ignore[reportMissingImports]
from decisionrl.envs import NonstationaryInventory  # pyright: ignore[reportMissingImports]
from decisionrl.training import Callback  # pyright: ignore[reportMissingImports]
from jaxtyping import Array, Float

from restock.environments.nonstationary import find_instance
from restock.simulator.types import View
from restock.workflows.benches.borrowed import Borrowed, Trained, borrow
from restock.workflows.benches.rivals_contests import Contest

KEPT = 20  # networks of a training that are kept, evenly by time


class Watch(Callback):
    """Ends a training when its time is over and keeps networks on the way."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.began, self.kept = seconds, time.process_time(), list[tuple[float, Any]]()
        self.next = 0.0

    def on_step(self) -> bool:
        passed = time.process_time() - self.began
        if passed >= self.next:
            self.kept.append((passed, _layers(self.agent)))
            self.next += self.seconds / KEPT
        return passed < self.seconds


def train(contest: Contest, seed: int, seconds: float, tuned: bool = False) -> Trained:
    """Learn for so many seconds with the library's own settings."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    watch = Watch(seconds)
    agent = PPO(NonstationaryInventory(), seed=seed, device="cpu")
    agent.learn(10**9, callback=watch, log_interval=10**9)
    lasted = time.process_time() - watch.began
    course = tuple((passed, as_policy(contest, kept)) for passed, kept in (*watch.kept, (lasted, _layers(agent))))
    return Trained(lasted, int(agent.num_timesteps), course)


def as_policy(contest: Contest, layers: list[tuple[Any, Any]]) -> Borrowed:
    """What the simulator can run."""
    return borrow(contest.task, layers, "tanh", look=_look)


def _look(view: View) -> Float[Array, " observation"]:
    """What its environment shows: stock, and the average of demand, as shares."""
    return jnp.stack([view.stock.on_hand.sum() / _CAPACITY, view.known.features[0]])


_CAPACITY = find_instance("nonstationary-2-14").capacity


def _layers(agent: Any) -> list[tuple[Any, Any]]:
    affine = [module for module in agent.actor.net.modules() if isinstance(module, torch.nn.Linear)]
    return [(one.weight.detach().numpy().copy(), one.bias.detach().numpy().copy()) for one in affine]
