"""Which periods are for learning, choosing and proof."""

import re

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given, settings

from restock.backtest.windows import FIRST, SHORTEST, Windows, split
from restock.config import BacktestConfig, Config, TrainConfig
from restock.errors import DataError


def test_a_split_by_hand():
    # 108 weeks, 8 for the past of the first features, 100 to use: 20 for the test, 20 for validation
    assert split(108, 7, 5, Config()) == Windows((8, 68), (68, 88), (88, 108), 5)


def test_a_setting_wins_over_the_share():
    config = Config(train=TrainConfig(validation_periods=10), backtest=BacktestConfig(test_periods=30))
    assert split(200, 1, 3, config) == Windows((14, 160), (160, 170), (170, 200), 3)


def test_a_history_that_is_too_short_is_told_how_long_it_must_be():
    with pytest.raises(DataError, match="the history has 20 weeks; learning and proof need at least 25") as error:
        split(20, 7, 5, Config())
    assert "25 周" in error.value.message.zh
    assert "test_periods" in error.value.hint.en


@given(
    periods=st.integers(0, 400), days=st.sampled_from([1, 7]), warm_up=st.integers(1, 30),
    test=st.none() | st.integers(2, 40), validation=st.none() | st.integers(2, 40),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_the_parts_follow_each_other_and_fill_the_history(periods, days, warm_up, test, validation):
    config = Config(train=TrainConfig(validation_periods=validation), backtest=BacktestConfig(test_periods=test))
    try:
        windows = split(periods, days, warm_up, config)
    except DataError:
        assume(False)
        raise
    assert windows.train[0] == FIRST[days]
    assert windows.train[1] == windows.validation[0]
    assert windows.validation[1] == windows.test[0]
    assert windows.test[1] == periods
    assert windows.train[1] - windows.train[0] >= warm_up + SHORTEST
    assert windows.test[1] - windows.test[0] >= (test or SHORTEST)


@given(periods=st.integers(0, 60), days=st.sampled_from([1, 7]), warm_up=st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_the_length_that_the_error_names_is_enough_and_one_less_is_not(periods, days, warm_up):
    try:
        split(periods, days, warm_up, Config())
    except DataError as error:
        needed = int(re.search(r"at least (\d+)", str(error))[1])
        split(needed, days, warm_up, Config())
        with pytest.raises(DataError):
            split(needed - 1, days, warm_up, Config())
