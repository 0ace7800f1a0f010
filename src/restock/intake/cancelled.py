"""Which orders never became demand, by their status; in English and Chinese."""

import polars as pl

from restock.intake.findings import Findings
from restock.intake.parse import to_number, to_text
from restock.intake.synonyms import normal, words
from restock.language import Text


def is_cancelled(status: str) -> bool:
    """Whether an order with this status is no demand: cancelled, unpaid, refunded in full."""
    text = normal(status)
    exact = {normal(word) for word in words("cancelled")}
    return text in exact or text.startswith(tuple(normal(word) for word in words("cancelled_prefix")))


def without_cancelled_orders(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Leave them out before anything else is asked of them: an unpaid order has no date of payment.

    A cancelled line with a negative quantity is a return: it stays, to find its sale.
    """
    gone = pl.repeat(value=False, n=frame.height, eager=True)
    if "status" in frame.columns:
        status = to_text(frame["status"])
        dead = [word for word in status.drop_nulls().unique() if is_cancelled(word)]
        gone |= status.is_in(dead).fill_null(value=False)
    if "cancelled" in frame.columns:
        flag = to_text(frame["cancelled"]).str.to_lowercase()
        gone |= flag.is_not_null() & ~flag.is_in(list(words("no"))).fill_null(value=True)
    if not gone.any():
        return frame
    quantity = to_number(frame["quantity"]).fill_null(0.0)
    gone &= quantity >= 0
    text = Text("cancelled, unpaid or refunded orders left out", "去掉已取消、未付款或已退款的订单")
    findings.count("cancelled", "removal", text, gone.sum(), quantity.filter(gone).sum())
    return frame.filter(~gone)
