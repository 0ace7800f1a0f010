"""Learned ordering decisions for online shops.

`restock.open(path)` opens a project folder; the same use cases as on the command line are its workflows. Importing
`restock` costs nothing: everything heavy is imported by what needs it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restock.workflows.project import open_project as open

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def __getattr__(name: str) -> object:
    if name == "open":
        from restock.workflows.project import open_project

        return open_project
    raise AttributeError(f"module `restock` has no attribute `{name}`")


def __dir__() -> list[str]:
    return __all__
