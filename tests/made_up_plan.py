"""A shop whose plan was never computed: the folders that a real one leaves, filled by hand."""

import json
from pathlib import Path

import polars as pl

from restock.workflows.plan import settings_of
from restock.workflows.project import Project, open_project

SNAPSHOT, MODEL, PLAN = "20261101T060000Z-1a2b3c4d", "001-learned", "20261101T061500-plan"
DAY = "2026-11-02"
SUPPLIERS = ("North & Co", "南方贸易")


def make_project(folder: Path, settings: str = "", lines: int = 12) -> Project:
    (folder / "facts" / SNAPSHOT).mkdir(parents=True)
    about = {"id": SNAPSHOT, "created": "2026-11-01T06:00:00Z", "previous": None, "sources": [], "tables": {}}
    text = json.dumps({**about, "mappings": {}, "loads": []})
    (folder / "facts" / SNAPSHOT / "manifest.json").write_text(text)
    (folder / "models" / MODEL).mkdir(parents=True)
    (folder / "restock.toml").write_text('[shop]\nname = "Tea"\ncurrency = "CNY"\n' + settings, encoding="utf-8")
    project = open_project(folder)
    write_plan(project, lines=lines)
    return project


def write_plan(project: Project, run: str = PLAN, lines: int = 12, snapshot: str = SNAPSHOT) -> str:
    place = project.folder.runs / run
    place.mkdir(parents=True)
    lines_of(lines).write_parquet(place / "lines.parquet")
    terms = ("lane", "pack", "minimum", "unit_cost", "forecast", "stock_counted")
    rest = lines_of(3).with_columns(pl.col("item").str.replace("A", "B"))  # B-01, B-02 and B-03 are not ordered
    rest = rest.select("item", "site", "name", "class", "on_hand", "on_order", "days_of_cover", "policy", *terms)
    kept = [pl.lit("stock covers 9 weeks").alias("reason"), pl.lit("库存可用 9 周").alias("reason_zh")]
    rest.with_columns(pl.lit(0.01).alias("stockout_without"), *kept).write_parquet(place / "not_ordered.parquet")
    about = {"run": run, "snapshot": snapshot, "policy": MODEL, "date": DAY, "settings": settings_of(project.config)}
    (place / "plan.json").write_text(json.dumps(about))
    return run


def lines_of(count: int) -> pl.DataFrame:
    """Line n orders 10 n units at 2 a piece; the last one earns nothing."""
    number = list(range(1, count + 1))
    units = [10.0 * n for n in number]
    return pl.DataFrame(
        {
            "rank": number,
            "item": [f"A-{n:02d}" for n in number],
            "site": ["SH" if n % 3 else "BJ" for n in number],
            "name": ["=cmd|' /C calc'!A0" if n == 1 else f"茶 {n}" for n in number],
            "class": ["smooth"] * count,
            "lane": [SUPPLIERS[n % 2] for n in number],
            "quantity": units,
            "order_by": ["2026-11-05"] * count,
            "binding": ["pack"] * count,
            "reason": [f"{n} on hand cover too little" for n in number],
            "reason_zh": [f"现有 {n}，不足" for n in number],
            "on_hand": [float(n) for n in number],
            "on_order": [0.0] * count,
            "days_of_cover": [1.0] * count,
            "forecast": [9.0 * n for n in number],
            "stockout_without": [0.9] * count,
            "stockout_with": [0.1] * count,
            "expected_profit": [-1.0 if n == count else 100.0 / n for n in number],
            "profit_without": [0.0] * count,
            "profit_with": [1.0] * count,
            "cash": [2.0 * u for u in units],
            "profit_per_cash": [5.0 - n / 100 for n in number],
            "unit_cost": [2.0] * count,
            "pack": [5.0] * count,
            "minimum": [10.0] * count,
            "policy": ["learned"] * count,
            "stock_counted": [True] * count,
        }
    )
