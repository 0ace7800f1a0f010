"""Stock, purchase orders, supply, items, promotions, prices and events: typed reading columns to facts."""

import re
from collections.abc import Callable
from datetime import date

import polars as pl

from restock.errors import DataError
from restock.intake.cancelled import is_cancelled
from restock.intake.contract import ITEMS, MAIN, PURCHASE_ORDERS, TABLES
from restock.intake.findings import Findings
from restock.intake.mapping import FileMapping, ReadOptions, arrival_dates
from restock.intake.parse import to_number
from restock.intake.synonyms import normal, words
from restock.language import Text

Tables = dict[str, pl.DataFrame]
DATE_IN_NAME = re.compile(r"(20\d{2})[-_. ]?(\d{2})[-_. ]?(\d{2})(?!\d)")
INCOMING = "incoming"  # made-up order ids begin with it; the same arrival keeps its id from file to file


def clean_table(frame: pl.DataFrame, mapping: FileMapping, options: ReadOptions, findings: Findings) -> Tables:
    """The facts of one file that is not sales."""
    if "site" in frame.columns and mapping.table in ("stock", "purchase_orders", "supply"):
        frame = frame.with_columns(pl.col("site").fill_null(MAIN))
    if mapping.table == "stock":
        return _stock(frame, mapping, options, findings)
    cleaners: dict[str, Callable[[pl.DataFrame, Findings], pl.DataFrame]] = {
        "purchase_orders": _purchase_orders, "supply": _supply, "items": _items, "promotions": _promotions,
        "events": _events, "prices": _prices,
    }  # fmt: skip
    return {mapping.table: cleaners[mapping.table](frame, findings)}


def latest_by_key(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """One row per key, the last one of the file."""
    return TABLES[table].conform(frame).unique(TABLES[table].key, keep="last", maintain_order=True)


def _stock(frame: pl.DataFrame, mapping: FileMapping, options: ReadOptions, findings: Findings) -> Tables:
    if "date" not in mapping.columns:
        frame = frame.with_columns(date=pl.lit(_count_date(mapping, options), pl.Date))
    undated = frame.filter(pl.col("date").is_null())
    findings.reject(undated, mapping.columns.get("date", "date"), undated["date"], Text("no date", "缺少日期"))
    frame = frame.filter(pl.col("date").is_not_null())
    below = frame.filter(pl.col("on_hand") < 0)
    findings.count(
        "negative_stock",
        "repair",
        Text("stock below 0 counts as 0", "负库存按 0 计"),
        below.height,
        -below["on_hand"].sum(),
    )
    counted = frame.with_columns(pl.col("on_hand").clip(0.0))
    result = {"stock": _once(counted.unique(["item", "site", "date", "on_hand"], maintain_order=True), findings)}
    arriving = _arriving(frame, mapping, findings)
    if arriving.height or mapping.arrivals or "on_order" in mapping.columns:
        result["purchase_orders"] = arriving
    about = [name for name in ("name", "category", "brand", "unit_cost", "list_price") if name in mapping.columns]
    if about:
        result["items"] = latest_by_key("items", frame.select("item", *about))
    return result


def _once(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    stock = latest_by_key("stock", frame)
    findings.count("counted_twice", "repair", Text("items counted more than once on a day: the last count stands",
                   "同一天多次盘点的商品以最后一次为准"), frame.height - stock.height)  # fmt: skip
    return stock


def _count_date(mapping: FileMapping, options: ReadOptions) -> date:
    """When the stock was counted, if no column says it: the option, or a date in the file's name; never today."""
    if options.as_of is not None:
        return options.as_of
    found = DATE_IN_NAME.search(mapping.file)
    try:
        if found:
            return date(*(int(part) for part in found.groups()))
    except ValueError:
        pass
    raise DataError(
        Text(
            f"`{mapping.file}`: stock without a date column, and the file name has no date",
            f"`{mapping.file}`：库存表没有日期列，文件名中也没有日期",
        ),
        hint=Text("say when it was counted: `--as-of 2026-11-22`", "请指定盘点日期：`--as-of 2026-11-22`"),
    )


def _arriving(frame: pl.DataFrame, mapping: FileMapping, findings: Findings) -> pl.DataFrame:
    """Ordered goods that a stock table tells of, with made-up order ids: one per arrival date."""
    parts = (
        [frame.select("item", "site", "expected", pl.col("on_order").alias("quantity"))]
        if "on_order" in mapping.columns
        else []
    )
    for header, day in arrival_dates(mapping).items():
        quantity = to_number(frame[header])
        said = frame[header].cast(pl.String).str.strip_chars().str.contains(r"\w").fill_null(value=False)
        bad = frame.filter(said & ~quantity.is_finite().fill_null(value=False))
        findings.count(
            "unread_arrivals",
            "repair",
            Text(f"`{header}`: cell is not a number, left empty", f"`{header}`：单元格不是数字，按空处理"),
            bad.height,
        )
        parts.append(frame.select("item", "site", pl.lit(day, pl.Date).alias("expected"), quantity.alias("quantity")))
    if not parts:
        return PURCHASE_ORDERS.conform(pl.DataFrame(schema=PURCHASE_ORDERS.schema))
    lines = pl.concat(parts).filter(pl.col("quantity").is_finite() & (pl.col("quantity") > 0))
    day = pl.col("expected").dt.to_string("%Y-%m-%d")
    lines = lines.with_columns(order=pl.when(day.is_null()).then(pl.lit(INCOMING)).otherwise(INCOMING + "-" + day))
    lines = lines.group_by("order", "item", "site", "expected", maintain_order=True).agg(pl.col("quantity").sum())
    undated = lines.filter(pl.col("expected").is_null())
    findings.count(
        "no_arrival_date",
        "flag",
        Text("goods on order without a date of arrival", "在途货物没有到货日期"),
        undated.height,
        undated["quantity"].sum(),
    )
    findings.count("incoming", "note", Text("goods on order are kept as purchase orders named `incoming-<date>`",
                   "在途货物记为名为 `incoming-<日期>` 的采购单"), lines.height, lines["quantity"].sum())  # fmt: skip
    return PURCHASE_ORDERS.conform(lines)


def _purchase_orders(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """What is still to come: outstanding, or ordered less received; nothing of lines that came in full."""
    dead = [word for word in frame["status"].drop_nulls().unique() if is_cancelled(word)]
    gone = frame.filter(pl.col("status").is_in(dead))
    findings.count(
        "cancelled",
        "removal",
        Text("cancelled purchase orders left out", "去掉已取消的采购单"),
        gone.height,
        gone["quantity"].sum(),
    )
    frame = frame.filter(~pl.col("status").is_in(dead).fill_null(value=False))
    closed = [word for word in frame["status"].drop_nulls().unique() if normal(word) in CLOSED]
    complete = pl.col("received").is_not_null() & pl.col("received_quantity").is_null() | pl.col("status").is_in(closed)
    open_units = pl.coalesce("outstanding", pl.col("quantity") - pl.col("received_quantity").fill_null(0.0)).clip(0.0)
    open_units = (
        pl.when(complete.fill_null(value=False) & pl.col("outstanding").is_null()).then(0.0).otherwise(open_units)
    )
    unnamed = frame["order"].null_count()
    findings.count(
        "made_up_order",
        "repair",
        Text("purchase orders without a number got one", "没有单号的采购单已自动编号"),
        unnamed,
    )
    made_up = pl.concat_str(
        pl.lit("po"), pl.coalesce("ordered", "expected").dt.to_string("%Y-%m-%d"), separator="-", ignore_nulls=True
    )
    frame = frame.with_columns(quantity=open_units, order=pl.coalesce("order", made_up))
    keyed = frame.group_by("order", "item", "site", "expected", "received", maintain_order=True).agg(
        pl.col("ordered").min(), pl.col("quantity").sum()
    )
    return latest_by_key("purchase_orders", _split_arrivals(keyed))


CLOSED = {
    normal(word)
    for word in ("received", "closed", "done", "complete", "completed", "已入库", "已完成", "已收货", "完成")
}


def _split_arrivals(frame: pl.DataFrame) -> pl.DataFrame:
    """An item that comes on several days under one order number needs several ids, or the last replaces the others."""
    several = pl.len().over("order", "item", "site") > 1
    number = pl.int_range(pl.len()).over("order", "item", "site") + 1
    return frame.with_columns(order=pl.when(several).then(pl.format("{}#{}", "order", number)).otherwise("order"))


def _supply(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    numbers = ("lead_time", "lead_time_sd", "minimum", "pack", "unit_cost", "review")
    bad = frame.filter(pl.any_horizontal(pl.col(name) < 0 for name in numbers))
    findings.count(
        "negative_terms",
        "repair",
        Text("negative terms of supply are taken as unknown", "供货条件为负的视为未知"),
        bad.height,
    )
    frame = frame.with_columns(pl.when(pl.col(name) >= 0).then(pl.col(name)).alias(name) for name in numbers)
    return latest_by_key("supply", frame.with_columns(pl.col("supplier").fill_null("supplier")))


def _items(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    money = ("unit_cost", "list_price")
    bad = frame.filter(pl.any_horizontal(pl.col(name) <= 0 for name in money))
    findings.count(
        "no_money",
        "repair",
        Text("a cost or price of 0 or less is taken as unknown", "成本或价格小于等于 0 的视为未知"),
        bad.height,
    )
    frame = frame.with_columns(pl.when(pl.col(name) > 0).then(pl.col(name)).alias(name) for name in money)
    status = pl.col("status").str.to_lowercase()
    ended = (
        pl.when(status.is_in(list(words("discontinued"))))
        .then(pl.lit("discontinued"))
        .when(status.is_in(list(words("ending"))))
        .then(pl.lit("ending"))
    )
    frame = frame.with_columns(status=pl.when(status.is_not_null()).then(ended.otherwise(pl.lit("active"))))
    return latest_by_key("items", frame)


def _promotions(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    frame = _forward(frame, findings)
    return latest_by_key(
        "promotions", frame.with_columns(pl.col("kind").fill_null("promotion"), pl.col("value").fill_null(1.0))
    )


def _events(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    return latest_by_key("events", _forward(frame.with_columns(end=pl.coalesce("end", "start")), findings))


def _forward(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Only spans that end when they begin or later."""
    wrong = frame.filter(pl.col("end") < pl.col("start"))
    findings.reject(wrong, "end", wrong["end"], Text("ends before it begins", "结束早于开始"))
    return frame.filter(pl.col("end") >= pl.col("start"))


def _prices(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    wrong = frame.filter(pl.col("price") <= 0)
    findings.reject(wrong, "price", wrong["price"], Text("a price must be above 0", "价格必须大于 0"))
    return latest_by_key("prices", frame.filter(pl.col("price") > 0))


def merge_items(told: list[pl.DataFrame], seen: list[pl.DataFrame]) -> pl.DataFrame:
    """One row per item: what other files say of it, then what an items file says; the later wins, column by column."""
    frames = [ITEMS.conform(frame) for frame in (*seen, *told) if frame.height]
    rest = [name for name in ITEMS.schema if name != "item"]
    both = pl.concat([pl.DataFrame(schema=ITEMS.schema), *frames])
    return ITEMS.conform(
        both.group_by("item", maintain_order=True).agg(pl.col(name).drop_nulls().last() for name in rest)
    )


def merge_rows(table: str, frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Frames of several files: for the same key the later file stands, for order lines exact repeats are dropped."""
    both = pl.concat(frames)
    if table != "sales" or len(frames) == 1:
        return both if len(frames) == 1 else latest_by_key(table, both)
    lines, days = both.filter(pl.col("order").is_not_null()), both.filter(pl.col("order").is_null())
    same = [name for name in both.columns if name != "suspect"]
    return pl.concat([
        lines.unique(same, keep="first", maintain_order=True),
        days.unique(TABLES["sales"].key, keep="last", maintain_order=True),
    ])  # fmt: skip
