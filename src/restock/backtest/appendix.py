"""The end of the report's page: what was assumed and repaired, and how to make the page again."""

from restock.backtest.content import ReportContent
from restock.backtest.markup import Html, both, element, joined, paragraph, plain, row, table
from restock.language import Text


def assumptions(content: ReportContent) -> Html:
    """What the data did not say, with the value taken."""
    if not content.assumptions:
        return paragraph(Text("Nothing had to be assumed.", "无需任何假设。"))
    columns = [
        (Text("Assumed", "假设内容"), False),
        (Text("Value", "取值"), False),
        (Text("How to replace it", "如何替换"), False),
    ]
    rows = [
        row(both(each.what), [(both(each.value), False), (both(each.replace), False)]) for each in content.assumptions
    ]
    return table(Text("What the data did not say", "数据中没有的信息"), columns, rows)


def quality(content: ReportContent) -> Html:
    """What was found in the files and repaired."""
    if not content.repairs:
        return paragraph(Text("Nothing was found that had to be repaired.", "未发现需要修复的问题。"))
    columns = [
        (Text("Found", "发现"), False),
        (Text("Rows", "行数"), True),
        (Text("What was done", "处理方式"), False),
    ]
    rows = [
        row(both(each.what), [(plain(f"{each.rows:,}"), True), (both(each.handling), False)])
        for each in content.repairs
    ]
    return table(Text("Every repair, counted", "逐项统计的修复"), columns, rows)


def settings(content: ReportContent) -> Html:
    """Everything that the result depends on besides the data."""
    seeds = ", ".join(map(str, content.seeds)) or "–"
    columns = [(Text("Setting", "设置项"), False), (Text("Value", "取值"), False)]
    rows = [
        row(element("code", plain(each.name)), [(element("code", plain(each.value)), False)])
        for each in content.settings
    ]
    return joined(
        paragraph(Text(f"Random seeds: {seeds}", f"随机种子：{seeds}")),
        table(Text("Settings in force", "生效的设置"), columns, rows) if rows else Html(""),
    )


def again(content: ReportContent) -> Html:
    """The command that makes the report again."""
    words = Text(
        "The same data, settings and seeds give the same numbers.",
        "相同的数据、设置与随机种子会得到相同的数字。",
    )
    return joined(paragraph(words), element("pre", element("code", plain(content.command))))
