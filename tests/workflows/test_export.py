"""A plan as a file: nothing lost, nothing that a spreadsheet would run."""

import errno
import json

import polars as pl
import pytest
from weekly_shop import copied

from restock.errors import StorageError, UsageError
from restock.workflows import export as exported
from restock.workflows.export import harmless


@pytest.fixture(scope="module")
def planned(shop, tmp_path_factory):
    return copied(shop.project, tmp_path_factory.mktemp("export") / "own")


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "parquet"])
def test_every_format_holds_every_line(shop, planned, form):
    result = planned.export(form=form)
    read = {
        "csv": lambda path: pl.read_csv(path),
        "xlsx": lambda path: pl.read_excel(path),
        "json": lambda path: pl.DataFrame(json.loads(path.read_text())),
        "parquet": pl.read_parquet,
    }[form](result.path)
    assert read.height == result.lines == shop.plan.lines.height
    assert read["item"].to_list() == shop.plan.lines["item"].to_list()
    assert [float(x) for x in read["quantity"]] == shop.plan.lines["quantity"].to_list()
    assert read["reason_zh"].to_list() == shop.plan.lines["reason_zh"].to_list()
    assert read["run"].unique().to_list() == [shop.plan.run]


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_text_in_a_csv(text):
    assert harmless(pl.DataFrame({"item": [text, "B"], "n": [1.0, -1.0]})).to_dict(as_series=False) == {
        "item": ["'" + text, "B"],
        "n": [1.0, -1.0],
    }


def test_a_formula_is_text_in_a_workbook(planned, monkeypatch, tmp_path):
    wild = pl.DataFrame({"item": ['=HYPERLINK("http://x","y")', "http://x"], "quantity": [1.0, 2.0]})
    monkeypatch.setattr(exported, "read_frame", lambda path: wild)
    path = planned.export(form="xlsx", path=tmp_path / "orders.xlsx").path
    assert pl.read_excel(path)["item"].to_list() == wild["item"].to_list()


def test_a_file_of_the_user_is_never_overwritten(planned, tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        planned.export(path=mine)
    assert mine.read_text() == "mine"


def test_a_full_disk_leaves_no_file(planned, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("restock.storage.folder._flush", full)
    with pytest.raises(StorageError, match="no room"):
        planned.export(path=tmp_path / "out" / "orders.csv")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_run_that_is_not_there_is_named(planned):
    with pytest.raises(UsageError, match="no run `yesterday`"):
        planned.export("yesterday")
