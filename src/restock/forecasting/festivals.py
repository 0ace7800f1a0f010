"""Festivals as covariates of a panel: those of the shop's country, and what the shop has written itself."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from restock.events import Event, Span, festivals, shipped_events
from restock.forecasting.panel import Panel
from restock.language import Text
from restock.simulator.history import Floats


class Festival(NamedTuple):
    """One time that a festival is held."""

    title: Text
    first: np.datetime64
    last: np.datetime64


def with_festivals(panel: Panel, events: Iterable[Event], country: str) -> Panel:
    """The panel with a calendar column for each festival that is held in some of its periods and not in all.

    Columns that have a shipped festival's name are replaced: a history carries those of every country.
    """
    days = panel.days(panel.ahead)
    known = {event.name for event in shipped_events()}
    kept = [i for i, name in enumerate(panel.calendar_names) if name not in known]
    columns, names = [panel.calendar[:, i] for i in kept], [panel.calendar_names[i] for i in kept]
    for name, spans in festivals(events, _years(days, panel.period_days), country).items():
        share = _share(spans, days, panel.period_days)
        if share.min() < share.max():
            columns.append(share)
            names.append(name)
    calendar = np.stack(columns, axis=1) if columns else np.zeros((len(days), 0), np.float32)
    return replace(panel, calendar=calendar.astype(np.float32), calendar_names=tuple(names))


def held(panel: Panel, events: Iterable[Event], country: str) -> tuple[Festival, ...]:
    """Every time a festival is held from the panel's first day to its last planned one."""
    days = panel.days(panel.ahead)
    events = tuple(events)
    titles = {event.name: event.title for event in events}
    found = festivals(events, _years(days, panel.period_days), country)
    every = [
        Festival(titles[name], np.datetime64(first, "D"), np.datetime64(last, "D"))
        for name, spans in found.items()
        for first, last in spans
    ]
    return tuple(sorted((one for one in every if one.last >= days[0] and one.first <= days[-1]), key=lambda f: f.first))


def _years(days: np.ndarray, period_days: int) -> range:
    last = days[-1] + np.timedelta64(period_days, "D")
    return range(int(str(days[0])[:4]), int(str(last)[:4]) + 1)


def _share(spans: list[Span], days: np.ndarray, period_days: int) -> Floats:
    """Share of each period's days inside."""
    first = days.astype("datetime64[D]").astype(np.int64)
    inside = np.zeros((len(first), period_days), np.float32)
    every = first[:, None] + np.arange(period_days)
    for begin, end in spans:
        low, high = (int(np.datetime64(day, "D").astype(np.int64)) for day in (begin, end))
        inside[(every >= low) & (every <= high)] = 1
    return inside.mean(axis=1)
