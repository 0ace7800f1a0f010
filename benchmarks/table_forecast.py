"""Tables of forecasts: real demand, lead times, new items, and what orders made of forecasts cost."""

from collections.abc import Iterable

from table_parts import Row, bold, caption, load, spread, table

from restock.workflows.benches.forecast_methods import LEARNED

SETS = {
    "fresh_retail": "FreshRetailNet, days",
    "online_retail": "Online Retail, weeks",
    "online_retail_daily": "Online Retail, days",
    "bakery": "bakeries, days",
    "complete_journey": "The Complete Journey, weeks",
}
DAILY = ("fresh_retail", "online_retail_daily", "bakery")
RIVALS = ("lightgbm_quantile", "auto_ets", "auto_theta", "croston_sba", "seasonal_naive")
SHOWN = (*RIVALS, "mlforecast_lgbm")  # beside those that count
OURS = ("deep_trees", "deep")
READ_AS = {"deep_share": "`thin`", "deep_bound": "`bound`", "naive": "`ignore`: sales are demand"}
SHOPS = {"misspecified": "wrong: not told what moves demand", "well_specified": "right: told what moves demand"}


def accuracy() -> str:
    """A line per data set and method: all windows, the last one alone, and ours against it."""
    results = load("forecast").pick((*OURS, *SHOWN), SETS)
    body = []
    for instance, title in SETS.items():
        for method in (*OURS, *SHOWN):
            row = results.get(instance, method)
            if row is None:
                continue
            cells = [title, f"`{method}`", seeds(row), _level(row), f"{row['last_window']:.3f}"]
            cells += [f"{100 * row['coverage']:.1f} %", f"{100 * row['bias']:+.1f} %", _against(row)]
            body.append(bold(cells) if method == OURS[0] else cells)
    head = ["data", "method", "seeds", "scaled pinball", "last window", "in the 90 % interval", "bias"]
    head.append(f"`{OURS[0]}` less this")
    return caption(results, f"{_series(results.rows)} series;") + table(head, body)


def lead_times() -> str:
    """Paths against sums of periods drawn each on its own."""
    results = load("forecast")
    body = []
    for instance, title in SETS.items():
        for method in OURS:
            row = results.get(instance, method)
            if row is not None:
                gain = f"{row['lead_gain']:+.4f} ({row['lead_low']:+.4f} … {row['lead_high']:+.4f})"
                cells = [f"{row[part]:.4f}" for part in ("lead_pinball", "lead_independent")]
                body.append([title, f"`{method}`", seeds(row), *cells, gain])
    head = ["data", "method", "seeds", "paths", "independent periods", "difference (95 %)"]
    return table(head, body)


def new_items() -> str:
    """Items held out."""
    kept = load("forecast")
    results = kept.pick(instances=[name for name in kept.instances if name.endswith("_new_items")])
    body = []
    for row in sorted(results.rows, key=lambda r: r["instance"]):
        gain = (
            ""
            if row.get("low") is None
            else f"{row['against_percent']:+.1f} % ({row['low']:+.1f} … {row['high']:+.1f})"
        )
        title = SETS[row["instance"].removesuffix("_new_items")].split(",")[0]
        body.append([title, f"`{row['method']}`", f"{row['value']:.3f}", gain])
    head = ["data", "method", "error / mean level", "against the category's mean (95 %)"]
    return caption(results, "Mean absolute error of the level;") + table(head, body)


def sold_out() -> str:
    """Demand of sold-out days where it is known."""
    results = load("stockouts")
    body = [
        [says, f"{row['value']:+.1f} % ({spread(row):.1f})"]
        for method, says in READ_AS.items()
        if (row := results.get("fresh_retail", method)) is not None
    ]
    head = ["sold-out days are read as", "bias of their demand, mean over seeds (spread)"]
    return caption(results, "FreshRetailNet, days;") + table(head, body)


def money() -> str:
    """Ways to let money speak, on the shop whose model is right and on the one whose model is wrong."""
    results = load("forecast-money")
    body = []
    for instance, title in SHOPS.items():
        for row in (row for row in results.rows if row["instance"] == instance):
            gap = f"{row['against_percent']:+.1f} %"
            interval = "" if row.get("low") is None else f"{row['low']:+.1f} … {row['high']:+.1f} %"
            cells = [title, f"`{row['method']}`", f"{row['value']:.3f} ± {row['stderr']:.3f}", gap, interval]
            body.append([*cells, f"{row['on_hand']:.2f}"])
    head = ["model fitted by likelihood", "way", "cost per day", "against `nll`", "95 %", "mean stock"]
    return caption(results, "Cost and stock in demand scales;") + table(head, body)


def seeds(row: Row) -> str:
    """How many; of methods that leave nothing to chance none."""
    return str(row["seeds"]) if row["method"] in LEARNED else ""


def _level(row: Row) -> str:
    noise = f" ± {row['seed_spread']:.3f}" if row["seeds"] > 1 else ""
    return f"{row['value']:.3f}{noise}"


def _against(row: Row) -> str:
    if row.get("ours") != OURS[0]:
        return ""
    return f"{row['against']:+.3f} ({row['low']:+.3f} … {row['high']:+.3f})"


def _series(rows: Iterable[Row]) -> str:
    counts = sorted({row["series"] for row in rows})
    return f"{counts[0]:,} to {counts[-1]:,}" if len(counts) > 1 else f"{counts[0]:,}"
