from datetime import datetime
from pathlib import Path

import pytest

from restock.intake.cancelled import is_cancelled
from restock.intake.lines import not_products
from restock.intake.price import open_hours
from restock.intake.tables import Reading, ReadOptions, read_tables


def read(folder: Path, text: str, options: ReadOptions = ReadOptions(), name: str = "sales.csv") -> Reading:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_tables([path], options)


def counts(reading: Reading) -> dict[str, tuple[int, float]]:
    return {count.name: (count.rows, count.units) for count in reading.counts}


HEAD = "order,item,name,date,quantity,price\n"


def test_lines_that_are_no_demand_are_left_out_and_counted(tmp_path: Path) -> None:
    text = HEAD + (
        "1,A-1,Tea,2026-11-01 10:00,3,2\n"
        "1,A-1,Tea,2026-11-01 10:00,3,2\n"  # exact repeat
        "1,POST,Postage,2026-11-01 10:00,1,18\n"
        "2,A-2,damaged,2026-11-01 11:00,-5,0\n"
        "3,A-2,found,2026-11-01 11:30,4,0\n"
        "4,A-2,Cup,2026-11-01 12:00,1,0\n"  # free
        "5,A-2,Cup,2026-11-01 13:00,0,2\n"
        "6,A-2,Cup,2026-11-01 14:00,1.5,2\n"
    )
    reading = read(tmp_path, text)
    assert reading.tables["sales"].select("order", "quantity").rows() == [("1", 3.0), ("6", 1.5)]
    assert counts(reading) == {
        "repeats": (1, 3.0), "not_products": (1, 1.0), "write_offs": (2, 9.0), "gifts": (1, 1.0),
        "zero_quantity": (1, 0.0), "fractions": (1, 1.5),
    }  # fmt: skip
    assert reading.tables["items"].select("item", "name").rows() == [("A-1", "Tea"), ("A-2", "Cup")]
    assert all(count.text.en and count.text.zh for count in reading.counts)


def test_every_line_is_kept_or_counted_once(tmp_path: Path) -> None:
    rows = [f"{i},A-{i % 7},Tea,2026-11-{1 + i % 28:02} 10:00,{(i % 5) - 1},{i % 4}" for i in range(200)]
    reading = read(tmp_path, HEAD + "\n".join(rows))
    removed = sum(count.rows for count in reading.counts if count.effect == "removal")
    returns = counts(reading)["returned"][0] + counts(reading).get("returned_partly", (0, 0.0))[0]
    assert reading.tables["sales"].height + removed + returns == 200  # a whole return takes itself and its sale


@pytest.mark.parametrize(
    "status",
    ["Cancelled", "canceled", "VOIDED", "refunded", "交易关闭", "已取消", "等待买家付款", "已发货，退款成功", "unpaid"],
)
def test_words_for_orders_that_are_no_demand(status: str) -> None:
    assert is_cancelled(status)


@pytest.mark.parametrize(
    "status", ["paid", "shipped", "partially_refunded", "交易成功", "已发货", "pending", "completed", "买家已付款"]
)
def test_words_for_orders_that_are_demand(status: str) -> None:
    assert not is_cancelled(status)


def test_codes_of_services_are_told_from_products() -> None:
    codes = [
        "22423",
        "85123A",
        "84406B",
        "71053",
        "84029G",
        "21730",
        "10002",
        "POST",
        "M",
        "BANK CHARGES",
        "DCGSSBOY",
        "gift_0001_20",
        "GIFT-BOX-1",
    ]
    names = [None] * 11 + ["Dotcomgiftshop Gift Voucher £20.00", "Gift box"]
    more = [f"5{i:04}" for i in range(100)]
    assert not_products(codes + more, [*names, *([None] * 100)]) == ["BANK CHARGES", "M", "POST", "gift_0001_20"]
    assert not_products(["YF-1", "SW-1", "运费"], ["邮费补差价", "毛衣", None]) == ["YF-1", "运费"]


def test_a_shop_whose_codes_are_words_keeps_them() -> None:
    assert not_products(["tea", "milk", "A", "B", "M", "S", "D"], [None] * 7) == []


def test_a_short_code_that_the_items_table_lists_is_a_product_in_whatever_order_the_files_come(tmp_path: Path) -> None:
    rows = [f"{i},A-{i % 50},Tea,2026-11-{1 + i % 28:02} 10:00,1,2" for i in range(99)]
    rows += [f"9{i},{code},{code},2026-11-02 10:00,1,2" for i, code in enumerate(("new", "POST"))]
    sold, listed = tmp_path / "sales.csv", tmp_path / "items.csv"
    sold.write_text(HEAD + "\n".join(rows))
    listed.write_text("item,name,category\nnew,New tea,tea\nPOST,Postage,fees\n")

    def words(*paths: Path, products: frozenset[str] = frozenset()) -> set[str]:
        items = read_tables(paths, products=products).tables["sales"]["item"]
        return {item for item in items if "-" not in item}

    assert words(sold) == set()
    assert words(sold, listed) == words(listed, sold) == {"new"}  # postage is none, whoever lists it
    assert words(sold, products=frozenset({"new"})) == {"new"}


def test_the_price_is_the_line_amount_over_the_quantity(tmp_path: Path) -> None:
    sales = read(tmp_path, "order,item,date,quantity,line total\n1,A,2026-11-01,4,10\n").tables["sales"]
    assert sales["unit_price"].to_list() == [2.5]


@pytest.mark.parametrize(
    ("header", "cells", "paid_share"),
    [
        ("discount", ["1.0", "0.8", "0", "0.95"], [1.0, 0.8, None, 0.95]),  # paid / list; 0 is an error
        ("discount", ["0", "0.2", "0", "0"], [1.0, 0.8, 1.0, 1.0]),  # share off
        ("discount", ["0%", "20%", "0%", "0%"], [1.0, 0.8, 1.0, 1.0]),
        ("discount %", ["0", "20", "0", "0"], [1.0, 0.8, 1.0, 1.0]),
        ("折扣", ["8折", "9.5折", "10折", "10折"], [0.8, 0.95, 1.0, 1.0]),
        ("折扣", ["8", "9.5", "10", "10"], [0.8, 0.95, 1.0, 1.0]),
        ("discount", ["0", "4", "0", "10"], [1.0, 0.8, 1.0, 0.5]),  # money off lines of 20
        ("list price", ["10", "12.5", "20", ""], [1.0, 0.8, 0.5, None]),
    ],
)  # fmt: skip
def test_discounts_become_paid_over_list(
    tmp_path: Path, header: str, cells: list[str], paid_share: list[float | None]
) -> None:
    rows = "".join(f"{i},A{i},2026-11-01,2,10,{cell}\n" for i, cell in enumerate(cells))
    sales = read(tmp_path, f"order,item,date,quantity,unit price,{header}\n{rows}").tables["sales"]
    assert sales["discount"].to_list() == [None if x is None else pytest.approx(x) for x in paid_share]


def test_money_off_lowers_the_price_paid(tmp_path: Path) -> None:
    text = "order,item,date,quantity,unit price,discount amount\n1,A,2026-11-01,2,10,4\n"
    assert read(tmp_path, text).tables["sales"].select("unit_price", "discount").rows() == [(8.0, 0.8)]


@pytest.mark.parametrize(
    ("header", "hours"),
    [("stockout_hours_6_22", 16), ("oos hours", 24), ("stockout_hours_22_6", 24), ("stockout hours 9-21", 12)],
)
def test_open_hours_stand_in_the_header(header: str, hours: int) -> None:
    assert open_hours(header) == hours


@pytest.mark.parametrize(
    ("header", "cell", "share"),
    [("stockout_hours_6_22", "4", 0.75), ("oos_hours", "6", 0.75), ("stockout_hours_6_22", "20", 0.0),
     ("in_stock", "yes", 1.0),
     ("是否有货", "无货", 0.0), ("out of stock", "1", 0.0), ("缺货", "否", 1.0)],
)  # fmt: skip
def test_the_share_of_the_day_on_sale(tmp_path: Path, header: str, cell: str, share: float) -> None:
    sales = read(tmp_path, f"item,date,units,{header}\nA,2026-11-01,3,{cell}\n").tables["sales"]
    assert sales["in_stock"].to_list() == [share]


def test_a_promotion_may_be_a_flag_or_a_name(tmp_path: Path) -> None:
    sales = read(
        tmp_path,
        "item,date,units,promotion\nA,2026-11-01,3,1\nB,2026-11-01,3,0\nC,2026-11-01,3,BF-2026\nD,2026-11-01,3,\n",
    )
    assert sales.tables["sales"]["promotion"].to_list() == [1.0, 0.0, 1.0, None]


def test_sums_per_day_keep_zero_days_and_have_no_order(tmp_path: Path) -> None:
    reading = read(tmp_path, "item,date,units,in_stock\nA,2026-11-01,3,1\nA,2026-11-02,0,0\nA,2026-11-03,-2,1\n")
    rows = reading.tables["sales"].select("order", "quantity", "in_stock").rows()
    assert rows == [(None, 3.0, 1.0), (None, 0.0, 0.0), (None, 0.0, 1.0)]
    assert counts(reading) == {"negative_days": (1, 2.0)}


def test_lines_without_an_order_id_add_up_per_day(tmp_path: Path) -> None:
    text = "item,date,units,price\nA,2026-11-01,3,10\nA,2026-11-01,1,6\nA,2026-11-01,3,10\n"
    text += "B,2026-11-01,2,5\nA,2026-11-02,1,10\n"
    reading = read(tmp_path, text)
    assert sorted(reading.tables["sales"].select("item", "at", "quantity", "unit_price").rows()) == [
        ("A", datetime(2026, 11, 1), 7.0, pytest.approx(66 / 7)),
        ("A", datetime(2026, 11, 2), 1.0, 10.0),
        ("B", datetime(2026, 11, 1), 2.0, 5.0),
    ]
    assert counts(reading) == {"summed": (5, 10.0)}


def test_a_few_exact_repeats_in_sums_per_day_are_dropped_not_added(tmp_path: Path) -> None:
    rows = [f"A,2026-10-{day:02},{day}" for day in range(1, 31)]
    reading = read(tmp_path, "item,date,units\n" + "\n".join([*rows, rows[4]]))
    assert reading.tables["sales"]["quantity"].sum() == sum(range(1, 31))
    assert counts(reading) == {"repeats": (1, 5.0)}


def test_equal_lines_of_one_order_with_line_numbers_add_up(tmp_path: Path) -> None:
    text = (
        "order,line,item,date,quantity,price\n1,1,A-1,2026-11-01,2,5\n1,2,A-1,2026-11-01,2,5\n1,2,A-1,2026-11-01,2,5\n"
    )
    reading = read(tmp_path, text)
    assert reading.tables["sales"]["quantity"].to_list() == [4.0]
    assert counts(reading) == {"repeats": (1, 2.0), "lines_merged": (1, 0.0)}


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    for text in (
        HEAD + "1,A-1,Tea,2026-11-01 10:00,3,2\n2,A-1,Tea,2026-11-01 11:00,3,2\n",
        "item,date,units\nA,2026-11-01,3\nA,2026-11-02,1\n",
    ):
        path = tmp_path / "sales.csv"
        path.write_text(text)
        assert read_tables([path, path]).tables["sales"].rows() == read_tables([path]).tables["sales"].rows()


def test_a_later_file_replaces_sums_of_the_same_day(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("item,date,units\nA,2026-11-01,3\nA,2026-11-02,1\n")
    second.write_text("item,date,units\nA,2026-11-02,5\nA,2026-11-03,2\n")
    assert sorted(read_tables([first, second]).tables["sales"]["quantity"].to_list()) == [2.0, 3.0, 5.0]


@pytest.mark.parametrize(
    "days",
    [
        "2026-11-01,2026-11-02,2026-11-03",
        "2026/11/1,2026/11/2,2026/11/3",
        "20261101,20261102,20261103",
        "2026年11月1日,2026年11月2日,2026年11月3日",
        "46327,46328,46329",
        "1-Nov-26,2-Nov-26,3-Nov-26",
    ],
)
def test_a_column_per_day_becomes_a_row_per_day(tmp_path: Path, days: str) -> None:
    reading = read(tmp_path, f'item,store,category,{days}\nA,S1,Tea,3,,0\nB,S1,Tea,1,2,"1,000"\n')
    rows = reading.tables["sales"].select("item", "site", "at", "quantity").rows()
    assert sorted(rows) == [
        ("A", "S1", datetime(2026, 11, 1), 3.0),
        ("A", "S1", datetime(2026, 11, 3), 0.0),
        ("B", "S1", datetime(2026, 11, 1), 1.0),
        ("B", "S1", datetime(2026, 11, 2), 2.0),
        ("B", "S1", datetime(2026, 11, 3), 1000.0),
    ]
    assert reading.tables["items"]["category"].to_list() == ["Tea", "Tea"]


def test_a_quantity_far_above_the_usual_is_flagged_and_kept(tmp_path: Path) -> None:
    rows = "".join(f"{i},A-1,Tea,2026-10-{1 + i % 28:02} 10:{i:02},{1 + i % 6},2\n" for i in range(50))
    reading = read(tmp_path, HEAD + rows + "99,A-1,Tea,2026-11-01 10:00,74215,2\n98,A-1,Tea,2026-11-01 10:00,30,2\n")
    sales = reading.tables["sales"]
    assert sales.filter("suspect")["quantity"].to_list() == [74215.0]
    assert sales.height == 52
    assert counts(reading)["suspect"] == (1, 74215.0)


def test_a_day_on_which_everything_sells_is_an_event_not_a_mistake(tmp_path: Path) -> None:
    rows = "".join(
        f"A-{i},2026-11-{d:02},{(100 if d == 11 else 1) * (2 + d % 2)}\n" for i in range(10) for d in range(1, 21)
    )
    assert not read(tmp_path, f"item,date,units\n{rows}").tables["sales"]["suspect"].any()


def test_totals_at_the_end_are_no_item(tmp_path: Path) -> None:
    reading = read(tmp_path, "item,date,units\nA,2026-11-01,3\nB,2026-11-01,4\n合计,,7\n")
    assert reading.tables["sales"].height == 2
    assert (reading.quarantine.height, counts(reading)["totals"][0]) == (0, 1)


def test_the_most_frequent_name_and_the_latest_cost_stand(tmp_path: Path) -> None:
    text = "order,item,name,cost,date,quantity\n1,A-1,Tea,3,2026-11-01,1\n"
    text += "2,A-1,TEA green,4,2026-11-03,1\n3,A-1,Tea,3.5,2026-11-02,2\n"
    items = read(tmp_path, text).tables["items"]
    assert items.select("item", "name", "unit_cost").rows() == [("A-1", "Tea", 4.0)]
