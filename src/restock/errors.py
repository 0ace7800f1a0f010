"""Every error that a user can act on.

RestockError
├── UsageError        the command cannot be understood or does not fit the project  (exit code 2)
│   ├── ConfigError   a setting in restock.toml is wrong or two settings disagree
│   ├── MissingError  what is named does not exist
│   ├── ConflictError it does not fit what others did meanwhile, or a rule of the shop
│   │   └── StaleError   what was seen has changed since
│   └── ForbiddenError   somebody may not do this
├── DataError         the data cannot be used as they are                           (exit code 3)
├── TrainingError     training went wrong; the last good checkpoint is kept         (exit code 1)
└── StorageError      a file cannot be written or read back                         (exit code 1)
"""

from collections.abc import Iterable
from difflib import get_close_matches

from restock.language import NOTHING, Language, Text

OFFERED = 3  # names in a hint


class RestockError(Exception):
    """What, where and how much, then what to do; both in English and Chinese."""

    exit_code = 1

    def __init__(self, message: Text, *, hint: Text = NOTHING) -> None:
        super().__init__(message.en)
        self.message = message
        self.hint = hint

    def in_(self, language: Language) -> tuple[str, str]:
        """Message and hint in one language."""
        return self.message.in_(language), self.hint.in_(language)


class UsageError(RestockError):
    """The command cannot be understood or does not fit the project."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting in restock.toml is wrong or two settings disagree."""


class MissingError(UsageError):
    """What is named does not exist."""


class ConflictError(UsageError):
    """It does not fit what others did meanwhile, or a rule of the shop."""


class StaleError(ConflictError):
    """What was seen has changed since."""


class ForbiddenError(UsageError):
    """Somebody may not do this."""


class DataError(RestockError):
    """The data cannot be used as they are."""

    exit_code = 3


class TrainingError(RestockError):
    """Training went wrong; the last good checkpoint is kept."""


class StorageError(RestockError):
    """A file cannot be written or read back."""


def nearest(wanted: str, there: Iterable[str]) -> Text:
    """A hint that offers the names most like what was written, whatever their case; the first ones where none is."""
    folded = {name.casefold(): name for name in there}
    near = get_close_matches(wanted.strip().casefold(), folded, n=OFFERED, cutoff=0.5)
    names = [f"`{folded[key]}`" for key in near] or [f"`{name}`" for name in list(folded.values())[:OFFERED]]
    kind = Text("the nearest names are ", "最接近的名称：") if near else Text("there are, for example, ", "例如：")
    return Text(kind.en + ", ".join(names), kind.zh + "、".join(names))
