"""More to learn from than what happened: other pasts that the same shop might have had, beside the real one."""

import jax
import jax.numpy as jnp
import numpy as np

from restock.algorithms.problem import Problem
from restock.backtest.catalogue import Catalogue, make_catalogue
from restock.config import TrainConfig
from restock.forecasting.features import Scaling
from restock.simulator.augment import Augmentation, augment

STREAM = 32452843  # keeps what is drawn here apart from every other use of a seed


def problem_with_other_pasts(
    catalogue: Catalogue, train: tuple[int, int], scaling: Scaling, settings: TrainConfig, seed: int
) -> Problem:
    """What networks learn from: the rows of the real past, then as many again for each other one.

    Other pasts are made from what was known before the last training period: nothing later can get into them. Averages,
    forecasts and features are made anew from each.

    Args:
        catalogue: the shop.
        train: first period, and the one after the last.
        scaling: of features, fitted to the real past.
        settings: how many others, and how far they lie from the real one.
        seed: of what is drawn.
    """
    real = catalogue.problem(train, scaling)
    if not settings.other_pasts:
        return real
    changes = Augmentation(
        settings.augment_scale, settings.augment_shift, settings.augment_swap, settings.augment_noise
    )
    history, first = catalogue.history.until(train[1]), int(catalogue.at[0])

    def other(number: int) -> Problem:
        drawn = augment(history, np.random.default_rng([seed, number, STREAM]), changes)
        seen = make_catalogue(drawn, catalogue.shop, catalogue.objective, first)
        return seen.with_features(catalogue.feature_names).problem(train, scaling)

    problems = [real, *(other(number) for number in range(settings.other_pasts))]
    return jax.tree.map(lambda *rows: jnp.concatenate(rows), *problems)
