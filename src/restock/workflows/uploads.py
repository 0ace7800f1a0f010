"""Files that somebody sent: they lie in a folder of ours under the names that they came with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from restock.errors import RestockError
from restock.language import Text


@contextmanager
def named_as_sent(place: Path) -> Iterator[None]:
    """Errors name a file as whoever sent it does: the folder where it lies here is nobody's business."""
    try:
        yield
    except RestockError as error:
        error.message, error.hint = (_without(said, f"{place}/") for said in (error.message, error.hint))
        error.args = (error.message.en,)
        raise


def _without(said: Text, folder: str) -> Text:
    return Text(said.en.replace(folder, ""), said.zh.replace(folder, ""))
