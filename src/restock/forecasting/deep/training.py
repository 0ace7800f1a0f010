"""Learning: random series and origins, the likelihood of what was sold after them, an average of the weights."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from restock.errors import TrainingError
from restock.forecasting.deep.inputs import Length, Scaling, Source
from restock.forecasting.deep.likelihood import Law, log_likelihood
from restock.forecasting.deep.network import Tide
from restock.forecasting.deep.settings import DeepConfig
from restock.forecasting.deep.windows import Target, cut, targets
from restock.language import Text
from restock.optimizer import descend, follow, start, steady_adam

JUDGED = 2048  # windows that one look at the periods kept back takes
WARM_UP = 0.1  # share of the steps in which they grow


class Stage(NamedTuple):
    """Which windows to learn from. Arrays, so that another stage is the same program."""

    rows: Array  # series that may be drawn
    first: Array  # earliest origin of each of them
    last: Array  # latest origin
    end: Array  # targets from this period on do not count


class Learner(eqx.Module):
    """What training carries from one step to the next; with a leading axis, for several members."""

    network: Tide
    average: Tide  # of the weights so far
    memory: Any  # of the optimizer


def begin(config: DeepConfig, scaling: Scaling, source: Source, length: Length, seed: int) -> Learner:
    """Untrained networks, one per member."""
    window = eqx.filter_eval_shape(cut, source, length, jnp.int32(0), jnp.int32(1), jnp.float32(1.0))
    draw = np.random.default_rng(seed)
    members = [Tide(config, scaling, length, window, draw) for _ in range(config.members)]
    return restart(config, jax.tree.map(lambda *leaves: jnp.stack(leaves), *members))


@eqx.filter_jit
def restart(config: DeepConfig, networks: Tide) -> Learner:
    """These weights, and an optimizer that remembers nothing."""
    return Learner(networks, networks, eqx.filter_vmap(lambda network: start(_optimizer(config), network))(networks))


@eqx.filter_jit
def learn(
    config: DeepConfig, source: Source, length: Length, stage: Stage, learner: Learner, steps: tuple[Array, Array]
) -> tuple[Learner, Float[Array, "member update"]]:
    """Some steps. steps: a key for each [member, update], and how much of it is taken [update]"""
    optimizer = _optimizer(config)

    def update(learner: Learner, step: tuple[Array, Array]) -> tuple[Learner, Array]:
        key, part = step
        draw, hide = jax.random.split(key)
        rows, origins = _draw(config, stage, draw)
        loss, gradient = eqx.filter_value_and_grad(_loss)(
            learner.network, config, source, length, (rows, origins, stage.end), hide
        )
        moved, memory = descend(optimizer, learner.memory, gradient, learner.network)
        network = follow(learner.network, moved, part)
        return Learner(network, follow(learner.average, network, 1.0 - config.average), memory), loss

    keys, parts = steps
    return eqx.filter_vmap(lambda learner, keys: jax.lax.scan(update, learner, (keys, parts)))(learner, keys)


def _draw(config: DeepConfig, stage: Stage, key: Array) -> tuple[Array, Array]:
    which, when = jax.random.uniform(key, (2, config.batch))
    number = jnp.minimum((which * stage.rows.shape[0]).astype(jnp.int32), stage.rows.shape[0] - 1)
    first = stage.first[number]
    back = when**config.recency * (stage.last - first + 1)
    return stage.rows[number], jnp.clip(stage.last - back.astype(jnp.int32), first, stage.last)


def _loss(
    network: Tide, config: DeepConfig, source: Source, length: Length, drawn: tuple[Array, Array, Any], key: Array
) -> Float[Array, ""]:
    rows, origins, end = drawn
    newborn, named, dropped = jax.random.split(key, 3)
    seen = 1.0 - jax.random.bernoulli(newborn, config.newborn, rows.shape)
    known = jax.random.bernoulli(named, 1.0 - config.unknown, rows.shape) * (seen > 0)
    inputs = network.encode.weight.shape[-1]
    keep = jax.random.bernoulli(dropped, 1.0 - config.dropout, (rows.shape[0], inputs)) / (1.0 - config.dropout)

    def one(row: Array, origin: Array, seen: Array, known: Array, keep: Array) -> tuple[Array, Array]:
        law = network(cut(source, length, row, origin, seen), keep, known.astype(jnp.int32))
        target = targets(source, length, row, origin)
        counts = target.known * (origin + jnp.arange(length.h) < end)
        return (log_likelihood(law, target.y, target.available) * counts).sum(), counts.sum()

    likelihood, counts = jax.vmap(one)(rows, origins, seen, known, keep)
    return -likelihood.sum() / jnp.maximum(counts.sum(), 1.0)


@eqx.filter_jit
def foresee(networks: Tide, source: Source, length: Length, rows: Array, origins: Array) -> Law:
    """The mixture of all members' laws. [window, h]"""

    def one(row: Array, origin: Array) -> Law:
        window = cut(source, length, row, origin, jnp.float32(1.0))
        laws = eqx.filter_vmap(lambda network: network(window, jnp.float32(1.0), jnp.int32(1)))(networks)
        return laws.mix()

    return jax.vmap(one)(rows, origins)


@eqx.filter_jit
def came(source: Source, length: Length, rows: Array, origins: Array) -> Target:
    """What came after each origin. [window, h]"""
    return jax.vmap(lambda row, origin: targets(source, length, row, origin))(rows, origins)


@eqx.filter_jit
def judge(law: Law, target: Target) -> Float[Array, ""]:
    """Mean log likelihood of what came."""
    likelihood = log_likelihood(law, target.y, target.available) * target.known
    return likelihood.sum() / jnp.maximum(target.known.sum(), 1.0)


class Course(NamedTuple):
    """How learning went."""

    learner: Learner  # after the best look
    updates: int  # until then
    looks: tuple[float, ...]  # mean log likelihood of the periods kept back, after each round
    law: Law  # of the windows kept back, at the best look


def fit(
    config: DeepConfig,
    source: Source,
    length: Length,
    plan: tuple[Stage, tuple[Array, Array], Target],
    learner: Learner,
    seed: int,
) -> Course:
    """Round after round, until the likelihood of the windows kept back has not risen for some rounds.

    Args:
        plan: what to learn from; series and origins of the windows kept back, and what came.

    Raises:
        TrainingError: a loss is not a number.
    """
    stage, windows, target = plan
    looks: list[float] = []
    best, best_law = learner, None
    for made in range(0, config.updates, config.round):
        learner = advance(config, source, length, stage, learner, (config.updates, made, seed))
        law = foresee(learner.average, source, length, *windows)
        looks.append(float(judge(law, target)))
        if looks[-1] >= max(looks):
            best, best_law = learner, law
        if len(looks) - 1 - int(np.argmax(looks)) >= config.patience:
            break
    assert best_law is not None
    return Course(best, (int(np.argmax(looks)) + 1) * config.round, tuple(looks), best_law)


def advance(
    config: DeepConfig, source: Source, length: Length, stage: Stage, learner: Learner, place: tuple[int, int, int]
) -> Learner:
    """One round more. place: steps planned, steps made, seed"""
    planned, made, seed = place
    members = jax.tree.leaves(learner.network)[0].shape[0]
    keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), made + 1), (members, config.round))
    done = (made + np.arange(config.round)) / max(planned, 1)
    parts = np.minimum(np.minimum(done / WARM_UP, 1.0), 0.5 * (1.0 + np.cos(np.pi * np.minimum(done, 1.0))))
    learner, losses = learn(config, source, length, stage, learner, (keys, jnp.asarray(parts, jnp.float32)))
    if not np.isfinite(np.asarray(losses)).all():
        raise TrainingError(
            Text(
                f"the loss of the forecaster is not a number after {made} steps",
                f"预测模型训练 {made} 步后损失不是有效数字",
            ),
            hint=Text("use a smaller `learning_rate`", "请调小 `learning_rate`"),
        )
    return learner


def _optimizer(config: DeepConfig) -> Any:
    return steady_adam(config.learning_rate, weight_decay=config.weight_decay)
