"""Prices, discounts, promotion and shelf availability of sales lines, from whatever the file has for them."""

import re

import polars as pl

from restock.intake.findings import Findings
from restock.intake.mapping import FileMapping
from restock.intake.synonyms import normal
from restock.language import Text

WINDOW = re.compile(r"(\d{1,2})\D(\d{1,2})\D*$")


def price_lines(frame: pl.DataFrame, mapping: FileMapping, findings: Findings) -> pl.DataFrame:
    """`unit_price` paid, `discount` = paid / list, `promotion` and `in_stock` between 0 and 1; null where unknown."""
    if "unit_price" not in mapping.columns and "net_amount" in mapping.columns:
        sold = pl.when(pl.col("quantity") != 0).then(pl.col("quantity"))
        frame = frame.with_columns(unit_price=pl.col("net_amount") / sold)
        findings.count(
            "price_from_amount",
            "note",
            Text("unit price is line amount / quantity", "单价由金额除以数量得到"),
            frame.height,
        )
    frame = _money_off(_share_paid(frame, mapping, findings), findings)
    list_price = pl.when(pl.col("list_price") > 0).then(pl.col("list_price"))
    paid = pl.when(pl.col("unit_price") > 0).then(pl.col("unit_price"))
    frame = frame.with_columns(discount=pl.coalesce("discount", paid / list_price).clip(0.0, 1.0))
    return _shelf(frame.with_columns(pl.col("promotion").clip(0.0, 1.0)), mapping, findings)


def _share_paid(frame: pl.DataFrame, mapping: FileMapping, findings: Findings) -> pl.DataFrame:
    """`discount` as people write it (paid share, share off, 8.5 of ten, percent, money) to paid / list."""
    seen = frame["discount"].drop_nulls()
    if not len(seen):
        return frame
    high, middle = float(seen.quantile(0.99) or 0.0), float(seen.median() or 0.0)  # pyright: ignore[reportArgumentType]
    header = mapping.columns["discount"]
    value = pl.col("discount")
    if high > 1.5:
        if "折" in header and high <= 10:
            value, middle = value / 10, middle / 10
        elif "%" in header or "percent" in normal(header) or "rate" in normal(header):
            value, middle = value / 100, middle / 100
        else:
            off = pl.coalesce("discount_amount", "discount")
            return frame.with_columns(discount_amount=off, discount=pl.lit(None, pl.Float64))
    if middle < 0.5:  # most lines have little or none of it: the share taken off
        findings.count(
            "discount_turned",
            "note",
            Text("`discount` is read as the share taken off", "`discount` 按“减免比例”读取"),
            len(seen),
        )
        return frame.with_columns(discount=1.0 - value.abs().clip(0.0, 1.0))
    zero = value <= 0
    findings.count("discount_zero", "repair", Text("discount of 0 (paid nothing of the list price) is taken as unknown",
                   "折扣为 0（相当于白送）视为未知"), frame.select(zero.sum()).item())  # fmt: skip
    return frame.with_columns(discount=pl.when(~zero).then(value))


def _money_off(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Money off the line lowers the price paid."""
    gross = pl.col("unit_price") * pl.col("quantity")
    off = pl.col("discount_amount").abs()
    fits = (off <= gross.abs()) & (gross.abs() > 0) & (off > 0)
    share = pl.when(fits).then(1.0 - off / gross.abs()).when(off == 0).then(1.0)
    rows = frame.select(fits.sum()).item()
    findings.count(
        "discount_money",
        "note",
        Text("money off the line is taken off the unit price", "行优惠金额已从单价中扣除"),
        rows,
    )
    return frame.with_columns(
        unit_price=pl.col("unit_price") * pl.when(fits).then(share).otherwise(1.0),
        discount=pl.coalesce("discount", share),
    )


def _shelf(frame: pl.DataFrame, mapping: FileMapping, findings: Findings) -> pl.DataFrame:
    """The share of the day on sale, from a flag, the opposite flag, or hours out of stock."""
    hours = open_hours(mapping.columns.get("out_of_stock_hours", ""))
    beyond = frame.select((pl.col("out_of_stock_hours") > hours).sum()).item()
    findings.count("too_many_hours", "repair", Text(f"more than {hours} hours out of stock count as {hours}",
                   f"缺货超过 {hours} 小时的按 {hours} 小时计"), beyond)  # fmt: skip
    share = pl.coalesce("in_stock", 1.0 - pl.col("out_of_stock"), 1.0 - pl.col("out_of_stock_hours") / hours)
    return frame.with_columns(in_stock=share.clip(0.0, 1.0))


def open_hours(header: str) -> int:
    """Hours that `hours out of stock` is out of: `stockout_hours_6_22` is 16, else a whole day."""
    found = WINDOW.search(header)
    first, last = (int(found[1]), int(found[2])) if found else (0, 24)
    return last - first if 0 <= first < last <= 24 else 24
