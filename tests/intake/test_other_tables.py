from datetime import date
from pathlib import Path

import pytest

from restock.errors import DataError
from restock.intake.tables import Reading, ReadOptions, read_tables


def read(folder: Path, text: str, options: ReadOptions = ReadOptions(), name: str = "file.csv") -> Reading:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_tables([path], options)


AS_OF = ReadOptions(as_of=date(2026, 11, 22))


def test_stock_takes_its_date_from_a_column_the_option_or_the_file_name(tmp_path: Path) -> None:
    assert read(tmp_path, "sku,on_hand,date\nA,3,2026-11-20\n").tables["stock"].rows() == [
        ("A", "main", date(2026, 11, 20), 3.0)
    ]
    assert read(tmp_path, "sku,on_hand\nA,3\n", AS_OF).tables["stock"]["date"].to_list() == [date(2026, 11, 22)]
    named = read(tmp_path, "sku,on_hand\nA,3\n", name="stock_20261121.csv")
    assert named.tables["stock"]["date"].to_list() == [date(2026, 11, 21)]


def test_stock_without_any_date_is_not_taken_for_todays(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no date") as caught:
        read(tmp_path, "sku,on_hand\nA,3\n")
    assert "--as-of" in caught.value.hint.en


def test_negative_stock_counts_as_none_and_the_last_count_of_a_day_stands(tmp_path: Path) -> None:
    reading = read(tmp_path, "sku,on_hand\nA,-3\nB,4\nB,5\n", AS_OF)
    assert reading.tables["stock"].select("item", "on_hand").rows() == [("A", 0.0), ("B", 5.0)]
    assert {count.name: count.rows for count in reading.counts} == {"negative_stock": 1, "counted_twice": 1}


@pytest.mark.parametrize("words", ["arrives", "on order", "在途", "ETA"])
def test_goods_on_order_may_stand_in_a_column_per_arrival(tmp_path: Path, words: str) -> None:
    reading = read(tmp_path, f'sku,on_hand,{words} 2026-11-30,{words} 2026-12-07\nA,3,10,\nB,4,0,"1,000"\n', AS_OF)
    orders = reading.tables["purchase_orders"].select("order", "item", "site", "expected", "quantity").rows()
    assert orders == [
        ("incoming-2026-11-30", "A", "main", date(2026, 11, 30), 10.0),
        ("incoming-2026-12-07", "B", "main", date(2026, 12, 7), 1000.0),
    ]
    assert reading.tables["stock"].height == 2


def test_goods_on_order_may_stand_in_two_columns(tmp_path: Path) -> None:
    reading = read(
        tmp_path, "sku,on_hand,on_order,arrival date\nA,3,10,2026-11-30\nA,3,5,2026-12-07\nB,4,0,\nC,1,2,\n", AS_OF
    )
    orders = reading.tables["purchase_orders"].select("order", "item", "quantity").rows()
    assert orders == [("incoming-2026-11-30", "A", 10.0), ("incoming-2026-12-07", "A", 5.0), ("incoming", "C", 2.0)]
    assert reading.tables["stock"].select("item", "on_hand").rows() == [("A", 3.0), ("B", 4.0), ("C", 1.0)]
    assert {count.name: count.rows for count in reading.counts} == {"no_arrival_date": 1, "incoming": 3}


def test_sales_that_carry_stock_give_stock_too(tmp_path: Path) -> None:
    reading = read(tmp_path, "date,sku,units sold,stock\n2026-11-01,A,3,7\n2026-11-02,A,2,5\n")
    assert reading.tables["stock"].select("date", "on_hand").rows() == [
        (date(2026, 11, 1), 7.0),
        (date(2026, 11, 2), 5.0),
    ]


def test_purchase_orders_hold_what_is_still_to_come(tmp_path: Path) -> None:
    text = (
        "po_id,sku,order_date,expected_date,quantity,received_qty,received_date,status\n"
        "P1,A,2026-11-01,2026-11-20,10,4,,open\n"
        "P2,A,2026-10-01,2026-10-20,10,,2026-10-22,received\n"
        "P3,A,2026-11-01,2026-11-20,10,,,cancelled\n"
        "P4,B,2026-11-01,2026-11-20,10,,,open\n"
        "P4,B,2026-11-01,2026-12-20,5,,,open\n"
    )
    orders = (
        read(tmp_path, text)
        .tables["purchase_orders"]
        .select("order", "item", "expected", "quantity", "received")
        .rows()
    )
    assert orders == [
        ("P1", "A", date(2026, 11, 20), 6.0, None),
        ("P2", "A", date(2026, 10, 20), 0.0, date(2026, 10, 22)),
        ("P4#1", "B", date(2026, 11, 20), 10.0, None),
        ("P4#2", "B", date(2026, 12, 20), 5.0, None),
    ]


def test_supply_reads_days_and_weeks(tmp_path: Path) -> None:
    supply = read(tmp_path, "sku,供应商,交期,最小起订量,箱规\nA,S1,7天,10,6\nB,,2周,,\n").tables["supply"]
    assert supply.select("item", "site", "supplier", "lead_time", "minimum", "pack").rows() == [
        ("A", "main", "S1", 7.0, 10.0, 6.0),
        ("B", "main", "supplier", 14.0, None, None),
    ]


def test_items_are_told_by_their_file_and_filled_from_sales(tmp_path: Path) -> None:
    items, sales = tmp_path / "items.csv", tmp_path / "sales.csv"
    items.write_text("sku,name,cost,status\nA,Green tea,3,active\nB,Cup,0,Discontinued\n")
    sales.write_text("sku,date,units,name,category\nA,2026-11-01,3,TEA,drinks\nC,2026-11-01,1,Pot,kitchen\n")
    found = (
        read_tables([items, sales])
        .tables["items"]
        .sort("item")
        .select("item", "name", "category", "unit_cost", "status")
        .rows()
    )
    assert found == [
        ("A", "Green tea", "drinks", 3.0, "active"),
        ("B", "Cup", None, None, "discontinued"),
        ("C", "Pot", "kitchen", None, None),
    ]


def test_promotions_prices_and_events(tmp_path: Path) -> None:
    promotions = read(tmp_path, "sku,start,end,type\nA,2026-11-01,2026-11-11,sale\nA,2026-12-02,2026-12-11,\n").tables[
        "promotions"
    ]
    assert promotions.select("item", "kind", "value").rows() == [("A", "sale", 1.0), ("A", "promotion", 1.0)]
    prices = read(tmp_path, "sku,date,price\nA,2026-11-01,￥9.9\nB,2026-11-01,5\n").tables["prices"]
    assert prices["price"].to_list() == [9.9, 5.0]
    events = read(tmp_path, "name,start,end\nDouble 11,2026-11-11,\n").tables["events"]
    assert events.rows() == [("Double 11", date(2026, 11, 11), date(2026, 11, 11))]


def test_a_span_that_ends_before_it_begins_is_kept_apart(tmp_path: Path) -> None:
    text = "sku,start,end\nA,2026-11-01,2026-10-11\n" + "".join(f"B{i},2026-11-01,2026-11-02\n" for i in range(9))
    reading = read(tmp_path, text)
    assert (reading.tables["promotions"].height, reading.quarantine["row"].to_list()) == (9, [2])


def test_the_kind_of_table_can_be_forced(tmp_path: Path) -> None:
    reading = read(tmp_path, "sku,quantity\nA,3\n", ReadOptions(table="stock", as_of=date(2026, 11, 22)))
    assert reading.tables["stock"]["on_hand"].to_list() == [3.0]


def test_several_kinds_of_files_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("sku,date,units\nA,2026-11-01,3\n")
    (tmp_path / "k.csv").write_text("sku,date,on_hand\nA,2026-11-01,3\n")
    reading = read_tables([tmp_path / "s.csv", tmp_path / "k.csv"])
    assert list(reading.tables) == ["sales", "stock"]
    assert [mapping.table for mapping in reading.mappings] == ["sales", "stock"]
