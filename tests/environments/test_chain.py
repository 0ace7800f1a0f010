"""A chain of sites lives as or-gym 0.5.0 does, whose numbers are kept beside this file, and obeys laws of its own."""

import json
from dataclasses import replace
from pathlib import Path

import gymnasium
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restock.environments.chain import BACKLOG, INSTANCES, LOST, Chain, find_instance, live
from restock.environments.chain_task import ChainRows, chain_task
from restock.errors import UsageError

THEIRS = json.loads((Path(__file__).parent / "or_gym_0_5_0.json").read_text())
EPISODES = [(name, number) for name, episodes in THEIRS.items() for number in range(len(episodes))]


@pytest.mark.parametrize(("name", "number"), EPISODES)
def test_every_unit_and_reward_is_that_of_or_gym(name, number):
    told, rows = THEIRS[name][number], ChainRows(chain_task(name))
    rows.begin_with(np.array([told["demand"]]))
    for period, asked in enumerate(told["asked"]):
        lived = rows.advance(np.array([asked], np.float32))
        stock, chain = rows._stock, rows.task.chain
        assert lived.reward[0] == pytest.approx(told["reward"][period], rel=1e-5, abs=1e-4)
        assert stock.on_hand[0].tolist() == told["on_hand"][period]
        under_way = stock.on_order[0] * (np.arange(chain.longest) < np.array(chain.lead_times)[:, None])
        assert under_way.sum(-1).tolist() == told["under_way"][period]
        assert stock.waiting[0].tolist() == told["waiting"][period]
        assert lived.facts[2, 0] == told["lost"][period]
    assert rows.over


def orders(sites: int, periods: int):
    return st.lists(st.lists(st.integers(0, 120), min_size=sites, max_size=sites), min_size=periods, max_size=periods)


@settings(max_examples=30, deadline=None)
@given(asked=orders(3, 12), demand=st.lists(st.integers(0, 90), min_size=12, max_size=12), waits=st.booleans())
def test_no_unit_is_made_or_vanishes(asked, demand, waits):
    chain = replace(BACKLOG, waits=waits, lead_times=(1, 2, 4))
    stock, bought, sold, lost = chain.start(), 0.0, 0.0, 0.0
    for units, customers in zip(asked, demand, strict=True):
        before = stock
        stock, lived = live(chain, stock, jnp.asarray(units, jnp.float32), jnp.asarray(float(customers)))
        assert (np.asarray(lived.sent) <= np.append(before.on_hand[1:], np.inf)).all()
        assert (np.asarray(lived.sent) <= chain.capacity).all()
        assert float(stock.on_hand.min()) >= 0
        bought, sold, lost = bought + lived.sent[-1], sold + lived.sold, lost + lived.lost
    there = stock.on_hand.sum() + stock.under_way(chain.lead_times).sum()
    assert float(there) == sum(chain.starts) + bought - sold
    assert sum(demand) == sold + lost + stock.waiting[0]
    assert waits or float(stock.waiting.sum()) == 0


def test_the_echelon_position_counts_everything_downstream_and_what_is_owed():
    chain = replace(BACKLOG, starts=(5, 7), lead_times=(1, 3), capacity=(9, 9), holding=(0, 0), unserved=(1, 1, 1))
    stock, _ = live(chain, chain.start(), jnp.array([9.0, 4.0]), jnp.asarray(8.0))
    # site 0 asks for 9 and gets 7 of them, two wait; three customers wait
    assert stock.waiting.tolist() == [3, 2, 0]
    assert stock.on_hand.tolist() == [0, 0]
    assert stock.position(chain.lead_times).tolist() == [0 + 7 - 3 + 2, 7 + 4 - 3]


def test_an_agent_sees_all_that_matters_and_an_episode_ends_for_good():
    env = gymnasium.make("restock/Chain-v0", instance="or-gym-lost-sales", periods=2).unwrapped
    seen, _ = env.reset(seed=3)
    shown = dict(zip(env.task.names, seen.tolist(), strict=True))
    assert (shown["on_hand[2]"], shown["periods_left"]) == (200, 2)
    assert not any(name.startswith("waiting") for name in shown)
    first = env.step(np.array([30.9, 0.0, 80.0], np.float32))
    shown = dict(zip(env.task.names, first[0].tolist(), strict=True))
    assert (shown["on_order[0, 1]"], shown["on_order[2, 1]"], shown["on_hand[1]"]) == (30, 80, 70)
    assert first[4]["ordered"] == 80
    last = env.step(np.zeros(3, np.float32))
    assert (first[2:4], last[2:4]) == ((False, False), (True, False))
    assert last[0][-1] == 0


def test_money_of_a_later_period_is_worth_less():
    env = gymnasium.make("restock/Chain-v0", instance="or-gym-lost-sales").unwrapped
    env.reset(seed=1)
    steps = [env.step(np.zeros(3, np.float32)) for _ in range(2)]
    for period, (_, reward, *_, facts) in enumerate(steps):
        held = 100 - sum(step[4]["sold"] for step in steps[: period + 1])
        cost = 0.15 * held + 0.10 * 100 + 0.05 * 200 + 0.10 * facts["lost"]
        assert reward == pytest.approx(0.97**period * (2 * facts["sold"] - cost), rel=1e-5)


@pytest.mark.parametrize("change", [{"starts": (1, 2)}, {"lead_times": (0, 1, 2)}, {"discount": 0.0}, {"starts": ()}])
def test_numbers_that_do_not_belong_together_are_refused(change):
    with pytest.raises(UsageError, match="is not a chain instance"):
        replace(LOST, **change)


def test_wrong_names_kinds_and_actions_are_refused():
    with pytest.raises(UsageError, match="no chain instance is called `or-gym`"):
        find_instance("or-gym")
    with pytest.raises(UsageError, match="orders of several sites"):
        chain_task("or-gym-backlog", actions="discrete")
    with pytest.raises(UsageError, match="cannot have 31 periods"):
        chain_task("or-gym-backlog", periods=31)
    env = gymnasium.make_vec("restock/Chain-v0", num_envs=2)
    env.reset(seed=0)
    with pytest.raises(UsageError, match="row 1 "):
        env.step(np.array([[0, 0, 0], [0, 91, 0]], np.float32))


def test_instances_are_chains_with_names_of_their_own():
    assert len({chain.name for chain in INSTANCES}) == len(INSTANCES) == 2
    assert all(isinstance(chain, Chain) for chain in INSTANCES)
