# ruff: noqa: E501  (lines of exports as platforms write them)
from datetime import datetime
from pathlib import Path

import pytest

from restock.intake.contract import TABLES
from restock.intake.detect import table_of
from restock.intake.synonyms import is_personal, normal, ranks, signature, without_unit
from restock.intake.tables import Reading, ReadOptions, read_tables


def read(folder: Path, text: str, options: ReadOptions = ReadOptions(), name: str = "file.csv") -> Reading:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_tables([path], options)


@pytest.mark.parametrize(
    "header",
    [
        "Unit Price",
        "unit_price",
        "UnitPrice",
        " unit-price ",
        "ＵＮＩＴ　ＰＲＩＣＥ",
        "Unit Price (£)",
        "unit price【元】",
    ],
)
def test_headers_are_compared_without_dress(header: str) -> None:
    assert "unitprice" in {normal(header), without_unit(header)}


@pytest.mark.parametrize(
    "header",
    ["customer_id", "Buyer Name", "Email", "Phone", "收货人姓名", "收货地址 ", "买家会员名", "联系手机", "Shipping Name", "household_id", "ship-address-1", "手机号"],
)  # fmt: skip
def test_headers_about_people_are_known(header: str) -> None:
    assert is_personal(header)


def test_no_header_that_the_reader_uses_is_taken_for_personal() -> None:
    used = {header for table in TABLES for tiers in ranks(table).values() for header in tiers}
    assert sorted(header for header in used if is_personal(header)) == []


def test_every_reading_column_can_be_found_by_its_own_name() -> None:
    for table in TABLES.values():
        for column in table.reading:
            assert normal(column.name) in ranks(table.name)[column.name], (table.name, column.name)


def test_the_order_of_columns_does_not_change_the_signature() -> None:
    assert signature(["Item", "Date"]) == signature(["date", " ITEM "]) != signature(["item"])


@pytest.mark.parametrize(
    ("headers", "table"),
    [
        ("item date quantity", "sales"), ("sku on_hand", "stock"), ("sku date on_hand", "stock"), ("date sku units_sold on_hand", "sales"),
        ("sku stock on_order expected", "stock"), ("po_id sku quantity order_date expected_date", "purchase_orders"),
        ("order_id sku quantity order_date delivery_date price", "sales"), ("sku supplier lead_time", "supply"),
        ("sku name unit_cost", "items"), ("sku start end", "promotions"), ("sku date price", "prices"), ("name start end", "events"),
        ("unique_id ds y", "sales"), ("商品编码 库存", "stock"), ("商品编码 日期 销量", "sales"), ("foo bar", "sales"),
    ],
)  # fmt: skip
def test_the_kind_of_table_is_seen_from_the_headers(headers: str, table: str) -> None:
    assert table_of(headers.split(), {}, "x.csv") == table


def test_a_file_called_stock_may_call_its_stock_quantity() -> None:
    assert table_of(["sku", "quantity"], {}, "stock_2026.csv") == "stock"
    assert table_of(["sku", "quantity"], {}, "x.csv") == "sales"


def test_the_users_word_wins(tmp_path: Path) -> None:
    text = "item,date,quantity,boxes,store,price\nA,2026-11-01,3,30,S1,2\n"
    options = ReadOptions(mapping={"quantity": "Boxes", "location": None, "price": None})
    reading = read(tmp_path, text, options)
    assert reading.tables["sales"].select("quantity", "site", "unit_price").rows() == [(30.0, "main", None)]
    assert set(reading.mappings[0].unused) == {"quantity", "store", "price"}


def test_a_mapping_is_remembered_for_the_next_file_of_the_layout(tmp_path: Path) -> None:
    text = "item,date,boxes,units\nA,2026-11-01,30,3\n"
    first = read(tmp_path, text, ReadOptions(mapping={"quantity": "boxes"}))
    path = tmp_path / "next.csv"
    path.write_text("units,item,date,boxes\n4,A,2026-11-02,40\n")
    again = read_tables([path], remembered=first.remembered)
    assert again.tables["sales"]["quantity"].to_list() == [40.0]
    corrected = read_tables([path], ReadOptions(mapping={"quantity": "units"}), first.remembered)
    assert corrected.tables["sales"]["quantity"].to_list() == [4.0]


def test_the_mapping_tells_what_was_used_dropped_and_left(tmp_path: Path) -> None:
    mapping = read(tmp_path, "sku,Order Date,Qty,Customer Name,holiday_flag\nA,2026-11-01,3,Ann,1\n").mappings[0]
    assert mapping.columns == {"item": "sku", "at": "Order Date", "quantity": "Qty"}
    assert (mapping.personal, mapping.unused) == (("Customer Name",), ("holiday_flag",))
    assert mapping.to_json()["rows"] == 1


def test_nothing_personal_is_in_what_leaves_the_reader(tmp_path: Path) -> None:
    text = (
        "sku,date,qty,Email,收货地址,买家会员名\n"
        + "A,2026-11-01,3,ann@shop.example,Main Street 1,ann\n" * 9
        + "B,2026-11-01,x,bob@shop.example,Main Street 2,bob\n"
    )
    reading = read(tmp_path, text)
    everything = str([frame.rows() for frame in (*reading.tables.values(), reading.quarantine)])
    assert reading.quarantine.height == 1
    assert not any(word in everything for word in ("ann", "bob", "Main Street"))


def test_tables_have_exactly_the_columns_and_types_of_the_contract(tmp_path: Path) -> None:
    reading = read(tmp_path, "sku,date,qty,name,stock\nA,2026-11-01,3,Tea,7\n")
    assert set(reading.tables) == {"sales", "items", "stock"}
    for name, frame in reading.tables.items():
        assert dict(frame.schema) == TABLES[name].schema


SHOPIFY = """Name,Email,Financial Status,Paid at,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,Cancelled at,Billing Name,Location
#1001,a@b.c,paid,2026-11-01 10:00:00 +0800,2026-11-01 09:59:00 +0800,2,Green Tea,10.00,TEA-1,0.00,,Ann,Shanghai
#1001,a@b.c,,,,1,Black Tea,8.00,TEA-2,2.00,,,
#1002,d@e.f,paid,2026-11-02 10:00:00 +0800,2026-11-02 09:59:00 +0800,5,Green Tea,10.00,TEA-1,0.00,2026-11-02 12:00:00 +0800,Bob,Shanghai
#1003,d@e.f,refunded,2026-11-02 10:00:00 +0800,2026-11-02 09:59:00 +0800,4,Green Tea,10.00,TEA-1,0.00,,Bob,Shanghai
#1003,d@e.f,,,,4,Gift Wrap,1.00,,0.00,,,
#1004,d@e.f,paid,2026-11-03 10:00:00 +0800,2026-11-03 09:59:00 +0800,1,Tea Pot,30.00,,0.00,,Bob,Shanghai
"""


def test_shopify_orders_are_filled_down_and_cancelled_ones_left_out(tmp_path: Path) -> None:
    reading = read(tmp_path, SHOPIFY)
    assert reading.mappings[0].platform == "shopify orders"
    lines = reading.tables["sales"].select("order", "item", "site", "at", "quantity", "unit_price").rows()
    assert lines == [
        ("#1001", "TEA-1", "Shanghai", datetime(2026, 11, 1, 9, 59), 2.0, 10.0),
        ("#1001", "TEA-2", "Shanghai", datetime(2026, 11, 1, 9, 59), 1.0, 6.0),
        ("#1004", "Tea Pot", "Shanghai", datetime(2026, 11, 3, 9, 59), 1.0, 30.0),
    ]
    assert reading.tables["sales"]["discount"].to_list() == [1.0, 0.75, 1.0]
    assert {c.name: c.rows for c in reading.counts} | {"filled_down": 2, "cancelled": 3, "named": 1} == {
        c.name: c.rows for c in reading.counts
    }


PLATFORMS = {
    "amazon orders": ("amazon-order-id\tpurchase-date\tsku\tquantity\titem-price\torder-status\tship-city\n1\t2026-11-01T03:00:00+00:00\tA\t2\t9.98\tShipped\tX\n1\t2026-11-01T03:00:00+00:00\tB\t0\t\tCancelled\tX\n", ("A", 2.0, 4.99)),
    "taobao / tmall items": ("订单编号,标题,价格,购买数量,外部系统编号,订单状态,订单付款时间\n=\"123456789012345678\",毛衣,￥99.00,2,SW-1,交易成功,2026-11-11 00:03:21\n=\"223456789012345678\",毛衣,99.00,1,SW-1,交易关闭,\n", ("SW-1", 2.0, 99.0)),
    "pinduoduo": ("订单号,商品,商品数量(件),商家实收金额(元),商家编码-规格维度,支付时间,订单状态\n26-1\t,毛衣,2,50.00,SW-1\t,2026/11/1 0:03,已发货\n26-2\t,毛衣,2,50.00,SW-1,2026/11/1 0:03,已取消\n", ("SW-1", 2.0, 25.0)),
    "douyin": ("主订单编号,子订单编号,选购商品,商家编码,商品数量,订单应付金额,订单状态,订单提交时间,收件人\n1,11,毛衣,SW-1,2,50,已完成,2026-11-01 10:00:00,王\n2,21,毛衣,SW-1,1,25,已关闭,2026-11-01 10:00:00,李\n", ("SW-1", 2.0, 25.0)),
    "jd": ("订单号,商品编号,商品名称,订购数量,下单时间,京东价,订单状态,客户姓名\n1,SW-1,毛衣,2,2026-11-01 10:00:00,25,完成,王\n2,SW-1,毛衣,2,2026-11-01 10:00:00,25,(删除)等待买家付款,王\n", ("SW-1", 2.0, 25.0)),
    "odoo sales": ("Order Reference,Order Date,Product/Internal Reference,Product,Quantity,Unit Price,Customer\nS0001,2026-11-01 10:00:00,SW-1,Sweater,2,25,Ann\n", ("SW-1", 2.0, 25.0)),
    "erpnext sales": ("Item Code,Item Name,Posting Date,Qty,Warehouse,Rate,Customer\nSW-1,Sweater,2026-11-01,2,Main,25,Ann\n", ("SW-1", 2.0, 25.0)),
}  # fmt: skip


@pytest.mark.parametrize("platform", PLATFORMS)
def test_exports_of_platforms_are_recognised(tmp_path: Path, platform: str) -> None:
    text, line = PLATFORMS[platform]
    reading = read(tmp_path, text)
    assert reading.mappings[0].platform == platform
    assert reading.tables["sales"].select("item", "quantity", "unit_price").rows() == [line]
    assert reading.tables["sales"]["at"].dt.month().to_list() == [11]


STOCKS = {
    "shopify stock": ("Handle,Title,SKU,Location,Incoming,Unavailable,Committed,Available,On hand (current),On hand (new)\nt,Tea,A,Main,5,0,1,6,7,\nt,Tea,B,Main,0,0,0,not stocked,not stocked,\n", 7.0),
    "amazon fba stock": ("sku\tfnsku\tasin\tproduct-name\tafn-fulfillable-quantity\tafn-inbound-shipped-quantity\nA\tX\tB0\tTea\t7\t5\n", 7.0),
    "jushuitan stock": ("商品编码,款式编码,商品名称,主仓实际库存数,订单占有数,采购在途数\nA,K,毛衣,7,1,5\n", 7.0),
    "erpnext stock": ("Item Code,Warehouse,Actual Qty,Ordered Qty,Projected Qty\nA,Main,7,5,12\n", 7.0),
}  # fmt: skip


@pytest.mark.parametrize("platform", STOCKS)
def test_stock_exports_of_platforms_are_recognised(tmp_path: Path, platform: str) -> None:
    text, on_hand = STOCKS[platform]
    reading = read(tmp_path, text, ReadOptions(max_bad_share=0.5), name="export 2026-11-22.csv")
    assert reading.mappings[0].platform == platform
    assert reading.tables["stock"].filter(item="A")["on_hand"].to_list() == [on_hand]
    assert reading.tables["purchase_orders"].select("item", "quantity").rows() == [("A", 5.0)]
