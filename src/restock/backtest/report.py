"""The report: one HTML file that opens offline, in English and Chinese, and asks nothing of any server."""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from restock.backtest.content import Chart, ReportContent
from restock.backtest.markup import Html, both, plain
from restock.backtest.sections import sections
from restock.errors import StorageError
from restock.language import Language, Text


@dataclass(frozen=True)
class Page:
    """What every report is: sections, figures, and who made it when."""

    title: Text
    of: str  # the shop's name
    language: Language
    version: str
    created: datetime
    sections: Html
    charts: tuple[Chart, ...]


def write_report(path: Path, content: ReportContent) -> Path:
    """Write the page of a backtest, whole or not at all; about 5 MB, nearly all of it the charting library.

    Raises:
        StorageError: the file cannot be written.
    """
    return write_page(path, _page(content))


def write_page(path: Path, page: Page) -> Path:
    """Write a page, whole or not at all.

    Raises:
        StorageError: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(page_html(page), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StorageError(
            Text(
                f"the report `{path}` cannot be written: {error.strerror}", f"无法写入报告 `{path}`：{error.strerror}"
            ),
            hint=Text("choose a folder that you may write to", "请选择有写入权限的文件夹"),
        ) from None
    return path


def report_html(content: ReportContent) -> str:
    """The page of a backtest as text."""
    return page_html(_page(content))


def page_html(page: Page) -> str:
    """A page as text."""
    return Template(_asset("report.html")).substitute(
        lang="zh-Hans" if page.language == "zh" else "en",
        language=page.language,
        title=escape(page.title.in_(page.language)),
        title_en=escape(page.title.en),
        title_zh=escape(page.title.zh),
        version=escape(page.version),
        style=_asset("report.css"),
        skip=both(Text("Skip to the result", "跳到结果")),
        shop=plain(page.of),
        light=both(Text("Light", "浅色")),
        dark=both(Text("Dark", "深色")),
        sections=page.sections,
        footer=_footer(page),
        figures="\n".join(_figures(number, chart) for number, chart in enumerate(page.charts)),
        plotly=get_plotlyjs(),
        script=_asset("report.js"),
    )


def _page(content: ReportContent) -> Page:
    shop = content.shop.name
    return Page(
        title=Text(f"{shop} – backtest – restock", f"{shop} – 回测报告 – restock"),
        of=shop,
        language=content.language,
        version=content.version,
        created=content.created,
        sections=sections(content),
        charts=content.charts,
    )


def _footer(page: Page) -> Html:
    made = page.created.strftime("%Y-%m-%d %H:%M")
    return both(
        Text(
            f"Made by restock {page.version} on {made}. This file works offline and sends nothing anywhere.",
            f"由 restock {page.version} 于 {made} 生成。本文件可离线打开，不会向任何地方发送数据。",
        )
    )


def _figures(number: int, chart: Chart) -> str:
    return _figure(f"chart-{number}-en", chart.en) + _figure(f"chart-{number}-zh", chart.zh)


def _figure(anchor: str, figure: go.Figure) -> str:
    """A figure as JSON in which no markup can end the script that holds it."""
    text = json.dumps(json.loads(str(figure.to_json())), ensure_ascii=False, separators=(",", ":"))
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return f'<script type="application/json" id="{anchor}">{safe}</script>'


def _asset(name: str) -> str:
    return files("restock.backtest").joinpath("assets", name).read_text(encoding="utf-8")
