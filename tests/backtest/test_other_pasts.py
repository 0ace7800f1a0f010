"""Other pasts lie beside the real one, and nothing of what comes later gets into them."""

import jax
import numpy as np
import pytest
from made_up_history import made_up_history
from made_up_shop import made_up_shop

from restock.algorithms.problem import Problem
from restock.backtest.catalogue import Catalogue, Told, make_catalogue, scaling_of
from restock.backtest.other_pasts import problem_with_other_pasts
from restock.config import TrainConfig
from restock.errors import UsageError
from restock.forecasting.foretelling import START, fit_along
from restock.forecasting.methods import find_method
from restock.forecasting.panel import panel_of

FIRST, PERIODS, TRAIN = 8, 70, (8, 40)


def catalogue_of(demand=None) -> Catalogue:
    history = made_up_history(periods=PERIODS) if demand is None else made_up_history(demand)
    one = made_up_shop(2)
    shop = jax.tree.map(lambda x: np.repeat(np.asarray(x)[None], len(history.items), axis=0), one)
    return make_catalogue(history, shop, "profit", FIRST)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return catalogue_of()


def lesson(catalogue: Catalogue, seed: int = 0, **settings) -> Problem:
    scaling = scaling_of(catalogue, TRAIN)
    return problem_with_other_pasts(catalogue, TRAIN, scaling, TrainConfig(**settings), seed)


def same(one: Problem, other: Problem) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True))


def test_the_real_past_comes_first_and_the_others_differ_from_it(catalogue) -> None:
    rows, problem, real = catalogue.rows, lesson(catalogue, other_pasts=2), lesson(catalogue)
    assert problem.demand.shape == (3 * rows, TRAIN[1] - TRAIN[0], 1)
    assert problem.known.features.shape[0] == problem.chance_of_row.shape[0] == 3 * rows
    assert same(jax.tree.map(lambda x: x[:rows], problem), real)
    parts = np.split(np.asarray(problem.demand), 3)
    assert not np.array_equal(parts[0], parts[1])
    assert not np.array_equal(parts[1], parts[2])


def test_with_every_change_off_another_past_is_the_same(catalogue) -> None:
    off = {"augment_scale": 0.0, "augment_shift": 0, "augment_swap": 0.0, "augment_noise": 0.0}
    rows, problem = catalogue.rows, lesson(catalogue, other_pasts=1, **off)
    assert same(jax.tree.map(lambda x: x[:rows], problem), jax.tree.map(lambda x: x[rows:], problem))


def test_what_comes_after_the_training_periods_changes_no_other_past(catalogue) -> None:
    demand = catalogue.history.demand.copy()
    before = lesson(catalogue_of(demand), other_pasts=1)
    demand[:, TRAIN[1] :] = 999.0
    assert same(before, lesson(catalogue_of(demand), other_pasts=1))
    demand[:, TRAIN[1] - 1] = 999.0
    assert not same(before, lesson(catalogue_of(demand), other_pasts=1))


def test_the_same_seed_draws_the_same_pasts(catalogue) -> None:
    assert same(lesson(catalogue, 3, other_pasts=1), lesson(catalogue, 3, other_pasts=1))
    assert not same(lesson(catalogue, 3, other_pasts=1), lesson(catalogue, 4, other_pasts=1))


def test_imagined_pasts_need_a_forecaster_and_lie_beside_the_real_one(catalogue) -> None:
    with pytest.raises(UsageError, match="imagined_pasts"):
        lesson(catalogue, imagined_pasts=1)
    panel = panel_of(catalogue.history)
    longest = int(catalogue.outlook.protect.max())
    told = Told(fit_along(find_method("seasonal_mean"), panel, longest), panel)
    seen = make_catalogue(catalogue.history, catalogue.shop, "profit", FIRST, told)
    assert seen.forecaster == "seasonal_mean"
    rows, problem, real = seen.rows, lesson(seen, imagined_pasts=1, other_pasts=1), lesson(seen)
    assert problem.demand.shape[0] == 3 * rows
    assert same(jax.tree.map(lambda x: x[:rows], problem), real)
    parts = np.split(np.asarray(problem.demand), 3)
    assert not np.array_equal(parts[0][:, START[7] - FIRST :], parts[2][:, START[7] - FIRST :])
    assert problem.known.lead_quantiles is not None
    seen_whole = seen.history.known[:, FIRST : START[7]] > 0  # before the forecaster first learns, it was as it was
    early = [part[:, : START[7] - FIRST, 0][seen_whole] for part in (parts[0], parts[2])]
    np.testing.assert_array_equal(*early)
