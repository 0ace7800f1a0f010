"""The page of a forecast: how good it was lately, what comes, and how to make the page again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from restock.backtest.content import Assumption, Chart
from restock.backtest.markup import Html, both, element, joined, paragraph, plain, row, section, table
from restock.backtest.report import Page
from restock.backtest.sections import card, charts_part
from restock.backtest.wording import DEMAND_CLASSES, percent_text
from restock.language import Language, Text

MOST_ROWS = 30


@dataclass(frozen=True)
class ForecastContent:
    """Everything on the page."""

    shop: str
    language: Language
    version: str
    created: datetime
    command: str
    lead: Text  # one sentence on the method
    first: str  # day
    last: str
    series: int
    record: Mapping[str, Any]  # as in the JSON: accuracy, by_class, forecasts, overrides
    titles: Mapping[str, Text]  # of methods
    names: Mapping[str, str]  # of items
    assumptions: tuple[Assumption, ...]
    charts: tuple[Chart, ...]


def forecast_page(content: ForecastContent) -> Page:
    """Lay the page out."""
    parts = [
        _head(content),
        section("charts", Text("Charts", "图表"), charts_part(content.charts)),
        section("accuracy", Text("How good the methods were", "各方法的准确度"), _accuracy(content)),
        section("classes", Text("By class of items", "按商品类别"), _classes(content)),
        section("ahead", Text("What comes", "未来需求"), _ahead(content)),
        section("overrides", Text("Overrides", "人工修改"), _overrides(content)),
        section("assumptions", Text("Assumptions", "假设"), _assumptions(content)),
        section(
            "again",
            Text("Make this report again", "如何重现本报告"),
            element("pre", element("code", plain(content.command))),
        ),
    ]
    return Page(
        title=Text(f"{content.shop} – forecast – restock", f"{content.shop} – 需求预测 – restock"),
        of=content.shop,
        language=content.language,
        version=content.version,
        created=content.created,
        sections=Html("\n".join(parts)),
        charts=content.charts,
    )


def _head(content: ForecastContent) -> Html:
    title = Text(
        f"Demand of {content.series:,} items from {content.first} on",
        f"{content.first} 起 {content.series:,} 个商品的需求",
    )
    return joined(element("h1", both(title)), paragraph(content.lead, "lead"), element("dl", _cards(content), "cards"))


def _cards(content: ForecastContent) -> Html:
    mine = _mine(content)
    if mine is None:
        return card(Text("Windows", "窗口"), "0", Text("the history is too short to measure", "历史太短，无法检验"))
    inside = mine["coverage"]
    against = mine["against_naive_percent"]
    cards = [
        card(
            Text("Inside the 90 % interval", "落入 90% 区间"),
            percent_text(None if inside is None else 100 * inside),
            Text("of the periods of the last window; 90 % were promised", "最后一个窗口的各期；承诺为 90%"),
            "main",
        ),
        card(
            Text("Bias", "偏差"),
            percent_text(None if mine["bias"] is None else 100 * mine["bias"], signed=True),
            Text("expected less sold, of all units sold", "预计减实际，占实际销量"),
        ),
        card(
            Text("WAPE", "WAPE"),
            percent_text(None if mine["wape"] is None else 100 * mine["wape"]),
            Text("absolute error of the median, of all units sold", "中位数预测的绝对误差，占实际销量"),
        ),
    ]
    if against is not None:
        naive = Text("error against the same weekday last week (week a year ago)", "误差相对上周同日（去年同周）")
        cards.append(card(Text("Against naive", "相对朴素法"), percent_text(against, signed=True), naive))
    return joined(*cards)


def _mine(content: ForecastContent) -> Mapping[str, Any] | None:
    rows: Sequence[Mapping[str, Any]] = content.record["accuracy"]
    return next((each for each in rows if each["method"] == content.record["method"]), None)


def _accuracy(content: ForecastContent) -> Html:
    rows = content.record["accuracy"]
    if not rows:
        return paragraph(Text("The history is too short for a window.", "历史太短，不足一个检验窗口。"))
    columns = [
        (Text("Method", "方法"), False),
        (Text("Scaled pinball, last window", "标准化分位损失（最后窗口）"), True),
        (Text("windows before", "之前窗口"), True),
        (Text("lead-time demand", "提前期需求"), True),
        (Text("RMSSE", "RMSSE"), True),
        (Text("Coverage", "覆盖率"), True),
        (Text("Bias", "偏差"), True),
        (Text("WAPE", "WAPE"), True),
    ]
    names = ("scaled_pinball", "windows_before", "lead_pinball", "rmsse")
    cells = []
    for each in sorted(rows, key=lambda one: one["scaled_pinball"] or 0.0):
        values = [(plain(_number(each[name])), True) for name in names]
        shares = [(plain(_share(each[name], name == "bias")), True) for name in ("coverage", "bias", "wape")]
        title = content.titles.get(each["method"], Text(each["method"], each["method"]))
        css = "chosen" if each["method"] == content.record["method"] else ""
        cells.append(row(both(title), [*values, *shares], css))
    return table(Text("Methods, the best first", "各方法，最好的在前"), columns, cells)


def _classes(content: ForecastContent) -> Html:
    rows = content.record["by_class"]
    if not rows:
        return Html("")
    columns = [
        (Text("Class", "类别"), False),
        (Text("Items", "商品数"), True),
        (Text("Scaled pinball", "标准化分位损失"), True),
        (Text("Coverage", "覆盖率"), True),
        (Text("Bias", "偏差"), True),
        (Text("WAPE", "WAPE"), True),
    ]
    cells = []
    for each in rows:
        title = DEMAND_CLASSES.get(each["class"], Text(each["class"], each["class"]))
        shares = [(plain(_share(each[name], name == "bias")), True) for name in ("coverage", "bias", "wape")]
        numbers = [(plain(f"{each['series']:,}"), True), (plain(_number(each["scaled_pinball"])), True)]
        cells.append(row(both(title), [*numbers, *shares]))
    return table(Text("The chosen method in the last window", "选定方法在最后一个窗口的表现"), columns, cells)


def _ahead(content: ForecastContent) -> Html:
    rows = content.record["forecasts"]
    columns = [
        (Text("Item", "商品"), False),
        (Text("Site", "仓店"), False),
        (Text("Next period", "下一期"), True),
        (Text("Expected in all", "合计预计"), True),
        (Text("Low (10 %)", "低（10%）"), True),
        (Text("High (90 %)", "高（90%）"), True),
    ]
    cells = []
    for each in rows[:MOST_ROWS]:
        name = content.names.get(each["item"], "")
        numbers = [(plain(f"{each[key]:,.1f}"), True) for key in ("next_period", "expected", "low", "high")]
        cells.append(row(plain(f"{each['item']} {name}".strip()), [(plain(each["site"]), False), *numbers]))
    more = len(rows) - MOST_ROWS
    shown = Text(f"{more:,} more items are in the file", f"其余 {more:,} 个商品见文件")
    caption = Text(f"From {content.first} to {content.last}", f"{content.first} 至 {content.last}")
    return joined(table(caption, columns, cells), paragraph(shown, "note") if more > 0 else Html(""))


def _overrides(content: ForecastContent) -> Html:
    rows = content.record["overrides"]
    if not rows:
        return paragraph(Text("Nobody has changed the forecast.", "没有人工修改。"))
    columns = [
        (Text("Item", "商品"), False),
        (Text("From", "开始"), False),
        (Text("To", "结束"), False),
        (Text("Change", "修改"), False),
        (Text("Reason", "原因"), False),
        (Text("Units", "件数"), True),
    ]
    cells = []
    for each in rows:
        words = [(plain(str(each[key])), False) for key in ("start", "end", "change", "reason")]
        units = Text("not used", "未采用") if each["units"] is None else Text(*(f"{each['units']:+,.1f}",) * 2)
        cells.append(row(plain(each["item"]), [*words, (both(units), True)]))
    return table(Text("What planners changed", "计划员的修改"), columns, cells)


def _assumptions(content: ForecastContent) -> Html:
    if not content.assumptions:
        return paragraph(Text("Nothing had to be assumed.", "无需任何假设。"))
    columns = [(Text("Assumed", "假设内容"), False), (Text("How to replace it", "如何替换"), False)]
    cells = [row(both(each.what), [(both(each.replace), False)]) for each in content.assumptions]
    return table(Text("What the data did not say", "数据中没有的信息"), columns, cells)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _share(value: float | None, signed: bool = False) -> str:
    return percent_text(None if value is None else 100 * value, signed=signed)
