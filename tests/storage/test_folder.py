import errno
import os
from pathlib import Path

import pytest

from restock.errors import StorageError
from restock.storage.folder import Folder, new_directory, write_whole


def test_a_written_file_is_there_and_nothing_else(tmp_path: Path):
    write_whole(tmp_path / "a" / "card.json", b"{}")
    write_whole(tmp_path / "a" / "b.txt", lambda path: path.write_text("text"))
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["b.txt", "card.json"]
    assert (tmp_path / "a" / "b.txt").read_text() == "text"


def test_an_existing_file_is_never_overwritten(tmp_path: Path):
    write_whole(tmp_path / "card.json", b"first")
    with pytest.raises(StorageError, match="never overwritten"):
        write_whole(tmp_path / "card.json", b"second")
    assert (tmp_path / "card.json").read_bytes() == b"first"


def test_a_file_that_came_into_being_meanwhile_is_not_overwritten(tmp_path: Path):
    path = tmp_path / "card.json"

    def write(temporary: Path) -> None:
        temporary.write_bytes(b"mine")
        path.write_bytes(b"theirs")

    with pytest.raises(StorageError, match="exists already"):
        write_whole(path, write)
    assert path.read_bytes() == b"theirs"
    assert [p.name for p in tmp_path.iterdir()] == ["card.json"]


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("place", ["fsync", "link"])
def test_a_full_disk_leaves_nothing_behind_and_says_how_much_is_free(tmp_path: Path, monkeypatch, place: str):
    monkeypatch.setattr(os, place, full_disk)
    if place == "link":  # a disk without links falls back to renaming
        monkeypatch.setattr(Path, "rename", full_disk)
    with pytest.raises(StorageError) as error:
        write_whole(tmp_path / "card.json", b"{}")
    message, hint = error.value.in_("en")
    assert "card.json" in message
    assert "MB free" in message
    assert "free some space" in hint
    assert "磁盘空间不足" in error.value.in_("zh")[0]
    assert list(tmp_path.iterdir()) == []


def test_a_directory_appears_with_everything_in_it(tmp_path: Path):
    with new_directory(tmp_path / "runs" / "r1") as place:
        (place / "report.html").write_text("report")
        assert not (tmp_path / "runs" / "r1").exists()
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["r1"]
    assert (tmp_path / "runs" / "r1" / "report.html").read_text() == "report"


@pytest.mark.parametrize("stopped", [KeyboardInterrupt, ValueError])
def test_an_interrupted_directory_leaves_nothing_behind(tmp_path: Path, stopped: type[BaseException]):
    def fill() -> None:
        with new_directory(tmp_path / "r1") as place:
            (place / "half").write_text("half")
            raise stopped

    with pytest.raises(stopped):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_inside_a_directory_is_said_in_words_and_leaves_nothing(tmp_path: Path):
    def fill() -> None:
        with new_directory(tmp_path / "r1") as place:
            (place / "half").write_text("half")
            full_disk()

    with pytest.raises(StorageError, match="no room to write"):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_directory_is_never_overwritten(tmp_path: Path):
    (tmp_path / "r1").mkdir()
    with pytest.raises(StorageError, match="never overwritten"), new_directory(tmp_path / "r1"):
        pass


def test_no_permission_is_said_in_words(tmp_path: Path, monkeypatch):
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(StorageError, match="no permission"):
        write_whole(tmp_path / "a" / "b", b"")


def test_a_project_knows_its_places(tmp_path: Path):
    folder = Folder(tmp_path)
    places = [folder.config, folder.facts, folder.models, folder.runs]
    assert [p.name for p in places] == ["restock.toml", "facts", "models", "runs"]
