"""Items that nobody has sold yet, from what items like them sell."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_panel import START

from restock.forecasting.forecaster import Ask
from restock.forecasting.newcomers import Newcomers, hashed_titles
from restock.forecasting.panel import bare_panel

SIZES, KINDS = ("small", "large"), ("tea", "coffee", "milk", "cake")


def shop(series=240, seed=0):
    """What an item sells hangs on its category and on a word of its title."""
    draw = np.random.default_rng(seed)
    kind, size = draw.integers(4, size=series), draw.integers(2, size=series)
    level = np.exp(0.5 * kind + 1.0 * size + draw.normal(0, 0.3, series))
    week = np.resize([0.5, 0.5, 1, 1, 1, 1.5, 1.5], 56)
    bare = bare_panel(draw.poisson(level[:, None] * week).astype(np.float32), START + np.arange(56))
    titles = [f"{SIZES[s]} box of {KINDS[k]} no {i}" for i, (k, s) in enumerate(zip(kind, size, strict=True))]
    panel = replace(
        bare,
        codes=kind.astype(np.int32)[:, None],
        attributes=("category",),
        levels=(KINDS,),
        traits=hashed_titles(titles, 64),
        trait_names=tuple(f"title {i}" for i in range(64)),
    )
    return panel, level


def test_a_title_says_more_than_the_category():
    panel, level = shop()
    known, new = panel.rows(np.arange(200)), panel.rows(np.arange(200, 240))
    ours, rival = (Newcomers(by_category_only=only).fit(known, 7).level(new) for only in (False, True))
    error = [np.abs(found - level[200:]).mean() for found in (ours, rival)]
    assert error[0] < 0.8 * error[1]
    assert ours.sum() == pytest.approx(level[200:].sum(), rel=0.15)


def test_a_discount_planned_for_an_item_that_was_never_sold_counts():
    panel, _ = shop()
    cheap = np.random.default_rng(1).random(240) < 0.5
    y = np.where(cheap[:, None], 2 * panel.y, panel.y)
    plan = np.repeat(np.where(cheap, 0.4, 0.0)[:, None, None], 63, axis=1).astype(np.float32)
    plain = np.zeros((63, 0), np.float32)
    told = replace(panel, y=y, future=plan, future_names=("discount",), calendar=plain)
    new = replace(told.rows(np.arange(200, 240)), y=np.full((40, 56), np.nan, np.float32))
    dear = replace(new, future=np.zeros_like(new.future))
    fitted = Newcomers().fit(told.rows(np.arange(200)), 7)
    ratio = fitted.median(new) / fitted.median(dear)
    assert ratio[cheap[200:]].mean() == pytest.approx(2, rel=0.2)
    np.testing.assert_allclose(ratio[~cheap[200:]], 1)
    before = replace(new, future=np.concatenate([np.zeros_like(plan[200:, :56]), plan[200:, 56:]], axis=1))
    np.testing.assert_array_equal(fitted.median(before), fitted.median(new))  # plans of before it came do not count


def test_the_interval_is_as_wide_as_items_differ_and_the_week_is_that_of_all():
    panel, _ = shop()
    known, new = panel.rows(np.arange(200)), panel.rows(np.arange(200, 240))
    found = Newcomers().fit(known, 7).predict(new, Ask(7, (0.05, 0.95), 10))
    y = new.y[:, -7:]  # the same weekdays
    inside = (y >= found.quantiles[:, :, 0]) & (y <= found.quantiles[:, :, 1])
    assert inside.mean() == pytest.approx(0.93, abs=0.06)  # whole units make it a little wide
    np.testing.assert_allclose(found.mean[0] / found.mean[0].mean(), [0.5, 0.5, 1, 1, 1, 1.5, 1.5], rtol=0.1)
    assert found.samples is not None
    assert found.samples.shape == (10, 40, 7)


def test_what_a_new_item_has_sold_itself_is_not_looked_at():
    panel, _ = shop()
    fitted = Newcomers().fit(panel, 7)
    blank = replace(panel, y=np.full_like(panel.y, np.nan))
    np.testing.assert_array_equal(fitted.predict(panel, Ask(7)).quantiles, fitted.predict(blank, Ask(7)).quantiles)


def test_without_attributes_every_item_is_the_mean():
    bare = bare_panel(np.tile([[2.0], [4.0]], (1, 14)), START + np.arange(14))
    assert Newcomers().fit(bare, 3).level(bare) == pytest.approx([3, 3], rel=0.01)


def test_titles_are_hashed_by_words_and_pairs_in_any_language():
    a, b, c = hashed_titles(["Red tea pot 2", "red  TEA pot 2", "绿茶"])
    np.testing.assert_array_equal(a, b)
    assert np.linalg.norm(a) == pytest.approx(1)
    assert np.count_nonzero(c) == 3  # two characters and their pair
    assert hashed_titles([""]).sum() == 0
