"""What had to be assumed because the data do not say it, for the report: every value, and how to give the true one."""

from typing import NamedTuple

from restock.language import Text


class Assumption(NamedTuple):
    """One thing that was assumed."""

    key: str  # short and stable, for programs
    value: str
    text: Text  # what was assumed
    replace: Text  # how to give the true value


def listed(names: list[str], most: int = 3) -> str:
    """A few examples of many names."""
    return ", ".join(f"`{name}`" for name in names[:most]) + (", ..." if len(names) > most else "")
