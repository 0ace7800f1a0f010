"""Training on worlds: the same weights whether it was stopped or not, and a past that is read only once."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from restock.algorithms.generalist import GeneralistConfig, begin, some_worlds, study, train_generalist
from restock.algorithms.lives import live_worlds, scores
from restock.errors import UsageError
from restock.policies.rules import buy
from restock.simulator.remembering import recall
from restock.simulator.worlds import draw_worlds
from restock.workflows.pretrain import pretrain

CONFIG = GeneralistConfig(updates=4, batch=8, history=6, periods=6, hidden=8, state=4, at_once=2)


@pytest.fixture(scope="module")
def whole_run():
    """Weights after all updates, and what was to be seen on the way."""
    put_down = {}
    policy = train_generalist(CONFIG, 3, after=lambda done, learner, score: put_down.update({done: (learner, score)}))
    return policy, put_down


@pytest.fixture(scope="module")
def lives():
    generator = np.random.default_rng(1)
    return live_worlds(draw_worlds(generator, 40, 12), generator, 6)


def test_a_training_that_was_stopped_ends_with_the_same_weights(whole_run) -> None:
    policy, put_down = whole_run
    again = train_generalist(CONFIG, 3, resume=(2, put_down[2][0]))
    for one, other in zip(jax.tree.leaves(policy), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(one, other)
    assert list(put_down) == [2, 4]


def test_worlds_that_are_there_are_picked_from_whole_and_evenly() -> None:
    there = draw_worlds(np.random.default_rng(5), 7, 12)
    picked = some_worlds(np.random.default_rng(0), 700, 12, there)
    places = [int(np.flatnonzero((np.asarray(there.mean) == row).all(1))[0]) for row in np.asarray(picked.mean)]
    counts = np.bincount(places, minlength=7)
    assert 60 < counts.min() <= counts.max() < 145
    for one, other in zip(jax.tree.leaves(picked), jax.tree.leaves(there), strict=True):
        np.testing.assert_array_equal(one, other[np.array(places)])


def test_worlds_of_another_length_are_refused() -> None:
    there = draw_worlds(np.random.default_rng(5), 7, 11)
    with pytest.raises(ValueError, match="12 periods, history and life, got 11"):
        some_worlds(np.random.default_rng(0), 7, 12, there)


def test_every_weight_learns(whole_run) -> None:
    policy, _ = whole_run
    before = begin(CONFIG, 3).policy
    for (path, one), other in zip(jax.tree_util.tree_leaves_with_path(policy), jax.tree.leaves(before), strict=True):
        assert np.isfinite(one).all()
        assert np.abs(one - other).max() > 0, jax.tree_util.keystr(path)


def test_a_past_read_once_leaves_the_memory_that_living_through_it_does(lives) -> None:
    policy = begin(CONFIG, 0).policy
    lesson = study(lives)
    memory = recall(policy, lives.stretch.shop, lives.past, lives.seen)
    for one, other in zip(jax.tree.leaves(lesson.kept), jax.tree.leaves(memory.kept), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)

    def state_of(news, weight):
        none = np.zeros(CONFIG.state, np.float32)
        return jax.lax.scan(lambda state, today: (policy.learn(state, *today), None), none, (news, weight))[0]

    state = jax.vmap(state_of)(lesson.news, lives.seen.weight)
    np.testing.assert_allclose(state, memory.state, rtol=1e-3, atol=1e-4)


def test_a_score_is_what_orders_gain_over_none_as_a_share_of_all_worth(lives) -> None:
    class Nothing(eqx.Module):
        def begin(self, shop, known):
            return ()

        def decide(self, view, memory):
            return buy(view, jnp.zeros(()))

        def remember(self, memory, shop, known, seen):
            return ()

    np.testing.assert_allclose(scores(Nothing(), lives), 0.0, atol=1e-4)
    assert (np.asarray(lives.worth) > 0).all()


def test_a_folder_keeps_what_was_trained_and_refuses_other_settings(tmp_path) -> None:
    once = pretrain(tmp_path, CONFIG, (3,))
    again = pretrain(tmp_path, CONFIG, (3,))
    for one, other in zip(jax.tree.leaves(once), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(UsageError, match="learning_rate"):
        pretrain(tmp_path, CONFIG.model_copy(update={"learning_rate": 0.1}), (3,))
