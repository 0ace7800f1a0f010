"""Long frames in and out: `unique_id, ds, y`, as Nixtla's packages name them; any frame that narwhals knows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.errors import DataError
from restock.forecasting.panel import Panel, bare_panel
from restock.language import Text
from restock.simulator.history import Floats

ID, TIME, TARGET, AVAILABLE = "unique_id", "ds", "y", "available"
OFFSET = re.compile(r"[T ]\d\d:\d\d.*?(Z|[+-]\d\d:?\d\d)$")
SHARE = "available"


@dataclass(frozen=True)
class Reading:
    """How the columns of a frame are meant."""

    past: tuple[str, ...] = ()  # known only once a period is over; all other numbers are known ahead
    calendar: tuple[str, ...] = ()  # known ahead and the same for all series
    fill: str = "unknown"  # or "zero": what a missing row of a series means, from its first to the last day


def read_frame(frame: Any, static: Any = None, ahead: Any = None, reading: Reading | None = None) -> Panel:
    """Lay a long frame out as a panel; series in order of their ids.

    `available` is the share of the period on the shelf (1 where absent). Zeros before a series' first sale count as
    before its launch.

    Args:
        frame: `unique_id, ds, y` and covariates, in any order of rows.
        static: `unique_id` and attributes: texts become codes, numbers traits.
        ahead: `unique_id, ds` and the covariates known ahead, after the last day of the frame.
        reading: how columns are meant.

    Raises:
        DataError: a column is missing, a day is there twice, days carry several time zones, or dates are not regular.
    """
    reading = reading or Reading()
    long = _checked(_polars(frame), (ID, TIME, TARGET))
    starts, days = _axis(long[TIME])
    ids = tuple(long[ID].unique().sort().to_list())
    future = [
        name for name in long.columns if name not in {ID, TIME, TARGET, AVAILABLE, *reading.past, *reading.calendar}
    ]
    later = None if ahead is None else _checked(_polars(ahead), (ID, TIME, *future, *reading.calendar))
    count = len(starts) + (0 if later is None else _periods_after(later, starts, days))
    place = _Places(ids, starts[0], days, count)
    y = place.lay(long, TARGET)[:, : len(starts)]
    panel = replace(bare_panel(_launched(y, reading), starts, days), ids=ids)
    both = [long] if later is None else [long, later]
    panel = replace(
        panel,
        available=_shares(place, long, len(starts)),
        future=_stack([_merged(place, both, name) for name in future], (len(ids), count)),
        future_names=tuple(future),
        past=_stack([place.lay(long, name)[:, : len(starts)] for name in reading.past], y.shape),
        past_names=reading.past,
        calendar=_stack([_same(_merged(place, both, name), name) for name in reading.calendar], (count,)),
        calendar_names=reading.calendar,
    )
    return panel if static is None else _with_static(panel, _polars(static))


@dataclass(frozen=True)
class _Places:
    """Where a row of a frame belongs in the arrays."""

    ids: tuple[str, ...]
    first: np.datetime64
    days: int
    count: int

    def lay(self, frame: pl.DataFrame, name: str) -> Floats:
        """A column as [series, period], NaN where there is no row."""
        row, column = self.of(frame)
        grid = np.full((len(self.ids), self.count), np.nan, np.float32)
        kept = (row >= 0) & (column >= 0) & (column < self.count)
        grid[row[kept], column[kept]] = _numbers(frame, name)[kept]
        return grid

    def of(self, frame: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row, -1 for an unknown series, and column."""
        known = pl.DataFrame({ID: self.ids, "row": np.arange(len(self.ids))}, schema_overrides={ID: pl.String})
        row = frame.select(ID).join(known, on=ID, how="left", maintain_order="left")["row"].fill_null(-1).to_numpy()
        gap = frame[TIME].to_numpy().astype("datetime64[D]") - self.first
        return row, gap.astype(np.int64) // self.days


def _polars(frame: Any) -> pl.DataFrame:
    found = nw.from_native(frame, eager_only=True)
    return found.to_polars()


def _checked(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Ids as text and days as dates; each day of a series once."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise DataError(
            Text(
                f"column `{missing[0]}` is missing; there are {', '.join(f'`{name}`' for name in frame.columns)}",
                f"缺少列 `{missing[0]}`；现有 {'、'.join(f'`{name}`' for name in frame.columns)}",
            ),
            hint=Text("rename your columns to `unique_id`, `ds` and `y`", "请将列改名为 `unique_id`、`ds` 和 `y`"),
        )
    if not frame.height:
        raise DataError(Text("the frame has no rows", "数据表没有任何行"))
    frame = frame.with_columns(pl.col(ID).cast(pl.String), _days(frame[TIME]))
    twice = frame.group_by(ID, TIME).len().filter(pl.col("len") > 1).sort(ID, TIME)
    if twice.height:
        name, day, rows = twice.row(0)
        raise DataError(
            Text(
                f"`{name}` has {rows} rows for {day}, and {twice.height - 1} more days are there twice",
                f"`{name}` 在 {day} 有 {rows} 行，此外还有 {twice.height - 1} 个重复日期",
            ),
            hint=Text(
                "add them up first: `frame.group_by('unique_id', 'ds').agg(pl.col('y').sum())`",
                "请先汇总：`frame.group_by('unique_id', 'ds').agg(pl.col('y').sum())`",
            ),
        )
    return frame


def _days(times: pl.Series) -> pl.Series:
    """Dates in the shop's own time."""
    if times.dtype == pl.String:
        offsets = sorted({found[1] for text in times.to_list() if text and (found := OFFSET.search(text))})
        if len(offsets) > 1:
            raise DataError(
                Text(
                    f"`{TIME}` mixes {len(offsets)} time zones: {', '.join(offsets)}",
                    f"`{TIME}` 混用了 {len(offsets)} 个时区：{'、'.join(offsets)}",
                ),
                hint=Text("convert all times to the shop's own zone first", "请先统一换算为店铺所在时区"),
            )
        times = times.str.slice(0, 10).str.to_date(strict=False).alias(TIME)
    if not (times.dtype.is_temporal()):
        raise DataError(Text(f"`{TIME}` is not a date but {times.dtype}", f"`{TIME}` 不是日期，而是 {times.dtype}"))
    days = times.dt.date() if times.dtype != pl.Date else times
    if days.null_count():
        row = int(days.is_null().arg_max() or 0) + 1
        raise DataError(Text(f"`{TIME}` of row {row} is not a date", f"第 {row} 行的 `{TIME}` 不是日期"))
    return days.alias(TIME)


def _axis(days: pl.Series) -> tuple[NDArray[np.datetime64], int]:
    """First day of every period, and how long one is: a week where all days are the same weekday."""
    there = np.unique(days.to_numpy().astype("datetime64[D]"))
    gaps = np.diff(there).astype(np.int64)
    length = 7 if len(gaps) and not (gaps % 7).any() else 1
    if length == 1 and len(gaps) and gaps.min() >= 5:
        raise DataError(
            Text(
                f"days lie {gaps.min()} to {gaps.max()} days apart, from {there[0]} on: neither days nor whole weeks",
                f"日期间隔为 {gaps.min()} 至 {gaps.max()} 天（自 {there[0]} 起）：既不是每日也不是整周",
            ),
            hint=Text(
                "`ds` must be a day, or the first day of a week that always begins on the same weekday",
                "`ds` 应为每天，或固定以同一星期几开始的每周首日",
            ),
        )
    return np.arange(there[0], there[-1] + 1, length), length


def _periods_after(later: pl.DataFrame, starts: NDArray[np.datetime64], days: int) -> int:
    last = later[TIME].to_numpy().astype("datetime64[D]").max()
    return max(int((last - starts[-1]).astype(np.int64)) // days, 0)


def _launched(y: Floats, reading: Reading) -> Floats:
    """Nothing is known before the first sale; a series that never sells is all zeros."""
    begun = np.cumsum(np.nan_to_num(y) > 0, axis=1) > 0
    begun |= ~begun.any(axis=1, keepdims=True)
    if reading.fill == "zero":
        first = np.cumsum(~np.isnan(y), axis=1) > 0
        y = np.where(first & np.isnan(y), 0.0, y)
    return np.where(begun, np.maximum(y, 0.0), np.nan).astype(np.float32)


def _shares(place: _Places, long: pl.DataFrame, periods: int) -> Floats:
    if SHARE not in long.columns:
        return np.ones((len(place.ids), periods), np.float32)
    return np.clip(np.nan_to_num(place.lay(long, SHARE)[:, :periods], nan=1.0), 0.0, 1.0)


def _merged(place: _Places, frames: Sequence[pl.DataFrame], name: str) -> Floats:
    """Of the past and ahead; in the past a missing row carries the last value, ahead it stays missing."""
    laid = place.lay(frames[0], name)
    periods = int(place.of(frames[0])[1].max()) + 1
    past = laid[:, :periods]
    there = np.maximum.accumulate(np.where(np.isnan(past), 0, np.arange(periods)), axis=1)
    laid[:, :periods] = np.nan_to_num(np.take_along_axis(past, there, axis=1))
    return laid if len(frames) == 1 else np.where(np.isnan(laid), place.lay(frames[1], name), laid)


def _same(values: Floats, name: str) -> Floats:
    """One row for all series."""
    there = ~np.isnan(values)
    low = np.where(there, values, np.inf).min(axis=0)
    high = np.where(there, values, -np.inf).max(axis=0)
    if np.any(high - low > 1e-6):
        raise DataError(Text(f"`{name}` differs between series on one day", f"`{name}` 在同一天因商品而不同"))
    return np.where(there.any(axis=0), low, np.nan).astype(np.float32)


def _stack(parts: list[Floats], shape: tuple[int, ...]) -> Floats:
    return np.stack(parts, axis=-1) if parts else np.zeros((*shape, 0), np.float32)


def _numbers(frame: pl.DataFrame, name: str) -> Floats:
    column = frame[name].cast(pl.Float32, strict=False)
    if frame[name].dtype == pl.String and column.null_count() > frame[name].null_count():
        raise DataError(Text(f"`{name}` is not a number", f"`{name}` 不是数字"))
    return column.fill_null(float("nan")).to_numpy()


def _with_static(panel: Panel, static: pl.DataFrame) -> Panel:
    known = pl.DataFrame({ID: panel.ids}, schema={ID: pl.String})
    table = known.join(static.with_columns(pl.col(ID).cast(pl.String)).unique(ID, keep="last"), on=ID, how="left")
    table = known.join(table, on=ID, how="left", maintain_order="left").drop(ID)
    texts = [name for name in table.columns if not table[name].dtype.is_numeric()]
    numbers = [name for name in table.columns if table[name].dtype.is_numeric()]
    levels = [tuple(table[name].cast(pl.String).drop_nulls().unique().sort().to_list()) for name in texts]
    codes = [
        [names.index(value) if value is not None else -1 for value in table[name].cast(pl.String).to_list()]
        for name, names in zip(texts, levels, strict=True)
    ]
    return replace(
        panel,
        codes=np.array(codes, np.int32).reshape(len(texts), -1).T if texts else panel.codes,
        attributes=tuple(texts),
        levels=tuple(levels),
        traits=_stack([_numbers(table, name) for name in numbers], (len(panel.ids),)),
        trait_names=tuple(numbers),
    )
