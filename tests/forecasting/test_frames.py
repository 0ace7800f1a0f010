"""Frames as people have them, good and bad."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from restock.errors import DataError, UsageError
from restock.forecasting.baselines import BASELINES
from restock.forecasting.frame_forecaster import FrameForecaster
from restock.forecasting.frames import Reading, read_frame
from restock.forecasting.local import Local

MONDAY = date(2024, 1, 1)
NAIVE = Local("naive", BASELINES["seasonal_naive"])


def long(rows, **more):
    """Rows of (id, day, y)."""
    days = [MONDAY + timedelta(day) for _, day, _ in rows]
    ids, y = [row[0] for row in rows], [float(row[2]) for row in rows]
    return pl.DataFrame({"unique_id": ids, "ds": days, "y": y, **more})


def two_weeks(names=("a", "b")):
    return long([(name, day, day + 1) for name in names for day in range(14)])


def test_a_long_frame_becomes_arrays_whatever_the_order_of_its_rows():
    panel = read_frame(two_weeks().sample(fraction=1, shuffle=True, seed=1))
    assert (panel.ids, panel.period_days, panel.shape) == (("a", "b"), 1, (2, 14))
    assert panel.y[1].tolist() == list(range(1, 15))
    assert panel.starts[0] == np.datetime64(MONDAY)


def test_frames_of_pandas_and_arrow_are_the_same_frames():
    pandas = pytest.importorskip("pandas", reason="pip install pandas")
    frame = two_weeks()
    table = frame.to_arrow()
    again = pandas.DataFrame(frame.to_dict(as_series=False))
    for other in (table, again):
        np.testing.assert_array_equal(read_frame(other).y, read_frame(frame).y)


def test_a_gap_is_unknown_and_not_zero_unless_said_so():
    frame = long([("a", 0, 3), ("a", 1, 4), ("a", 4, 5), ("b", 0, 1), ("b", 3, 0)])
    np.testing.assert_array_equal(read_frame(frame).y[0], [3, 4, np.nan, np.nan, 5])
    zero = read_frame(frame, reading=Reading(fill="zero"))
    assert zero.y[0].tolist() == [3, 4, 0, 0, 5]


def test_zeros_before_the_first_sale_are_before_the_launch():
    frame = long(
        [(name, day, y) for name, ys in (("a", (0, 0, 2, 0)), ("z", (0, 0, 0, 0))) for day, y in enumerate(ys)]
    )
    panel = read_frame(frame)
    np.testing.assert_array_equal(panel.y[0], [np.nan, np.nan, 2, 0])
    assert panel.y[1].tolist() == [0, 0, 0, 0]


def test_a_day_that_is_there_twice_is_named():
    frame = pl.concat([two_weeks(), long([("b", 3, 9), ("b", 5, 9)])])
    with pytest.raises(DataError, match="`b` has 2 rows for 2024-01-04, and 1 more days are there twice") as error:
        read_frame(frame)
    assert "group_by" in error.value.hint.en
    assert "重复" in error.value.message.zh


def test_two_time_zones_in_one_column_are_refused():
    frame = pl.DataFrame(
        {"unique_id": ["a", "a"], "ds": ["2024-01-01T23:30:00+08:00", "2024-01-02T01:00:00Z"], "y": [1.0, 2.0]}
    )
    with pytest.raises(DataError, match=r"mixes 2 time zones: \+08:00, Z"):
        read_frame(frame)


def test_times_with_one_zone_are_days_there():
    times = (
        pl.Series("ds", ["2024-01-01T23:30:00", "2024-01-02T00:30:00"])
        .str.to_datetime()
        .dt.replace_time_zone("Asia/Shanghai")
    )
    panel = read_frame(pl.DataFrame({"unique_id": ["a", "a"], "ds": times, "y": [1.0, 2.0]}))
    assert panel.y.tolist() == [[1, 2]]


def test_weeks_may_begin_on_any_day_but_always_the_same():
    sundays = long([("a", 7 * week - 1, week + 1) for week in range(5)])
    panel = read_frame(sundays)
    assert (panel.period_days, panel.shape) == (7, (1, 5))
    assert panel.starts[0] == np.datetime64("2023-12-31")
    mixed = long([("a", 0, 1), ("a", 7, 1), ("a", 13, 1)])
    with pytest.raises(DataError, match="6 to 7 days apart, from 2024-01-01"):
        read_frame(mixed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.rename({"y": "sales"}), "column `y` is missing; there are `unique_id`, `ds`, `sales`"),
        (lambda f: f.head(0), "no rows"),
        (lambda f: f.with_columns(ds=pl.lit("soon")), "`ds` of row 1 is not a date"),
        (lambda f: f.with_columns(ds=pl.lit(3)), "not a date but Int32"),
        (lambda f: f.with_columns(price=pl.lit("cheap")), "`price` is not a number"),
    ],
)
def test_what_is_wrong_with_a_frame_is_said(change, said):
    with pytest.raises(DataError, match=said):
        read_frame(change(two_weeks()))


def test_covariates_ahead_are_laid_behind_those_of_the_past():
    frame = two_weeks().with_columns(promotion=pl.lit(0.0), views=pl.lit(7.0), holiday=pl.lit(1.0))
    ahead = (
        long([(name, day, 0) for name in "ab" for day in (14, 15)])
        .drop("y")
        .with_columns(promotion=pl.lit(0.5), holiday=pl.lit(0.0))
    )
    panel = read_frame(frame, ahead=ahead, reading=Reading(past=("views",), calendar=("holiday",)))
    assert (panel.ahead, panel.future_names, panel.past_names) == (2, ("promotion",), ("views",))
    assert panel.future[0, :, 0].tolist() == [0] * 14 + [0.5] * 2
    assert panel.calendar[:, 0].tolist() == [1] * 14 + [0] * 2
    assert panel.past.shape == (2, 14, 1)


def test_static_texts_are_codes_and_numbers_traits():
    static = pl.DataFrame({"unique_id": ["b", "c"], "category": ["tea", "milk"], "weight": [2.5, 1.0]})
    panel = read_frame(two_weeks(), static)
    assert (panel.attributes, panel.levels) == (("category",), (("tea",),))
    assert panel.codes.tolist() == [[-1], [0]]
    assert panel.trait_names == ("weight",)
    assert np.isnan(panel.traits[0, 0])
    assert panel.traits[1, 0] == 2.5


def test_forecasts_come_back_with_the_names_of_nixtla():
    found = FrameForecaster(NAIVE).fit(two_weeks()).predict(3, quantiles=(0.5,), level=(90,), n_samples=2)
    assert found.columns == [
        "unique_id", "ds", "naive", "naive-q-0.5", "naive-lo-90", "naive-hi-90", "naive-sample-0", "naive-sample-1"
    ]  # fmt: skip
    assert found["ds"].to_list()[:3] == [MONDAY + timedelta(day) for day in (14, 15, 16)]
    assert found["naive"].to_list()[:3] == [8, 9, 10]


def test_cross_validation_gives_cutoffs_and_what_came():
    found = FrameForecaster(NAIVE).cross_validation(two_weeks(), h=2, n_windows=2, quantiles=(0.05, 0.95))
    assert found.columns[:5] == ["unique_id", "ds", "cutoff", "y", "naive"]
    assert {"naive-q-0.05", "naive-lo-90", "naive-hi-90"} <= set(found.columns)
    first = found.row(0, named=True)
    assert (first["cutoff"], first["ds"]) == (MONDAY + timedelta(9), MONDAY + timedelta(10))
    assert (first["y"], first["naive"]) == (11, 4)
    assert found.height == 8


def test_a_covariate_missing_ahead_is_named_and_predict_without_fit_is_refused():
    frame = two_weeks().with_columns(price=pl.lit(3.0))
    fitted = FrameForecaster(NAIVE).fit(frame)
    with pytest.raises(DataError, match="`price` is known until 2024-01-14, 0 periods ahead; the forecast needs 2"):
        fitted.predict(2)
    ahead = pl.DataFrame(
        {"unique_id": ["a", "a", "b"], "ds": [date(2024, 1, 15), date(2024, 1, 16), date(2024, 1, 15)]}
    )
    with pytest.raises(DataError, match="`price` of `b` is missing on 2024-01-16"):
        fitted.predict(2, ahead.with_columns(price=pl.lit(2.0)))
    with pytest.raises(UsageError, match="nothing has been learned"):
        FrameForecaster(NAIVE).predict(2)
