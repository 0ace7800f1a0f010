"""Stable-Baselines3 on our environments. Imported only where the extra `bench` is installed.

Two settings of each algorithm: the library's own, one environment, and one tuned for this bench with the effort that
ours got: many environments in one call, normalised observations and rewards, smaller networks for DDPG and TD3.
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import stable_baselines3 as sb3  # pyright: ignore[reportMissingImports]
import torch  # pyright: ignore[reportMissingImports]
from stable_baselines3.common.noise import (  # pyright: ignore[reportMissingImports]
    NormalActionNoise,
    VectorizedActionNoise,
)
from stable_baselines3.common.vec_env import VecEnv, VecNormalize  # pyright: ignore[reportMissingImports]

from restock.environments.faces import RestockVectorEnv
from restock.workflows.benches.borrowed import Borrowed, Trained, borrow
from restock.workflows.benches.rivals_contests import CONTINUOUS, Contest

NOISE = 0.1  # spread of exploration, half the range of actions is 1, as in the library's examples
KEPT = 20  # networks of a training that are kept, evenly by time


@dataclass(frozen=True)
class Setting:
    """How one algorithm is run."""

    rows: int = 1  # environments side by side
    noise: float = NOISE
    given: dict[str, Any] = field(default_factory=dict)  # to the algorithm


_SMALL = {"net_arch": [64, 64]}
TUNED = {
    "dqn": Setting(16, given={"gamma": 0.97, "learning_rate": 1e-3, "batch_size": 256, "train_freq": 1}),
    "a2c": Setting(64, given={"gamma": 0.97, "learning_rate": 2e-3, "n_steps": 16, "gae_lambda": 0.95}),
    "ppo": Setting(64, given={"gamma": 0.97, "learning_rate": 1e-3, "n_steps": 32, "batch_size": 256}),
    "ddpg": Setting(16, 0.2, {"gamma": 0.97, "policy_kwargs": _SMALL}),
    "td3": Setting(16, 0.2, {"gamma": 0.97, "policy_kwargs": _SMALL}),
}


class Rows(VecEnv):
    """Our vector environment as Stable-Baselines3 expects one: the next episode begins within the last step."""

    def __init__(self, rows: RestockVectorEnv) -> None:
        self.rows = rows
        super().__init__(rows.num_envs, rows.single_observation_space, rows.single_action_space)

    def reset(self) -> Any:
        seed = self._seeds[0]
        self._reset_seeds()
        return self.rows.reset(seed=seed)[0]

    def step_async(self, actions: Any) -> None:
        self.actions = actions

    def step_wait(self) -> Any:
        seen, reward, ended, cut, _ = self.rows.step(self.actions)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        over = ended | cut
        if over.all():
            infos = [{"terminal_observation": one, "TimeLimit.truncated": bool(cut[0])} for one in seen]
            seen = self.rows.step(self.actions)[0]
        return seen, reward.astype(np.float32), over, infos

    def close(self) -> None:
        self.rows.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self.rows, attr_name)] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise AttributeError(attr_name)

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        raise AttributeError(method_name)

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [False] * self.num_envs


class Watch:
    """Ends a training when its time is over and keeps networks on the way; called after each step."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.began, self.kept = seconds, time.process_time(), list[tuple[float, Any]]()
        self.next = 0.0

    def __call__(self, local: dict[str, Any], _: dict[str, Any]) -> bool:
        model, passed = local["self"], time.process_time() - self.began
        # schedules that run over all steps run over all of the time
        model._total_timesteps = max(round(model.num_timesteps * self.seconds / passed), model.num_timesteps + 1)
        if passed >= self.next:
            self.kept.append((passed, weights(model)))
            self.next += self.seconds / KEPT
        return passed < self.seconds


def train(contest: Contest, seed: int, seconds: float, tuned: bool) -> Trained:
    """Learn for so many seconds; the environment is compiled before they begin."""
    model, watch = learn(contest.algorithm, contest.make, seed, seconds, TUNED[contest.algorithm] if tuned else None)
    lasted = time.process_time() - watch.began
    course = [(passed, as_policy(contest, kept)) for passed, kept in (*watch.kept, (lasted, weights(model)))]
    return Trained(lasted, int(model.num_timesteps), tuple(course))


def learn(
    algorithm: str, make: Callable[[int | None], Any], seed: int, seconds: float, tuned: Setting | None
) -> tuple[Any, Watch]:
    """The trained model, and its course.

    Args:
        algorithm: such as `ppo`.
        make: the environment, with so many rows; none: the single one.
        seed: of everything.
        seconds: of this process.
        tuned: how it is run; none: as the library would.
    """
    torch.set_num_threads(1)
    setting = tuned or Setting()
    environment: Any = make(tuned.rows if tuned else None)
    environment.reset(seed=seed)
    environment.step(environment.action_space.sample())
    watch = Watch(seconds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as its advice on spaces
        model = _model(algorithm, environment, setting, seed, tuned is not None)
        model.learn(total_timesteps=10**9, callback=watch)
    return model, watch


def _model(algorithm: str, environment: Any, setting: Setting, seed: int, tuned: bool) -> Any:
    given = dict(setting.given)
    if algorithm in CONTINUOUS:
        numbers = environment.action_space.shape[-1]
        noise: Any = NormalActionNoise(np.zeros(numbers), np.full(numbers, setting.noise))
        given["action_noise"] = VectorizedActionNoise(noise, setting.rows) if tuned else noise
    if tuned:
        environment = VecNormalize(Rows(environment), gamma=given["gamma"])
    return getattr(sb3, algorithm.upper())("MlpPolicy", environment, seed=seed, device="cpu", **given)


@dataclass(frozen=True)
class Weights:
    """A copy of what a network decides by."""

    layers: list[tuple[Any, Any]]
    bend: Literal["tanh", "relu"]
    moments: tuple[Any, Any] | None


def weights(model: Any) -> Weights:
    """Of the network that decides, and of what observations are normalised by."""
    policy = model.policy
    if hasattr(policy, "q_net"):
        parts = [policy.q_net.q_net]
    elif hasattr(policy, "actor"):
        parts = [policy.actor.mu]
    else:
        parts = [policy.mlp_extractor.policy_net, policy.action_net]
    modules = [module for part in parts for module in part.modules() if not list(module.children())]
    affine = [module for module in modules if isinstance(module, torch.nn.Linear)]
    layers = [(one.weight.detach().numpy().copy(), one.bias.detach().numpy().copy()) for one in affine]
    bend = "tanh" if isinstance(modules[1], torch.nn.Tanh) else "relu"
    normal: Any = model.get_vec_normalize_env()
    moments = None if normal is None else (normal.obs_rms.mean.copy(), normal.obs_rms.var.copy())
    return Weights(layers, bend, moments)


def as_policy(contest: Contest, kept: Weights) -> Borrowed:
    """What the simulator can run."""
    return borrow(contest.task, kept.layers, kept.bend, kept.moments)
