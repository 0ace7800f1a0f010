"""Which trained policy decides: the champion that somebody named, or else the newest. One small file beside the models.

models/champion.json   {"champions": [{"model": ..., "at": ..., "by": ...}, ...]}, the latest last
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from secrets import token_hex
from typing import Any, NamedTuple

from restock.errors import ConflictError, MissingError, StorageError
from restock.language import Text
from restock.storage.folder import Folder, explained, one_at_a_time, write_whole
from restock.storage.models import list_models

FILE = "champion.json"


class Promotion(NamedTuple):
    """Somebody made a policy the champion."""

    model: str
    at: str
    by: str
    reason: str = ""


def champion(folder: Folder) -> str | None:
    """The policy that decides; none: nothing has been trained."""
    names = list_models(folder)
    named = [one.model for one in promotions(folder) if one.model in names]
    return named[-1] if named else (names[-1] if names else None)


def promotions(folder: Folder) -> tuple[Promotion, ...]:
    """Every champion that was named and not taken back, the latest last."""
    path = folder.models / FILE
    with explained(path):
        if not path.exists():
            return ()
        content = path.read_bytes()
    try:
        return tuple(Promotion(**one) for one in json.loads(content)["champions"])
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(
            Text(f"`{path}` is broken: {error}", f"`{path}` 已损坏：{error}"),
            hint=Text(
                "delete it: the newest policy decides then, until one is promoted",
                "请删除该文件：此后由最新策略决定，直到重新指定",
            ),
        ) from None


def promote(folder: Folder, model: str, by: str, at: datetime, reason: str = "") -> str | None:
    """Let this policy decide from now on, whatever is trained later; returns who decided before.

    Raises:
        MissingError: there is no such policy.
        ConflictError: it was promoted already.
    """
    with _changing(folder) as (kept, write):
        if model not in list_models(folder):
            raise MissingError(
                Text(f"there is no policy `{model}`", f"没有策略 `{model}`"),
                hint=Text("`restock policies` shows them", "运行 `restock policies` 查看"),
            )
        if kept and kept[-1].model == model:
            raise ConflictError(
                Text(f"`{model}` is the champion already", f"`{model}` 已是当前使用的策略"),
                hint=Text("nothing needs to be done", "无需操作"),
            )
        before = champion(folder)
        write([*kept, Promotion(model, at.isoformat(), by, reason)])
        return before


def rollback(folder: Folder) -> tuple[str, str | None]:
    """Take the latest promotion back; returns who decided before, and who does now.

    Raises:
        ConflictError: nobody was promoted.
    """
    with _changing(folder) as (kept, write):
        if not kept:
            raise ConflictError(
                Text("no policy was promoted: the newest decides", "没有指定过策略：由最新策略决定"),
                hint=Text("`restock policies promote NAME` names one", "运行 `restock policies promote 名称` 指定"),
            )
        write(kept[:-1])
        return kept[-1].model, champion(folder)


@contextmanager
def _changing(folder: Folder) -> Iterator[tuple[list[Promotion], Any]]:
    """What is kept, and how to write it anew; nobody else does so meanwhile."""
    path = folder.models / FILE

    def write(kept: list[Promotion]) -> None:
        content, new = {"champions": [one._asdict() for one in kept]}, path.with_name(f".{FILE}.{token_hex(4)}")
        write_whole(new, json.dumps(content, indent=1, ensure_ascii=False).encode())
        with explained(path):
            os.replace(new, path)

    with explained(folder.models):
        folder.models.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(path):
        yield list(promotions(folder)), write
