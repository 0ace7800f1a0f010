"""Files that cannot be used: each error names the file, the place and what to do."""

import os
from pathlib import Path

import polars as pl
import pytest

from restock.errors import DataError, RestockError, UsageError
from restock.intake.tables import Reading, ReadOptions, read_tables


def read(folder: Path, text: str, options: ReadOptions = ReadOptions(), name: str = "sales.csv") -> Reading:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_tables([path], options)


def refused(folder: Path, text: str, options: ReadOptions = ReadOptions(), name: str = "sales.csv") -> RestockError:
    with pytest.raises(DataError) as caught:
        read(folder, text, options, name)
    for language in ("en", "zh"):
        message, hint = caught.value.in_(language)
        assert name in message
        assert not message.endswith((".", "。"))
        assert hint or "empty" in str(caught.value) or "no rows" in str(caught.value)
    return caught.value


@pytest.mark.parametrize("text", ["", "  \n\n"])
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    assert "is empty" in str(refused(tmp_path, text))


def test_a_header_without_rows(tmp_path: Path) -> None:
    assert "no rows" in str(refused(tmp_path, "item,date,quantity\n"))


def test_no_date_column_lists_the_headers_and_the_nearest(tmp_path: Path) -> None:
    error = refused(tmp_path, "item,when sold date,quantity\nA,2026-11-01,3\n")
    assert "no date column" in error.message.en
    assert "`when sold date`" in error.message.en
    assert '--map at="when sold date"' in error.hint.en
    assert "缺少日期列" in error.message.zh


def test_no_item_and_no_quantity_are_named_together(tmp_path: Path) -> None:
    assert "no item (SKU) and no quantity" in str(refused(tmp_path, "date,foo\n2026-11-01,3\n"))


def test_two_columns_that_could_be_the_quantity(tmp_path: Path) -> None:
    text = "item,date,qty,units sold\nA,2026-11-01,3,4\n"
    error = refused(tmp_path, text)
    assert "`qty` and `units sold` could both be the quantity" in error.message.en
    assert error.hint.en.endswith('`--map quantity="qty"`')
    assert read(tmp_path, text, ReadOptions(mapping={"quantity": "units sold"})).tables["sales"][
        "quantity"
    ].to_list() == [4.0]


def test_two_quantity_columns_that_say_the_same_are_one(tmp_path: Path) -> None:
    assert read(tmp_path, "item,date,qty,units\nA,2026-11-01,3,3\n").tables["sales"]["quantity"].to_list() == [3.0]


def test_duplicate_headers_are_named(tmp_path: Path) -> None:
    assert "`quantity`" in str(refused(tmp_path, "item,date,quantity,quantity\nA,2026-11-01,3,3\n"))


def test_dates_that_can_be_read_in_two_ways_ask(tmp_path: Path) -> None:
    text = "item,date,quantity\nA,03/04/2026,3\nB,05/04/2026,1\n"
    error = refused(tmp_path, text)
    assert "2 cells" in error.message.en
    assert "`03/04/2026`" in error.message.en
    assert "--day-first" in error.hint.en
    read_day_first = read(tmp_path, text, ReadOptions(day_first=True)).tables["sales"]["at"]
    assert read_day_first.dt.month().to_list() == [4, 4]


def test_dates_in_three_formats_and_excel_serials_are_fine(tmp_path: Path) -> None:
    text = "item,date,quantity\nA,2026-11-01,3\nA,2026/11/2,1\nA,20261103,1\nA,46330,2\n"
    assert read(tmp_path, text).tables["sales"]["at"].dt.day().to_list() == [1, 2, 3, 4]


ROWS = "".join(f"A-{i},2026-11-01,1,2.5\n" for i in range(20))


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ("B,2026-11-01,1e12,2.5", "quantity", "1e12"),
        ("B,2026-11-01,inf,2.5", "quantity", "inf"),
        ("B,2026-11-01,1,NaN", "price", "NaN"),
        ("B,2026-11-01,1,inf", "price", "inf"),
        ("B,2026-11-01,many,2.5", "quantity", "many"),
        ("B,some day,1,2.5", "date", "some day"),
        ("B,0026-11-01,1,2.5", "date", "0026-11-01"),
        (",2026-11-01,1,2.5", "item", None),
        ("B,,1,2.5", "date", None),
        ("B,2026-11-01,,2.5", "quantity", None),
        ("1.23457E+18,2026-11-01,1,2.5", "item", "1.23457E+18"),
    ],
)
def test_a_bad_row_is_kept_apart_with_its_line_and_reason(
    tmp_path: Path, row: str, column: str, value: str | None
) -> None:
    reading = read(tmp_path, f"item,date,quantity,price\n{ROWS}{row}\n")
    assert reading.tables["sales"].height == 20
    assert reading.quarantine.select("file", "row", "column", "value").rows() == [("sales.csv", 22, column, value)]
    assert all(reading.quarantine.select("reason_en", "reason_zh").row(0))


def test_nan_in_typed_prices_is_kept_apart(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "item": ["A"] * 10,
            "date": [f"2026-11-{d:02}" for d in range(1, 11)],
            "quantity": 1,
            "price": [1.0] * 9 + [float("nan")],
        }
    )
    frame.write_parquet(tmp_path / "sales.parquet")
    reading = read_tables([tmp_path / "sales.parquet"])
    assert (reading.tables["sales"].height, reading.quarantine["row"].to_list()) == (9, [10])


def test_too_many_bad_rows_are_an_error_with_examples(tmp_path: Path) -> None:
    text = "item,date,quantity\n" + "A,2026-11-01,1\n" * 0 + "A,2026-11-01,1\nB,2026-11-01,x\nC,2026-11-01,y\n"
    error = refused(tmp_path, text)
    assert "2 of 3 rows" in error.message.en
    assert "row 3, `quantity` = `x`" in error.message.en
    assert error.exit_code == 3
    assert read(tmp_path, text, ReadOptions(max_bad_share=0.7)).tables["sales"].height == 1


def test_on_error_stop_takes_no_bad_row(tmp_path: Path) -> None:
    text = f"item,date,quantity,price\n{ROWS}B,2026-11-01,x,1\n"
    refused(tmp_path, text, ReadOptions(on_error="stop"))


def test_one_item_and_one_row_are_enough(tmp_path: Path) -> None:
    sales = read(tmp_path, "item,date,quantity\nA,2026-11-01,3\n").tables["sales"]
    assert sales.select("item", "site", "channel", "quantity", "suspect").rows() == [("A", "main", "main", 3.0, False)]


def test_a_file_of_cancelled_orders_says_what_became_of_it(tmp_path: Path) -> None:
    error = refused(tmp_path, "order,item,date,quantity,status\n1,A,2026-11-01,3,cancelled\n")
    assert "cancelled, unpaid or refunded orders left out (1)" in error.message.en


def test_broken_parquet(tmp_path: Path) -> None:
    good = tmp_path / "good.parquet"
    pl.DataFrame({"item": ["A"]}).write_parquet(good)
    refused_bytes(tmp_path / "sales.parquet", good.read_bytes()[:-20], "not a readable Parquet file")
    refused_bytes(tmp_path / "sales.parquet", b"PAR1 and nothing else", "not a readable Parquet file")


def test_not_an_excel_file(tmp_path: Path) -> None:
    refused_bytes(tmp_path / "sales.xlsx", b"this is text", "not an Excel file")
    refused_bytes(tmp_path / "sales.xlsx", b"PK\x03\x04 and nothing else", "not a readable Excel file")
    refused_bytes(tmp_path / "sales.csv", bytes(range(256)) * 50, "neither text nor Excel nor Parquet")


def refused_bytes(path: Path, data: bytes, message: str) -> None:
    path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_tables([path])


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_tables([tmp_path / "sales.csv"])


def test_a_folder_names_the_files_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(DataError, match="is a folder") as caught:
        read_tables([tmp_path])
    assert "a.csv" in caught.value.hint.en


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("item,date,quantity\nA,2026-11-01,3\n")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "read_bytes", refuse)  # tests may run as root, who may read everything
    with pytest.raises(DataError, match="may not be read"):
        read_tables([path])


def test_options_that_fit_nothing_are_wrong_use(tmp_path: Path) -> None:
    text = "item,date,quantity\nA,2026-11-01,3\n"
    with pytest.raises(UsageError, match="no file has this header"):
        read(tmp_path, text, ReadOptions(mapping={"quantity": "pieces per box"}))
    with pytest.raises(UsageError, match="not a column"):
        ReadOptions(mapping={"foo": "bar"})
    with pytest.raises(UsageError, match="not a table"):
        ReadOptions(table="foo")
    with pytest.raises(UsageError, match="no files"):
        read_tables([])
