"""Targets and losses equal those of rlax, and what one would write as a loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import oracle

from restock.algorithms import returns

pytestmark = pytest.mark.filterwarnings("ignore:Rlax:PendingDeprecationWarning")
NEAR = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def rlax():
    return oracle("rlax")


def numbers(*shape: int, seed: int = 0) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@pytest.mark.parametrize("n", [1, 3, 8])
def test_n_step_rewards_and_a_value_are_the_n_step_return_of_rlax(rlax, n: int) -> None:
    reward, value = numbers(20), numbers(20, seed=1)
    ours = returns.n_step_rewards(reward, 0.9, n) + 0.9**n * value[n - 1 :]
    theirs = rlax.n_step_bootstrapped_returns(reward, jnp.full(20, 0.9), value, n)
    np.testing.assert_allclose(ours, theirs[: 20 - n + 1], **NEAR)


@given(st.integers(1, 6), st.floats(0.1, 1.0), st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_n_step_rewards_are_what_a_loop_adds_up(n: int, discount: float, seed: int) -> None:
    reward = np.asarray(numbers(9, 2, seed=seed))
    ours = returns.n_step_rewards(jnp.asarray(reward), discount, n)
    assert ours.shape == (9 - n + 1, 2)
    for start in range(9 - n + 1):
        by_hand = sum(discount**k * reward[start + k] for k in range(n))
        np.testing.assert_allclose(ours[start], by_hand, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("lambda_", [0.0, 0.7, 1.0])
def test_advantages_are_those_of_rlax(rlax, lambda_: float) -> None:
    reward, values = numbers(30, 4), numbers(31, 4, seed=1)
    ours = returns.advantages(reward, values, 0.97, lambda_)
    for row in range(4):
        theirs = rlax.truncated_generalized_advantage_estimation(
            reward[:, row], jnp.full(30, 0.97), lambda_, values[:, row]
        )
        np.testing.assert_allclose(ours[:, row], theirs, **NEAR)


def test_a_value_that_is_right_leaves_no_advantage() -> None:
    # a reward of 1 for ever is worth 1 / (1 - discount) at every moment
    none = returns.advantages(jnp.ones(10), jnp.full(11, 1 / (1 - 0.9)), 0.9, 0.95)
    np.testing.assert_allclose(none, np.zeros(10), atol=1e-5)


def test_the_double_q_target_is_that_of_rlax(rlax) -> None:
    q_tm1, q_t_value, q_t_selector = numbers(6), numbers(6, seed=1), numbers(6, seed=2)
    error = rlax.double_q_learning(q_tm1, jnp.asarray(2), 0.5, 0.9, q_t_value, q_t_selector)
    ours = 0.5 + 0.9 * returns.double_q_values(q_t_selector, q_t_value) - returns.chosen(q_tm1, jnp.asarray(2))
    np.testing.assert_allclose(ours, error, **NEAR)
    assert float(returns.double_q_values(q_t_selector, q_t_value)) == float(q_t_value[int(q_t_selector.argmax())])


@pytest.mark.parametrize("delta", [0.5, 1.0, 2.0])
def test_huber_is_that_of_rlax(rlax, delta: float) -> None:
    error = jnp.linspace(-4, 4, 41)
    np.testing.assert_allclose(returns.huber(error, delta), rlax.huber_loss(error, delta), **NEAR)


def test_the_policy_gradient_loss_is_that_of_rlax(rlax) -> None:
    logits, action, advantage = numbers(12, 5), jnp.arange(12) % 5, numbers(12, seed=1)

    def ours(logits):
        return returns.policy_gradient_loss(returns.chosen(jax.nn.log_softmax(logits), action), advantage)

    def theirs(logits):
        return rlax.policy_gradient_loss(logits, action, advantage, jnp.ones(12))

    np.testing.assert_allclose(ours(logits), theirs(logits), **NEAR)
    np.testing.assert_allclose(jax.grad(ours)(logits), jax.grad(theirs)(logits), **NEAR)


def test_the_clipped_surrogate_is_that_of_rlax(rlax) -> None:
    ratio, advantage = jnp.exp(numbers(50)), numbers(50, seed=1)

    def theirs(ratio):
        return rlax.clipped_surrogate_pg_loss(ratio, advantage, 0.2)

    def ours(ratio):
        return returns.clipped_surrogate_loss(ratio, advantage, 0.2)

    np.testing.assert_allclose(ours(ratio), theirs(ratio), **NEAR)
    np.testing.assert_allclose(jax.grad(ours)(ratio), jax.grad(theirs)(ratio), **NEAR)


def test_the_surrogate_gives_nothing_for_going_beyond_the_clip() -> None:
    slope = jax.grad(lambda ratio: returns.clipped_surrogate_loss(ratio, jnp.array([1.0, -1.0]), 0.2))
    np.testing.assert_array_equal(slope(jnp.array([1.3, 0.7])), [0.0, 0.0])
    np.testing.assert_allclose(slope(jnp.array([0.7, 1.3])), [-0.5, 0.5])
