"""Purchase orders out, edited sheets back in."""

import json

import polars as pl
import pytest
from made_up_plan import PLAN, SUPPLIERS
from sqlalchemy import func, select

from restock.errors import ConflictError, DataError, MissingError
from restock.storage.state import orders
from restock.storage.state.orders import LineFilter
from restock.storage.state.tables import Export
from restock.workflows.approval.approving import approve_lines, approve_safe
from restock.workflows.approval.handing_over import (
    hand_over,
    order_frame,
    stem_of,
    view_export,
    write_order,
    write_orders,
)
from restock.workflows.approval.lines import Edit, edit_line, reject_lines, reopen_lines
from restock.workflows.approval.plans import store_plan
from restock.workflows.approval.worksheet import read_back, worksheet


def lines_of(desk):
    store_plan(desk)
    with desk.look() as session:
        return orders.find_lines(session, PLAN, LineFilter())


READ = {
    "csv": lambda path: pl.read_csv(path.read_bytes().removeprefix(b"\xef\xbb\xbf"), infer_schema=False),
    "xlsx": lambda path: pl.read_excel(path, infer_schema_length=0),
    "json": lambda path: pl.DataFrame(json.loads(path.read_text())),
}


def test_nothing_approved_is_nothing_to_hand_over(desk):
    with pytest.raises(ConflictError, match="no line of plan"):
        hand_over(desk)


def test_the_same_lines_get_one_export_however_often_it_is_asked_for(desk):
    approve_safe(desk)
    first, again = hand_over(desk), hand_over(desk)
    assert (first.again, again.again) == (False, True)
    assert first.export.id == again.export.id == f"{PLAN}-01"
    assert first.orders == again.orders
    with desk.look() as session:
        assert session.scalar(select(func.count()).select_from(Export)) == 1


def test_lines_approved_later_get_an_export_of_their_own(desk):
    ids = [line.id for line in lines_of(desk)]
    approve_lines(desk, ids[:2])
    hand_over(desk)
    approve_lines(desk, ids[2:4])
    second = hand_over(desk)
    assert (second.export.id, second.export.lines) == (f"{PLAN}-02", 2)
    assert set(order_frame(desk, second.export.id)["line"]) == set(ids[2:4])
    assert set(order_frame(desk, f"{PLAN}-01")["line"]) == set(ids[:2])


def test_what_was_handed_over_is_final(desk):
    approve_safe(desk)
    hand_over(desk)
    line = lines_of(desk)[0]
    for deed in (
        lambda: edit_line(desk, Edit(line.id, 20, "demand")),
        lambda: reject_lines(desk, [line.id], "no"),
        lambda: reopen_lines(desk, [line.id]),
        lambda: approve_lines(desk, [line.id]),
    ):
        with pytest.raises(ConflictError, match="is handed over"):
            deed()


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_a_file_per_supplier_and_site_holds_every_line_once_and_no_formula(desk, form):
    approve_safe(desk)
    export = hand_over(desk).export
    files = write_orders(desk, export.id, form)
    assert len(files) == 4  # two suppliers, two sites
    read = [READ[form](path) for path in files]
    for frame in read:
        assert frame["supplier"].n_unique() == frame["site"].n_unique() == 1
    together = pl.concat(frame.cast(pl.String) for frame in read).sort(pl.col("line").cast(pl.Int64))
    approved = [line for line in lines_of(desk) if line.export_id == export.id]
    assert [int(n) for n in together["line"]] == [line.id for line in approved]
    assert [float(q) for q in together["quantity"]] == [line.quantity for line in approved]
    assert set(together["supplier"]) == set(SUPPLIERS)
    assert set(together["approved_by"]) == {"ada"}
    harmful = together["name"].to_list()[0]
    assert harmful == {"csv": "'=cmd|' /C calc'!A0"}.get(form, "=cmd|' /C calc'!A0")
    assert write_orders(desk, export.id, form) == files


def test_the_files_of_an_export_are_the_same_when_written_anew(desk, tmp_path):
    approve_safe(desk)
    export = hand_over(desk).export
    first = write_orders(desk, export.id, "csv")
    second = write_orders(desk, export.id, "csv", tmp_path / "again")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize("names", [("../../etc", "passwd"), ("a/b", "c\\d"), ("..", "."), ("\0", "CON"), ("", "")])
def test_no_supplier_can_name_a_path(names):
    stem = stem_of(*names)
    assert not set(stem) & set("/\\.\0: ")
    assert stem != stem_of(names[0] + "x", names[1])


def test_two_names_that_read_alike_get_two_files():
    assert stem_of("a b", "c") != stem_of("a-b", "c") != stem_of("a", "b-c")


def test_an_export_that_is_not_there_is_missing(desk):
    with pytest.raises(MissingError, match="no export `x`"):
        view_export(desk, "x")
    approve_safe(desk)
    with pytest.raises(MissingError, match="has no order `x`"):
        order_frame(desk, hand_over(desk).export.id, "x")


def edited(desk, tmp_path, form, **cells):
    """A sheet as a planner saved it: row `item` with other cells."""
    frame = worksheet(desk)
    item = cells.pop("item")
    for column, value in cells.items():
        frame = frame.with_columns(
            pl.when(pl.col("item") == item).then(pl.lit(value)).otherwise(pl.col(column).cast(pl.String)).alias(column)
        )
    path = tmp_path / f"sheet.{form}"
    write_order(frame, path, form)
    return path


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_an_unchanged_sheet_changes_nothing(desk, tmp_path, form):
    path = tmp_path / f"sheet.{form}"
    write_order(worksheet(desk), path, form)
    result = read_back(desk, path)
    assert (result.rows, result.changed) == (12, ())
    assert [line.version for line in lines_of(desk)] == [1] * 12


@pytest.mark.parametrize("form", ["csv", "xlsx", "json"])
def test_an_edited_quantity_comes_back_with_its_reason(desk, tmp_path, form):
    path = edited(desk, tmp_path, form, item="A-03", quantity="45", why="促销变动，或数据中没有该促销", note="改期")
    line = lines_of(desk)[2]
    assert read_back(desk, path).changed == (line.id,)
    changed = lines_of(desk)[2]
    assert (changed.quantity, changed.why, changed.note, changed.version) == (45, "promotion", "改期", 2)
    with pytest.raises(DataError, match="has changed since"):  # the same file again, with another number
        read_back(desk, edited_again(path, form))


def edited_again(path, form):
    frame = READ[form](path).with_columns(pl.col("quantity").cast(pl.String).str.replace("45", "50"))
    write_order(frame, path, form)
    return path


def test_a_sheet_that_was_read_back_already_changes_nothing_more(desk, tmp_path):
    path = edited(desk, tmp_path, "csv", item="A-03", quantity="45", why="demand")
    read_back(desk, path)
    assert read_back(desk, path).changed == ()


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"quantity": "45"}, "row 4: a quantity is changed with a reason"),
        ({"quantity": "7", "why": "demand"}, "row 4: 7 of item `A-03` cannot be ordered"),
        ({"quantity": "many", "why": "demand"}, "row 4: `many` in column `quantity` is no number"),
        ({"quantity": "45", "why": "demand", "line": "99999"}, "row 4: there is no line `99999`"),
        ({"quantity": "45", "why": "demand", "version": "9"}, "row 4: line"),
        ({"plan": "20200101T000000-plan"}, "row 4: it is of plan `20200101T000000-plan`"),
    ],
)
def test_one_wrong_row_is_named_and_nothing_is_taken(desk, tmp_path, cells, said):
    path = edited(desk, tmp_path, "csv", item="A-03", **cells)
    fine = READ["csv"](path).with_columns(
        pl.when(pl.col("item") == "A-05").then(pl.lit("55")).otherwise(pl.col("quantity")).alias("quantity"),
        pl.when(pl.col("item") == "A-05").then(pl.lit("demand")).otherwise(pl.col("why")).alias("why"),
    )
    write_order(fine, path, "csv")
    with pytest.raises(DataError, match="1 of 12 rows") as error:
        read_back(desk, path)
    assert said in error.value.message.en
    assert "第 4 行" in error.value.message.zh
    assert [line.quantity for line in lines_of(desk)] == [10.0 * n for n in range(1, 13)]


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 broken", b"[1, 2]", b"a,b\n1,2\n", b"\xff\xfe\x00", b'[{"a": 1}]']
)
def test_a_file_that_is_no_sheet_is_told(desk, tmp_path, content):
    path = tmp_path / "sheet"
    path.write_bytes(content)
    with pytest.raises(DataError):
        read_back(desk, path)
