"""What a report says beside its figures: repairs of the data, settings, and what each policy is."""

from typing import Any

from restock.backtest import content as page
from restock.language import Text
from restock.policies.rules import rule
from restock.workflows.load import repairs
from restock.workflows.project import Project
from restock.workflows.training import CHOSEN, FINE_TUNED, FORESIGHT, GENERALIST, LEARNED, Trained

HANDLING = {
    "repair": Text("repaired", "已修复"),
    "removal": Text("left out", "已剔除"),
    "flag": Text("flagged, kept", "已标记并保留"),
    "note": Text("noted", "仅记录"),
}


def repaired(project: Project) -> tuple[page.Repair, ...]:
    """What reading did to the data."""
    return tuple(page.Repair(r["text"], r["rows"], HANDLING[r["effect"]]) for r in repairs(project.folder))


def settings_of(config: Any) -> tuple[page.Setting, ...]:
    """Every setting with its value."""
    return tuple(
        page.Setting(f"{section}.{key}", str(value))
        for section, values in config.model_dump(mode="json").items()
        for key, value in values.items()
    )


def descriptions(trained: Trained) -> dict[str, Text]:
    """One line on each policy."""
    known = {name: rule(name).label for name in trained.rules}
    return {
        **known,
        LEARNED: _learned_by(trained.algorithm),
        GENERALIST: Text("pretrained on made-up shops, never on this one", "在虚构店铺上预训练，从未见过本店"),
        FINE_TUNED: Text("the pretrained policy, learned on with this shop", "预训练策略，再用本店数据微调"),
        CHOSEN: Text(
            "for each class of items the policy that won on the validation periods",
            "按商品类别采用验证期表现最好的策略",
        ),
        FORESIGHT: Text("knows all demand beforehand: a bound, not a policy", "预先知道全部需求：是上限而非策略"),
    }


def _learned_by(algorithm: str) -> Text:
    if algorithm == "pathwise":
        return Text("learned by pathwise gradient through the simulator", "通过模拟器的路径梯度学习得到")
    return Text(f"learned by {algorithm} in the simulator", f"用 {algorithm} 在模拟器中学习得到")
