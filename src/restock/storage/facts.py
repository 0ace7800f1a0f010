"""A shop's data as immutable snapshots: what was known when, so that every result can be made again.

    facts/20261122T215200Z-1a2b3c4d/   sales.parquet, items.parquet, ..., quarantine.parquet, manifest.json

A snapshot holds whole tables, not changes; a table that did not change is a link to the file of the snapshot before.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from restock.errors import StorageError
from restock.language import Text
from restock.storage.folder import Folder, explained, new_directory, one_at_a_time, write_whole
from restock.storage.frames import read_frame, write_frame
from restock.storage.merge import TABLES, merge

VERSION = 1
MANIFEST, QUARANTINE = "manifest.json", "quarantine"
TIME = "%Y%m%dT%H%M%SZ"


class Record(BaseModel):
    """A part of manifest.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Record):
    """A file that facts were read from."""

    name: str
    sha256: str
    rows: int


class Part(Record):
    """A table of a snapshot."""

    rows: int
    sha256: str


class Manifest(Record):
    """What a snapshot holds and where it came from."""

    version: int = VERSION
    id: str
    created: datetime
    previous: str | None
    sources: tuple[Source, ...]  # the files that made this snapshot out of the previous one
    tables: dict[str, Part]
    mappings: dict[str, Any]  # remembered meanings of columns, all files so far
    loads: tuple[str, ...]  # what was ever loaded, files and rows, as hashes


class Facts(NamedTuple):
    """The tables of one snapshot."""

    id: str
    tables: dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Saved:
    """What saving did."""

    snapshot: str
    new_rows: dict[str, int]
    replaced_rows: dict[str, int]
    unchanged: bool  # nothing new was in it: the snapshot is the one from before


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class FactStore:
    """The snapshots of a project."""

    folder: Folder
    clock: Callable[[], datetime] = _now

    def save(
        self,
        tables: Mapping[str, pl.DataFrame],
        sources: Sequence[Source] = (),
        mappings: Mapping[str, Any] | None = None,
        quarantine: pl.DataFrame | None = None,
    ) -> Saved:
        """Merge rows into the newest snapshot and write the result as a new one; nothing new, nothing written.

        Args:
            tables: rows of any of `merge.TABLES`, with the columns of docs/architecture.md.
            sources: the files that they were read from.
            mappings: what the columns of those files mean, to be remembered; plain JSON.
            quarantine: rejected rows, kept beside the facts.

        Raises:
            StorageError: no room, no permission, a broken snapshot, a column that has changed its type, or another
                program that does not finish its own save.
        """
        with one_at_a_time(self.folder.facts):
            return self._save(tables, sources, mappings or {}, quarantine)

    def _save(
        self,
        tables: Mapping[str, pl.DataFrame],
        sources: Sequence[Source],
        mappings: Mapping[str, Any],
        quarantine: pl.DataFrame | None,
    ) -> Saved:
        latest = self.latest()
        before = None if latest is None else self.manifest(latest)
        remembered = {**({} if before is None else before.mappings), **mappings}
        load = _load_hash(tables, sources)
        if before is not None and load in before.loads and remembered == before.mappings:
            return Saved(before.id, dict.fromkeys(tables, 0), dict.fromkeys(tables, 0), unchanged=True)
        old = {} if before is None else self._read(before, [name for name in tables if name in before.tables])
        merged = {name: merge(name, old.get(name), frame) for name, frame in tables.items()}
        new = {name: part.new for name, part in merged.items()}
        replaced = {name: part.replaced for name, part in merged.items()}
        if before is not None and remembered == before.mappings and not any((*new.values(), *replaced.values())):
            return Saved(before.id, new, replaced, unchanged=True)
        changed = {name: part.frame for name, part in merged.items() if part.new or part.replaced or name not in old}
        created = self._moment(before)
        manifest = Manifest(
            id=f"{created.strftime(TIME)}-{hashlib.sha256(f'{latest} {load}'.encode()).hexdigest()[:8]}",
            created=created,
            previous=latest,
            sources=tuple(sources),
            tables={} if before is None else before.tables,
            mappings=remembered,
            loads=(*(() if before is None else before.loads), load),
        )
        self._write(manifest, changed, quarantine)
        return Saved(manifest.id, new, replaced, unchanged=False)

    def load(self, snapshot: str | None = None) -> Facts:
        """The tables of a snapshot, of the newest without a name.

        Raises:
            StorageError: there is none, it is not there, or a file of it is broken.
        """
        manifest = self.manifest(self._named(snapshot))
        return Facts(manifest.id, self._read(manifest, list(manifest.tables)))

    def newest(self, name: str) -> pl.DataFrame | None:
        """One table of the newest snapshot; none where there is none.

        Raises:
            StorageError: a file of it is broken.
        """
        latest = self.latest()
        manifest = None if latest is None else self.manifest(latest)
        return None if manifest is None or name not in manifest.tables else self._read(manifest, [name])[name]

    def quarantine(self, snapshot: str | None = None) -> pl.DataFrame | None:
        """The rejected rows of the files that made a snapshot; none if there were none.

        Raises:
            StorageError: the snapshot is not there, or the file is broken.
        """
        path = self.folder.facts / self._named(snapshot) / f"{QUARANTINE}.parquet"
        return read_frame(path) if path.exists() else None

    def latest(self) -> str | None:
        """The id of the newest snapshot."""
        with explained(self.folder.facts):
            found = self.folder.facts.iterdir() if self.folder.facts.exists() else ()
            return max((path.name for path in found if path.is_dir() and not path.name.startswith(".")), default=None)

    def manifest(self, snapshot: str) -> Manifest:
        """What a snapshot holds and where it came from.

        Raises:
            StorageError: it is not there, is broken, or was written by a newer version.
        """
        path = self.folder.facts / snapshot / MANIFEST
        with explained(path):
            content = path.read_bytes()
        try:
            manifest = Manifest.model_validate_json(content)
        except ValidationError as error:
            problem = f"{error.errors()[0]['msg']}"
            raise StorageError(
                Text(f"`{path}` is broken: {problem}", f"`{path}` 已损坏：{problem}"),
                hint=Text(
                    "put it back from a copy, or move the snapshot's folder away: the one before it is used then",
                    "请从备份恢复，或移走该快照的文件夹，程序会使用前一个快照",
                ),
            ) from None
        if manifest.version > VERSION:
            raise StorageError(
                Text(
                    f"snapshot `{snapshot}` has format {manifest.version}, this program knows {VERSION}",
                    f"快照 `{snapshot}` 的格式为 {manifest.version}，本程序只支持到 {VERSION}",
                ),
                hint=Text("use the newer version of restock that wrote it", "请使用写入它的较新版本的 restock"),
            )
        return manifest

    def _named(self, snapshot: str | None) -> str:
        found = snapshot or self.latest()
        if found is None:
            raise StorageError(
                Text(f"there are no facts in `{self.folder.path}` yet", f"`{self.folder.path}` 中还没有数据"),
                hint=Text("load some with `restock load FILES`", "请先用 `restock load 文件` 导入"),
            )
        return found

    def _moment(self, before: Manifest | None) -> datetime:
        # Names sort by time, so a clock that was set back, or two loads in one second, must not hide the newer one.
        now = self.clock().astimezone(UTC).replace(microsecond=0)
        return now if before is None else max(now, before.created + timedelta(seconds=1))

    def _read(self, manifest: Manifest, names: Sequence[str]) -> dict[str, pl.DataFrame]:
        place = self.folder.facts / manifest.id
        return {name: read_frame(place / f"{name}.parquet", manifest.tables[name].sha256) for name in names}

    def _write(self, manifest: Manifest, changed: Mapping[str, pl.DataFrame], quarantine: pl.DataFrame | None) -> None:
        with new_directory(self.folder.facts / manifest.id) as place:
            parts = {}
            for name in TABLES:
                file = f"{name}.parquet"
                if name in changed:
                    parts[name] = Part(rows=changed[name].height, sha256=write_frame(place / file, changed[name]))
                elif name in manifest.tables:
                    _link(self.folder.facts / str(manifest.previous) / file, place / file)
                    parts[name] = manifest.tables[name]
            if quarantine is not None and quarantine.height:
                write_frame(place / f"{QUARANTINE}.parquet", quarantine)
            content = manifest.model_copy(update={"tables": parts}).model_dump(mode="json")
            text = json.dumps(content, indent=2, ensure_ascii=False)
            write_whole(place / MANIFEST, text.encode())


def _link(there: Path, here: Path) -> None:
    try:
        os.link(there, here)
    except OSError:  # a disk without links
        shutil.copyfile(there, here)


def _load_hash(tables: Mapping[str, pl.DataFrame], sources: Sequence[Source]) -> str:
    """Tells one load from another: its files, and what was understood of them, for a file may be read in two ways."""
    total = hashlib.sha256(json.dumps(sorted(source.sha256 for source in sources)).encode())
    for name in sorted(tables):
        hashes = tables[name].hash_rows(seed=1) if tables[name].width else pl.Series(dtype=pl.UInt64)
        total.update(f"{name} {tables[name].columns} {tables[name].height} ".encode())
        total.update(hashes.sort().to_numpy().tobytes())
    return total.hexdigest()[:32]
