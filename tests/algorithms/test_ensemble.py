"""Members learned side by side, round after round."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_probe import SMALL, probe

from restock.algorithms import ensemble
from restock.algorithms.ensemble import Fitting, Round, Schedule, fit, fit_round, refit, start_fitting
from restock.algorithms.problem import draw
from restock.algorithms.training import train
from restock.errors import TrainingError
from restock.policies.network import Ensemble
from restock.simulator.rollout import profits, run

UPDATES = SMALL.updates // 2  # of a round
PROBLEM = probe()
SEEDS = jax.random.split(jax.random.key(0), 2)
VALIDATION = eqx.filter_jit(lambda problem, key: draw(problem, 32, 8, key))(PROBLEM, jax.random.key(9))


def one_round(fitting, problem=PROBLEM):
    return fit_round(SMALL, problem, VALIDATION, fitting, UPDATES, 3)


@pytest.fixture(scope="module")
def begun():
    return start_fitting(SMALL, PROBLEM, 2, 3)


@pytest.fixture(scope="module")
def rounds(begun):
    first = one_round(begun)
    return first, one_round(first)


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


def test_a_round_tells_what_it_did(begun, rounds):
    assert begun.rounds == ()
    assert [r.updates for r in rounds[1].rounds] == [UPDATES, 2 * UPDATES]
    assert rounds[1].rounds[0] == rounds[0].rounds[0]
    assert all(len(r.members) == 2 and np.isfinite(r.loss) for r in rounds[1].rounds)
    assert rounds[1].rounds[1].seconds > rounds[0].rounds[0].seconds > 0


def test_validation_money_is_that_of_the_networks_run_over_the_validation_periods(rounds):
    networks, told = rounds[0].learners.network, rounds[0].rounds[0]

    @eqx.filter_jit
    def money(members):
        _, period = run(Ensemble(members), VALIDATION)
        return (profits(VALIDATION.shop, period) * VALIDATION.weight).sum()

    for i, member in enumerate(told.members):
        twins = jax.tree.map(lambda x, i=i: jnp.stack([x[i], x[i]]), networks)
        assert member == pytest.approx(float(money(twins)), rel=1e-4)
    assert told.ensemble == pytest.approx(float(money(networks)), rel=1e-4)


def test_the_networks_of_the_best_round_are_kept(rounds):
    last = rounds[1]
    source = rounds[0] if last.best_round == last.rounds[0] else rounds[1]
    assert same(last.best, source.learners.network)
    worse = Fitting(rounds[0].learners, rounds[0].best, (Round(UPDATES, 0.0, (0.0, 0.0), 1e9, 1.0),))
    after = one_round(worse)
    assert same(after.best, worse.best)
    assert not same(after.learners.network, worse.best)


def test_going_on_from_saved_numbers_is_the_same_as_never_having_stopped(begun, rounds):
    empty = eqx.filter_eval_shape(lambda: begun.learners)
    leaves = [np.asarray(x) for x in jax.tree.leaves(rounds[0].learners)]
    learners = jax.tree.unflatten(jax.tree.structure(empty), [jnp.asarray(x) for x in leaves])
    resumed = one_round(Fitting(learners, rounds[0].best, rounds[0].rounds))
    assert same(resumed.learners, rounds[1].learners)
    assert [(r.loss, r.ensemble) for r in resumed.rounds] == [(r.loss, r.ensemble) for r in rounds[1].rounds]


def test_the_same_seed_gives_the_same_round_and_members_differ(begun, rounds):
    assert same(one_round(begun).learners, rounds[0].learners)
    weights = rounds[0].learners.network.see.weight
    assert not np.array_equal(weights[0], weights[1])


def test_demand_that_is_not_a_number_stops_the_round_and_keeps_the_fitting_before(rounds):
    before = [np.asarray(x).copy() for x in jax.tree.leaves(rounds[0].learners)]
    broken = eqx.tree_at(lambda p: p.demand, PROBLEM, PROBLEM.demand * jnp.nan)
    with pytest.raises(TrainingError, match="not a number at update 76") as error:  # 75 were done
        one_round(rounds[0], broken)
    assert "第 76 次" in error.value.message.zh
    assert "learning_rate" in error.value.hint.en
    assert all(np.array_equal(a, b) for a, b in zip(before, jax.tree.leaves(rounds[0].learners), strict=True))
    assert np.isfinite(one_round(rounds[0]).rounds[-1].ensemble)


def test_weights_spoiled_by_the_last_step_of_a_round_stop_it_too(begun, monkeypatch):
    def last_step_spoils(config, problem, learners, keys):
        spoiled = jax.tree.map(lambda x: x * jnp.nan, learners.network)
        return eqx.tree_at(lambda learner: learner.network, learners, spoiled), jnp.zeros(keys.shape)

    monkeypatch.setattr(ensemble, "_learn", last_step_spoils)
    with pytest.raises(TrainingError, match=f"a weight is not a number at update {UPDATES}"):
        one_round(begun)


def test_members_side_by_side_and_in_two_parts_learn_what_each_learns_alone_and_in_one():
    first, rest = jnp.moveaxis(jax.vmap(jax.random.split)(SEEDS), 0, 1)
    keys = jax.vmap(lambda key: jax.random.split(key, SMALL.updates))(rest)
    half, before = ensemble._learn(SMALL, PROBLEM, ensemble._begin(SMALL, PROBLEM, first), keys[:, :UPDATES])
    whole, after = ensemble._learn(SMALL, PROBLEM, half, keys[:, UPDATES:])
    assert np.all(np.asarray(whole.updates) == SMALL.updates)
    for i, seed in enumerate(SEEDS):
        network, curve = train(SMALL, PROBLEM, seed)
        np.testing.assert_allclose(np.concatenate([before[i], after[i]]), curve["loss"], rtol=1e-3)
        for a, b in zip(jax.tree.leaves(whole.network), jax.tree.leaves(network), strict=True):
            np.testing.assert_allclose(a[i], b, rtol=1e-2, atol=1e-3)


def round_of(updates, ensemble):
    return Round(updates, 0.0, (0.0,), ensemble, 0.0)


def test_refitting_makes_the_chosen_number_of_updates_from_nothing(monkeypatch, begun):
    monkeypatch.setattr(ensemble, "AT_ONCE", 4)
    told = []
    networks = refit(SMALL, PROBLEM, 2, 7, 3, told.append)
    assert told == [4, 7]
    assert same(networks, refit(SMALL, PROBLEM, 2, 7, 3, told.append))
    assert not same(networks, begun.learners.network)


def test_the_last_round_is_cut_to_the_updates_that_are_left(begun):
    config = SMALL.model_copy(update={"updates": 7})
    fitting = fit(config, PROBLEM, VALIDATION, begun, Schedule(updates=4, patience=9), lambda _: None)
    assert [r.updates for r in fitting.rounds] == [4, 7]


def test_training_stops_when_updates_are_used_up_or_money_has_not_risen_for_some_rounds(begun):
    schedule = Schedule(updates=10, patience=2)

    def finished(*money):
        rounds = tuple(round_of(10 * (i + 1), m) for i, m in enumerate(money))
        return schedule.finished(Fitting(begun.learners, begun.best, rounds), 60)

    assert not finished()
    assert not finished(5.0, 4.0)
    assert finished(5.0, 4.0, 4.5)
    assert not finished(5.0, 4.0, 6.0)
    assert finished(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)  # 60 updates


def test_fitting_goes_round_by_round_and_tells_of_each(begun, rounds):
    told = []
    fitting = fit(SMALL, PROBLEM, VALIDATION, begun, Schedule(updates=UPDATES, patience=9, seed=3), told.append)
    assert [len(f.rounds) for f in told] == [1, 2]
    assert fitting is told[-1]
    assert same(fitting.learners, rounds[1].learners)
