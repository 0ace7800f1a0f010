"""What a sample shop looks like from outside: its size, its dates, its seed."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from restock.errors import UsageError
from restock.language import Text

LABEL = Text(
    "Synthetic sample data: made up by a generator, no real shop, item or customer",
    "合成示例数据：由程序生成，不对应任何真实店铺、商品或顾客",
)
FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2030, 12, 31)  # the years of which the lunar calendar is known
SHORTEST = 28


@dataclass(frozen=True)
class SampleSettings:
    """The same settings give the same bytes."""

    items: int = 200
    days: int = 730
    seed: int = 7
    end: date = date(2026, 10, 31)  # last day of the history
    ahead: int = 60  # days after it for which events, promotions and prices are planned
    lines: Literal["days", "orders"] = "days"  # one sales row per item, channel and day, or per order line
    level: float = 2.5  # median demand of an item, units per day
    spread: float = 1.7  # standard deviation of its logarithm: 1.7 spans three orders of magnitude

    def __post_init__(self) -> None:
        _within("items", self.items, 1, 1_000_000)
        _within("days", self.days, SHORTEST, 10_000)
        _within("ahead", self.ahead, 0, 366)
        _within("seed", self.seed, 0, 2**63)
        _within("level", self.level, 0.01, 10_000)
        _within("spread", self.spread, 0, 3)
        first, last = self.dates[0].astype(date), self.dates[-1].astype(date)
        if first < FIRST_DAY or last > LAST_DAY:
            raise UsageError(
                Text(
                    f"a sample shop can run from {FIRST_DAY} to {LAST_DAY}, these settings need {first} to {last}",
                    f"示例店铺的日期范围为 {FIRST_DAY} 至 {LAST_DAY}，当前设置需要 {first} 至 {last}",
                ),
                hint=Text("choose fewer days or another `end`", "请减少天数，或更换 `end`"),
            )

    @property
    def dates(self) -> np.ndarray:
        """Every day of the history and of the plans behind it, datetime64[D]. [day + ahead]"""
        first = np.datetime64(self.end, "D") - (self.days - 1)
        return first + np.arange(self.days + self.ahead)


def _within(name: str, value: int | float, least: int | float, most: int | float) -> None:
    if not least <= value <= most:
        raise UsageError(
            Text(
                f"`{name}` of a sample shop must be between {least:g} and {most:g}, got {value:g}",
                f"示例店铺的 `{name}` 必须在 {least:g} 到 {most:g} 之间，实际为 {value:g}",
            ),
            hint=Text("the default is a believable shop", "默认值对应一个可信的店铺"),
        )
