"""Worlds drawn per second, and how the classes of real demand lie in the prior.

    python benchmarks/worlds.py                          speed of both priors
    RESTOCK_DATA=FOLDER python benchmarks/worlds.py --classes     table and pictures too

Seconds are processor time of one core, the best of several rounds, so that other programs on the machine don't count.
Writes benchmarks/results/worlds.json; with --classes also the table of classes into it, docs/images/worlds.svg (made-up
items) and build/worlds.svg (made-up items beside real ones). Of the real sets only demand is read, only for this.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from restock.simulator.worlds import draw_second_worlds, draw_worlds

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("RESTOCK_DATA", ROOT.parent / "shared" / "data"))
Floats = NDArray[np.float64]
QUANTILES = (0.05, 0.5, 0.95)
PERIODS = 100
FEWEST = 10  # periods with demand, below which an item has no class


def speed(draw, batch: int, rounds: int = 5) -> float:
    """Worlds of 100 periods per second of one core."""
    rng, seconds = np.random.default_rng(0), []
    draw(rng, batch, PERIODS)
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(20_000 // batch):
            draw(rng, batch, PERIODS)
        seconds.append(time.process_time() - began)
    return 20_000 // batch * batch / min(seconds)


def classes(demand: Floats, season: int) -> dict[str, Floats]:
    """What sorts demand, for each item with enough of it.

    Interval and squared coefficient of variation as in Syntetos, Boylan and Croston (2005); strength of trend and
    season after Wang, Smith and Hyndman (2006): 1 - variance of what remains / variance of that and the part. The
    trend is a moving average over 7 periods, the season the mean of each weekday in what is left of demand.
    """
    demand = demand[(demand > 0).sum(1) >= FEWEST]
    busy = demand > 0
    times = busy.sum(1)
    size = demand.sum(1) / times
    squared = (np.where(busy, demand - size[:, None], 0) ** 2).sum(1) / times / size**2
    window = 7
    inner = np.lib.stride_tricks.sliding_window_view(demand, window, 1).mean(2)
    rest = demand[:, window // 2 : demand.shape[1] - window // 2] - inner
    place = np.arange(rest.shape[1]) % season
    wave = np.stack([rest[:, place == each].mean(1) for each in range(season)], 1)[:, place]
    left = rest - wave
    return {
        "level": demand.mean(1),
        "interval": demand.shape[1] / times,
        "cv2": squared,
        "trend": strength(left, inner + left),
        "season": strength(left, wave + left),
    }


def strength(left: Floats, both: Floats) -> Floats:
    whole = both.var(1)
    return np.clip(1 - left.var(1) / np.where(whole > 0, whole, 1), 0, 1)


def made_up(draw) -> Floats:
    """Demand of daily worlds. [row, period]"""
    worlds = draw(np.random.default_rng(1), 20_000, PERIODS)
    return np.asarray(worlds.demand, np.float64)[np.asarray(worlds.told.period_days) == 1, :, 0]


def real() -> dict[str, Floats]:
    """Demand per day of three real sets, cut into windows as long as a world (90 days in fresh_retail)."""
    bakery = pl.read_parquet(DATA / "bakery" / "daily.parquet")
    fresh = pl.read_parquet(DATA / "fresh_retail" / "daily.parquet")
    lines = pl.read_parquet(DATA / "online_retail" / "transactions.parquet")
    lines = lines.filter((pl.col("quantity") > 0) & (pl.col("unit_price") > 0) & ~pl.col("cancelled").cast(pl.Boolean))
    lines = lines.with_columns(day=pl.col("timestamp").dt.date()).rename({"quantity": "units"})
    return {
        "bakery": dense(bakery, ["store", "sku"], "date"),
        "fresh_retail": dense(fresh, ["city_id", "store_id", "product_id"], "date"),
        "online_retail": dense(lines, ["sku"], "day"),
    }


def dense(rows: pl.DataFrame, keys: list[str], day: str) -> Floats:
    """Units per item and trading day, in windows. [item and window, period]"""
    wide = rows.group_by([*keys, day]).agg(pl.col("units").sum()).sort(day)
    wide = wide.pivot(day, index=keys, values="units").fill_null(0).sort(keys)
    days = sorted(column for column in wide.columns if column not in keys)
    demand = wide.select(days).to_numpy().astype(np.float64)
    length = min(PERIODS, demand.shape[1])
    windows = demand.shape[1] // length
    return demand[:, : windows * length].reshape(-1, length)


def inside(of: Floats, prior: Floats) -> float:
    """Share of items between the prior's 0.5 % and 99.5 % quantiles."""
    low, high = np.quantile(prior, [0.005, 0.995])
    return float(np.mean((of >= low) & (of <= high)))


def together(found: dict[str, dict[str, Floats]]) -> dict[str, float]:
    """Share of items that lie among the prior's in all measures at once.

    Distance is to the tenth nearest item of one half of the prior, each measure scaled by its standard deviation (the
    first three in logarithms); an item lies among them if it is no further than 99 % of the other half.
    """

    def places(measures: dict[str, Floats]) -> Floats:
        logs = [np.log(measures[name] + 0.01) for name in ("level", "interval", "cv2")]
        return np.stack([*logs, measures["trend"], measures["season"]], 1)

    prior = places(found["prior"])
    scale = prior.std(0)
    tree = cKDTree(prior[::2] / scale)
    bound = np.quantile(tree.query(prior[1::2] / scale, 10)[0][:, -1], 0.99)
    return {
        name: float(np.mean(tree.query(places(measures) / scale, 10)[0][:, -1] <= bound))
        for name, measures in found.items()
        if name != "prior"
    }


def measured(sets: dict[str, Floats]) -> dict[str, dict[str, Floats]]:
    seasons = {"online_retail": 6}  # trading days in a week
    return {name: classes(demand, seasons.get(name, 7)) for name, demand in sets.items()}


def table(found: dict[str, dict[str, Floats]]) -> list[dict]:
    rows = []
    for name, measures in found.items():
        for measure, values in measures.items():
            low, middle, high = np.quantile(values, QUANTILES)
            row = {"set": name, "measure": measure, "items": len(values), "q5": low, "q50": middle, "q95": high}
            rows.append({**row, "inside": inside(values, found["prior"][measure])})
    return rows


def picture(sets: dict[str, Floats], rows: int, shown: int = 4) -> str:
    """Small courses of demand as SVG, from slow items on the left to quick ones; the number is the largest demand."""
    wide, high, gap, left = 210, 62, 14, 110
    lines, rng, y = [], np.random.default_rng(3), gap
    for name, demand in sets.items():
        busy = demand[(demand > 0).sum(1) >= FEWEST]
        order = busy[np.argsort(busy.mean(1), kind="stable")]
        for _ in range(rows):
            lines.append(f'<text x="4" y="{y + high / 2:.0f}" class="name">{name}</text>')
            places = ((np.arange(shown) + rng.random(shown)) / shown * len(order)).astype(int)
            for column, course in enumerate(order[places]):
                lines += curve(course, left + column * (wide + gap), y, wide, high)
            y += high + gap
    width = left + shown * (wide + gap)
    style = (
        "polyline{fill:none;stroke:#2b6cb0;stroke-width:1}text{font-family:sans-serif;fill:#333}"
        ".name{font-size:13px}.most{font-size:9px;fill:#888}"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" width="{width}" height="{y}">'
    paper = '<rect width="100%" height="100%" fill="#fff"/>'
    return "\n".join([head, f"<style>{style}</style>", paper, *lines, "</svg>\n"])


def curve(course: Floats, x: float, y: float, wide: float, high: float) -> list[str]:
    most, last = course.max(), len(course) - 1
    places = (f"{x + wide * t / last:.1f},{y + high * (1 - units / most):.1f}" for t, units in enumerate(course))
    return [f'<polyline points="{" ".join(places)}"/>', f'<text x="{x + 2}" y="{y + 8}" class="most">{most:g}</text>']


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--classes", action="store_true")
    asked = parser.parse_args()
    result: dict = {
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "periods": PERIODS,
        "worlds_per_second": {
            name: {str(batch): round(speed(draw, batch)) for batch in (1000, 4000, 20_000)}
            for name, draw in (("prior", draw_worlds), ("second prior", draw_second_worlds))
        },
    }
    print(json.dumps(result["worlds_per_second"]))
    if asked.classes:
        sets = {"prior": made_up(draw_worlds), "second prior": made_up(draw_second_worlds), **real()}
        found = measured(sets)
        result["classes"], result["together"] = table(found), together(found)
        print(json.dumps(result["together"]))
        for row in result["classes"]:
            numbers = " | ".join(f"{row[key]:.3g}" for key in ("q5", "q50", "q95"))
            print(f"| {row['set']} | {row['measure']} | {row['items']} | {numbers} | {100 * row['inside']:.1f} % |")
        made = {name: sets[name] for name in ("prior", "second prior")}
        (ROOT / "docs" / "images" / "worlds.svg").write_text(picture(made, rows=3), encoding="utf-8")
        (ROOT / "build").mkdir(exist_ok=True)
        (ROOT / "build" / "worlds.svg").write_text(picture(sets, rows=2), encoding="utf-8")
    file = Path(__file__).parent / "results" / "worlds.json"
    file.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
