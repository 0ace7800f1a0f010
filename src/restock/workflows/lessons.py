"""What an algorithm learns from a shop, and with which settings."""

from dataclasses import replace

import numpy as np

from restock.algorithms.problem import Problem
from restock.algorithms.training import AlgorithmConfig
from restock.algorithms.training import settings as usual_settings
from restock.backtest.catalogue import Catalogue
from restock.backtest.other_pasts import problem_with_other_pasts
from restock.backtest.windows import Windows
from restock.config import Config, TrainConfig
from restock.forecasting.features import Scaling


def problem_of(catalogue: Catalogue, train: tuple[int, int], scaling: Scaling, config: Config, seed: int) -> Problem:
    """What the algorithm of the settings learns from."""
    problem = problem_with_other_pasts(catalogue, train, scaling, config.train, seed)
    return problem if config.train.algorithm == "pathwise" else replace(problem, less_all_served=True)


def settings_of(config: Config, catalogue: Catalogue, windows: Windows) -> AlgorithmConfig:
    """The algorithm's settings for this shop: windows long enough to see an order arrive and sell."""
    train = config.train
    if train.algorithm != "pathwise":
        return _model_free_settings(train, catalogue, windows)
    ignored = catalogue.warm_up - 1
    length = windows.train[1] - windows.train[0]
    return usual_settings(
        "pathwise",
        updates=train.updates,
        batch=train.batch,
        periods=min(ignored + 12, length),
        ignored=min(ignored, length // 2),
        hidden=train.hidden,
        learning_rate=train.learning_rate,
        weight_decay=train.weight_decay,
        input_dropout=train.input_dropout,
        dropout=train.dropout,
    )


def _model_free_settings(train: TrainConfig, catalogue: Catalogue, windows: Windows) -> AlgorithmConfig:
    """The usual ones, as long and as large as the settings say; a gate where an order costs whatever its size."""
    usual, changes = usual_settings(train.algorithm).model_dump(), {}
    if train.algorithm == "shac":
        shop = catalogue.shop
        changes = {"gate": bool((np.asarray(shop.order_cost) > 0).any() or (np.asarray(shop.minimum) > 0).any())}
    return usual_settings(
        train.algorithm,
        rounds=train.updates,
        rows=train.batch,
        periods=min(usual["periods"], windows.train[1] - windows.train[0] - 1),
        hidden=train.hidden,
        learning_rate=train.learning_rate,
        weight_decay=train.weight_decay,
        input_dropout=train.input_dropout,
        **changes,
    )
