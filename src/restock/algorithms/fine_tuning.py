"""Fine-tuning: the pretrained policy goes on learning, on the paths of one shop.

The pathwise gradient of profit along windows of the shop's own history, from the pretrained weights and with small
steps. What the policy remembers in each period is what the shop's records say, so memories are filled once and stay;
what it makes of them is learned. Validation money says when to stop, and whether to move at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from pydantic import BaseModel, ConfigDict, Field

from restock.algorithms.generalist import Reaching
from restock.algorithms.pathwise import mean_loss
from restock.algorithms.problem import Problem, draw
from restock.algorithms.training import refuse_wrong_numbers
from restock.optimizer import adam, descend, start
from restock.policies.generalist import Generalist, Team
from restock.policies.informed import Informed, member_features
from restock.simulator.rollout import Stretch, earn


class FineTuningConfig(BaseModel):
    """Settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    updates: int = Field(default=200, gt=0, description="Gradient steps at most; validation stops earlier")
    batch: int = Field(default=256, gt=0, description="Windows averaged in one step")
    periods: int = Field(default=16, gt=0, description="Periods of a window")
    ignored: int = Field(default=3, ge=0, description="First periods of a window whose money does not count")
    learning_rate: float = Field(default=2e-3, gt=0, description="Largest step of Adam")
    at_once: int = Field(default=20, gt=0, description="Updates between two looks at validation money")
    patience: int = Field(default=3, ge=1, description="Looks without a rise before it stops")


class Learner(eqx.Module):
    """What training carries from one update to the next, for one member."""

    policy: Generalist
    optimizer: Any


@dataclass(frozen=True)
class FineTuned:
    """A team after fine-tuning, and the way there."""

    team: Team
    updates: int  # after which it earned most on the validation periods; 0: the pretrained weights did
    validation: tuple[float, ...]  # profit before the first update, then after each look


def fine_tune(
    config: FineTuningConfig,
    problem: Problem,
    validation: Stretch,
    team: Team,
    seed: int,
    after: Callable[[int, float], None] = lambda made, money: None,
) -> FineTuned:
    """Learn until validation money has not risen for some looks; the team of the best one.

    Args:
        config: settings.
        problem: training periods; `known` as `policies.informed.inform` makes it.
        validation: the same of the validation periods; `weight` says what counts.
        team: to begin with.
        seed: of the windows drawn.
        after: is told the updates made and the validation money after each look.

    Raises:
        TrainingError: a loss or weight is not a number.
    """
    learners, best, made = _begin(config, team), team, 0
    money = [float(_money(team, validation))]
    features, most = member_features(team, problem.shop, problem.known), 0
    while made < config.updates and (made - most) // config.at_once < config.patience:
        learners = _some(config, problem, features, learners, made, seed)
        made += config.at_once
        money.append(float(_money(Team(learners.policy), validation)))
        after(made, money[-1])
        if money[-1] > max(money[:-1]):
            best, most = Team(learners.policy), made
    return FineTuned(best, most, tuple(money))


def tune_on(config: FineTuningConfig, problem: Problem, team: Team, updates: int, seed: int) -> Team:
    """As many updates as were found before, on all periods up to now."""
    learners, features = _begin(config, team), member_features(team, problem.shop, problem.known)
    for made in range(0, updates, config.at_once):
        learners = _some(config, problem, features, learners, made, seed)
    return Team(learners.policy)


def _begin(config: FineTuningConfig, team: Team) -> Learner:
    return eqx.filter_vmap(lambda policy: Learner(policy, start(_optimizer(config), policy)))(team.members)


def _some(
    config: FineTuningConfig, problem: Problem, features: Array, learners: Learner, made: int, seed: int
) -> Learner:
    keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), made), (features.shape[0], config.at_once))
    learners, losses = _learn(config, problem, features, learners, keys)
    refuse_wrong_numbers(losses, learners.policy, made)
    return learners


@eqx.filter_jit
def _learn(
    config: FineTuningConfig, problem: Problem, features: Array, learners: Learner, keys: Array
) -> tuple[Learner, Float[Array, "member update"]]:
    optimizer = _optimizer(config)

    def of_member(learner: Learner, features: Array, keys: Array) -> tuple[Learner, Array]:
        mine = eqx.tree_at(lambda p: p.known.features, problem, features)

        def update(learner: Learner, key: Array) -> tuple[Learner, Array]:
            window = draw(mine, config.batch, config.periods, key)
            # single units are not rounded: a derivative can't say what half of one is worth
            pack = jnp.where(window.shop.pack == 1.0, 0.0, window.shop.pack)
            window = eqx.tree_at(lambda w: w.shop.pack, window, pack)

            def loss_of(policy: Generalist) -> tuple[Array, Any]:
                return mean_loss(Informed(Reaching(policy)), window, config.ignored, problem.reward)

            (loss, _), gradient = eqx.filter_value_and_grad(loss_of, has_aux=True)(learner.policy)
            policy, memory = descend(optimizer, learner.optimizer, gradient, learner.policy)
            return Learner(policy, memory), loss

        return jax.lax.scan(update, learner, keys)

    return eqx.filter_vmap(of_member)(learners, features, keys)


@eqx.filter_jit
def _money(team: Team, validation: Stretch) -> Float[Array, ""]:
    return (earn(Informed(team), validation)[1] * validation.weight).sum()


def _optimizer(config: FineTuningConfig) -> Any:
    return adam(config.learning_rate, config.updates, weight_decay=0.0, warm_up=0.05)
