"""The pretrained policy goes on learning on one shop: it gets better there, or it stays what it was."""

import jax
import numpy as np
import pytest
from made_up_team import made_up_team

from restock.algorithms import fine_tuning
from restock.algorithms.fine_tuning import FineTuningConfig, fine_tune, tune_on
from restock.progress import Silent
from restock.workflows.backtest import trained_model
from restock.workflows.fine_tune import Shop, judge_pretrained, shop_of
from restock.workflows.situation import understand

CONFIG = FineTuningConfig(updates=40, batch=32, periods=8, ignored=2, learning_rate=1e-2, at_once=20)


@pytest.fixture(scope="module")
def seen(shop) -> Shop:
    """The weekly shop as the pretrained policy sees it."""
    situation, trained = understand(shop.project), trained_model(shop.project, None)[1]
    catalogue, windows = trained.look_at(situation.catalogue()), trained.windows
    validation = catalogue.window(windows.validation, trained.scaling)
    return shop_of(catalogue, situation.terms.lead_kind, windows, trained.scaling, validation)


@pytest.fixture(scope="module")
def told(seen):
    return judge_pretrained(seen, CONFIG, 0, Silent())


def test_it_earns_more_on_the_validation_periods_than_before(told):
    earned, team = told
    assert earned["fine_tuned"].shape == earned["generalist"].shape
    assert earned["fine_tuned"].sum() > earned["generalist"].sum()
    before, after = jax.tree.leaves(made_up_team()), jax.tree.leaves(team)
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_it_stays_as_it_came_where_learning_does_not_pay(seen, monkeypatch):
    money = iter([100.0, 90.0, 95.0])
    monkeypatch.setattr(fine_tuning, "_money", lambda *_: next(money))
    team = made_up_team()
    problem = seen.problem(team, seen.windows.train[1])
    found = fine_tune(CONFIG, problem, seen.validation.stretch, team, 0)
    assert (found.updates, found.validation) == (0, (100.0, 90.0, 95.0))
    for a, b in zip(jax.tree.leaves(found.team), jax.tree.leaves(team), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_same_seed_gives_the_same_weights(seen):
    team = made_up_team()
    problem = seen.problem(team, seen.windows.train[1])
    one, two = (tune_on(CONFIG, problem, team, 20, seed) for seed in (3, 3))
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_settings_it_only_judges(seen):
    earned, team = judge_pretrained(seen, None, 0, Silent())
    assert list(earned) == ["generalist"]
    assert team is None
