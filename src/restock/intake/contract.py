"""The fact tables: their columns, types and keys, as docs/architecture.md lists them.

A file is read into *reading columns* first (what people export: dates, line totals, status words), which the cleaning
of each table turns into the *fact columns* that everybody else sees.
"""

from dataclasses import dataclass
from typing import Literal

import polars as pl

Kind = Literal["id", "text", "number", "share", "date", "time", "flag"]

DTYPES: dict[Kind, pl.DataType] = {
    "id": pl.String(),
    "text": pl.String(),
    "number": pl.Float64(),
    "share": pl.Float64(),
    "date": pl.Date(),
    "time": pl.Datetime("us"),
    "flag": pl.Boolean(),
}


@dataclass(frozen=True)
class Column:
    """One column; `required` means never null in the facts."""

    name: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True)
class Table:
    """A fact table and the columns that a file of this kind may bring."""

    name: str
    facts: tuple[Column, ...]
    key: tuple[str, ...]
    reading: tuple[Column, ...]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Names and types of the fact columns, in order."""
        return {column.name: DTYPES[column.kind] for column in self.facts}

    def reads(self, name: str) -> Column | None:
        """The reading column of that name, if this table has it."""
        return next((column for column in self.reading if column.name == name), None)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Exactly the fact columns, in order and typed; columns that a file does not bring are null."""
        return frame.select(
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in self.schema.items()
        )


def _columns(kinds: str, required: str = "") -> tuple[Column, ...]:
    """Columns from `name:kind` words; those in `required` are never null."""
    never_null = set(required.split())
    pairs = (word.split(":") for word in kinds.split())
    return tuple(Column(name, kind, name in never_null) for name, kind in pairs)  # pyright: ignore[reportArgumentType]


_ABOUT_ITEM = "name:text category:text brand:text unit_cost:number list_price:number"

SALES = Table(
    "sales",
    _columns(
        "item:id site:id channel:id order:id at:time quantity:number unit_price:number discount:share promotion:share "
        "in_stock:share suspect:flag",
        required="item site channel at quantity suspect",
    ),
    ("item", "site", "channel", "at"),
    _columns(
        "item:id site:id channel:id order:id line:id at:time quantity:number unit_price:number net_amount:number "
        "discount:number discount_amount:number promotion:share in_stock:share out_of_stock:share "
        f"out_of_stock_hours:number on_hand:number status:text cancelled:text gift:share {_ABOUT_ITEM}",
        required="item at quantity",
    ),
)
ITEMS = Table(
    "items",
    _columns(f"item:id {_ABOUT_ITEM} launch:date status:text like_item:id", required="item"),
    ("item",),
    _columns(f"item:id {_ABOUT_ITEM} launch:date status:text like_item:id", required="item"),
)
STOCK = Table(
    "stock",
    _columns("item:id site:id date:date on_hand:number", required="item site date on_hand"),
    ("item", "site", "date"),
    _columns(
        f"item:id site:id date:date on_hand:number on_order:number expected:date {_ABOUT_ITEM}", required="item on_hand"
    ),
)
PURCHASE_ORDERS = Table(
    "purchase_orders",
    _columns(
        "order:id item:id site:id ordered:date expected:date quantity:number received:date",
        required="order item site quantity",
    ),
    ("order", "item", "site"),
    _columns(
        "order:id item:id site:id ordered:date expected:date quantity:number received_quantity:number "
        "outstanding:number received:date status:text",
        required="item quantity",
    ),
)
SUPPLY = Table(
    "supply",
    _columns(
        "item:id site:id supplier:id lead_time:number lead_time_sd:number minimum:number pack:number unit_cost:number "
        "review:number",
        required="item site supplier",
    ),
    ("item", "site", "supplier"),
    _columns(
        "item:id site:id supplier:id lead_time:number lead_time_sd:number minimum:number pack:number unit_cost:number "
        "review:number",
        required="item",
    ),
)
PROMOTIONS = Table(
    "promotions",
    _columns("item:id site:id start:date end:date kind:text value:number", required="item start end kind value"),
    ("item", "site", "start", "kind"),
    _columns("item:id site:id start:date end:date kind:text value:number", required="item start end"),
)
PRICES = Table(
    "prices",
    _columns("item:id site:id date:date price:number", required="item date price"),
    ("item", "site", "date"),
    _columns("item:id site:id date:date price:number", required="item date price"),
)
EVENTS = Table(
    "events",
    _columns("name:text start:date end:date", required="name start end"),
    ("name", "start"),
    _columns("name:text start:date end:date", required="name start"),
)

TABLES: dict[str, Table] = {
    table.name: table for table in (SALES, ITEMS, STOCK, PURCHASE_ORDERS, SUPPLY, PROMOTIONS, PRICES, EVENTS)
}

# Words that people use for a column when they write `--map`.
ALIASES = {
    "date": "at", "time": "at", "timestamp": "at", "sku": "item", "product": "item", "location": "site",
    "store": "site", "warehouse": "site", "price": "unit_price", "units": "quantity", "stock": "on_hand",
}  # fmt: skip
MAIN = "main"
