"""Why a person should look at a line before it goes; a line without a reason is safe."""

from collections.abc import Mapping
from typing import Any

from restock.config import ApprovalConfig
from restock.language import Text

ATTENTION: Mapping[str, Text] = {
    "uncounted": Text(
        "its stock was not counted, unlike that of others: it is simulated",
        "该商品没有盘点（其他商品有）：库存是模拟值",
    ),
    "no_cost": Text("no unit cost is known", "没有采购单价"),
    "loss": Text("no profit is expected", "预期没有利润"),
    "large": Text("above the limit for one approver", "超过单人审批限额"),
    "far_ahead": Text("with it the stock covers several order cycles", "订货后库存可覆盖多个订货周期"),
    "changed": Text("somebody changed the quantity", "数量被人工修改过"),
}
CYCLES = 4.0  # of lead time and review period that stock and order may cover together


def attention(line: Mapping[str, Any], config: ApprovalConfig, *, uncounted: bool) -> str:
    """Codes of `ATTENTION` that apply, with blanks between.

    Args:
        uncounted: others have been counted, this one not.
    """
    cash = line["quantity"] * line["unit_cost"]
    position = line["on_hand"] + line["on_order"] + line["quantity"]
    applies = {
        "uncounted": uncounted,
        "no_cost": line["unit_cost"] <= 0,
        "loss": line["expected_profit"] <= 0,
        "large": config.four_eyes_above is not None and cash > config.four_eyes_above,
        "far_ahead": line["quantity"] > 0 and position > CYCLES * max(line["forecast"], 0.5),
        "changed": line["quantity"] != line["suggested"],
    }
    return " ".join(code for code, true in applies.items() if true)
