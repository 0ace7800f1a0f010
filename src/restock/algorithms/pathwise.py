"""Pathwise gradient: follow the derivative of profit through the simulator, along demand paths.

The deterministic policy gradient with the true model instead of a critic: demand does not react to the order, so the
path is known and the whole rollout has a derivative. Madeka et al. 2022 (arXiv 2210.03137), Alvo et al. 2023 (arXiv
2306.11246).
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from pydantic import BaseModel, ConfigDict, Field

from restock.algorithms.problem import Limit, Problem, Reward, draw, hide_features
from restock.optimizer import adam, descend, start
from restock.policies.network import Context, Network, silence_units
from restock.simulator.money import profit_at_cost
from restock.simulator.rollout import Policy, Stretch, run
from restock.simulator.types import Decision, Known, Shop, Stock, View


class PathwiseConfig(BaseModel):
    """Settings; a wrong key or value stops the run before it starts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    updates: int = Field(default=600, gt=0, description="Gradient steps")
    batch: int = Field(default=512, gt=0, description="Windows averaged in one step")
    periods: int = Field(default=16, gt=0, description="Periods of a window")
    ignored: int = Field(default=3, ge=0, description="First periods of a window whose money does not count")
    hidden: int = Field(default=64, gt=0, description="Units of each layer")
    learning_rate: float = Field(default=2e-3, gt=0, description="Largest step of Adam")
    warm_up: float = Field(default=0.1, ge=0, lt=1, description="Share of the updates in which the step size rises")
    weight_decay: float = Field(default=0.1, ge=0, description="Pull of the weights towards zero")
    input_dropout: float = Field(default=0.3, ge=0, lt=1, description="Share of the features hidden in each window")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of the hidden units silenced in each update")
    carry_stock: bool = Field(
        default=False, description="Windows follow each other; else each starts with random stock"
    )
    whole_units_from: float = Field(
        default=0.0, ge=0, le=1, description="Share of the updates made with fractions of units"
    )

    @property
    def rounds(self) -> int:
        """Each window is followed by one step."""
        return self.updates

    @property
    def environment_steps(self) -> int:
        """Periods simulated in training, all windows together."""
        return self.updates * self.batch * self.periods


class Limited(eqx.Module):
    """A network of whose decisions there remains what the problem allows."""

    network: Network
    limit: Limit = eqx.field(static=True)

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return self.decide(view, self.foresee(view.shop, view.known))

    def foresee(self, shop: Shop, known: Known) -> Context:
        """As the network does."""
        return self.network.foresee(shop, known)

    def decide(self, view: View, context: Context) -> Decision:
        """The decision at this stock."""
        return self.limit(view, self.network.decide(view, context))


class Learner(eqx.Module):
    """All that training carries from one update to the next, for one member."""

    network: Network
    memory: Any  # of the optimizer
    stock: Stock  # what carried windows start with
    updates: Float[Array, ""]  # done so far


def untrained(config: PathwiseConfig, features: int, lead: int, key: Array) -> Network:
    """A network that orders like the newsvendor."""
    return Network(features, lead, config.hidden, key)


def begin(config: PathwiseConfig, problem: Problem, key: Array) -> Learner:
    """An untrained network that orders like the newsvendor."""
    make, stock = jax.random.split(key)
    network = untrained(config, problem.known.features.shape[-1], problem.lead, make)
    window = draw(problem, config.batch, config.periods, stock)
    return Learner(network, start(_optimizer(config), network), window.stock, jnp.zeros(()))


def learn(config: PathwiseConfig, problem: Problem, learner: Learner, keys: Array) -> tuple[Learner, dict[str, Array]]:
    """One update per key; returns the loss of each, minus the mean profit per row and period. [update]"""
    optimizer = _optimizer(config)

    def update(learner: Learner, key: Array) -> tuple[Learner, Float[Array, ""]]:
        window = draw(problem, config.batch, config.periods, key)
        window = eqx.tree_at(lambda w: w.known, window, hide_features(window.known, config.input_dropout, key))
        fractions = learner.updates < config.whole_units_from * config.updates
        window = eqx.tree_at(lambda w: w.shop.pack, window, jnp.where(fractions, 0.0, window.shop.pack))
        if config.carry_stock:
            window = eqx.tree_at(lambda w: w.stock, window, learner.stock)

        def loss_of(network: Network) -> tuple[Float[Array, ""], Stock]:
            thinned = silence_units(network, config.dropout, jax.random.fold_in(key, 1))
            return mean_loss(Limited(thinned, problem.limit), window, config.ignored, problem.reward)

        (loss, after), gradient = eqx.filter_value_and_grad(loss_of, has_aux=True)(learner.network)
        network, memory = descend(optimizer, learner.memory, gradient, learner.network)
        return Learner(network, memory, jax.tree.map(jnp.round, after), learner.updates + 1), loss

    learner, losses = jax.lax.scan(update, learner, keys)
    return learner, {"loss": losses}


def policy(learner: Learner) -> Network:
    """The network as it is now."""
    return learner.network


def mean_loss(
    policy: Policy, window: Stretch, ignored: int, reward: Reward = profit_at_cost
) -> tuple[Float[Array, ""], Stock]:
    """Minus the reward per row and period, and the stock at the end."""
    after, earned = run(policy, window, keep=reward)
    counted = window.weight[:, ignored:]
    return -(earned[:, ignored:] * counted).sum() / jnp.maximum(counted.sum(), 1.0), after


def _optimizer(config: PathwiseConfig) -> Any:
    return adam(config.learning_rate, config.updates, weight_decay=config.weight_decay, warm_up=config.warm_up)
