"""Words that planners read at the desk."""

from collections.abc import Mapping

from restock.language import Text

STATES: Mapping[str, Text] = {
    "proposed": Text("proposed", "待审批"),
    "waiting": Text("waiting for a second approver", "待第二人审批"),
    "approved": Text("approved", "已批准"),
    "rejected": Text("rejected", "已驳回"),
    "snoozed": Text("snoozed", "已暂缓"),
    "exported": Text("handed over", "已下发"),
}
WHYS: Mapping[str, Text] = {  # why a quantity is changed
    "promotion": Text("a promotion is moved or not in the data", "促销变动，或数据中没有该促销"),
    "demand": Text("demand will be other than the past says", "需求将与历史不同"),
    "stock": Text("the stock is not what the data say", "实际库存与数据不符"),
    "supplier": Text("the supplier cannot, or wants otherwise", "供应商原因"),
    "cash": Text("money or space is short", "资金或仓容有限"),
    "ending": Text("the item ends or is replaced", "商品下架或换代"),
    "other": Text("another reason, in the note", "其他原因（见说明）"),
}
