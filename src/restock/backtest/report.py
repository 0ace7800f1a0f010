"""The report: one HTML file that opens offline, in English and Chinese, and asks nothing of any server."""

import json
import os
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
from restock.language import Text


def write_report(path: Path, content: ReportContent) -> Path:
    """Write the page, whole or not at all; about 5 MB, nearly all of it the charting library.

    Raises:
        StorageError: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(report_html(content), encoding="utf-8")
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
    """The page as text."""
    shop = content.shop.name
    title = Text(f"{shop} – backtest – restock", f"{shop} – 回测报告 – restock")
    return Template(_asset("report.html")).substitute(
        lang="zh-Hans" if content.language == "zh" else "en",
        language=content.language,
        title=escape(title.in_(content.language)),
        title_en=escape(title.en),
        title_zh=escape(title.zh),
        version=escape(content.version),
        style=_asset("report.css"),
        skip=both(Text("Skip to the result", "跳到结果")),
        shop=plain(shop),
        light=both(Text("Light", "浅色")),
        dark=both(Text("Dark", "深色")),
        sections=sections(content),
        footer=_footer(content),
        figures="\n".join(_figures(number, chart) for number, chart in enumerate(content.charts)),
        plotly=get_plotlyjs(),
        script=_asset("report.js"),
    )


def _footer(content: ReportContent) -> Html:
    made = content.created.strftime("%Y-%m-%d %H:%M")
    return both(
        Text(
            f"Made by restock {content.version} on {made}. This file works offline and sends nothing anywhere.",
            f"由 restock {content.version} 于 {made} 生成。本文件可离线打开，不会向任何地方发送数据。",
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
