"""What a forecaster learns from: many series on one time axis, as dense arrays.

A series is an item at a site (or whatever a frame calls `unique_id`). Everything a forecaster may look at stands here,
so that the past of a panel, `until(period)`, is exactly what was known then.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from restock.errors import DataError
from restock.forecasting.outlook import running_sum
from restock.language import Text
from restock.simulator.history import Floats, History

PRICE_WINDOW = {1: 56, 7: 13}  # periods that a price is compared with
OBSERVED = ("y", "available", "past")
PLANNED = ("future", "calendar")
OF_SERIES = ("y", "available", "past", "future", "codes", "traits")


@dataclass(frozen=True)
class Panel:
    """Rows are series, columns are consecutive periods; plain NumPy, float32.

    `y` is what was sold. Where `available` is below 1 the item was out of stock for a part of the period, and demand
    was at least `y`: a censored observation. NaN is a period of which nothing is known: before the launch, or without
    data. `future` and `calendar` are known ahead and have `ahead` more columns than `y`. Column t of `y`, `available`
    and `past` may be used for forecasts of period t + 1 on.
    """

    ids: tuple[str, ...]  # one per series
    starts: np.ndarray  # first day of each observed period, datetime64[D]  [period]
    period_days: int  # 1 or 7
    y: Floats  # units sold, NaN where not known [series, period]
    available: Floats  # share of the open time on the shelf, 0 to 1 [series, period]
    future: Floats  # covariates known ahead: price, discount, promotion, ... [series, period + ahead, covariate]
    future_names: tuple[str, ...]
    past: Floats  # covariates known once a period is over: views, traffic, ... [series, period, covariate]
    past_names: tuple[str, ...]
    calendar: Floats  # known ahead and the same for all: holiday, event, ... [period + ahead, covariate]
    calendar_names: tuple[str, ...]
    codes: NDArray[np.int32]  # static attributes as numbers, -1 = unknown [series, attribute]
    attributes: tuple[str, ...]  # their names: category, brand, site, ...
    levels: tuple[tuple[str, ...], ...]  # per attribute: what each code stands for
    traits: Floats  # static numbers: list price, text of the title, image, ... [series, trait]
    trait_names: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Series, periods."""
        return self.y.shape[0], self.y.shape[1]

    @property
    def ahead(self) -> int:
        """Periods for which plans exist beyond the last observed one."""
        return self.calendar.shape[0] - self.y.shape[1]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where `y` was observed, censored or not. [series, period]"""
        return ~np.isnan(self.y)

    @property
    def whole(self) -> NDArray[np.bool_]:
        """Where `y` is all that customers asked for: observed, and on the shelf all the time. [series, period]"""
        return self.known & (self.available >= 1)

    def days(self, ahead: int = 0) -> np.ndarray:
        """First day of each observed period and of `ahead` more, datetime64[D]."""
        more = self.starts[-1] + (1 + np.arange(ahead)) * np.timedelta64(self.period_days, "D")
        return np.concatenate([self.starts, more])

    def season(self, ahead: int = 0) -> NDArray[np.int64]:
        """Place of each period in its cycle: Monday = 0 of days, week of the year (0-51) of weeks. [period + ahead]"""
        days = self.days(ahead)
        if self.period_days == 1:
            return (days.astype(np.int64) + 3) % 7
        return np.minimum((days - days.astype("datetime64[Y]")).astype(np.int64) // 7, 51)

    def until(self, period: int) -> "Panel":
        """The same panel as it was known before period `period`; plans reach as far as they do now."""
        seen = {name: getattr(self, name)[:, :period] for name in OBSERVED}
        return replace(self, starts=self.starts[:period], **seen)

    def rows(self, index: NDArray[np.integer]) -> "Panel":
        """Only some series, in the order of `index`."""
        arrays = {name: getattr(self, name)[index] for name in OF_SERIES}
        return replace(self, ids=tuple(self.ids[i] for i in index), **arrays)


def bare_panel(y: NDArray[np.floating], starts: np.ndarray, period_days: int = 1) -> Panel:
    """A panel of sales alone: on the shelf all the time, no covariates. [series, period]"""
    series, periods = y.shape
    return Panel(
        ids=tuple(f"series {i}" for i in range(series)),
        starts=np.asarray(starts, "datetime64[D]"),
        period_days=period_days,
        y=y.astype(np.float32),
        available=np.ones((series, periods), np.float32),
        future=np.zeros((series, periods, 0), np.float32),
        future_names=(),
        past=np.zeros((series, periods, 0), np.float32),
        past_names=(),
        calendar=np.zeros((periods, 0), np.float32),
        calendar_names=(),
        codes=np.zeros((series, 0), np.int32),
        attributes=(),
        levels=(),
        traits=np.zeros((series, 0), np.float32),
        trait_names=(),
    )


def panel_of(
    history: History, shelf: Floats | None = None, categories: tuple[str, ...] = (), prices: bool = False
) -> Panel:
    """The panel of a shop's history: a series per item and site.

    One-off bulk that the history leaves out of demand is not in `y` either.

    Args:
        history: from `intake.history`.
        shelf: share of the open time on the shelf, from there too; none: what `known` says. [item, period]
        categories: what the codes of `history.groups` stand for.
        prices: whether prices were planned, so that they are a covariate known ahead: the log of the price against its
            mean of the periods before. What customers happened to pay is not known ahead and would be a leak.
    """
    on_sale = history.on_sale > 0
    out = (history.known == 0) & on_sale if shelf is None else shelf < 1
    share = np.where(out, 0.0, 1.0) if shelf is None else np.clip(shelf, 0.0, 1.0)
    there = on_sale & ((history.known > 0) | out)
    future, names = history.planned, history.planned_names
    if prices and np.any(history.price > 0):
        future = np.concatenate([future, _relative_price(history)[:, :, None]], axis=-1)
        names = (*names, "price")
    sites = tuple(sorted(set(history.sites)))
    site = np.array([sites.index(name) for name in history.sites], np.int32)
    groups = categories or tuple(f"group {code}" for code in range(int(history.groups.max(initial=-1)) + 1))
    several = len(sites) > 1
    return Panel(
        ids=tuple(f"{i}@{s}" if several else i for i, s in zip(history.items, history.sites, strict=True)),
        starts=history.starts,
        period_days=history.period_days,
        y=np.where(there, np.minimum(history.sold, history.demand), np.nan).astype(np.float32),
        available=share.astype(np.float32),
        future=future.astype(np.float32),
        future_names=names,
        past=history.seen,
        past_names=history.seen_names,
        calendar=history.calendar,
        calendar_names=history.calendar_names,
        codes=np.stack([history.groups, site], axis=1).astype(np.int32),
        attributes=("category", "site"),
        levels=(groups, sites),
        traits=np.zeros((history.shape[0], 0), np.float32),
        trait_names=(),
    )


def check_ahead(panel: Panel, h: int) -> None:
    """See to it that plans reach `h` periods beyond the last observed one.

    Raises:
        DataError: they do not, or a covariate is missing there; names series, covariate and day.
    """
    if h < 1:
        raise DataError(Text(f"cannot forecast {h} periods", f"无法预测 {h} 个时期"))
    wanted = panel.calendar_names or panel.future_names
    if wanted and panel.ahead < h:
        reach = str(panel.days(max(panel.ahead, 0))[-1])
        raise DataError(
            Text(
                f"`{wanted[0]}` is known until {reach}, {panel.ahead} periods ahead; the forecast needs {h}",
                f"`{wanted[0]}` 只知道到 {reach}（未来 {panel.ahead} 个时期），预测需要 {h} 个",
            ),
            hint=Text("give the covariates of all periods to be forecast", "请提供全部预测期的协变量"),
        )
    periods = panel.shape[1]
    _none_missing(panel.future[:, periods : periods + h], panel.future_names, panel, lambda row: panel.ids[row])
    _none_missing(panel.calendar[None, periods : periods + h], panel.calendar_names, panel, lambda _: "calendar")


def _none_missing(values: Floats, names: tuple[str, ...], panel: Panel, owner: Callable[[int], str]) -> None:
    missing = np.argwhere(np.isnan(values))
    if not len(missing):
        return
    row, step, column = (int(number) for number in missing[0])
    day = panel.days(step + 1)[-1]
    raise DataError(
        Text(
            f"`{names[column]}` of `{owner(row)}` is missing on {day}, and {len(missing) - 1} more values after it",
            f"`{owner(row)}` 在 {day} 缺少 `{names[column]}`，此外还缺 {len(missing) - 1} 个值",
        ),
        hint=Text(
            "a covariate that is known ahead must be there for every item and period to be forecast",
            "已知的未来协变量必须覆盖每个商品和每个预测期",
        ),
    )


def _relative_price(history: History) -> Floats:
    """Log of the price over its own mean of the months before; 0 where there is no price. [item, period + ahead]"""
    there = history.price > 0
    log = np.log(np.where(there, history.price, 1.0))
    total, count = running_sum(log.astype(np.float32)), running_sum(there.astype(np.float32))
    window = PRICE_WINDOW[history.period_days]
    begin = np.maximum(np.arange(log.shape[1]) - window, 0)
    number = count[:, :-1] - np.take(count, begin, axis=1)
    usual = (total[:, :-1] - np.take(total, begin, axis=1)) / np.maximum(number, 1)
    return np.where(there & (number > 0), np.clip(log - usual, -2.0, 2.0), 0.0).astype(np.float32)
