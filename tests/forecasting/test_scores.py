"""Scores by hand, against another package, and against SQL."""

from dataclasses import replace

import duckdb
import numpy as np
import pytest
from made_up_panel import START, Mean, made_up_panel

from restock.forecasting.forecast import FULL, QUANTILES, Forecast
from restock.forecasting.forecaster import Ask, Tried, Windows, cross_validate
from restock.forecasting.panel import bare_panel
from restock.forecasting.scores import (
    LEAD,
    difference,
    independent,
    patterns,
    pinball,
    scales,
    score,
    summarise,
    summarise_by,
)


def point(mean, levels=FULL, spread=0.0):
    """A forecast whose quantiles lie evenly around its mean."""
    mean = np.asarray(mean, np.float32)
    quantiles = mean[..., None] + spread * (np.asarray(levels, np.float32) - 0.5)
    ids = tuple(f"series {i}" for i in range(len(mean)))
    return Forecast("point", ids, START + np.arange(mean.shape[1]), mean, tuple(levels), quantiles.astype(np.float32))


def plain(*rows):
    y = np.array(rows, np.float32)
    return bare_panel(y, START + np.arange(y.shape[1]))


def test_pinball_by_hand():
    found = pinball(np.array([10.0, 10.0]), np.array([[8.0, 12.0], [10.0, 7.0]]), (0.5, 0.9))
    np.testing.assert_allclose(found, [[1.0, 0.2], [0.0, 2.7]])


def test_every_score_by_hand():
    panel = plain([2, 4, 2, 6, 5, 5])  # steps before the window: 2, 2, 4
    scores = score(panel, [Tried(4, point([[4, 8]], spread=4.0))])
    assert summarise(scores).series == 1
    levels = np.asarray(QUANTILES)
    loss = [np.mean(np.maximum(levels * (5 - f), (levels - 1) * (5 - f))) for f in (2 + 4 * levels, 6 + 4 * levels)]
    assert scores.scaled_pinball[0] == pytest.approx(np.mean(loss) / (8 / 3), rel=1e-5)
    assert scores.scaled_square[0] == pytest.approx((1 + 9) / 2 / 8)
    assert scores.inside[0] == 0.5  # 5 lies between 2.2 and 5.8, not between 6.2 and 9.8
    assert (scores.error[0], scores.absolute[0], scores.actual[0]) == (2, 4, 10)
    found = summarise(scores)
    assert (found.bias, found.wape, found.coverage) == pytest.approx((0.2, 0.4, 0.5))
    assert found.rmsse == pytest.approx(np.sqrt(5 / 8))


def test_periods_with_a_stock_out_or_without_data_do_not_count():
    panel = made_up_panel(np.tile([3.0, 5.0], (1, 10)), ahead=0)
    available = np.ones_like(panel.available)
    available[0, 17] = 0.5
    y = panel.y.copy()
    y[0, 18] = np.nan
    panel = replace(panel, y=y, available=available)
    scores = score(panel, [Tried(16, point([[3, 0, 0, 7]]))])
    assert (scores.periods[0], scores.actual[0], scores.error[0]) == (2, 8, 2)
    assert np.isnan(scores.lead_pinball[0])


def test_a_series_that_never_moved_has_no_scale_but_counts_for_bias():
    scores = score(plain([3, 3, 3, 3], [0, 2, 0, 1]), [Tried(3, point([[4], [1]]))])
    assert np.isnan(scores.scaled_pinball[0])
    found = summarise(scores)
    assert (found.series, found.bias) == (1, 0.25)


def test_scales_skip_steps_over_a_gap():
    absolute, square = scales(plain([1, 3, np.nan, 9, 10], [2, np.nan, 2, np.nan, 2]))
    assert absolute[0] == 1.5
    assert square[0] == 2.5
    assert np.isnan(absolute[1])


def test_lead_time_demand_is_scored_as_a_sum_of_paths():
    panel = plain([1, 3] * 6)
    paths = np.array([[[1.0] * 8], [[3.0] * 8]], np.float32)  # always 1 or always 3: sums are 7 or 21
    forecast = replace(point([[2.0] * 8]), samples=paths)
    scores = score(panel, [Tried(4, forecast)])
    levels = np.asarray(QUANTILES)
    actual = 1 + 3 + 1 + 3 + 1 + 3 + 1
    quantile = 7 + 14 * levels
    loss = np.mean(np.maximum(levels * (actual - quantile), (levels - 1) * (actual - quantile)))
    assert scores.lead_pinball[0] == pytest.approx(loss / 2 / LEAD, rel=1e-5)


def test_independent_periods_understate_the_spread_of_their_sum():
    forecast = point([[10.0] * 7], tuple(np.linspace(0.01, 0.99, 99)), spread=12.0)
    total = independent(forecast, 7, n_samples=4000)[:, 0]
    assert total.mean() == pytest.approx(70, rel=0.01)
    assert total.std() == pytest.approx(np.sqrt(7) * 12 * 0.98 / np.sqrt(12), rel=0.05)


def test_a_paired_bootstrap_sees_a_small_steady_gap_among_large_differences_of_series():
    draw = np.random.default_rng(1)
    base = score(plain(*draw.poisson(5, (300, 20))), [Tried(10, point(np.full((300, 10), 5.0), spread=5.0))])
    level = draw.uniform(0.2, 5, 300)
    mine = replace(base, scaled_pinball=level - 0.02 + draw.normal(0, 0.05, 300))
    found = difference(mine, replace(base, scaled_pinball=level))
    assert found.value == pytest.approx(-0.02, abs=0.01)
    assert found.low < found.value < found.high < 0
    assert found.high - found.low < 0.02  # unpaired it would be 0.3
    assert found.percent == pytest.approx(100 * found.value / level.mean())


def test_patterns_of_demand_by_hand():
    y = np.zeros((5, 20), np.float32)
    y[0] = 5
    y[1] = np.tile([1, 9], 10)
    y[2, ::4] = 3
    y[3, ::4] = [1, 20, 1, 1, 30]
    assert patterns(bare_panel(y, START + np.arange(20))).tolist() == [
        "smooth",
        "erratic",
        "intermittent",
        "lumpy",
        "none",
    ]


def test_summaries_by_group_are_summaries_of_their_rows():
    panel = made_up_panel()
    scores = score(panel, list(cross_validate(Mean(), panel, Windows(7))))
    groups = np.array(["a", "b"] * 3)
    by = summarise_by(scores, groups)
    assert list(by) == ["a", "b"]
    assert by["a"] == summarise(scores, np.array([0, 2, 4]))
    assert summarise(scores).wape == pytest.approx(scores.absolute.sum() / scores.actual.sum())


def test_scores_are_what_sql_computes_from_the_long_rows():
    panel = made_up_panel(series=5)
    tried = list(cross_validate(Mean(), panel, Windows(7)))
    scores = score(panel, tried)
    rows = [
        (s, t, origin, float(panel.y[s, t]), bool(panel.whole[s, t]), q, float(f.at(q)[s, t - origin]))
        for origin, f in tried
        for s in range(5)
        for t in range(origin, origin + 7)
        for q in QUANTILES
    ]
    past = [(s, t, float(panel.y[s, t]), bool(panel.whole[s, t])) for s in range(5) for t in range(tried[0].origin)]
    with duckdb.connect() as sql:
        sql.execute("create table f (s int, t int, origin int, y double, whole bool, q double, v double)")
        sql.executemany("insert into f values (?, ?, ?, ?, ?, ?, ?)", rows)
        sql.execute("create table p (s int, t int, y double, whole bool)")
        sql.executemany("insert into p values (?, ?, ?, ?)", past)
        found = sql.execute("""
            with scale as (
                select a.s, avg(abs(a.y - b.y)) scale from p a join p b on a.s = b.s and a.t = b.t + 1
                where a.whole and b.whole group by a.s)
            select f.s, avg(greatest(q * (y - v), (q - 1) * (y - v))) / any_value(scale)
            from f join scale using (s) where whole group by f.s order by f.s""").fetchall()
    np.testing.assert_allclose(scores.scaled_pinball, [value for _, value in found], rtol=1e-5)


def test_scores_agree_with_utilsforecast():
    pandas = pytest.importorskip("pandas", reason="pip install utilsforecast")
    losses = pytest.importorskip("utilsforecast.losses", reason="pip install utilsforecast")
    panel = replace(made_up_panel(), available=np.ones((6, 84), np.float32))
    (tried,) = cross_validate(Mean(), panel, Windows(14, 1), Ask(14))
    long = pandas.DataFrame(
        {
            "unique_id": np.repeat(panel.ids, 14),
            "ds": np.tile(panel.starts[70:], 6),
            "y": panel.y[:, 70:].ravel().astype(float),
            "mean": tried.forecast.mean.ravel().astype(float),
            **{f"q{q}": tried.forecast.at(q).ravel().astype(float) for q in QUANTILES},
        }
    )
    train = pandas.DataFrame(
        {
            "unique_id": np.repeat(panel.ids, 70),
            "ds": np.tile(panel.starts[:70], 6),
            "y": panel.y[:, :70].ravel().astype(float),
        }
    )
    scores = score(panel, [tried])
    columns = {"m": [f"q{q}" for q in QUANTILES]}
    theirs = losses.scaled_mqloss(long, columns, np.array(QUANTILES), seasonality=1, train_df=train)
    np.testing.assert_allclose(scores.scaled_pinball, theirs["m"], rtol=1e-4)
    rmsse = losses.rmsse(long, ["mean"], seasonality=1, train_df=train)["mean"]
    np.testing.assert_allclose(np.sqrt(scores.scaled_square), rmsse, rtol=1e-4)
