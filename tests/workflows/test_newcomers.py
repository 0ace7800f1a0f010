"""Items from their fifth observation on: what each policy is given, and how a rule is tuned and beaten."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_team import made_up_team

from restock.workflows.benches import newcomer_rules, newcomers
from restock.workflows.benches.newcomers import LIVED, OBSERVED, Items, compare, make_case, score

ROWS = 24


def items(seed: int) -> Items:
    draw = np.random.default_rng(seed)
    demand = draw.poisson(np.exp(draw.uniform(0, 4, (ROWS, 1))), (ROWS, OBSERVED + LIVED)).astype(np.float32)
    known = np.ones_like(demand)
    known[0, 1:3] = 0
    sold = demand * known
    sold[0, 2] = 1
    return Items(demand, sold, known, np.full(ROWS, np.datetime64("2024-01-01")), 1)


@pytest.fixture(scope="module")
def outcome():
    with pytest.MonkeyPatch.context() as patch:
        few = newcomer_rules.FAMILIES[1]._replace(choices=((0.1,), (1.0,), (0.0, 1.0), (0.3, 1.0)))
        patch.setattr(newcomers, "tune_rule", lambda score: newcomer_rules.tune_rule(score, (few,)))
        poor = few.make(*map(jnp.asarray, (0.1, 1.0, 0.5, 0.3)))
        return compare(made_up_team(), poor, items(0), items(1), 4.0, "lead 4")


def test_the_tuned_rule_is_the_best_of_its_grid_on_other_items(outcome):
    assert outcome.tuned.numbers[3] == 1.0
    assert outcome.scores["tuned_on_set"].mean() > outcome.scores["tuned_on_prior"].mean() + 0.1


def test_nobody_does_better_than_perfect_foresight(outcome):
    scores = outcome.scores
    assert scores.keys() == {"generalist", "tuned_on_set", "tuned_on_prior", "foresight"}
    for each in scores.values():
        assert each.shape == (ROWS,)
        assert (each <= scores["foresight"] + 1e-6).all()
    assert scores["tuned_on_set"].mean() > 0.5


def test_the_interval_is_that_of_the_paired_gains(outcome):
    found = outcome
    gain = found.scores["generalist"] - found.scores["tuned_on_prior"]
    mean, low, high = found.interval("tuned_on_prior")
    assert mean == pytest.approx(gain.mean())
    half = 1.96 * gain.std() / ROWS**0.5
    assert (low, high) == (pytest.approx(mean - half, abs=0.3 * half), pytest.approx(mean + half, abs=0.3 * half))


def test_five_periods_are_seen_and_hidden_demand_is_no_sale():
    case = make_case(items(0), 4.0, "lead 0", seed=0)
    assert case.seen.sales.shape == (ROWS, OBSERVED)
    np.testing.assert_array_equal(case.seen.sales[0], [*items(0).demand[0, :1], 0, 1, *items(0).demand[0, 3:5]])
    np.testing.assert_array_equal(case.seen.hidden[0], [0, 1, 1, 0, 0])
    np.testing.assert_array_equal(case.seen.weight[0], [1, 0, 1, 1, 1])
    assert float(case.stretch.stock.on_hand.max()) == 0


@pytest.mark.parametrize(
    ("delivery", "share", "longest"), [("lead 0", 1, 0), ("lead 4", 1, 4), ("random, lost", 0.75, 3)]
)
def test_orders_come_by_the_law_of_the_case(delivery, share, longest):
    arrives = np.asarray(make_case(items(0), 1.0, delivery, seed=0).stretch.chance.arrives)[:, :, 0]
    by_lead = arrives[:, 8:].sum((0, 1)) / (ROWS * (LIVED - 8))
    assert by_lead.sum() == pytest.approx(share, abs=0.06)
    assert np.flatnonzero(by_lead).max() == longest


def test_the_future_of_an_item_is_not_seen():
    policy = made_up_team()
    usual, other = items(0), items(0)
    other.demand[:, OBSERVED + 10 :] = 0
    cut = [make_case(x, 4.0, "lead 0", seed=0) for x in (usual, other)]
    for a, b in zip(jax.tree.leaves((cut[0].past, cut[0].seen, cut[0].stretch.known)),
                    jax.tree.leaves((cut[1].past, cut[1].seen, cut[1].stretch.known)), strict=True):  # fmt: skip
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(score(policy, cut[0]), score(policy, cut[1]))
