"""Learning to order for a chain of sites along the derivative of its profit, whole episodes at a time."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from restock.environments.chain import Chain
from restock.optimizer import adam, descend, start
from restock.workflows.benches.chain_policies import LevelsByPeriod, earned, untrained
from restock.workflows.benches.learning_problem import PATHS, TRAINING

# Chosen with seeds from 100 on.
UPDATES, BATCH, HIDDEN, LEARNING_RATE = 1500, 128, 32, 1e-2


def steps(chain: Chain) -> int:
    """Periods that a training simulates, of all its episodes."""
    return UPDATES * BATCH * chain.periods


def learn_chain(chain: Chain, seed: int, updates: int = UPDATES) -> LevelsByPeriod:
    """A network trained from nothing on demand that no evaluation uses."""
    drawn = chain.draw(np.random.default_rng([seed, TRAINING]), 4 * PATHS)
    make, order = jax.random.split(jax.random.key(TRAINING + seed))
    policy = untrained(chain, HIDDEN, make)
    return jax.block_until_ready(_learn(chain, updates, policy, jnp.asarray(drawn, jnp.float32), order))


@eqx.filter_jit
def _learn(chain: Chain, updates: int, policy: LevelsByPeriod, demand: Array, key: Array) -> LevelsByPeriod:
    optimizer = adam(LEARNING_RATE, updates)
    worth = chain.mean * chain.price * chain.periods  # so that a loss is about one

    def loss(policy: LevelsByPeriod, demand: Array) -> Array:
        return -earned(policy, chain, demand).mean() / worth

    moving, still = eqx.partition(policy, eqx.is_inexact_array)

    def update(carry: Any, key: Array) -> tuple[Any, None]:
        policy, memory = carry
        episodes = jax.random.randint(key, (BATCH,), 0, demand.shape[0])
        gradient = eqx.filter_grad(loss)(eqx.combine(policy, still), demand[episodes])
        policy, memory = descend(optimizer, memory, gradient, policy)
        return (policy, memory), None

    (moving, _), _ = jax.lax.scan(update, (moving, start(optimizer, policy)), jax.random.split(key, updates))
    return eqx.combine(moving, still)
