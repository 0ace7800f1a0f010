import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from restock.errors import StorageError
from restock.storage.facts import FactStore, Source
from restock.storage.folder import Folder, one_at_a_time
from restock.storage.merge import merge

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SALES = {
    "item": pl.String,
    "site": pl.String,
    "channel": pl.String,
    "order": pl.String,
    "at": pl.Datetime("us"),
    "quantity": pl.Float64,
    "unit_price": pl.Float64,
    "discount": pl.Float64,
    "promotion": pl.Float64,
    "in_stock": pl.Float64,
    "suspect": pl.Boolean,
}


def sales(*rows: tuple[str | None, str, int, float]) -> pl.DataFrame:
    """(order, item, day of March, quantity)."""
    full = [(i, "main", "main", o, datetime(2026, 3, d, 9), q, 2.0, None, None, None, False) for o, i, d, q in rows]
    return pl.DataFrame(full, schema=SALES, orient="row")


def source(name: str) -> Source:
    return Source(name=name, sha256=name, rows=1)


@pytest.fixture
def store(tmp_path: Path) -> FactStore:
    return FactStore(Folder(tmp_path), clock=lambda: NOON)


def test_what_is_saved_is_what_is_loaded(store: FactStore):
    frame = sales(("o1", "a", 1, 2.0), ("o2", "b", 1, -1.0))
    items = pl.DataFrame({"item": ["a", "b"], "category": ["x", None]})
    saved = store.save({"sales": frame, "items": items}, [source("shop.csv")])
    assert (saved.new_rows, saved.replaced_rows) == ({"sales": 2, "items": 2}, {"sales": 0, "items": 0})
    assert not saved.unchanged
    loaded = store.load()
    assert loaded.id == saved.snapshot == store.latest()
    assert_frame_equal(loaded.tables["sales"], frame)
    assert_frame_equal(loaded.tables["items"], items)
    manifest = store.manifest(saved.snapshot)
    assert manifest.sources == (source("shop.csv"),)
    assert {name: part.rows for name, part in manifest.tables.items()} == {"sales": 2, "items": 2}
    assert manifest.previous is None


def test_the_id_is_the_time_and_the_content(tmp_path: Path):
    ids = [
        FactStore(Folder(tmp_path / n), lambda: NOON).save({"sales": sales(("o1", "a", 1, 2.0))}).snapshot for n in "ab"
    ]
    other = FactStore(Folder(tmp_path / "c"), lambda: NOON).save({"sales": sales(("o1", "a", 1, 3.0))}).snapshot
    assert ids[0] == ids[1] != other
    assert ids[0].startswith("20261122T120000Z-")


def test_the_same_file_twice_changes_nothing(store: FactStore):
    first = store.save({"sales": sales(("o1", "a", 1, 2.0))}, [source("shop.csv")])
    again = store.save({"sales": sales(("o1", "a", 1, 2.0))}, [source("shop.csv")])
    assert again.unchanged
    assert again.snapshot == first.snapshot
    assert len(list(store.folder.facts.iterdir())) == 1


def test_an_old_file_does_not_undo_a_newer_one(store: FactStore):
    monday, corrected = sales((None, "a", 1, 2.0)), sales((None, "a", 1, 5.0))
    store.save({"sales": monday}, [source("monday.csv")])
    store.save({"sales": corrected}, [source("tuesday.csv")])
    assert store.save({"sales": monday}, [source("monday.csv")]).unchanged
    assert store.load().tables["sales"]["quantity"].to_list() == [5.0]


def test_the_same_file_read_another_way_is_news(store: FactStore):
    store.save({"sales": sales(("o1", "a", 1, 2.0))}, [source("shop.csv")])
    assert not store.save({"sales": sales(("o1", "a", 2, 2.0))}, [source("shop.csv")]).unchanged


def test_content_that_is_there_already_changes_nothing(store: FactStore):
    first = store.save({"sales": sales(("o1", "a", 1, 2.0), ("o2", "a", 1, 2.0))}, [source("all.csv")])
    part = store.save({"sales": sales(("o2", "a", 1, 2.0))}, [source("part.csv")])
    assert part.unchanged
    assert part.snapshot == first.snapshot


def test_overlapping_exports_count_every_order_line_once(store: FactStore):
    store.save({"sales": sales(("o1", "a", 1, 2.0), ("o2", "a", 2, 3.0))})
    saved = store.save({"sales": sales(("o2", "a", 2, 3.0), ("o3", "a", 3, 4.0))})
    assert (saved.new_rows["sales"], saved.replaced_rows["sales"]) == (1, 0)
    assert store.load().tables["sales"]["quantity"].to_list() == [2.0, 3.0, 4.0]


def test_a_repeat_is_one_even_if_only_one_of_them_is_suspect():
    frame = sales(("o1", "a", 1, 2.0))
    assert merge("sales", frame, frame.with_columns(suspect=pl.lit(True))).new == 0


def test_two_lines_of_one_order_that_differ_are_both_kept():
    assert merge("sales", None, sales(("o1", "a", 1, 2.0), ("o1", "a", 1, 3.0), ("o1", "b", 1, 2.0))).new == 3


def test_a_day_sum_replaces_the_earlier_one_whatever_its_hour():
    later = sales((None, "a", 1, 5.0)).with_columns(at=pl.datetime(2026, 3, 1, 18))
    merged = merge("sales", sales((None, "a", 1, 2.0), (None, "a", 2, 3.0), ("o1", "a", 1, 7.0)), later)
    assert (merged.new, merged.replaced) == (0, 1)
    assert sorted(merged.frame["quantity"]) == [3.0, 5.0, 7.0]


def test_a_later_count_replaces_an_earlier_one_also_within_one_file():
    def counts(*on_hand: float) -> pl.DataFrame:
        return pl.DataFrame({"item": "a", "site": "main", "date": date(2026, 3, 1), "on_hand": on_hand})

    merged = merge("stock", counts(1.0), counts(2.0, 3.0))
    assert (merged.new, merged.replaced) == (0, 1)
    assert merged.frame["on_hand"].to_list() == [3.0]


def test_promotions_of_no_site_have_a_key_too():
    row = pl.DataFrame({"item": ["a"], "site": [None], "start": [date(2026, 3, 1)], "kind": ["flyer"], "value": [1.0]})
    row = row.with_columns(pl.col("site").cast(pl.String))
    merged = merge("promotions", row, row.with_columns(value=pl.lit(0.5)))
    assert (merged.new, merged.replaced, merged.frame["value"].to_list()) == (0, 1, [0.5])


def test_a_column_that_comes_later_is_null_in_the_rows_before():
    merged = merge("items", pl.DataFrame({"item": ["a"]}), pl.DataFrame({"item": ["b"], "brand": ["x"]}))
    assert merged.frame.sort("item").to_dict(as_series=False) == {"item": ["a", "b"], "brand": [None, "x"]}


def test_a_column_of_another_type_is_refused():
    with pytest.raises(StorageError, match="`unit_cost` of `items` was Float64"):
        merge(
            "items",
            pl.DataFrame({"item": ["a"], "unit_cost": [1.0]}),
            pl.DataFrame({"item": ["a"], "unit_cost": ["1"]}),
        )


def test_an_unknown_table_is_refused():
    with pytest.raises(StorageError, match="no table `sale`"):
        merge("sale", None, pl.DataFrame({"item": ["a"]}))


rows = st.tuples(
    st.sampled_from([None, "o1", "o2"]), st.sampled_from("ab"), st.integers(1, 3), st.sampled_from([-1.0, 1.0, 2.0])
)


@given(st.lists(rows, max_size=12), st.integers(0, 12))
@settings(max_examples=60, deadline=None)
def test_loading_in_two_parts_equals_loading_at_once(lines: list, cut: int):
    whole = sales(*lines)
    at_once = merge("sales", None, whole).frame
    first = merge("sales", None, whole[:cut]).frame
    in_parts = merge("sales", first, whole[cut:])
    assert_frame_equal(in_parts.frame, at_once, check_row_order=False)
    assert at_once.height == first.height + in_parts.new
    by_hand = {(o, i, d, q) if o else (i, d): q for o, i, d, q in lines}
    assert at_once["quantity"].sum() == sum(by_hand.values())


def test_tables_that_did_not_change_are_shared_with_the_snapshot_before(store: FactStore):
    first = store.save({"sales": sales(("o1", "a", 1, 2.0)), "items": pl.DataFrame({"item": ["a"]})})
    second = store.save({"sales": sales(("o2", "a", 1, 2.0))})
    assert store.load(second.snapshot).tables["items"].height == 1
    assert store.manifest(second.snapshot).previous == first.snapshot
    one, two = (store.folder.facts / s.snapshot / "items.parquet" for s in (first, second))
    assert one.samefile(two)
    assert store.load(first.snapshot).tables["sales"].height == 1


def test_a_clock_that_was_set_back_does_not_hide_the_newest_snapshot(tmp_path: Path):
    times = iter([NOON, NOON.replace(hour=3), NOON.replace(hour=3)])
    store = FactStore(Folder(tmp_path), clock=lambda: next(times))
    ids = [store.save({"sales": sales((f"o{n}", "a", 1, 2.0))}).snapshot for n in range(3)]
    assert ids == sorted(ids)
    assert store.load().tables["sales"].height == 3


def test_mappings_are_remembered_and_added_to(store: FactStore):
    store.save({"sales": sales(("o1", "a", 1, 2.0))}, mappings={"shop": {"SKU": "item"}})
    saved = store.save({"sales": sales(("o1", "a", 1, 2.0))}, mappings={"erp": {"Artikel": "item"}})
    assert not saved.unchanged
    assert store.manifest(saved.snapshot).mappings == {"shop": {"SKU": "item"}, "erp": {"Artikel": "item"}}


def test_rejected_rows_are_kept_beside_the_facts(store: FactStore):
    rejected = pl.DataFrame({"file": ["shop.csv"], "line": [3], "reason": ["no date"]})
    store.save({"sales": sales(("o1", "a", 1, 2.0))}, quarantine=rejected)
    assert_frame_equal(store.quarantine(), rejected)
    store.save({"sales": sales(("o2", "a", 1, 2.0))})
    assert store.quarantine() is None


def test_no_facts_yet_says_how_to_load_some(store: FactStore):
    with pytest.raises(StorageError, match="no facts") as error:
        store.load()
    assert "restock load" in error.value.hint.en


def broken(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


@pytest.mark.parametrize("content", [None, b"PAR1 not really"])
@pytest.mark.parametrize("name", ["sales.parquet", "manifest.json"])
def test_a_broken_snapshot_is_said_in_words(store: FactStore, name: str, content: bytes | None):
    saved = store.save({"sales": sales(("o1", "a", 1, 2.0))})
    broken(store.folder.facts / saved.snapshot / name, content)
    with pytest.raises(StorageError, match=name) as error:
        store.load()
    assert error.value.hint.zh


def test_one_flipped_bit_is_found(store: FactStore):
    saved = store.save({"sales": sales(("o1", "a", 1, 2.0))})
    path = store.folder.facts / saved.snapshot / "sales.parquet"
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)
    with pytest.raises(StorageError, match="has changed since it was written"):
        store.load()


def test_a_snapshot_of_a_newer_program_is_refused(store: FactStore):
    saved = store.save({"sales": sales(("o1", "a", 1, 2.0))})
    path = store.folder.facts / saved.snapshot / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 99}))
    with pytest.raises(StorageError, match="format 99"):
        store.load()


def test_two_programs_that_save_at_once_both_keep_their_rows(tmp_path: Path):
    def save(n: int) -> None:
        FactStore(Folder(tmp_path)).save({"sales": sales((f"o{n}", "a", 1 + n, 1.0))})

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(save, range(6)))
    assert sorted(FactStore(Folder(tmp_path)).load().tables["sales"]["order"]) == [f"o{n}" for n in range(6)]


def test_a_program_that_writes_too_long_is_named_and_nothing_is_written(tmp_path: Path):
    with (
        one_at_a_time(tmp_path / "facts"),
        pytest.raises(StorageError, match="another program has been writing") as said,
        one_at_a_time(tmp_path / "facts", wait=0.1),
    ):
        pass
    assert said.value.hint


FULL = [
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    pl.exceptions.ComputeError("parquet: underlying IO error: No space left on device (os error 28)"),
]


@pytest.mark.parametrize("problem", FULL, ids=["system", "polars"])
def test_a_full_disk_leaves_the_old_snapshot_and_nothing_else(store: FactStore, monkeypatch, problem: Exception):
    first = store.save({"sales": sales(("o1", "a", 1, 2.0))})

    def full(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(StorageError, match="no room to write"):
        store.save({"sales": sales(("o2", "a", 1, 2.0))})
    assert [p.name for p in store.folder.facts.iterdir()] == [first.snapshot]
    assert store.load().tables["sales"].height == 1
