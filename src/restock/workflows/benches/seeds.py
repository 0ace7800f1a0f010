"""Which seeds a bench trains with, from what was asked for."""

import re

from restock.algorithms.training import SEEDS
from restock.errors import UsageError
from restock.language import Text


def seeds_of(asked: int | str | None) -> range:
    """The seeds that are meant: a number of them, counted from 0, or the first and the last.

    Args:
        asked: 5 or `5` for seeds 0, 1, 2, 3, 4; `0-4` for the same; none: seed 0 alone.

    Raises:
        UsageError: that is neither, or no seed is in it.
    """
    if asked is None:
        return range(1)
    said = str(asked).strip()
    found = re.fullmatch(r"(\d+)|(\d+)\s*[-–]\s*(\d+)", said)
    if found is None:
        raise _not_seeds(said, Text("not a number nor a range", "既不是数字，也不是范围"))
    count, first, last = (None if part is None else int(part) for part in found.groups())
    first, last = (0, count - 1) if count is not None else (first or 0, last or 0)
    if count == 0:
        raise _not_seeds(said, Text("nothing would be trained", "不会进行任何训练"))
    if last < first:
        raise _not_seeds(said, Text("the last seed comes before the first", "末尾种子小于起始种子"))
    if last >= SEEDS:
        raise _not_seeds(said, Text(f"seeds go up to {SEEDS - 1}", f"种子最大为 {SEEDS - 1}"))
    return range(first, last + 1)


def _not_seeds(said: str, why: Text) -> UsageError:
    return UsageError(
        Text(f"cannot train with `{said}` seeds: {why.en}", f"无法用 `{said}` 个种子训练：{why.zh}"),
        hint=Text(
            "`--seeds 5` trains with five seeds, `--seeds 0-4` with seeds 0 to 4",
            "`--seeds 5` 使用五个种子，`--seeds 0-4` 使用种子 0 到 4",
        ),
    )
