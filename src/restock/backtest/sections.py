"""The parts of the report's page, from the result at the top to the command that makes it again."""

from html import escape

from restock.backtest import appendix
from restock.backtest.compare import Difference, Standing
from restock.backtest.content import Chart, ReportContent
from restock.backtest.markup import Html, both, element, joined, paragraph, plain, row, section, table
from restock.backtest.verdict import certainty, verdict
from restock.backtest.wording import KINDS, MEASURES, Measure, measure_text, money_text, percent_text, policy_title
from restock.language import NOTHING, Text

TABLE_NAMES = tuple(measure.name for measure in MEASURES if measure.name not in ("profit", "days_of_cover"))
WINDOW_NAMES = {
    "train": (Text("train", "训练"), Text("policies are learned and rules tuned here", "在此学习策略、调优规则")),
    "validate": (
        Text("validate", "验证"),
        Text("decides when learning stops and which policy is chosen", "决定何时停止学习、选用哪个策略"),
    ),
    "test": (Text("test", "测试"), Text("touched once, for this report", "仅为本报告使用一次")),
}
TITLES = {
    "shop": Text("The shop and the test", "店铺与测试"),
    "policies": Text("Policies compared", "策略对比"),
    "choice": Text("Choice per group of items", "各商品组的选择"),
    "charts": Text("Charts", "图表"),
    "estimated": Text("With and without estimated demand", "含与不含估计需求"),
    "assumptions": Text("Assumptions", "假设"),
    "quality": Text("Data quality and repairs", "数据质量与修复"),
    "settings": Text("Settings and seeds", "设置与随机种子"),
    "again": Text("Make this report again", "如何重现本报告"),
}


def sections(content: ReportContent) -> Html:
    """Everything between the page's header and footer."""
    parts = {
        "shop": _shop(content),
        "policies": _policies(content),
        "estimated": _estimated(content),
        "choice": _choices(content),
        "charts": charts_part(content.charts),
        "assumptions": appendix.assumptions(content),
        "quality": appendix.quality(content),
        "settings": appendix.settings(content),
        "again": appendix.again(content),
    }
    filled = {anchor: part for anchor, part in parts.items() if part}
    links = joined(*(Html(f'<li><a href="#{anchor}">{both(TITLES[anchor])}</a></li>') for anchor in filled))
    nav = Html(f'<nav aria-label="Contents 目录"><ul class="contents">{links}</ul></nav>')
    body = [section(anchor, TITLES[anchor], part) for anchor, part in filled.items()]
    return Html("\n".join([_hero(content), nav, *body]))


def _hero(content: ReportContent) -> Html:
    return joined(
        element("h1", both(verdict(content))),
        paragraph(certainty(content), "lead"),
        element("dl", _cards(content), "cards"),
    )


def _cards(content: ReportContent) -> Html:
    found, currency = content.headline, content.shop.currency
    mine, rule = _standing(content, found.policy_a), _standing(content, found.policy_b)
    ends = [money_text(end, currency, signed=True) for end in (found.low, found.high)]
    interval = Text(f"95% interval {ends[0]} to {ends[1]}", f"95% 区间 {ends[0]} 至 {ends[1]}")
    cards = [
        card(Text("Difference in profit", "利润差额"), money_text(found.total, currency, signed=True), interval, "main")
    ]
    for measure in MEASURES:
        if measure.name in ("fill_rate", "stock_value", "turnover", "share_of_oracle"):
            numbers = [
                measure_text(getattr(each.kpis, measure.name), measure.format, currency) for each in (mine, rule)
            ]
            other = policy_title(found.policy_b)
            than = Text(f"{other.en}: {numbers[1]}", f"{other.zh}：{numbers[1]}")
            cards.append(card(measure.title, numbers[0], than))
    return joined(*cards)


def card(title: Text, number: str, than: Text, css: str = "") -> Html:
    """One number of the page's head, and what it is seen against."""
    inside = joined(
        element("dt", both(title)),
        element("dd", plain(number), "number"),
        element("dd", both(than), "than"),
    )
    return element("div", inside, f"card {css}".strip())


def _shop(content: ReportContent) -> Html:
    shop = content.shop
    unit, unit_zh = ("days", "天") if shop.period_days == 1 else ("weeks", "周")
    sites = "site" if shop.sites == 1 else "sites"
    share = percent_text(100 * shop.estimated_share)
    words = Text(
        f"{shop.name}: {shop.items:,} items at {shop.sites:,} {sites}, decided in {unit}. "
        f"Every policy ran the same test window with the same demand and the same stock to start with. "
        f"Demand was estimated for {share} of its item-periods, because the item was sold out.",
        f"{shop.name}：{shop.items:,} 个商品，{shop.sites:,} 个地点，按{unit_zh}决策。"
        f"所有策略都在同一测试期、相同需求与相同期初库存下运行。"
        f"因商品售罄，其中 {share} 的“商品 × 周期”需求为估计值。",
    )
    money = Text(
        "No prices are known: profit here is minus the costs of holding stock and of shortage.",
        "未提供售价：此处利润为负的持有成本与缺货成本之和。",
    )
    columns = [
        (Text("Window", "时段"), False),
        (Text("From", "起"), False),
        (Text("To", "止"), False),
        (Text("Periods", "周期数"), True),
        (Text("Used for", "用途"), False),
    ]
    rows = [
        row(
            both(WINDOW_NAMES[each.name][0]),
            [
                (plain(each.first.isoformat()), False),
                (plain(each.last.isoformat()), False),
                (plain(f"{each.periods:,}"), True),
                (both(WINDOW_NAMES[each.name][1]), False),
            ],
        )
        for each in shop.windows
    ]
    caption = Text("The history, split by time", "按时间划分的历史")
    return joined(paragraph(words), paragraph(money) if shop.costs_only else Html(""), table(caption, columns, rows))


def _policies(content: ReportContent) -> Html:
    shown = [measure for measure in MEASURES if measure.name in TABLE_NAMES]
    currency, rival = content.shop.currency, policy_title(content.headline.policy_b)
    columns = [
        (Text("Policy", "策略"), False),
        (_money_title(Text("Profit", "利润"), currency), True),
        (Text(f"Difference to {rival.en}, 95% interval", f"与“{rival.zh}”的差额及 95% 区间"), True),
        *((_titled(measure, currency), True) for measure in shown),
    ]
    rows = [
        row(
            _policy(content, each),
            [
                (plain(money_text(each.kpis.profit)), True),
                (_difference(each.against), True),
                *((plain(measure_text(getattr(each.kpis, m.name), m.format)), True) for m in shown),
            ],
            "chosen" if each.kpis.policy == content.chosen else "",
        )
        for each in content.standings
    ]
    caption = Text(
        "All policies on the test window, most profitable first. The upper bound knows the future and cannot be used.",
        "测试期内的全部策略，按利润排序。理论上限预知未来，无法实际使用。",
    )
    return joined(table(caption, columns, rows), _meanings(), _how_to_read())


def _meanings() -> Html:
    pairs = joined(*(joined(element("dt", both(m.title)), element("dd", both(m.meaning))) for m in MEASURES))
    head = element("summary", both(Text("What the columns mean", "各列含义")))
    return element("details", joined(head, element("dl", pairs, "meanings")))


def _how_to_read() -> Html:
    words = Text(
        "Intervals come from a paired bootstrap over items: they tell how the result would vary with other items of "
        "the same kind, not with another year. If zero lies inside, the two policies cannot be told apart.",
        "置信区间由按商品配对的自助法得出：它反映换成同类其他商品时结果的波动，而非换成另一年份。"
        "区间包含零，表示两种策略无法区分。",
    )
    return paragraph(words, "note")


def _choices(content: ReportContent) -> Html:
    if not content.choices:
        return Html("")
    rival = policy_title(content.headline.policy_b)
    columns = [
        (Text("Group", "商品组"), False),
        (Text("Items", "商品数"), True),
        (Text("Policy in use", "选用策略"), False),
        (Text(f"Difference to {rival.en}", f"与“{rival.zh}”的差额"), True),
    ]
    rows = [
        row(
            plain(each.group),
            [
                (plain(f"{each.items:,}"), True),
                (both(policy_title(each.policy)), False),
                (_difference(each.against), True),
            ],
        )
        for each in content.choices
    ]
    caption = Text(
        "Chosen on the validation window; the difference is that of the test window",
        "依据验证期选择；差额为测试期结果",
    )
    return table(caption, columns, rows)


def charts_part(charts: tuple[Chart, ...]) -> Html:
    """The figures of a page, in order."""
    if not charts:
        return Html("")
    missing = element("noscript", paragraph(Text("Charts need JavaScript.", "显示图表需要启用 JavaScript。"), "note"))
    return joined(missing, element("div", joined(*(_chart(n, each) for n, each in enumerate(charts))), "charts"))


def _chart(number: int, chart: Chart) -> Html:
    labels = [escape(f"{title}. {summary}") for title, summary in zip(chart.title, chart.summary, strict=True)]
    height = chart.en.layout.height or 400
    css = "plot broad" if chart.least_width else "plot"
    plot = (
        f'<div class="{css}" id="chart-{number}" role="img" data-label-en="{labels[0]}" data-label-zh="{labels[1]}" '
        f'style="min-height:{int(height)}px;min-width:{chart.least_width}px"></div>'
    )
    caption = element("figcaption", joined(element("h3", both(chart.title)), both(chart.summary)))
    return element("figure", joined(caption, element("div", Html(plot), "scroll")), "half" if chart.half else "")


def _estimated(content: ReportContent) -> Html:
    if not content.observed:
        return Html("")
    rival = policy_title(content.headline.policy_b)
    all_demand, observed = Text("all demand", "全部需求"), Text("observed only", "仅观测需求")
    columns = [(Text("Policy", "策略"), False)]
    for title in (
        Text("Profit", "利润"),
        Text("Fill rate", "满足率"),
        Text(f"Difference to {rival.en}", f"与“{rival.zh}”的差额"),
    ):
        for which in (all_demand, observed):
            columns.append((Text(f"{title.en}, {which.en}", f"{title.zh}，{which.zh}"), True))
    rows = []
    for each in content.standings:
        seen = next(other for other in content.observed if other.kpis.policy == each.kpis.policy)
        cells = [plain(money_text(one.kpis.profit)) for one in (each, seen)]
        cells += [plain(measure_text(one.kpis.fill_rate, "share")) for one in (each, seen)]
        cells += [_difference(one.against) for one in (each, seen)]
        rows.append(row(both(policy_title(each.kpis.policy)), [(cell, True) for cell in cells]))
    caption = Text(
        "Demand while sold out is an estimate; the right of each pair counts only item-periods with observed demand",
        "售罄期间的需求为估计值；每组右列只计入需求被实际观测到的“商品 × 周期”",
    )
    return table(caption, columns, rows)


def _policy(content: ReportContent, each: Standing) -> Html:
    name, kind = each.kpis.policy, each.kpis.kind
    badges = [element("span", both(policy_title(name)), f"kind {kind}")]
    if name == content.chosen:
        badges.append(element("span", both(Text("in use", "选用")), "badge chosen"))
    if name == content.headline.policy_b:
        badges.append(element("span", both(Text("best classical", "最佳经典")), "badge"))
    what = content.descriptions.get(name, NOTHING)
    words = Text(f"{KINDS[kind].en}: {what.en}", f"{KINDS[kind].zh}：{what.zh}") if what.en else KINDS[kind]
    return joined(*badges, element("span", both(words), "what"))


def _difference(found: Difference | None) -> Html:
    """Money, percentage and interval; coloured only where the interval leaves zero out."""
    if found is None:
        return plain("–")
    css = ("good" if found.total > 0 else "bad") if found.is_clear else ""
    share = "" if found.relative_percent is None else f" ({percent_text(found.relative_percent, signed=True)})"
    low, high = (money_text(end, signed=True) for end in (found.low, found.high))
    total = element("span", plain(money_text(found.total, signed=True) + share), css)
    return joined(total, element("span", plain(f"{low} … {high}"), "range"))


def _titled(measure: Measure, currency: str) -> Text:
    return _money_title(measure.title, currency) if measure.format == "money" else measure.title


def _money_title(title: Text, currency: str) -> Text:
    return Text(f"{title.en} ({currency})", f"{title.zh}（{currency}）") if currency else title


def _standing(content: ReportContent, policy: str) -> Standing:
    return next(each for each in content.standings if each.kpis.policy == policy)
