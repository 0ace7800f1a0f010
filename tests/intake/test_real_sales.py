"""Real exports, understood without any mapping. The numbers are checked by SQL in DuckDB."""

import os
from pathlib import Path

import duckdb
import polars as pl
import pytest

from restock.intake.quality import judge
from restock.intake.tables import Reading, read_tables

DATA = Path(os.environ.get("RESTOCK_DATA", Path(__file__).resolve().parents[2] / ".." / "shared" / "data"))
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(
        not (DATA / "online_retail").is_dir(), reason=f"real data sets are not in {DATA}; set RESTOCK_DATA"
    ),
]


@pytest.fixture(scope="module")
def gifts() -> Reading:
    return read_tables([DATA / "online_retail" / "transactions.parquet"])


@pytest.fixture(scope="module")
def groceries() -> Reading:
    return read_tables([DATA / "fresh_retail" / "daily.parquet"])


def test_the_gift_shop_is_understood(gifts: Reading) -> None:
    mapping = gifts.mappings[0]
    assert mapping.columns == {
        "item": "sku", "at": "timestamp", "quantity": "quantity", "order": "invoice", "unit_price": "unit_price",
        "cancelled": "cancelled", "name": "description",
    }  # fmt: skip
    assert (mapping.personal, mapping.unused, gifts.quarantine.height) == (("customer_id",), ("country",), 0)


def test_the_repeats_of_the_gift_shop_are_those_that_sql_finds(gifts: Reading) -> None:
    path = DATA / "online_retail" / "transactions.parquet"
    columns = "invoice, sku, description, quantity, timestamp, unit_price, cancelled"
    sql = f"select count(*) - (select count(*) from (select distinct {columns} from '{path}')) from '{path}'"
    repeats = duckdb.sql(sql).fetchall()[0][0]
    assert {count.name: count.rows for count in gifts.counts}["repeats"] == repeats


def test_what_the_gift_shop_sold_is_demand(gifts: Reading) -> None:
    sales = gifts.tables["sales"]
    assert sales["quantity"].min() > 0  # pyright: ignore[reportOptionalOperand, reportOperatorIssue]
    assert sales["unit_price"].min() > 0  # pyright: ignore[reportOptionalOperand, reportOperatorIssue]
    assert not set(sales["item"]) & {
        "POST",
        "DOT",
        "M",
        "m",
        "BANK CHARGES",
        "C2",
        "D",
        "S",
        "AMAZONFEE",
        "PADS",
        "CRUK",
        "B",
    }
    assert {"DCGSSBOY", "DCGSSGIRL"} <= set(sales["item"])
    huge = sales.filter(pl.col("quantity").is_in([74215.0, 80995.0]))
    assert huge.height == 0  # both were cancelled within the hour
    assert gifts.tables["items"].filter(item="85123A")["name"].to_list() == ["WHITE HANGING HEART T-LIGHT HOLDER"]


def test_units_of_the_gift_shop_add_up(gifts: Reading) -> None:
    path = DATA / "online_retail" / "transactions.parquet"
    sql = f"select sum(quantity) from (select distinct invoice, sku, description, quantity, timestamp, unit_price, cancelled from '{path}') where quantity > 0"
    positive = duckdb.sql(sql).fetchall()[0][0]
    units = {count.name: count.units for count in gifts.counts}
    path_sql = (
        f"from (select distinct invoice, sku, description, quantity, timestamp, unit_price, cancelled from '{path}')"
    )
    lost = {
        "gifts": units["gifts"],
        "returned": units["returned"],
        "returned_partly": units["returned_partly"],
    }
    codes = (
        next(count.text.en for count in gifts.counts if count.name == "not_products").split(": ")[1].replace("`", "'")
    )
    services = duckdb.sql(f"select sum(quantity) {path_sql} where quantity > 0 and sku in ({codes})").fetchall()[0][0]
    kept = gifts.tables["sales"]["quantity"].sum()
    found_stock = positive - services - sum(lost.values()) - kept
    assert 0 <= found_stock <= units["write_offs"]  # positive corrections without a price


def test_the_grocer_is_understood(groceries: Reading) -> None:
    mapping = groceries.mappings[0]
    assert mapping.columns == {
        "item": "product_id", "at": "date", "quantity": "units", "site": "store_id", "discount": "discount",
        "promotion": "activity_flag", "out_of_stock_hours": "stockout_hours_6_22", "category": "third_category_id",
    }  # fmt: skip
    assert "holiday_flag" in mapping.unused
    assert {count.name: count.rows for count in groceries.counts}["discount_zero"] == 942


def test_the_grocers_days_agree_with_sql(groceries: Reading) -> None:
    path = DATA / "fresh_retail" / "daily.parquet"
    sales = groceries.tables["sales"]
    mine = (sales.height, sales["quantity"].sum(), round(sales["in_stock"].sum(), 3), sales["promotion"].sum())
    sql = (
        f"select count(*), sum(units), round(sum(1 - stockout_hours_6_22 / 16.0), 3), sum(activity_flag) from '{path}'"
    )
    assert mine == tuple(float(x) if i else x for i, x in enumerate(duckdb.sql(sql).fetchall()[0]))
    assert sales["discount"].is_between(0.0, 1.0).all()
    assert groceries.tables["items"].height == 395


def test_the_bakery_is_understood() -> None:
    reading = read_tables([DATA / "bakery" / "daily.parquet"])
    assert reading.tables["sales"].height == 127_575
    assert reading.mappings[0].columns["promotion"] == "promotion_currentweek"


def test_the_gift_shop_rests_on_saturdays(gifts: Reading) -> None:
    quality = judge(gifts)
    assert quality.days_missing == 374 - 305  # 305 trading days from 2010-12-01 to 2011-12-09
