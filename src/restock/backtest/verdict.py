"""The result in one sentence, whatever its sign."""

from restock.backtest.compare import FEWEST_ITEMS
from restock.backtest.content import ReportContent, Window
from restock.backtest.wording import money_text, percent_text, policy_phrase
from restock.language import NOTHING, Text


def verdict(content: ReportContent) -> Text:
    """What the test window says about the headline policy against the best classical rule."""
    found, currency = content.headline, content.shop.currency
    a, b = policy_phrase(found.policy_a), policy_phrase(found.policy_b)
    amount = money_text(abs(found.total), currency)
    share = found.relative_percent
    part = "" if share is None else f" ({percent_text(abs(share))})"
    part_zh = "" if share is None else f"（{percent_text(abs(share))}）"
    when = _when(content)
    if not found.is_clear:
        return Text(
            f"{when.en}, {a.en} could not be told apart from the best classical rule, {b.en}",
            f"{when.zh}，{a.zh}与最佳经典规则“{b.zh}”无法分出高下",
        )
    if content.shop.costs_only:
        words = (
            ("cost {} less{} than", "的成本比{}低 {}{}")
            if found.total > 0
            else ("cost {} more{} than", "的成本比{}高 {}{}")
        )
    else:
        words = (
            ("earned {} more{} than", "比{}多赚 {}{}")
            if found.total > 0
            else ("earned {} less{} than", "比{}少赚 {}{}")
        )
    rule_zh = f"最佳经典规则“{b.zh}”"
    return Text(
        f"{when.en}, {a.en} {words[0].format(amount, part)} the best classical rule, {b.en}",
        f"{when.zh}，{a.zh}{words[1].format(rule_zh, amount, part_zh)}",
    )


def certainty(content: ReportContent) -> Text:
    """The interval, and what it means for the shop."""
    found, currency = content.headline, content.shop.currency
    low, high = (money_text(end, currency, signed=True) for end in (found.low, found.high))
    share, share_zh = "", ""
    if found.relative_low is not None and found.relative_high is not None:
        ends = [percent_text(end, signed=True) for end in (found.relative_low, found.relative_high)]
        share, share_zh = f", {ends[0]} to {ends[1]}", f"，即 {ends[0]} 至 {ends[1]}"
    total = money_text(found.total, currency, signed=True)
    first = Text(
        f"Difference {total}, 95% interval {low} to {high}{share}. "
        f"It is ahead on {found.wins:,} of {found.items:,} items and behind on {found.losses:,}.",
        f"差额 {total}，95% 置信区间 {low} 至 {high}{share_zh}。"
        f"在 {found.items:,} 个商品中，{found.wins:,} 个领先，{found.losses:,} 个落后。",
    )
    return Text(f"{first.en} {_meaning(content).en}".strip(), f"{first.zh}{_meaning(content).zh}")


def tested(content: ReportContent) -> Window | None:
    """The window that the result is about."""
    return next((window for window in content.shop.windows if window.name == "test"), None)


def _when(content: ReportContent) -> Text:
    window = tested(content)
    if window is None:
        return Text("On unseen periods", "在未参与训练的时段")
    days = content.shop.period_days == 1
    unit, unit_zh = ("days", "天") if days else ("weeks", "周")
    return Text(f"On {window.periods} unseen {unit}", f"在未参与训练的 {window.periods} {unit_zh}中")


def _meaning(content: ReportContent) -> Text:
    """Whether the test confirms the choice, which was made before it."""
    found, chosen = content.headline, policy_phrase(content.chosen)
    ahead, kept = found.is_clear and found.total > 0, content.chosen != found.policy_a
    if kept and ahead:
        return Text(
            f"Validation had chosen {chosen.en}, and {chosen.en} stays in use: no choice is made on the test window.",
            f"验证期选中的是“{chosen.zh}”，因此继续使用“{chosen.zh}”：绝不根据测试期来做选择。",
        )
    if kept:
        return Text(f"The shop keeps {chosen.en}.", f"店铺继续使用“{chosen.zh}”。")
    if ahead:
        return NOTHING
    if found.items < FEWEST_ITEMS:
        return Text(
            f"With {found.items} items the interval is too sure of itself: take the result as a hint.",
            f"仅有 {found.items} 个商品，区间过于乐观，结果仅供参考。",
        )
    if not found.is_clear:
        return Text(
            f"The interval includes zero: {chosen.en}, chosen on validation, may be better, equal or worse here.",
            f"区间包含零：验证期选中的“{chosen.zh}”，在此时段可能更好、相当或更差。",
        )
    rule = policy_phrase(found.policy_b)
    return Text(
        f"The test window speaks against {chosen.en}, which validation had chosen: keep {rule.en}.",
        f"测试期的结果不支持验证期选中的“{chosen.zh}”：建议继续使用“{rule.zh}”。",
    )
