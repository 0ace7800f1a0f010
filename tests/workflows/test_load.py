"""Files come in once, whatever way they overlap."""

import errno

import pytest
import weekly_shop as made_up
from polars.testing import assert_frame_equal
from weekly_shop import new_project

from restock.errors import StorageError
from restock.storage import facts


def test_the_same_files_twice_change_nothing(own, shop):
    before = sorted(path.name for path in own.path.rglob("*"))
    again = own.load(list(shop.files.values()))
    assert again.unchanged
    assert again.snapshot == shop.loaded.snapshot
    assert set(again.new_rows.values()) == {0}
    assert sorted(path.name for path in own.path.rglob("*")) == before


def test_overlapping_exports_are_the_same_facts_as_one(tmp_path, shop):
    one, two = new_project(tmp_path / "one"), new_project(tmp_path / "two")
    cuts = {"a": (0, 30), "b": (25, 45), "c": (44, made_up.WEEKS)}
    parts = [
        made_up.save({"sales": made_up.sales_frame(shop.world, *cut)}, tmp_path, name)["sales"]
        for name, cut in cuts.items()
    ]
    one.load([shop.files["sales"]])
    for part in parts:
        two.load([part])
    sorted_by = ["item", "at"]
    assert_frame_equal(
        one.facts.load().tables["sales"].sort(sorted_by), two.facts.load().tables["sales"].sort(sorted_by)
    )


def test_a_product_that_was_listed_once_is_one_in_every_later_file(tmp_path):
    project, folder = new_project(tmp_path / "shop"), tmp_path / "files"
    folder.mkdir()
    codes = [f"A-{number}" for number in range(30)] + ["new"]
    (folder / "items.csv").write_text("item,category\nnew,tea\n")
    (folder / "sales.csv").write_text("item,date,quantity\n" + "".join(f"{c},2026-03-02,1\n" for c in codes))
    for name in ("items.csv", "sales.csv"):
        project.load([folder / name])
    assert "new" in project.facts.load().tables["sales"]["item"].to_list()


def test_a_full_disk_leaves_no_snapshot(fresh, files, monkeypatch):
    project = fresh(made_up.SETTINGS)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(facts, "write_frame", full)
    with pytest.raises(StorageError, match="no room"):
        project.load([files["sales"]])
    assert [path.name for path in project.path.rglob("*") if path.is_file()] == ["restock.toml"]
    assert project.facts.latest() is None


def test_the_profile_knows_the_shop(shop):
    record = shop.project.profile().to_json()
    assert (record["items"], record["periods"], record["period"]) == (made_up.ITEMS, made_up.WEEKS, "week")
    assert record["objective"] == "profit"
    assert record["first_day"] == str(made_up.FIRST)
