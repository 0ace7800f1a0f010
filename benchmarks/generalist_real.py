"""The pretrained policy on real items that it has never seen, from their fifth observation on.

    RESTOCK_DATA=FOLDER python benchmarks/generalist_real.py

Four sets: fresh_retail and bakery by day, online_retail and Complete Journey by week. Items of a set are split by
chance into those that are scored and those on which the rule is tuned. Nothing of the policy is chosen here: run it
once per version. Writes benchmarks/results/generalist-real.json.
"""

import argparse
import hashlib
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
from worlds import DATA

from restock.intake.outages import correct
from restock.policies.pretrained import generalist_card, load_generalist
from restock.workflows.benches.newcomers import LAWS, LIVED, OBSERVED, RATIOS, Items, compare
from restock.workflows.benches.result import this_machine
from restock.workflows.benches.world_scores import adaptive_reorder

RESULTS = Path(__file__).parent / "results" / "generalist-real.json"
SCORED, TUNING = 400, 120  # items of a set at most
PERIODS = OBSERVED + LIVED


def fresh_retail() -> Items:
    """Units per day; share of the sixteen hours on the shelf."""
    rows = pl.read_parquet(DATA / "fresh_retail" / "daily.parquet")
    keys = ["city_id", "store_id", "product_id"]
    sold = wide(rows, keys, "date", "units")
    share = 1 - wide(rows, keys, "date", "stockout_hours_6_22") / 16
    return first_periods(sold, share, np.datetime64("2024-03-28"), 1)


def bakery() -> Items:
    """Demand per day as published."""
    rows = pl.read_parquet(DATA / "bakery" / "daily.parquet")
    units = wide(rows, ["store", "sku"], "date", "units")
    return first_periods(units, np.ones_like(units), np.datetime64("2016-01-02"), 1)


def online_retail() -> Items:
    """Units per week, without cancelled lines and write-offs."""
    lines = pl.read_parquet(DATA / "online_retail" / "transactions.parquet")
    lines = lines.filter((pl.col("quantity") > 0) & (pl.col("unit_price") > 0) & ~pl.col("cancelled").cast(pl.Boolean))
    lines = lines.filter(pl.col("sku").str.contains(r"^\d{5}"))
    first, last = pl.date(2010, 12, 6), pl.date(2011, 12, 5)  # whole weeks
    day = pl.col("timestamp").dt.date()
    lines = lines.filter((day >= first) & (day < last)).with_columns(week=day.dt.truncate("1w"))
    units = wide(lines, ["sku"], "week", "quantity")
    return first_periods(units, np.ones_like(units), np.datetime64("2010-12-06"), 7)


def complete_journey() -> Items:
    """Units per week of the grocer's best-selling items, those of the demo."""
    from restock.workflows.samples import grocer

    lines = grocer()["sales"]
    at = next(name for name, kind in lines.schema.items() if isinstance(kind, pl.Datetime | pl.Date))
    lines = lines.with_columns(week=pl.col(at).cast(pl.Date).dt.truncate("1w"))
    units = wide(lines, ["item"], "week", "quantity")
    start = lines["week"].min()
    return first_periods(units, np.ones_like(units), np.datetime64(str(start)), 7)


SETS: dict[str, Callable[[], Items]] = {
    "fresh_retail": fresh_retail,
    "bakery": bakery,
    "online_retail": online_retail,
    "complete_journey": complete_journey,
}


def wide(rows: pl.DataFrame, keys: list[str], time: str, value: str) -> np.ndarray:
    """Sums per item and period, items in the order of their keys. [item, period]"""
    cells = rows.group_by([*keys, time]).agg(pl.col(value).sum()).sort(time)
    table = cells.pivot(time, index=keys, values=value).fill_null(0).sort(keys)
    return table.select(sorted(column for column in table.columns if column not in keys)).to_numpy().astype(np.float64)


def first_periods(sold: np.ndarray, share: np.ndarray, start: np.datetime64, days: int) -> Items:
    """Each item from its first sale on, where enough periods follow."""
    first = np.argmax(sold > 0, axis=1)
    kept = np.flatnonzero((sold > 0).any(axis=1) & (first + PERIODS <= sold.shape[1]))
    found = correct(sold, share, np.ones(sold.shape, bool))
    at = first[kept, None] + np.arange(PERIODS)
    cut = [values[kept[:, None], at].astype(np.float32) for values in (found.demand, sold, found.known)]
    return Items(*cut, start + first[kept] * np.timedelta64(days, "D"), days)


def split(items: Items) -> tuple[Items, Items]:
    """Items that are scored, and others for tuning: a third of them."""
    order = np.random.default_rng(0).permutation(len(items.demand))
    tuning = min(TUNING, len(order) // 3)
    return take(items, order[tuning : tuning + SCORED]), take(items, order[:tuning])


def take(items: Items, rows: np.ndarray) -> Items:
    return Items(*(getattr(items, name)[rows] for name in ("demand", "sold", "known", "start")), items.period_days)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", default=",".join(SETS))
    names = parser.parse_args().sets.split(",")
    rows: list[dict] = []
    weights = (files("restock.policies") / "weights" / "generalist.safetensors").read_bytes()
    policy, rule = load_generalist(), adaptive_reorder()
    for name in names:
        scored, others = split(SETS[name]())
        for delivery in LAWS:
            for ratio in RATIOS:
                outcome = compare(policy, rule, scored, others, ratio, delivery)
                row = {
                    "set": name, "delivery": delivery, "ratio": ratio, "items": outcome.items,
                    "scores": {who: round(float(each.mean()), 4) for who, each in outcome.scores.items()},
                    "against": {rival: [round(x, 4) for x in outcome.interval(rival)]
                                for rival in ("tuned_on_set", "tuned_on_prior")},
                    "rule": {"family": outcome.tuned.family, "numbers": outcome.tuned.numbers},
                }  # fmt: skip
                rows.append(row)
                print(json.dumps(row), flush=True)
        keep(names, rows, hashlib.sha256(weights).hexdigest())


def keep(names: list[str], rows: list[dict], weights: str) -> None:
    """Write the rows; those of other sets stay, if they are of the same weights."""
    before = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    same = before.get("weights_sha256") == weights
    others = [row for row in before.get("rows", ()) if row["set"] not in names] if same else []
    result = {
        "command": "python benchmarks/generalist_real.py",
        "weights_sha256": weights,
        "card": generalist_card(),
        "rows": [*others, *rows],
        "machine": this_machine(),
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
