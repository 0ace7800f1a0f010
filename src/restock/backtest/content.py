"""What a report is filled with; the workflow gathers it, `report.py` writes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

import plotly.graph_objects as go

from restock.backtest.compare import Difference, Standing
from restock.language import Language, Text


class Window(NamedTuple):
    """A stretch of the history and what it was used for; both days belong to it."""

    name: Literal["train", "validate", "test"]
    first: date
    last: date
    periods: int


class Assumption(NamedTuple):
    """Something the data did not say."""

    what: Text
    value: Text
    replace: Text  # how the shop can say it better


class Repair(NamedTuple):
    """Something found in the files and what was done about it."""

    what: Text
    rows: int
    handling: Text


class Choice(NamedTuple):
    """Which policy a group of items will be ordered by."""

    group: str
    items: int
    policy: str
    against: Difference | None  # to the best classical rule; None where that rule was chosen


class Setting(NamedTuple):
    """A setting as the shop writes it in restock.toml."""

    name: str
    value: str


@dataclass(frozen=True)
class Chart:
    """A figure in both languages, with the sentence that says what is to be seen in it."""

    title: Text
    summary: Text
    en: go.Figure
    zh: go.Figure
    least_width: int = 0  # pixels; a narrower screen scrolls
    half: bool = False  # two such charts stand side by side where there is room


@dataclass(frozen=True)
class ShopFacts:
    """What was put to the proof."""

    name: str
    currency: str
    items: int
    sites: int
    period_days: int  # 1 or 7
    windows: tuple[Window, ...]
    estimated_share: float  # share of the test window's item-periods with estimated demand, 0-1
    costs_only: bool = False  # no prices known: profit is minus the costs


@dataclass(frozen=True)
class ReportContent:
    """Everything on the page."""

    shop: ShopFacts
    headline: Difference  # the learned (or mixed) policy against the best classical rule, test window
    chosen: str  # the policy that the shop will use
    standings: tuple[Standing, ...]  # one per policy, as `compare.standings` orders them
    observed: tuple[Standing, ...]  # the same on item-periods with observed demand only
    command: str  # what makes this report again
    created: datetime
    version: str
    charts: tuple[Chart, ...] = ()
    choices: tuple[Choice, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    repairs: tuple[Repair, ...] = ()
    settings: tuple[Setting, ...] = ()
    seeds: tuple[int, ...] = ()
    descriptions: Mapping[str, Text] = field(default_factory=dict)  # what each policy does, by its name
    language: Language = "en"  # shown first


def chart(
    title: Text, summary: Text, draw: Callable[[Language], go.Figure], least_width: int = 0, half: bool = False
) -> Chart:
    """Draw a figure in both languages."""
    return Chart(title, summary, draw("en"), draw("zh"), least_width, half)
