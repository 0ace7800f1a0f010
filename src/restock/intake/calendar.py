"""Days that move demand and are known years ahead: public holidays, shopping festivals, the shop's own events."""

from datetime import date, timedelta

import holidays
import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.errors import ConfigError
from restock.events import Span, festivals, shipped_events
from restock.intake.periods import EPOCH
from restock.language import Text
from restock.simulator.history import Floats

# Those that policies have learned to see. Double 11 and 618 have a long presale and a short peak; in the week of Spring
# Festival parcels stand still, the weeks before are strong.
FESTIVALS = (
    *("618_presale", "618", "double_11_presale", "double_11", "black_friday", "cyber_monday", "double_12"),
    *("christmas_run_up", "spring_festival_run_up", "spring_festival"),
)


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
    known = (event for event in shipped_events() if event.name in FESTIVALS)
    spans |= festivals(known, years)
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


def _share(spans: list[Span], first: int, length: int, period_days: int) -> Floats:
    inside = np.zeros(length, np.float32)
    for begin, end in spans:
        inside[max((begin - EPOCH).days - first, 0) : max((end - EPOCH).days - first + 1, 0)] = 1
    return inside.reshape(-1, period_days).mean(1, dtype=np.float32)
