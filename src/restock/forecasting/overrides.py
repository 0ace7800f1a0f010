"""What a planner knows better: changes of a forecast with a reason and an end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.forecast import Forecast

SMALLEST = 0.05  # units per period below which a forecast is moved instead of stretched


@dataclass(frozen=True)
class Override:
    """A change of the forecast of one item, or of all items of a site, from `start` to `end` inclusive."""

    item: str  # `*` for all
    site: str  # empty for all
    start: date
    end: date
    kind: Literal["units", "percent", "value", "like"]  # add units a period; by percent; set units; as another item
    amount: float  # of `like`: percent of what the other item is forecast to sell
    reason: str
    expires: date  # from that day on it is ignored
    like: str = ""  # the other item


class Applied(NamedTuple):
    """The changed forecast, and how many units each override added in all; None where it was not used."""

    forecast: Forecast
    units: tuple[float | None, ...]


def override(
    forecast: Forecast, items: Sequence[str], sites: Sequence[str], overrides: Sequence[Override], period_days: int
) -> Applied:
    """Apply overrides in their order; one that has expired before the forecast begins is not used.

    A period that is only partly inside counts by its share of days. Quantiles and paths are stretched with the mean, or
    moved where there is hardly any.

    Args:
        forecast: of all series.
        items: of each series.
        sites: of each series.
        overrides: in the order of writing; later ones see what earlier ones did.
        period_days: 1 or 7.
    """
    said: list[float | None] = []
    today = forecast.starts[0].astype("datetime64[D]").astype(object)
    for each in overrides:
        rows = np.array(
            [each.item in ("*", i) and each.site in ("", s) for i, s in zip(items, sites, strict=True)], bool
        )
        inside = _share(forecast.starts, each, period_days)
        if each.expires <= today or not rows.any() or not inside.any():
            said.append(None)
            continue
        before = forecast.mean
        if each.kind == "like":
            model = _model(each, rows, items, sites)
            if model is None:
                said.append(None)
                continue
            forecast = _like(forecast, rows, model, inside, each.amount / 100)
            said.append(float((forecast.mean - before).sum()))
            continue
        after = np.where(rows[:, None], _changed(before, each, inside), before)
        forecast = _move(forecast, np.maximum(after, 0.0))
        said.append(float((forecast.mean - before).sum()))
    return Applied(forecast, tuple(said))


class Named(NamedTuple):
    """A forecast and whose it is."""

    forecast: Forecast
    items: tuple[str, ...]  # of each series
    sites: tuple[str, ...]


def with_newcomers(named: Named, overrides: Sequence[Override]) -> Named:
    """A series of nothing for each item that has never sold and is to be like another, at the site of that one."""
    for each in overrides:
        if each.kind != "like" or each.item in named.items or each.like not in named.items:
            continue
        forecast, row = named.forecast, named.items.index(each.like)
        site = each.site or named.sites[row]
        several = len(set(named.sites)) > 1
        index = np.append(np.arange(len(named.items)), row)
        longer = forecast.rows(index)
        ids = (*forecast.ids, f"{each.item}@{site}" if several else each.item)
        mean, quantiles = longer.mean.copy(), longer.quantiles.copy()
        mean[-1], quantiles[-1] = 0.0, 0.0
        samples = None if longer.samples is None else longer.samples.copy()
        if samples is not None:
            samples[:, -1] = 0.0
        longer = replace(longer, ids=ids, mean=mean, quantiles=quantiles, samples=samples)
        named = Named(longer, (*named.items, each.item), (*named.sites, site))
    return named


def _model(
    each: Override, rows: NDArray[np.bool_], items: Sequence[str], sites: Sequence[str]
) -> NDArray[np.intp] | None:
    """The row of the other item for each row that is to be like it: at the same site, else where it is first sold."""
    there = [place for place, item in enumerate(items) if item == each.like]
    if not there:
        return None
    at = {sites[place]: place for place in reversed(there)}
    return np.array([at.get(sites[int(row)], there[0]) for row in np.flatnonzero(rows)], np.intp)


def _like(
    forecast: Forecast, rows: NDArray[np.bool_], model: NDArray[np.intp], inside: NDArray[np.float64], factor: float
) -> Forecast:
    """Some rows as a share of others, in the periods that lie inside. inside: share of each period"""
    mine = np.flatnonzero(rows)

    def mixed(values: NDArray[np.floating], share: NDArray[np.float64]) -> NDArray[np.float32]:
        """values: [row, period, ...]"""
        found = values.copy()
        found[mine] = values[mine] * (1 - share) + values[model] * factor * share
        return found.astype(np.float32)

    samples = forecast.samples
    if samples is not None:
        samples = np.moveaxis(mixed(np.moveaxis(samples, 0, -1), inside[:, None]), -1, 0)
    return replace(
        forecast,
        mean=mixed(forecast.mean, inside),
        quantiles=mixed(forecast.quantiles, inside[:, None]),
        samples=samples,
    )


def _changed(mean: NDArray[np.floating], each: Override, inside: NDArray[np.float64]) -> NDArray[np.float64]:
    if each.kind == "units":
        return mean + inside * each.amount
    if each.kind == "percent":
        return mean * (1 + inside * each.amount / 100)
    return mean * (1 - inside) + inside * each.amount


def _share(starts: np.ndarray, each: Override, period_days: int) -> NDArray[np.float64]:
    """Share of the days of each period from start to end."""
    first = starts.astype("datetime64[D]").astype(np.int64)
    begin, end = (int(np.datetime64(day, "D").astype(np.int64)) for day in (each.start, each.end))
    days = np.minimum(first + period_days, end + 1) - np.maximum(first, begin)
    return np.clip(days, 0, period_days) / period_days


def _move(forecast: Forecast, mean: NDArray[np.float64]) -> Forecast:
    old = forecast.mean
    factor = np.where(old > SMALLEST, mean / np.maximum(old, SMALLEST), 1.0)
    shift = np.where(old > SMALLEST, 0.0, mean - old)
    quantiles = np.maximum(forecast.quantiles * factor[:, :, None] + shift[:, :, None], 0.0)
    samples = forecast.samples
    if samples is not None:
        samples = np.maximum(samples * factor + shift, 0.0).astype(np.float32)
    return replace(forecast, mean=mean.astype(np.float32), quantiles=quantiles.astype(np.float32), samples=samples)
