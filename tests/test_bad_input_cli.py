"""Bad files at the command line: a number for programs, words for people, and nothing half-written."""

import errno
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from restock.cli.main import main

FIRST = date(2026, 1, 5)
HEAD = "item,date,quantity,unit_price"


def rows(days: int = 120, items: int = 3, head: str = HEAD) -> str:
    lines = [f"A{i},{FIRST + timedelta(d)},{(d + i) % 5 + 1},{9.5 + i}" for d in range(days) for i in range(items)]
    return "\n".join([head, *lines]) + "\n"


@pytest.fixture
def load(tmp_path, capsys, monkeypatch):
    """Load one file; returns the exit code and the JSON."""
    for name in ("RESTOCK_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def call(content: str | bytes | None, name: str = "sales.csv", *options: str):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        code = main(["load", str(path), "--project", str(tmp_path / "shop"), "--json", *options])
        return code, json.loads(capsys.readouterr().out)

    return call


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*")) if folder.exists() else []


BAD = {
    "empty": ("", 3, "sales.csv"),
    "only a header": (HEAD + "\n", 3, "sales.csv"),
    "no date": (rows().replace("date,", "colour,"), 3, "date"),
    "two quantities": (rows().replace(HEAD, "item,date,qty,units"), 3, "could both be the quantity"),
    "no readable number": (rows().replace(",9.5", ",x"), 3, "rows cannot be used"),
}


@pytest.mark.parametrize("kind", ["empty", "only a header", "no date", "two quantities", "no readable number"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_file_that_cannot_be_used_is_refused_with_reason_and_hint(load, tmp_path, kind, language):
    content, expected, said = BAD[kind]
    code, record = load(content, "sales.csv", "--lang", language)
    assert code == expected
    error = record["error"]
    assert "sales.csv" in error["message"]
    assert language == "zh" or said in error["message"]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in error["message"]) == (language == "zh")
    assert error["hint"]
    assert left(tmp_path / "shop") == []


@pytest.mark.parametrize(("name", "content"), [("sales.parquet", b"PAR1 not really"), ("sales.xlsx", b"PK broken")])
def test_a_broken_file_is_refused(load, tmp_path, name, content):
    code, record = load(content, name)
    assert code == 3
    assert name in record["error"]["message"]
    assert left(tmp_path / "shop") == []


def test_a_directory_is_refused(load, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    code, record = load(None, "folder.csv")
    assert code in (2, 3)
    assert "folder.csv" in record["error"]["message"]


def test_a_missing_file_is_wrong_use(load):
    code, record = load(None, "nowhere.csv")
    assert code == 2
    assert "nowhere.csv" in record["error"]["message"]


def test_a_file_without_permission_is_refused(load, tmp_path, monkeypatch):
    opened = Path.open

    def denied(path, *given, **named):
        if path.name == "sales.csv":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *given, **named)

    (tmp_path / "sales.csv").write_text(rows())
    monkeypatch.setattr(Path, "open", denied)
    monkeypatch.setattr(Path, "read_bytes", lambda path: denied(path, "rb"))
    code, record = load(None)
    assert code in (1, 2, 3)
    assert "sales.csv" in record["error"]["message"]
    assert record["error"]["kind"] != "Unexpected"


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d/%m/%Y", "%Y年%m月%d日", "%Y%m%d"])
def test_dates_are_read_in_many_forms(load, form):
    lines = [f"A,{(FIRST + timedelta(d)).strftime(form)},{d % 3 + 1},5" for d in range(60)]
    code, record = load("\n".join([HEAD, *lines]))
    assert code == 0
    assert record["new_rows"]["sales"] == 60


def test_dates_as_numbers_of_a_spreadsheet_are_read(load):
    lines = [f"A,{(FIRST - date(1899, 12, 30)).days + d},{d % 3 + 1},5" for d in range(60)]
    code, record = load("\n".join([HEAD, *lines]))
    assert code == 0
    assert record["new_rows"]["sales"] == 60


def test_returns_and_fractions_are_kept_and_counted(load):
    code, record = load(rows() + f"A0,{FIRST},-2,9.5\nA1,{FIRST + timedelta(1)},0.5,9.5\n")
    assert code == 0
    assert record["quality"]["counts"]


@pytest.mark.parametrize("cell", ["1e12,9.5", "3,NaN", "inf,9.5"])
def test_one_impossible_cell_costs_one_row_at_most(load, cell):
    code, record = load(rows() + f"A0,{FIRST + timedelta(200)},{cell}\n")
    assert code == 0
    assert record["new_rows"]["sales"] >= 360
    assert record["quarantine"] or record["quality"]["counts"]
    for row in record["quarantine"]:
        assert row["row"] == 362
        assert row["reason"]["en"]
        assert row["reason"]["zh"]


def test_headers_twice_are_told_apart_or_refused(load, tmp_path):
    code, record = load(rows().replace(HEAD, "item,date,quantity,quantity"))
    assert code in (0, 3)
    if code:
        assert "quantity" in record["error"]["message"]
        assert left(tmp_path / "shop") == []


@pytest.mark.parametrize(
    "content",
    [f"{HEAD}\nA,{FIRST},1,2\n", rows(days=10), rows() + f"ZERO,{FIRST},0,5\n"],
    ids=["one row", "ten days", "an item without a sale"],
)
def test_little_data_can_be_loaded_and_training_says_how_much_is_needed(load, tmp_path, capsys, content):
    assert load(content)[0] == 0
    if "ZERO" in content:
        return
    code = main(["train", "--project", str(tmp_path / "shop"), "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    assert code == 3
    assert "at least" in error["message"]
    assert error["hint"]
    assert not (tmp_path / "shop" / "models").exists()


def test_a_full_disk_is_told_and_leaves_nothing(load, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("restock.storage.folder._flush", full)
    code, record = load(rows())
    assert code == 1
    assert record["error"]["kind"] == "StorageError"
    assert [name for name in left(tmp_path / "shop") if name not in ("facts", "runs")] == []


def test_ctrl_c_in_training_ends_with_130_and_says_how_to_go_on(load, tmp_path, capsys, monkeypatch):
    assert load(rows())[0] == 0

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("restock.workflows.train.tune_rules", stopped)
    code = main(["train", "--project", str(tmp_path / "shop"), "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    assert code == 130
    assert "--resume" in error["hint"]
    assert not (tmp_path / "shop" / "models").exists()
