"""Any algorithm by its name: settings, training from nothing, and training in stretches that are checked.

An algorithm is a module with `begin`, `learn` and `policy`: pure functions of a config, a problem and a learner. So
training is compiled whole, and can be `vmap`ped over keys and over problems.
"""

from collections.abc import Callable
from typing import Any, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from pydantic import ValidationError

from restock.algorithms import ddpg, dqn, pathwise, policy_gradient, shac
from restock.algorithms.ddpg import DdpgConfig
from restock.algorithms.dqn import DqnConfig
from restock.algorithms.pathwise import PathwiseConfig
from restock.algorithms.policy_gradient import PolicyGradientConfig
from restock.algorithms.problem import Problem
from restock.algorithms.shac import ShacConfig
from restock.errors import TrainingError, UsageError, nearest
from restock.language import Text
from restock.policies.together import Members
from restock.simulator.rollout import Policy

SEEDS = 2**31  # seeds lie below: JAX keeps the lower bits of larger ones
AT_ONCE = 50  # rounds compiled as one loop and checked together

AlgorithmConfig = DqnConfig | PolicyGradientConfig | DdpgConfig | PathwiseConfig | ShacConfig
Curve = dict[str, Array]  # by round; `loss` of each gradient step: [round] or [round, step]


class Algorithm(Protocol):
    """What a module of this package offers."""

    def untrained(self, config: Any, features: int, lead: int, key: Array) -> Any: ...

    def begin(self, config: Any, problem: Problem, key: Array) -> Any: ...

    def learn(self, config: Any, problem: Problem, learner: Any, keys: Array) -> tuple[Any, Curve]: ...

    def policy(self, learner: Any) -> Any: ...


MODULES: dict[type, Algorithm] = {
    DqnConfig: dqn,
    PolicyGradientConfig: policy_gradient,
    DdpgConfig: ddpg,
    PathwiseConfig: pathwise,
    ShacConfig: shac,
}
USUAL: dict[str, AlgorithmConfig] = {
    "dqn": DqnConfig(),
    "a2c": PolicyGradientConfig(kind="a2c", rounds=3000, rows=256),
    "ppo": PolicyGradientConfig(kind="ppo"),
    "ddpg": DdpgConfig(kind="ddpg"),
    "td3": DdpgConfig(kind="td3"),
    "pathwise": PathwiseConfig(),
    "shac": ShacConfig(),
}


def settings(name: str, **changes: Any) -> AlgorithmConfig:
    """The usual settings of an algorithm, with changes.

    Args:
        name: a key of `USUAL`, upper or lower case.
        changes: of its fields.

    Raises:
        UsageError: no such algorithm, no such setting, or a value that cannot be; nearest names are offered.
    """
    usual = USUAL.get(name.strip().lower())
    if usual is None:
        raise UsageError(
            Text(f"there is no algorithm `{name}`; there are {len(USUAL)}", f"没有算法 `{name}`；共有 {len(USUAL)} 个"),
            hint=nearest(name, USUAL),
        )
    fields = type(usual).model_fields
    for key in changes:
        if key not in fields:
            raise UsageError(
                Text(f"`{name}` has no setting `{key}`", f"`{name}` 没有设置 `{key}`"), hint=nearest(key, fields)
            )
    try:
        return type(usual).model_validate({**usual.model_dump(), **changes})
    except ValidationError as error:
        wrong = "; ".join(
            # what concerns several settings together has no place of its own
            f"{e['loc'][0]}: {e['msg']} (got {e['input']!r})" if e["loc"] else e["msg"]
            for e in error.errors()
        )
        raise UsageError(
            Text(f"`{name}` cannot be trained with {wrong}", f"无法用这些设置训练 `{name}`：{wrong}"),
            hint=Text(
                f"the usual values are {', '.join(f'{k}={getattr(usual, k)}' for k in changes)}",
                f"默认值为 {'，'.join(f'{k}={getattr(usual, k)}' for k in changes)}",
            ),
        ) from None


def name_of(config: AlgorithmConfig) -> str:
    """The key of `USUAL` that these settings belong to."""
    return next(
        name
        for name, usual in USUAL.items()
        if type(usual) is type(config) and getattr(usual, "kind", name) == getattr(config, "kind", name)
    )


def check_seed(seed: int) -> int:
    """The same seed, if it is one: others would be taken for another number in silence.

    Raises:
        UsageError: it is below 0 or has more than 31 bits.
    """
    if 0 <= seed < SEEDS:
        return seed
    raise UsageError(
        Text(f"{seed} is no seed", f"{seed} 不能用作随机种子"),
        hint=Text(f"choose a whole number from 0 to {SEEDS - 1}", f"请选择 0 到 {SEEDS - 1} 之间的整数"),
    )


@eqx.filter_jit
def train(config: AlgorithmConfig, problem: Problem, key: Array) -> tuple[Policy, Curve]:
    """A policy trained from nothing, and what was seen after each round; compiled whole, `vmap`able over keys."""
    module = MODULES[type(config)]
    first, rest = jax.random.split(key)
    learner = module.begin(config, problem, first)
    learner, curve = module.learn(config, problem, learner, jax.random.split(rest, config.rounds))
    return module.policy(learner), curve


def train_checked(
    config: AlgorithmConfig,
    problem: Problem,
    key: Array,
    after: Callable[[int, Policy, Curve], None] = lambda done, policy, curve: None,
    at_once: int = AT_ONCE,
) -> Policy:
    """The same policy as `train`, in stretches of rounds.

    Args:
        after: told after each good stretch how many rounds are done, the policy, and the curve of the stretch.
        at_once: rounds of a stretch.

    Raises:
        TrainingError: a loss or weight is not a number; what `after` was told last is still good.
    """
    module = MODULES[type(config)]
    first, rest = jax.random.split(key)
    keys = jax.random.split(rest, config.rounds)
    learner = _begin(config, problem, first)
    for done in range(0, config.rounds, at_once):
        part = keys[done : done + at_once]
        learner, curve = _learn(config, problem, learner, part)
        policy = module.policy(learner)
        losses = curve["loss"].reshape(-1)
        refuse_wrong_numbers(losses, policy, done * (losses.shape[0] // len(part)))
        after(done + len(part), policy, curve)
    return module.policy(learner)


def refuse_wrong_numbers(losses: Array, weights: Any, done: int) -> None:
    """Stop where training has gone astray.

    Args:
        losses: of each update. [*member, update]
        done: updates before these.

    Raises:
        TrainingError: a loss or weight is not a number; says at which update.
    """
    numbers = np.asarray(losses)
    whole = all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(eqx.filter(weights, eqx.is_inexact_array)))
    sound = np.append(np.isfinite(numbers).reshape(-1, numbers.shape[-1]).all(axis=0), whole)
    if not sound.all():
        at = done + min(int(np.argmin(sound)) + 1, losses.shape[-1])  # a loss shows the weights of the update before
        raise TrainingError(
            Text(f"the loss or a weight is not a number at update {at}", f"第 {at} 次更新时损失或权重不是数字"),
            hint=Text(
                "the networks before this round are kept; lower `learning_rate`, or look for extreme values",
                "本轮之前的网络已保留；请降低 `learning_rate`，或查找极端值",
            ),
        )


def untrained(config: AlgorithmConfig, features: int, lead: int, keys: Array) -> Members:
    """Policies that have learned nothing, with a leading member axis, one per key."""
    module = MODULES[type(config)]
    return eqx.filter_vmap(lambda key: module.untrained(config, features, lead, key))(keys)


@eqx.filter_jit
def _begin(config: AlgorithmConfig, problem: Problem, key: Array) -> Any:
    return MODULES[type(config)].begin(config, problem, key)


@eqx.filter_jit
def _learn(config: AlgorithmConfig, problem: Problem, learner: Any, keys: Array) -> tuple[Any, Curve]:
    return MODULES[type(config)].learn(config, problem, learner, keys)
