"""Sales: what of a file's lines is demand. Every line left out is counted; nothing is changed without a count."""

from dataclasses import dataclass

import polars as pl

from restock.intake.contract import MAIN, SALES
from restock.intake.findings import ROW, Findings
from restock.intake.mapping import FileMapping
from restock.intake.outliers import flag_outliers
from restock.intake.price import price_lines
from restock.intake.returns import match_returns
from restock.intake.synonyms import normal, words
from restock.language import Text

DAY = ["item", "site", "channel", "day"]
ABOUT_ITEM = ["name", "category", "brand", "unit_cost", "list_price"]
NEEDED = [
    ROW,
    *(name for name in SALES.schema if name != "suspect"),
    "line",
    "on_hand",
    "gift",
    *ABOUT_ITEM,
]
RARE = 0.05  # codes that look like no product are believed to be none only if few of the codes look so
FEW_REPEATS = 0.1


@dataclass(frozen=True)
class Sold:
    """Facts out of one file of sales."""

    sales: pl.DataFrame
    items: pl.DataFrame  # item, name, category, brand, unit_cost, list_price; empty where the file has none of them
    stock: pl.DataFrame


def clean_sales(
    frame: pl.DataFrame, mapping: FileMapping, findings: Findings, products: frozenset[str] = frozenset()
) -> Sold:
    """Lines as they were read to demand: order lines, or sums per item, site, channel and day.

    Args:
        products: ids that the table of items lists.
    """
    frame = price_lines(frame, mapping, findings).select(NEEDED)
    frame = frame.with_columns(pl.col("site").fill_null(MAIN), pl.col("channel").fill_null(MAIN))
    frame, daily = _without_repeats(frame, mapping, findings)
    frame = _without_services(frame, findings, products)
    stock = _counted_stock(frame) if "on_hand" in mapping.columns else pl.DataFrame()
    frame = _daily_sums(frame, findings) if daily else _order_lines(frame, findings)
    items = _about_items(frame, mapping)
    fractions = frame.filter(pl.col("quantity") != pl.col("quantity").round())
    findings.count(
        "fractions",
        "note",
        Text("quantities with fractions are kept", "保留带小数的数量"),
        fractions.height,
        fractions["quantity"].sum(),
    )
    frame = frame.with_columns(flag_outliers(frame, daily=daily))
    out = frame.filter("suspect")
    findings.count("suspect", "flag", Text("quantities far above what the item usually sells are flagged, not changed",
                   "数量远高于平时的行已标记，未改动"), out.height, out["quantity"].sum())  # fmt: skip
    case = frame["item"].n_unique() - frame["item"].str.to_lowercase().n_unique()
    findings.count(
        "case",
        "flag",
        Text("ids that differ from another one only in upper and lower case", "仅大小写不同的编码"),
        case,
    )
    return Sold(SALES.conform(_summed(frame, mapping, findings, daily=daily)), items, stock)


def _drop(frame: pl.DataFrame, mask: pl.Expr, findings: Findings, name: str, text: Text) -> pl.DataFrame:
    """Leave lines out and count them and their units."""
    mask = mask.fill_null(value=False)
    out = frame.select(mask.sum().alias("rows"), pl.col("quantity").filter(mask).abs().sum().alias("units")).row(0)
    findings.count(name, "removal", text, int(out[0]), out[1])
    return frame.filter(~mask) if out[0] else frame


def _without_repeats(frame: pl.DataFrame, mapping: FileMapping, findings: Findings) -> tuple[pl.DataFrame, bool]:
    """Drop exact repeats, and tell sums per day from order lines (`True`: a row is a day).

    Without an order id or a time of day two equal lines may be two customers: then only a few exact repeats in a table
    that otherwise has one row per item and day are repeats.
    """
    text = Text("exact repeats of a line left out", "去掉完全重复的行")
    if not frame.height:
        return frame, True
    columns = [name for name in frame.columns if name != ROW and frame[name].null_count() < frame.height]
    timed = bool((frame["at"].dt.truncate("1d") != frame["at"]).any())
    if "order" in mapping.columns or timed:
        return _drop(frame, _repeated(frame, columns), findings, "repeats", text), False
    keyed = frame.with_columns(day=pl.col("at").dt.date())
    repeated = keyed.filter(pl.struct(DAY).is_duplicated())
    if not repeated.height:
        return frame, True
    once = repeated.unique(columns)
    exact = not once.select(pl.struct(DAY).is_duplicated().any()).item()
    if exact and repeated.height <= FEW_REPEATS * frame.height + 1 and not mapping.days:
        return _drop(frame, _repeated(frame, columns), findings, "repeats", text), True
    return frame, False


def _repeated(frame: pl.DataFrame, columns: list[str]) -> pl.Expr:
    """True for rows that equal an earlier row. Hashes find the few rows that have to be compared cell by cell."""
    alike = frame.select(ROW, *columns).filter(frame.select(columns).hash_rows(seed=0).is_duplicated())
    again = alike.filter(~pl.struct(columns).is_first_distinct())[ROW]
    return pl.col(ROW).is_in(again.implode())


def _without_services(frame: pl.DataFrame, findings: Findings, products: frozenset[str]) -> pl.DataFrame:
    """Postage, fees, vouchers and the like are sold, but not stocked."""
    codes = frame.select("item", "name").unique("item", keep="any").sort("item")
    out = not_products(codes["item"].to_list(), codes["name"].to_list(), products)
    listed = ", ".join(f"`{code}`" for code in out[:30]) + (" ..." if len(out) > 30 else "")
    return _drop(frame, pl.col("item").is_in(out), findings, "not_products",
                 Text(f"codes that are no products left out: {listed}", f"去掉不是商品的编码：{listed}"))  # fmt: skip


def not_products(codes: list[str], names: list[str | None], products: frozenset[str] = frozenset()) -> list[str]:
    """Codes of postage, fees, manual corrections, vouchers: known words, and short codes without any digit.

    A shop whose codes are all words (`tea`, `A`, `B`) keeps them: short codes count only where they are the exception,
    and never where the table of items lists them among the `products`.
    """
    known = {normal(word) for word in words("not_a_product")}
    prefixes = tuple(normal(word) for word in words("not_a_product_prefix"))
    plain = {code for code in codes if not any(ch.isdigit() for ch in code)}
    exception = len(plain) <= max(RARE * len(codes), 1) if len(codes) > 5 else False

    def is_service(code: str, name: str | None) -> bool:
        key, called = normal(code), normal(name or "")
        if (
            (key in known and len(key) > 3)
            or key.startswith(prefixes)
            or called.startswith(prefixes)
            or (called in known and len(called) > 3)
        ):
            return True
        if any("\u4e00" <= ch <= "\u9fff" for ch in key):
            return key in known
        if key.startswith("gift") and any(normal(word) in called for word in words("voucher")):
            return True
        return exception and code not in products and ((key in known) or (code in plain and len(key) <= 4))

    return sorted(code for code, name in zip(codes, names, strict=True) if is_service(code, name))


def _order_lines(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    price, quantity = pl.col("unit_price"), pl.col("quantity")
    frame = _drop(frame, _written_off(frame), findings, "write_offs",
                  Text("stock write-offs and corrections left out", "去掉报损和库存调整行"))  # fmt: skip
    frame = _drop(
        frame, price < 0, findings, "negative_price", Text("lines with a negative price left out", "去掉价格为负的行")
    )
    frame = _drop(
        frame,
        (price == 0) | (pl.col("gift") > 0),
        findings,
        "gifts",
        Text("free lines and gifts are no demand", "免费行和赠品不计入需求"),
    )
    frame = _drop(
        frame, quantity == 0, findings, "zero_quantity", Text("lines with quantity 0 left out", "去掉数量为 0 的行")
    )
    if not frame.select((quantity < 0).any()).item():
        return frame
    return _without_returns(frame, findings)


def _without_returns(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    matched = match_returns(frame)
    whole = Text("sales that were cancelled or returned as a whole left out", "去掉整单取消或退回的销售")
    part = Text("returns taken off a larger sale", "退货已从较大的销售行中扣除")
    alone = Text("returns without a sale in the file left out", "文件中找不到对应销售的退货行已去掉")
    findings.count("returned", "removal", whole, matched.undone.height, matched.undone["quantity"].sum())
    findings.count("returned_partly", "repair", part, matched.partial, matched.reduced)
    findings.count("returns_alone", "removal", alone, matched.alone.height, -matched.alone["quantity"].sum())
    return matched.sales


def _written_off(frame: pl.DataFrame) -> pl.Expr:
    """Without a price: negative lines, and lines whose text says check, damaged, found, 盘亏, 报损, ..."""
    price, quantity = pl.col("unit_price"), pl.col("quantity")
    unpaid = frame.filter((price <= 0) | (price.is_null() & (quantity < 0)))
    name = pl.col("name").str.to_lowercase()
    speaks = name.str.contains_any([*words("write_off")]) | name.str.contains(r"^\?+$")
    out = unpaid.filter(((price <= 0) & (quantity < 0)).fill_null(value=False) | speaks.fill_null(value=False))
    return pl.col(ROW).is_in(out[ROW].implode())


def _daily_sums(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Sums per day keep their zeros: a day without sales may be a day without stock."""
    price, quantity = pl.col("unit_price"), pl.col("quantity")
    negative, free = frame.filter(quantity < 0), frame.filter((price <= 0) & (quantity > 0))
    findings.count(
        "negative_days",
        "repair",
        Text("days with more returns than sales count as 0", "退货多于销售的日期按 0 计"),
        negative.height,
        -negative["quantity"].sum(),
    )
    findings.count(
        "free_days",
        "repair",
        Text("a price of 0 or less is taken as unknown", "价格小于等于 0 视为未知"),
        free.height,
        free["quantity"].sum(),
    )
    return frame.with_columns(quantity=quantity.clip(0.0), unit_price=pl.when(price > 0).then(price))


def _summed(frame: pl.DataFrame, mapping: FileMapping, findings: Findings, *, daily: bool) -> pl.DataFrame:
    """Lines without an order id become sums per day; equal lines of one order become one line."""
    if daily:
        return frame.with_columns(order=pl.lit(None, pl.String), at=pl.col("at").dt.truncate("1d"))
    named, loose = frame.filter(pl.col("order").is_not_null()), frame.filter(pl.col("order").is_null())
    facts = [name for name in SALES.schema if name not in ("quantity", "suspect")]
    if "line" in mapping.columns and named.height:
        merged = named.group_by(facts, maintain_order=True).agg(pl.col("quantity").sum(), pl.col("suspect").any())
        findings.count(
            "lines_merged",
            "repair",
            Text("equal lines of one order added up", "同一订单的相同行已合并"),
            named.height - merged.height,
        )
        named = merged
    if not loose.height:
        return named
    weight = pl.col("quantity") * pl.col("unit_price").is_not_null()
    sums = loose.with_columns(day=pl.col("at").dt.truncate("1d")).group_by(DAY, maintain_order=True).agg(
        pl.col("quantity").sum(),
        unit_price=(pl.col("unit_price") * pl.col("quantity")).sum() / pl.when(weight.sum() > 0).then(weight.sum()),
        discount=pl.col("discount").mean(), promotion=pl.col("promotion").max(), in_stock=pl.col("in_stock").mean(),
        suspect=pl.col("suspect").any(),
    )  # fmt: skip
    text = Text("lines without an order id added up per item and day", "没有订单号的行按商品和日期汇总")
    findings.count("summed", "repair", text, loose.height, loose["quantity"].sum())
    sums = sums.rename({"day": "at"}).with_columns(order=pl.lit(None, pl.String))
    return pl.concat([SALES.conform(named), SALES.conform(sums)])


def _about_items(frame: pl.DataFrame, mapping: FileMapping) -> pl.DataFrame:
    """What sales lines say about items: the most frequent name, the latest of everything else."""
    there = [name for name in ABOUT_ITEM if name in mapping.columns]
    if not there:
        return pl.DataFrame()
    latest = frame.sort("at", maintain_order=True).group_by("item", maintain_order=True)
    items = latest.agg(pl.col(name).drop_nulls().last() for name in there).sort("item")
    if "name" in there:
        names = frame.drop_nulls("name").group_by("item", "name").agg(pl.len(), pl.col("at").max())
        best = names.sort("len", "at", "name", descending=True).unique("item", keep="first").select("item", "name")
        items = items.drop("name").join(best, on="item", how="left", maintain_order="left")
    return items


def _counted_stock(frame: pl.DataFrame) -> pl.DataFrame:
    stock = frame.filter(pl.col("on_hand").is_not_null()).sort("at", ROW).with_columns(date=pl.col("at").dt.date())
    return stock.unique(["item", "site", "date"], keep="last", maintain_order=True).select(
        "item", "site", "date", "on_hand"
    )
