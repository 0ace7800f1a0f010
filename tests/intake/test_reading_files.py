from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from restock.errors import DataError
from restock.intake.encoding import encoding_of, separator_of
from restock.intake.findings import ROW
from restock.intake.read import read_sheet
from restock.intake.tables import read_tables

SALES = "item,date,quantity\nA-1,2026-11-01,3\nA-2,2026-11-02,4\n"
CHINESE = "商品编码,日期,数量,商品名称\nA-1,2026年11月1日,3,毛衣\nA-2,2026年11月2日,4,围巾和手套\n"


def put(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    path = put(tmp_path, "sales.csv", SALES.replace(",", separator))
    assert read_tables([path]).tables["sales"]["quantity"].to_list() == [3.0, 4.0]


def test_decimal_commas_between_semicolons_are_no_separators(tmp_path: Path) -> None:
    path = put(tmp_path, "sales.csv", "item;date;quantity;price\nA;2026-11-01;1,5;2,25\nB;2026-11-02;2;1.200,50\n")
    assert read_tables([path]).tables["sales"].select("quantity", "unit_price").rows() == [(1.5, 2.25), (2.0, 1200.5)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_chinese_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    reading = read_tables([put(tmp_path, "sales.csv", CHINESE.encode(encoding))])
    assert reading.tables["items"]["name"].to_list() == ["毛衣", "围巾和手套"]


def test_western_windows_text_is_not_taken_for_chinese(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "sales.csv",
        "item,date,quantity,name\nA,2026-11-01,3,Café crème\nB,2026-11-02,1,Señor £5\n".encode("cp1252"),
    )
    assert read_tables([path]).tables["items"]["name"].to_list() == ["Café crème", "Señor £5"]


def test_an_encoding_that_shows_late_in_the_file_is_still_found(tmp_path: Path) -> None:
    lines = [f"A-{i},2026-11-01,1,plain" for i in range(20_000)] + ["B-1,2026-11-01,1,毛衣围巾"]
    path = put(tmp_path, "sales.csv", ("item,date,quantity,name\n" + "\n".join(lines)).encode("gb18030"))
    items = read_tables([path]).tables["items"]
    assert items.filter(pl.col("item") == "B-1")["name"].to_list() == ["毛衣围巾"]


def test_encoding_and_separator_by_themselves() -> None:
    assert encoding_of("a,b\n".encode("utf-16")) == "utf-16"
    assert encoding_of("商品,数量\n".encode("gb18030")) == "gb18030"
    assert separator_of('"a;b";c;d\n1;2;3\n') == ";"
    assert separator_of("a\n1\n") in ",\t;|"


def test_titles_above_the_header_are_skipped_and_lines_are_counted_from_the_top(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        "sales.csv",
        "Sales report,,\n\nitem,date,quantity\nA,2026-11-01,3\nB,2026-11-02,x\n"
        "C,2026-11-03,1\nD,2026-11-03,1\nE,2026-11-03,1\n",
    )
    assert read_sheet(path).frame[ROW].to_list() == [4, 5, 6, 7, 8]
    assert read_tables([path]).quarantine["row"].to_list() == [5]


def test_line_numbers_stay_right_after_a_line_break_in_quotes(tmp_path: Path) -> None:
    path = put(tmp_path, "sales.csv", 'item,date,quantity,name\nA,2026-11-01,3,"two\nlines"\nB,2026-11-02,1,x\n')
    assert read_sheet(path).frame[ROW].to_list() == [2, 4]


def test_a_row_with_too_many_cells_goes_to_quarantine(tmp_path: Path) -> None:
    rows = "".join(f"A-{i},2026-11-01,1\n" for i in range(9))
    reading = read_tables([put(tmp_path, "sales.csv", f"item,date,quantity\n{rows}B,2026-11-02,1,200,5\n")])
    assert reading.tables["sales"].height == 9
    assert reading.quarantine.select("row", "reason_zh").rows() == [(11, "单元格数多于表头")]


def test_the_sheet_that_holds_the_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("notes").write_row(0, 0, ["made by", "me"])
        sheet = book.add_worksheet("data")
        style = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write(0, 0, "Sales of November")
        sheet.write_row(2, 0, ["SKU", "Date", "Units sold", "Price"])
        sheet.write_row(3, 0, ["00123"])
        sheet.write_datetime(3, 1, datetime(2026, 11, 1, 10, 30), style)
        sheet.write_row(3, 2, [3, 2.5])
        sheet.write_row(4, 0, [22423, 46328, -0.5, "￥1,200"])
    reading = read_tables([path])
    assert reading.mappings[0].sheet == "data"
    lines = reading.tables["sales"].select("item", "at", "quantity", "unit_price").rows()
    assert lines == [("00123", datetime(2026, 11, 1), 3.0, 2.5)]  # the half unit came back: no sale to take it off


def test_long_ids_that_excel_kept_as_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["商品ID", "日期", "数量"])
        for row in range(1, 10):
            sheet.write_row(row, 0, [row + 100, "2026-11-01", 1])
        sheet.write_row(10, 0, [1234567890123456789, "2026-11-01", 1])
    reading = read_tables([path])
    assert reading.quarantine.select("row", "value").rows() == [(11, "1.23456E+18")]
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["商品ID", "日期", "数量"])
        sheet.write_row(1, 0, ["1234567890123456789", "2026-11-01", 1])
    assert read_tables([path]).tables["sales"]["item"].to_list() == ["1234567890123456789"]


def test_parquet_keeps_its_types_and_ids_become_text(tmp_path: Path) -> None:
    path = tmp_path / "sales.parquet"
    frame = pl.DataFrame(
        {"product_id": [7, 8], "store_id": [1.0, 2.0], "date": [date(2026, 11, 1)] * 2, "units": [3, 4]}
    )
    frame.write_parquet(path)
    sales = read_tables([path]).tables["sales"]
    assert sales.select("item", "site", "at", "quantity").row(0) == ("7", "1", datetime(2026, 11, 1), 3.0)


def test_text_that_calls_itself_xls_is_read_as_text(tmp_path: Path) -> None:
    assert read_tables([put(tmp_path, "sales.xls", SALES.replace(",", "\t"))]).tables["sales"].height == 2


def test_every_sheet_error_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="page\\.xls"):
        read_sheet(put(tmp_path, "page.xls", "<html><table></table></html>"))
