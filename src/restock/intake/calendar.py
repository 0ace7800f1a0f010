"""Days that move demand and are known years ahead: public holidays, shopping festivals, the shop's own events."""

from datetime import date, timedelta

import holidays
import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.errors import ConfigError
from restock.intake.periods import EPOCH
from restock.language import Text
from restock.simulator.history import Floats

Span = tuple[date, date]  # first and last day


def build_calendar(
    starts: NDArray[np.datetime64], period_days: int, country: str = "", events: pl.DataFrame | None = None
) -> tuple[Floats, tuple[str, ...]]:
    """What is known ahead of each period: the share of its days inside each kind of event.

    Args:
        starts: first day of each period, consecutive. [period]
        period_days: 1 or 7.
        country: ISO code of the public holidays; empty for none.
        events: the table `events`.

    Returns:
        Shares [period, covariate], only of events that are in some periods and not in others, and their names.

    Raises:
        ConfigError: the country is not known.
    """
    first = int(starts[0].astype(int))
    length = len(starts) * period_days
    years = range((EPOCH + timedelta(first)).year, (EPOCH + timedelta(first + length)).year + 1)
    spans: dict[str, list[Span]] = {"holiday": [(day, day) for day in public_holidays(country, years)]}
    for year in years:
        for name, span in festivals(year).items():
            spans.setdefault(name, []).append(span)
    for row in () if events is None else events.iter_rows(named=True):
        spans.setdefault(row["name"], []).append((row["start"], row["end"]))
    shares = {name: _share(parts, first, length, period_days) for name, parts in spans.items()}
    varying = {name: share for name, share in shares.items() if share.min() < share.max()}
    empty = np.zeros((len(starts), 0), np.float32)
    return np.stack(list(varying.values()), axis=1) if varying else empty, tuple(varying)


def public_holidays(country: str, years: range) -> list[date]:
    """The public holidays of a country, sorted.

    Raises:
        ConfigError: the country is not known.
    """
    if not country:
        return []
    try:
        return sorted(holidays.country_holidays(country.upper(), years=years))
    except NotImplementedError:
        raise ConfigError(
            Text(
                f"`[shop] country`: no public holidays are known for `{country}`",
                f"`[shop] country`：没有 `{country}` 的节假日数据",
            ),
            hint=Text(
                "use an ISO code of two letters, such as CN, GB or US, or leave it empty",
                "请使用两个字母的国家代码，如 CN、GB、US，或留空",
            ),
        ) from None


def festivals(year: int) -> dict[str, Span]:
    """The days of the shopping festivals that begin in a year, first and last day.

    Double 11 and 618 have a long presale and a short peak. Black Friday is the day after the fourth Thursday of
    November. Spring Festival is from the eve to the sixth day of the lunar year: parcels stand still; the weeks before
    are strong.
    """
    black_friday = _fourth_thursday_of_november(year) + timedelta(1)
    new_year = lunar_new_year(year)
    found = {
        "618_presale": (date(year, 5, 31), date(year, 6, 15)),
        "618": (date(year, 6, 16), date(year, 6, 18)),
        "double_11_presale": (date(year, 10, 21), date(year, 11, 9)),
        "double_11": (date(year, 11, 10), date(year, 11, 11)),
        "black_friday": (black_friday, black_friday),
        "cyber_monday": (black_friday + timedelta(3), black_friday + timedelta(3)),
        "double_12": (date(year, 12, 12), date(year, 12, 12)),
        "christmas_run_up": (date(year, 12, 1), date(year, 12, 24)),
    }
    if new_year is not None:
        found["spring_festival_run_up"] = (new_year - timedelta(21), new_year - timedelta(2))
        found["spring_festival"] = (new_year - timedelta(1), new_year + timedelta(5))
    return found


def lunar_new_year(year: int) -> date | None:
    """The first day of the Chinese lunar year that begins in `year`; none where the calendar does not reach."""
    days = holidays.country_holidays("CN", years=year, language="en_US")
    named = [
        day
        for day, name in days.items()
        if name.startswith("Chinese New Year (Spring Festival)") and "observed" not in name
    ]
    return min(named, default=None)


def _fourth_thursday_of_november(year: int) -> date:
    first = date(year, 11, 1)
    return first + timedelta((3 - first.weekday()) % 7 + 21)


def _share(spans: list[Span], first: int, length: int, period_days: int) -> Floats:
    inside = np.zeros(length, np.float32)
    for begin, end in spans:
        inside[max((begin - EPOCH).days - first, 0) : max((end - EPOCH).days - first + 1, 0)] = 1
    return inside.reshape(-1, period_days).mean(1, dtype=np.float32)
