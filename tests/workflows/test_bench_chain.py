"""On a chain of sites: rules and a learned policy below perfect foresight, and above what they should beat."""

from importlib import import_module

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from restock.environments.chain import BACKLOG, LOST, live
from restock.environments.exact.chain import best_plan, fresh
from restock.workflows.bench import bench
from restock.workflows.benches import chain as chains
from restock.workflows.benches.chain_learning import learn_chain
from restock.workflows.benches.chain_policies import BaseStock, planned, profit_of, searched, untrained, within

NEEDED = "needs the rivals: .venv/bin/pip install -c constraints.txt -e '.[bench]'"


def demand_of(chain, episodes: int, seed: int = 5) -> np.ndarray:
    return chain.draw(np.random.default_rng(seed), episodes)


def mean_profit(policy, chain, demand) -> float:
    return float(profit_of(policy, chain, jnp.asarray(demand, jnp.float32)).mean())


def test_profit_is_that_of_living_period_by_period():
    demand = demand_of(BACKLOG, 2)
    policy = BaseStock(jnp.array([90.0, 200.0, 380.0]), jnp.array([30.0, 20.0, 12.0]), BACKLOG)
    stock, total = BACKLOG.start(), 0.0
    for period in range(BACKLOG.periods):
        asked = policy(stock, jnp.asarray(float(period)))
        stock, lived = live(BACKLOG, stock, asked, jnp.asarray(float(demand[1, period])))
        total += float(lived.profit) * BACKLOG.discount**period
    earned = profit_of(policy, BACKLOG, jnp.asarray(demand, jnp.float32))
    assert float(earned[1]) == pytest.approx(total, rel=1e-4)


def test_nobody_asks_for_what_cannot_be_sent_and_the_derivative_goes_through_rounding():
    stock = BACKLOG.start()
    asked = within(BACKLOG, stock, jnp.array([-3.0, 7.4, 500.0]))
    assert asked.tolist() == [0, 7, 80]
    slope = jax.jacobian(lambda x: within(BACKLOG, stock, x))(jnp.array([5.2, 7.4, 500.0]))
    assert np.diag(slope).tolist() == [1, 1, 0]


def test_a_searched_rule_is_better_than_levels_of_thumb_and_its_end_is_worth_much():
    tune, test = demand_of(LOST, 200, 1), demand_of(LOST, 200, 2)
    levels = jnp.array([80.0, 180.0, 380.0])
    thumb = mean_profit(BaseStock(levels, jnp.full(3, 30.0), LOST), LOST, test)
    endless, ending = (mean_profit(searched(LOST, tune, ends), LOST, test) for ends in (False, True))
    assert thumb < endless < ending - 50


@pytest.mark.slow
def test_a_learned_policy_beats_the_rules_and_the_plan_but_no_foresight():
    chain, tune, test = LOST, demand_of(LOST, 300, 1), demand_of(LOST, 300, 2)
    learned = learn_chain(chain, seed=100, updates=500)
    foresight = np.mean([best_plan(chain, fresh(chain), d.astype(float)).profit for d in test[:50]])
    own = {name: mean_profit(policy, chain, test[:50]) for name, policy in {"learned": learned}.items()}
    rule = mean_profit(searched(chain, tune, True), chain, test)
    assert mean_profit(untrained(chain, 8, jax.random.key(0)), chain, test) < rule < mean_profit(learned, chain, test)
    assert np.mean([planned(chain, d) for d in test[:10]]) < mean_profit(learned, chain, test[:10])
    assert own["learned"] < foresight


def test_without_the_rivals_they_are_left_out(monkeypatch):
    monkeypatch.setattr(chains, "find_spec", lambda name: None)
    assert not any(chains.fits(LOST, method) for method in chains.RIVALS)
    assert chains.fits(LOST, "pathwise")


def test_the_bench_tells_how_much_of_foresight_is_earned(monkeypatch):
    monkeypatch.setattr(chains, "EPISODES", {"price": 40, "tune": 40})
    for kept in (chains.episodes, chains.foresight):
        kept.cache_clear()
    try:
        rows = bench("chain", instances=["or-gym-lost-sales"], methods=["perfect_foresight", "base_stock*"]).rows
    finally:
        for kept in (chains.episodes, chains.foresight):
            kept.cache_clear()
    gaps = {row.method: row.gap_percent for row in rows}
    assert gaps["perfect_foresight"] == 0
    assert 2 < gaps["base_stock_until"] < gaps["base_stock"] < 40


@pytest.mark.parametrize("algorithm", ["ppo", "td3"])
@pytest.mark.parametrize("tuned", [False, True])
def test_a_rival_learns_on_the_same_chain(algorithm, tuned, monkeypatch):
    pytest.importorskip("stable_baselines3", reason=NEEDED)
    rivals = import_module("restock.workflows.benches.rivals_chain")
    monkeypatch.setattr(rivals, "SECONDS", 0.5)
    model = rivals.train(algorithm, tuned, BACKLOG, 3)
    earned = rivals.profits(BACKLOG, model, demand_of(BACKLOG, 4))
    assert earned.shape == (4,)
    assert np.isfinite(earned).all()
    bounds = [best_plan(BACKLOG, fresh(BACKLOG), d.astype(float)).profit for d in demand_of(BACKLOG, 4)]
    assert (earned < bounds).all()
