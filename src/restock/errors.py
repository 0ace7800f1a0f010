"""Every error that a user can act on.

RestockError
├── UsageError        the command cannot be understood or does not fit the project  (exit code 2)
│   └── ConfigError   a setting in restock.toml is wrong or two settings disagree
├── DataError         the data cannot be used as they are                           (exit code 3)
├── TrainingError     training went wrong; the last good checkpoint is kept         (exit code 1)
└── StorageError      a file cannot be written or read back                         (exit code 1)
"""

from restock.language import NOTHING, Language, Text


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


class DataError(RestockError):
    """The data cannot be used as they are."""

    exit_code = 3


class TrainingError(RestockError):
    """Training went wrong; the last good checkpoint is kept."""


class StorageError(RestockError):
    """A file cannot be written or read back."""
