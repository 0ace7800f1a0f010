import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from made_up_replays import made_up_content, made_up_shop
from plotly.offline import get_plotlyjs

from restock.backtest.markup import both
from restock.backtest.report import report_html, write_report
from restock.backtest.verdict import certainty, verdict
from restock.backtest.wording import money_text, percent_text
from restock.errors import StorageError
from restock.language import Text

EVIL = "<script>alert('{}')</script></title>\"&"
CONTENT = made_up_content(made_up_shop(60))
PAGE = report_html(CONTENT)
SMALL = PAGE.replace(get_plotlyjs(), "")  # the page without the charting library


class Reader(HTMLParser):
    """Collects tags, ids, anchors and unclosed elements of a page."""

    VOID = ("meta", "link", "br", "img", "input", "hr")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.mismatched: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.mismatched.append(tag)

    def values(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]


def test_the_page_is_one_small_file_with_the_library_once(tmp_path):
    path = write_report(tmp_path / "runs" / "report.html", CONTENT)
    assert path.stat().st_size < 6_000_000
    assert path.read_text(encoding="utf-8").count(get_plotlyjs()[:2000]) == 1
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]


def test_the_page_asks_nothing_of_any_server():
    reader = Reader(SMALL)
    assert not reader.values("src")
    assert "link" not in reader.tags
    assert all(href.startswith("#") for href in reader.values("href"))
    assert "http://" not in SMALL
    assert "https://" not in SMALL
    assert "default-src 'none'" in SMALL


def test_every_element_is_closed_and_every_link_leads_somewhere():
    reader = Reader(SMALL)
    assert not reader.mismatched
    assert not reader.open
    ids = reader.values("id")
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in reader.values("href")} <= set(ids)


def test_headings_captions_and_summaries_are_there_for_those_who_listen():
    reader = Reader(SMALL)
    assert reader.tags.count("h1") == 1
    assert reader.tags.count("h2") == 9
    assert reader.tags.count("table") == reader.tags.count("caption") == 7
    plots = len(CONTENT.charts)
    assert reader.tags.count("figure") == reader.tags.count("figcaption") == plots
    assert len(reader.values("data-label-en")) == len(reader.values("data-label-zh")) == plots


def test_both_languages_are_there_and_every_figure_in_both():
    for words in ("On 26 unseen weeks", "在未参与训练的 26 周中", "Policies compared", "策略对比"):
        assert words in SMALL
    for number in range(len(CONTENT.charts)):
        for language in ("en", "zh"):
            found = re.search(rf'<script type="application/json" id="chart-{number}-{language}">(.*?)</script>', SMALL)
            assert found is not None
            assert set(json.loads(found[1])) >= {"data", "layout"}
    assert 'data-language="zh"' in report_html(replace(CONTENT, language="zh"))


def test_every_chinese_text_has_its_english_twin():
    english, chinese = SMALL.count('<span class="en" lang="en">'), SMALL.count('<span class="zh" lang="zh-Hans">')
    assert english == chinese > 100
    visible = re.sub(r"<style>.*?</style>|<script.*?</script>", "", SMALL, flags=re.S)
    inside = r"(?:[^<]|</?code>|<span class=\"whole\">[^<]*</span>)*"
    alone = re.sub(rf'<span class="zh" lang="zh-Hans">{inside}</span>', "", visible)
    alone = re.sub(r"<(html|button|div|nav)[^>]*>(中文)?", "", alone)  # attributes name both languages
    assert not re.findall(r"[\u4e00-\u9fff]+", alone)


def test_hostile_names_stay_text():
    evil = made_up_content(made_up_shop(12), name=EVIL.format("shop"), item=EVIL, policy=EVIL.format("policy"))
    evil = replace(evil, command=EVIL, choices=tuple(choice._replace(group=EVIL) for choice in evil.choices))
    page = report_html(evil).replace(get_plotlyjs(), "")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    reader, honest = Reader(page), Reader(SMALL)
    assert not reader.mismatched
    assert reader.tags.count("script") == honest.tags.count("script") - 2 * (len(CONTENT.charts) - len(evil.charts))
    assert reader.tags.count("title") == 1


def test_the_numbers_of_the_table_are_those_of_the_kpis():
    for row in CONTENT.standings:
        assert f'<td class="n">{money_text(row.kpis.profit)}</td>' in SMALL
        if row.against is not None:
            low, high = (money_text(end, signed=True) for end in (row.against.low, row.against.high))
            assert f"{low} … {high}" in SMALL
    for row in CONTENT.observed:
        assert f'<td class="n">{money_text(row.kpis.profit)}</td>' in SMALL


@pytest.mark.parametrize(
    ("low", "total", "high", "chosen", "headline", "meaning"),
    [
        (5, 10, 15, "learned", "earned GBP 10.00 more (2.0%) than", "items and behind on"),
        (5, 10, 15, "base_stock", "earned GBP 10.00 more (2.0%) than", "no choice is made on the test window"),
        (-5, 1, 15, "learned", "could not be told apart from", "The interval includes zero"),
        (-5, 1, 15, "base_stock", "could not be told apart from", "The shop keeps base stock"),
        (-15, -10, -5, "learned", "earned GBP 10.00 less (2.0%) than", "The test window speaks against"),
        (-15, -10, -5, "base_stock", "earned GBP 10.00 less (2.0%) than", "The shop keeps base stock"),
    ],
)
def test_the_headline_says_what_the_interval_allows(low, total, high, chosen, headline, meaning):
    percent = 2.0 if total > 0 else -2.0
    found = replace(CONTENT.headline, low=low, total=total, high=high, relative_percent=percent)
    content = replace(CONTENT, headline=found, chosen=chosen)
    assert headline in verdict(content).en
    assert meaning in certainty(content).en
    assert "基准库存" in verdict(content).zh
    assert "95% 置信区间" in certainty(content).zh


def test_a_handful_of_items_proves_nothing():
    content = replace(CONTENT, headline=replace(CONTENT.headline, low=5, total=10, high=15, items=4))
    assert "could not be told apart" in verdict(content).en
    assert "With 4 items the interval is too sure of itself" in certainty(content).en


def test_a_shop_without_prices_speaks_of_cost():
    found = replace(CONTENT.headline, low=500, total=1000, high=1500, relative_percent=2.0)
    content = replace(CONTENT, headline=found, shop=replace(CONTENT.shop, costs_only=True, currency=""))
    assert "the learned policy cost 1,000 less (2.0%) than the best classical rule, base stock" in verdict(content).en
    assert "学习策略的成本比最佳经典规则“基准库存”低 1,000（2.0%）" in verdict(content).zh
    assert "No prices are known" in report_html(content)


def test_empty_parts_say_so_or_are_left_out():
    page = report_html(
        replace(CONTENT, charts=(), choices=(), assumptions=(), repairs=(), settings=(), seeds=(), observed=())
    )
    assert "Nothing had to be assumed" in page
    assert "Nothing was found that had to be repaired" in page
    assert 'id="charts"' not in page
    assert 'href="#choice"' not in page


def test_literals_become_code_and_signed_numbers_stay_whole():
    text = Text("set `lead_time`: <b> +GBP 7,419", "设置 `lead_time`")
    assert '<code>lead_time</code>: &lt;b&gt; <span class="whole">+GBP 7,419</span>' in both(text)


def test_numbers_are_written_for_people():
    assert money_text(12345.678, "GBP") == "GBP 12,346"
    assert money_text(-12345.678, "£", signed=True) == "−£12,346"
    assert money_text(3.456, "¥", signed=True) == "+¥3.46"
    assert money_text(-0.001) == "0.00"
    assert money_text(None) == "–"
    assert percent_text(3.44, signed=True) == "+3.4%"
    assert percent_text(-0.01) == "0.0%"


def test_a_page_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(StorageError, match=r"report\.html"):
        write_report(tmp_path / "report.html", CONTENT)
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
