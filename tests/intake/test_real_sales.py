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
    columns = "invoice, sku, description, quantity, timestamp, unit_price, cancelled"
    lines = f"from (select distinct {columns} from '{DATA / 'online_retail' / 'transactions.parquet'}')"
    codes = next(count.text.en for count in gifts.counts if count.name == "not_products").split(": ")[1]
    listed = codes.replace("`", "'")
    units = {count.name: count.units for count in gifts.counts}
    products = f"select sum(quantity) {lines} where quantity > 0 and sku not in ({listed})"
    [(sold,)] = duckdb.sql(products).fetchall()
    found = duckdb.sql(f"{products} and unit_price <= 0").fetchall()[0][0] - units["gifts"]  # corrections of stock
    assert 0 <= found <= units["write_offs"]
    lost = units["gifts"] + units["returned"] + units["returned_partly"] + found
    assert gifts.tables["sales"]["quantity"].sum() == sold - lost


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
    mine = (sales.height, sales["quantity"].sum(), sales["in_stock"].sum(), sales["promotion"].sum())
    sql = f"select count(*), sum(units), sum(1 - stockout_hours_6_22 / 16.0), sum(activity_flag) from '{path}'"
    assert mine == pytest.approx(tuple(float(x) for x in duckdb.sql(sql).fetchall()[0]))
    assert sales["discount"].is_between(0.0, 1.0).all()
    assert groceries.tables["items"].height == 395


def test_the_bakery_is_understood() -> None:
    reading = read_tables([DATA / "bakery" / "daily.parquet"])
    assert reading.tables["sales"].height == 127_575
    assert reading.mappings[0].columns["promotion"] == "promotion_currentweek"


def test_the_gift_shop_rests_on_saturdays(gifts: Reading) -> None:
    quality = judge(gifts)
    assert quality.days_missing == 374 - 305  # 305 trading days from 2010-12-01 to 2011-12-09
