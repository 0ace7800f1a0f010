"""The time axis of a history: days or weeks, which of them are complete, and on which days the shop was closed.

Days are counted from 1970-01-01, as NumPy and Polars do.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from restock.config import ShopConfig
from restock.errors import DataError
from restock.intake.assumptions import Assumption
from restock.language import Text

EPOCH = date(1970, 1, 1)
THURSDAY = 3  # the weekday of day 0; Monday is 0
WEEKLY_FROM = 26 * 7  # days of history from which weeks are the better period
CHANCE_OF_SILENCE = (
    1e-3  # a silence less likely than this, at the shop's usual number of rows a day, was no lack of customers
)


@dataclass(frozen=True)
class Periods:
    """Consecutive periods and what is known of the days in them."""

    days: int  # of a period, 1 or 7
    first: int  # day number of the first day
    count: int
    open_days: NDArray[np.bool_]  # False on the weekdays on which the shop never sells [count * days]
    missing: NDArray[np.bool_]  # open days on which the whole shop is silent without reason [count * days]

    def starts(self, ahead: int = 0) -> NDArray[np.datetime64]:
        """The first day of each period."""
        days = self.first + np.arange(self.count + ahead) * self.days
        return days.astype("datetime64[D]")

    def index(self, day: NDArray[np.int64]) -> NDArray[np.int64]:
        """The period of a day; outside 0..count - 1 it is not in the history."""
        return (day - self.first) // self.days

    @property
    def missing_share(self) -> NDArray[np.float64]:
        """Share of the open days of each period that are missing."""
        return _mean_per_period(self.missing, self.open_days, self.days)


def find_periods(day: NDArray[np.int64], shop: ShopConfig) -> tuple[Periods, list[Assumption]]:
    """Lay the time axis through the days of all sales rows.

    Weeks that the file holds only a part of are dropped: they would look like weeks of few sales.

    Raises:
        DataError: there is not one complete period.
    """
    first, last = int(day.min()), int(day.max())
    rows = np.bincount(day - first, minlength=last - first + 1)
    open_weekdays = _open_weekdays(rows, first)
    days = {"day": 1, "week": 7}.get(shop.period) or (7 if last - first + 1 >= WEEKLY_FROM else 1)
    assumptions = [_chosen(days, last - first + 1)] if shop.period == "auto" else []
    start, end = first, last + 1
    if days == 7:
        start, end, dropped = _whole_weeks(first, last, open_weekdays, 0 if shop.week_starts == "monday" else 6)
        assumptions += dropped
    count = (end - start) // days
    if count < 1:
        raise DataError(
            Text(
                f"the sales cover {last - first + 1} days, {_date(first)} to {_date(last)}: not one complete week",
                f"销售数据只有 {last - first + 1} 天（{_date(first)} 至 {_date(last)}）：不足一个完整的周",
            ),
            hint=Text(
                'load more days, or set `[shop] period = "day"`', '请导入更多天的数据，或设置 `[shop] period = "day"`'
            ),
        )
    inside = np.arange(start, end)
    opened = open_weekdays[_weekday(inside)]
    missing = np.zeros(len(inside), bool)
    seen = (inside >= first) & (inside <= last)
    missing[seen] = _unlikely_silence(rows[inside[seen] - first], opened[seen])
    periods = Periods(days, start, count, opened, missing)
    return periods, assumptions + _said(periods, open_weekdays)


def _weekday(day: NDArray[np.int64] | int) -> NDArray[np.int64]:
    return (np.asarray(day) + THURSDAY) % 7


def _open_weekdays(rows: NDArray[np.int64], first: int) -> NDArray[np.bool_]:
    """Which weekdays, Monday first, the shop sells on: a closed one has rows on at most 5 % of its dates."""
    weekday = _weekday(np.arange(first, first + len(rows)))
    dates = np.bincount(weekday, minlength=7)
    share = np.bincount(weekday, rows > 0, minlength=7) / np.maximum(dates, 1)
    if share.max() < 0.5:
        return np.ones(7, bool)
    return (share > 0.05) | (dates < 3)


def _unlikely_silence(rows: NDArray[np.int64], opened: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Open days inside a run without any row that is too long for the shop's usual number of rows a day.

    With m rows a day on average, n silent days have chance exp(-m n).
    """
    index = np.flatnonzero(opened)
    silent = rows[index] == 0
    if not silent.any() or silent.all():
        return np.zeros(len(rows), bool)
    change = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(np.int8), [0]])))
    begins, ends = change[::2], change[1::2]
    usual = rows[index].mean()
    found = np.zeros(len(rows), bool)
    for begin, end in zip(begins, ends, strict=True):
        if np.exp(-usual * (end - begin)) < CHANCE_OF_SILENCE:
            found[index[begin:end]] = True
    return found


def _whole_weeks(
    first: int, last: int, opened: NDArray[np.bool_], week_starts: int
) -> tuple[int, int, list[Assumption]]:
    """First day of the first and day after the last complete week; closed days need not be there."""
    start = first - int(_weekday(first) - week_starts) % 7
    end = last + 1 + int(week_starts - _weekday(last + 1)) % 7
    cut_start = opened[_weekday(np.arange(start, first))].any()
    cut_end = opened[_weekday(np.arange(last + 1, end))].any()
    start, end = start + 7 * bool(cut_start), end - 7 * bool(cut_end)
    parts = [("first_week", _date(first), _date(start - 1)), ("last_week", _date(end), _date(last))]
    dropped = [_dropped(*part) for part, cut in zip(parts, (cut_start, cut_end), strict=True) if cut]
    return start, end, dropped


def _mean_per_period(values: NDArray[np.bool_], weights: NDArray[np.bool_], days: int) -> NDArray[np.float64]:
    total = (values & weights).reshape(-1, days).sum(1)
    return total / np.maximum(weights.reshape(-1, days).sum(1), 1)


def _date(day: int) -> date:
    return EPOCH + timedelta(days=int(day))


def _chosen(days: int, span: int) -> Assumption:
    en, zh = ("week", "周") if days == 7 else ("day", "天")
    return Assumption(
        "period",
        en,
        Text(f"the shop decides every {en}: the file covers {span} days", f"按{zh}做决策：数据覆盖 {span} 天"),
        Text('set `[shop] period = "day"` or `"week"`', '设置 `[shop] period = "day"` 或 `"week"`'),
    )


def _dropped(key: str, begin: date, end: date) -> Assumption:
    return Assumption(
        f"incomplete_{key}",
        f"{begin} - {end}",
        Text(f"the incomplete week {begin} to {end} is left out", f"不完整的一周 {begin} 至 {end} 不参与计算"),
        Text("load the missing days of that week", "请导入这一周缺少的日期"),
    )


def _said(periods: Periods, opened: NDArray[np.bool_]) -> list[Assumption]:
    found = []
    closed = np.flatnonzero(~opened)
    if len(closed):
        names = [
            (("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[d], "一二三四五六日"[d])
            for d in closed
        ]
        en, zh = ", ".join(n[0] for n in names), "、".join(f"周{n[1]}" for n in names)
        found.append(
            Assumption(
                "closed_weekdays",
                en,
                Text(
                    f"the shop is closed on {en}: it never or hardly ever sells then",
                    f"店铺在{zh}不营业：这些日子几乎没有销售",
                ),
                Text("load rows of those days if it is open", "如果营业，请导入这些日期的数据"),
            )
        )
    gaps = np.flatnonzero(periods.missing)
    if len(gaps):
        begin, end = _date(periods.first + gaps[0]), _date(periods.first + gaps[-1])
        found.append(
            Assumption(
                "silent_days",
                str(len(gaps)),
                Text(
                    f"{len(gaps)} days between {begin} and {end} without any row of any item count as unknown, "
                    "not as no demand",
                    f"{begin} 至 {end} 之间有 {len(gaps)} 天没有任何商品的记录，视为未知，而不是没有需求",
                ),
                Text(
                    "load those days; a row with quantity 0 says that nothing was sold",
                    "请导入这些日期；数量为 0 的行表示没有卖出",
                ),
            )
        )
    return found
