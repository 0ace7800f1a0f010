"""What the page of a forecast is filled with."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from restock import __version__
from restock.backtest.content import Assumption, Chart, chart
from restock.backtest.forecast_charts import (
    ClassError,
    EventSpan,
    Fan,
    bias_by_item,
    calibration,
    errors_by_class,
    fan,
    methods_bars,
)
from restock.backtest.forecast_page import ForecastContent, forecast_page
from restock.backtest.report import write_page
from restock.forecasting.festivals import Festival
from restock.forecasting.forecast import FULL, between
from restock.forecasting.forecaster import Tried
from restock.forecasting.methods import TITLES
from restock.forecasting.panel import Panel
from restock.language import Text
from restock.workflows.project import Project

if TYPE_CHECKING:
    from restock.workflows.forecast import ForecastResult

FANS = 4


def write_forecast_report(
    path: Path, project: Project, result: "ForecastResult", panel: Panel, held: tuple[Festival, ...]
) -> None:
    """Write the page.

    Args:
        path: the file.
        project: for the shop's name and language.
        result: what was forecast.
        panel: what was known.
        held: festivals around.
    """
    method = result.forecast.method
    record = result.to_json()
    content = ForecastContent(
        shop=project.config.shop.name,
        language=project.config.shop.language,
        version=__version__,
        created=datetime.now(UTC),
        command=f"restock forecast --periods {result.forecast.horizon} --method {method}",
        lead=_lead(result),
        first=record["first"],
        last=record["last"],
        series=len(result.items),
        record=record,
        titles=TITLES,
        names=result.names,
        assumptions=tuple(Assumption(a.text, Text(a.value, a.value), a.replace) for a in result.assumptions),
        charts=_charts(result, panel, held),
    )
    write_page(path, forecast_page(content))


def _lead(result: "ForecastResult") -> Text:
    method = TITLES.get(result.forecast.method, Text(result.forecast.method, result.forecast.method))
    if result.accuracy.windows is None or not result.accuracy.was_chosen:
        return Text(f"Forecast by: {method.en}.", f"预测方法：{method.zh}。")
    return Text(
        f"Forecast by: {method.en}. It had the least error in the windows before the last one.",
        f"预测方法：{method.zh}。在最后一个窗口之前的各窗口中误差最小。",
    )


def below(panel: Panel, tried: tuple[Tried, ...], levels: tuple[float, ...] = FULL) -> list[float]:
    """Share of wholly observed periods of all windows in which demand was below each quantile.

    Where a quantile is met exactly, as zeros often are, half counts.
    """
    under, count = np.zeros(len(levels)), 0
    for origin, forecast in tried:
        window = slice(origin, origin + forecast.horizon)
        whole = panel.whole[:, window]
        y = panel.y[:, window][whole][:, None]
        quantiles = between(forecast.quantiles, forecast.levels, levels)[whole]
        under += ((y < quantiles - 1e-6) + 0.5 * (np.abs(y - quantiles) <= 1e-6)).sum(axis=0)
        count += int(whole.sum())
    return list(under / max(count, 1))


def _charts(result: "ForecastResult", panel: Panel, held: tuple[Festival, ...]) -> tuple[Chart, ...]:
    accuracy = result.accuracy
    best = np.argsort(-result.forecast.mean[: panel.shape[0]].sum(axis=1), kind="stable")[:FANS]
    found = [_fan_chart(result, panel, held, int(row)) for row in best]
    if accuracy.windows is None:
        return tuple(found)
    record = result.to_json()
    rows = [(row["method"], row["scaled_pinball"]) for row in record["accuracy"] if row["scaled_pinball"] is not None]
    observed = {result.forecast.method: below(panel, accuracy.tried)}
    classes = [
        ClassError(str(row["class"]), int(row["series"]), row["wape"], row["bias"]) for row in record["by_class"]
    ]
    mine = next(each for each in accuracy.last if each.method == accuracy.chosen)
    bias = np.where(mine.actual > 0, mine.error / np.maximum(mine.actual, 1e-9), np.nan)
    found += [
        chart(
            Text("Methods in the last window", "最后一个窗口的各方法"),
            Text(
                "Scaled pinball loss; the method was chosen in the windows before.",
                "标准化分位损失；方法由之前的窗口选定。",
            ),
            lambda language: methods_bars(
                [TITLES.get(n, Text(n, n)).in_(language) for n, _ in rows],
                [v for _, v in rows],
                TITLES.get(accuracy.chosen, Text(accuracy.chosen, accuracy.chosen)).in_(language),
                language,
            ),
            half=True,
        ),
        chart(
            Text("Do the quantiles hold?", "分位数是否可信？"),
            Text("All windows, periods without a stock-out.", "所有窗口，无缺货的时期。"),
            lambda language: calibration(FULL, observed, language),
            half=True,
        ),
        chart(
            Text("Error and bias by class", "各类商品的误差与偏差"),
            Text("Steady items are easy; rare ones need their interval.", "平稳商品易预测；间歇商品更需看区间。"),
            lambda language: errors_by_class(classes, language),
            half=True,
        ),
        chart(
            Text("Bias of the items", "各商品的偏差"),
            Text("Right of zero: more was expected than sold.", "零线右侧：预计多于实际。"),
            lambda language: bias_by_item(bias, language),
            half=True,
        ),
    ]
    return tuple(found)


def _fan_chart(result: "ForecastResult", panel: Panel, held: tuple[Festival, ...], row: int) -> Chart:
    item = result.items[row]
    name = f"{item} {result.names.get(item, '')}".strip()
    drawn = Fan(
        name=name,
        period_days=panel.period_days,
        days=panel.starts,
        sold=panel.y[row],
        available=panel.available[row],
        ahead=result.forecast.starts,
        levels=result.forecast.levels,
        quantiles=result.forecast.quantiles[row],
        mean=result.forecast.mean[row],
        events=tuple(EventSpan(*one) for one in held),
    )
    total = f"{result.forecast.mean[row].sum():,.0f}"
    out = int((panel.available[row] < 1).sum())
    said = Text(
        f"{total} units expected; sold out in {out} of {panel.shape[1]} periods.",
        f"预计 {total} 件；{panel.shape[1]} 期中有 {out} 期售罄。",
    )
    return chart(Text(name, name), said, lambda language: fan(drawn, language), least_width=560)
