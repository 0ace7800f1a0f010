"""Settings that cannot be: what is wrong, where, and what is wanted instead."""

import pytest

from restock.algorithms.training import settings
from restock.config import read_config
from restock.errors import ConfigError, UsageError


@pytest.mark.parametrize(
    ("line", "what", "hint", "zh"),
    [
        ("updates = 0", "train.updates", "choose `[train] updates` of at least 1", "`[train] updates` 应不小于 1"),
        ("seeds = 0", "train.seeds", "choose `[train] seeds` of at least 1", "`[train] seeds` 应不小于 1"),
        ("seeds = 65", "(got 65)", "choose `[train] seeds` of at most 64", "`[train] seeds` 应不大于 64"),
        ('seeds = "0-4"', "train.seeds", "`[train] seeds` takes a whole number", "`[train] seeds` 应为整数"),
        ("input_dropout = 1.0", "(got 1.0)", "choose `[train] input_dropout` below 1", "应小于 1"),
        ("learning_rate = 0.0", "(got 0.0)", "choose `[train] learning_rate` above 0", "应大于 0"),
    ],
)
def test_a_number_out_of_bounds_is_refused_with_the_bound(tmp_path, line, what, hint, zh):
    (tmp_path / "restock.toml").write_text(f"[train]\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_config(tmp_path / "restock.toml")
    assert what in error.value.message.en
    assert hint in error.value.hint.en
    assert zh in error.value.hint.zh


@pytest.mark.parametrize(("name", "setting"), [("pathwise", "updates"), ("ppo", "rounds"), ("shac", "rounds")])
def test_no_rounds_at_all_are_refused_in_python_too(name, setting):
    with pytest.raises(UsageError) as error:
        settings(name, **{setting: 0})
    assert f"{setting}: Input should be greater than 0 (got 0)" in error.value.message.en
    assert f"{setting}=" in error.value.hint.en
