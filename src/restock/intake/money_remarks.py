"""What the terms of a shop take for granted about money, said in words."""

from restock.config import Config
from restock.intake.assumptions import Assumption, listed
from restock.language import Text

SALVAGE = 0.5  # of unit cost
HOLDING = 0.1  # per unit and period, where no price says what a unit is worth


def objective_remarks(objective: str, config: Config) -> list[Assumption]:
    """What is optimised, where nobody has said it."""
    if config.objective.kind != "auto":
        return []
    why = Text("prices are known", "已知价格") if objective == "profit" else Text("no price is known", "没有价格")
    name = (
        Text("profit in money", "以金额计的利润")
        if objective == "profit"
        else Text("holding and shortage per unit", "每件的持有与缺货成本")
    )
    return [
        Assumption(
            "objective",
            objective,
            Text(f"the objective is {name.en}: {why.en}", f"目标是{name.zh}：{why.zh}"),
            Text('set `[objective] kind = "profit"` or `"cost"`', '设置 `[objective] kind = "profit"` 或 `"cost"`'),
        )
    ]


def money_remarks(objective: str, config: Config) -> list[Assumption]:
    """The settings that nobody has set and that move the result most."""
    given = config.costs.model_fields_set
    found = []
    if objective == "profit" and not {"holding_rate", "holding_per_period"} & given:
        rate = config.costs.holding_rate
        text = Text(f"keeping stock costs {rate:.0%} of its cost a year", f"库存持有成本为每年成本的 {rate:.0%}")
        found.append(
            Assumption(
                "holding_rate", f"{rate:g}", text, Text("set `[costs] holding_rate`", "设置 `[costs] holding_rate`")
            )
        )
    if objective == "cost" and config.costs.holding_per_period is None:
        text = Text(f"keeping a unit costs {HOLDING:g} per period", f"每件每周期的持有成本为 {HOLDING:g}")
        found.append(
            Assumption(
                "holding",
                f"{HOLDING:g}",
                text,
                Text("set `[costs] holding_per_period`", "设置 `[costs] holding_per_period`"),
            )
        )
    if objective == "cost" and "shortage" not in given:
        text = Text(f"a lost unit costs {config.costs.shortage:g}", f"每缺货一件的成本为 {config.costs.shortage:g}")
        found.append(
            Assumption(
                "shortage",
                f"{config.costs.shortage:g}",
                text,
                Text("set `[costs] shortage`", "设置 `[costs] shortage`"),
            )
        )
    if objective == "profit":
        text = Text(f"stock left over is worth {SALVAGE:.0%} of its cost", f"剩余库存按成本的 {SALVAGE:.0%} 变现")
        found.append(Assumption("salvage", f"{SALVAGE:g}", text, Text("cannot be set yet", "暂时不能设置")))
    if "unmet" not in config.supply.model_fields_set:
        text = Text("a customer who finds the shelf empty does not wait", "遇到缺货的顾客不会等待")
        found.append(
            Assumption(
                "unmet",
                "lost",
                text,
                Text('set `[supply] unmet = "backlog"` or a share', '设置 `[supply] unmet = "backlog"` 或一个比例'),
            )
        )
    if (
        not {"pack", "minimum", "review_period"} & config.supply.model_fields_set
        and not {"order_cost", "transport"} & given
    ):
        text = Text(
            "where the supply table says nothing else, any number of units may be ordered in any period, "
            "at no cost per order",
            "供应表没有说明时，每个周期都可订任意数量，且没有每单固定成本",
        )
        how = Text(
            "add `pack`, `minimum`, `review` to the supply table, or set them and `[costs] order_cost`",
            "在供应表中加入 `pack`、`minimum`、`review`，或设置它们及 `[costs] order_cost`",
        )
        found.append(Assumption("ordering", "free", text, how))
    return found


def no_margin(items: list[str]) -> list[Assumption]:
    """Items that cost at least what they sell for."""
    if not items:
        return []
    return [
        Assumption(
            "no_margin",
            str(len(items)),
            Text(
                f"{len(items)} items cost at least what they sell for and will hardly be ordered: {listed(items)}",
                f"{len(items)} 个商品的成本不低于售价，基本不会被订货：{listed(items)}",
            ),
            Text(
                "check their `unit_cost` and `unit_price`: the same unit, the same currency?",
                "请检查它们的 `unit_cost` 与 `unit_price`：单位和币种是否一致？",
            ),
        )
    ]
