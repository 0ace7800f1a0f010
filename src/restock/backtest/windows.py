"""Which periods are for learning, for choosing and for proof."""

from dataclasses import dataclass
from itertools import count

from restock.config import Config
from restock.errors import DataError
from restock.language import Text

FIRST = {1: 14, 7: 8}  # periods before the first decision: features need a past
SHARE = 0.2  # of the periods, for validation and for test each
SHORTEST = 4  # periods of each part


@dataclass(frozen=True)
class Windows:
    """Column ranges, last exclusive. Test periods are looked at once."""

    train: tuple[int, int]
    validation: tuple[int, int]
    test: tuple[int, int]
    warm_up: int  # periods that a replay runs before its window, whose money does not count


def split(periods: int, period_days: int, warm_up: int, config: Config) -> Windows:
    """The last periods are for the test, those before for validation, the rest for learning.

    Raises:
        DataError: the history is too short; says how long it is and how long it must be.
    """
    first, least = FIRST[period_days], warm_up + SHORTEST
    train, validation = _cut(periods - first, config)
    if train < least:
        needed = next(n for n in count(max(periods, first)) if _cut(n - first, config)[0] >= least)
        unit = Text("days", "天") if period_days == 1 else Text("weeks", "周")
        raise DataError(
            Text(
                f"the history has {periods} {unit.en}; learning and proof need at least {needed}",
                f"历史只有 {periods} {unit.zh}；学习和检验至少需要 {needed} {unit.zh}",
            ),
            hint=Text(
                'load more history, set `period = "day"` in [shop], or lower `test_periods`',
                '请载入更长的历史，在 [shop] 中设 `period = "day"`，或减小 `test_periods`',
            ),
        )
    cut = first + train
    return Windows((first, cut), (cut, cut + validation), (cut + validation, periods), warm_up)


def _cut(usable: int, config: Config) -> tuple[int, int]:
    """Periods for learning and for validation."""
    share = max(round(SHARE * usable), SHORTEST)
    validation = config.train.validation_periods or share
    return usable - validation - (config.backtest.test_periods or share), validation
