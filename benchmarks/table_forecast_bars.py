"""One table: what forecasts are meant to reach, what they reach, and what is missing."""

from typing import NamedTuple

from table_forecast import DAILY, LEARNED, OURS, RIVALS, SETS, SHOPS
from table_parts import Results, Row, load, read, spread, table

BEST = OURS[0]
BIAS = 3.0  # percent that demand of sold-out days may be off
INSIDE = (0.88, 0.92)  # share of periods that the 90 % interval shall hold
GAIN = -10.0  # percent of the category mean's error, for new items
LOSS = 1.0  # percent that money may cost more where the model is right
LEARN, FORECAST, MEMORY = 120.0, 30.0, 4.0  # seconds, seconds, GB


class Bar(NamedTuple):
    """One aim."""

    what: str
    bar: str
    figure: str
    reached: bool | None  # None: not measured

    def cells(self) -> list[str]:
        """A line of the table."""
        said = {True: "reached", False: "**missed**", None: "not measured"}[self.reached]
        return [self.what, self.bar, self.figure, said]


def bars() -> str:
    """Every aim with its figure."""
    kept = load("forecast")
    found = [
        *(_accuracy(kept, name) for name in SETS),
        *(_coverage(kept, name) for name in SETS),
        *(_lead(kept, name) for name in DAILY),
        _sold_out(),
        *(_new_items(kept, name) for name in SETS),
        *_money(),
        *_speed(),
    ]
    return table(["what", "aim", "figure", ""], [bar.cells() for bar in found if bar is not None])


def _accuracy(kept: Results, name: str) -> Bar:
    """The rival that comes nearest decides."""
    what, bar = f"{SETS[name]}: scaled pinball", "below each of five rivals, interval below 0"
    rows = {rival: kept.get(name, rival) for rival in RIVALS}
    there = [row for row in rows.values() if row is not None and row.get("ours") == BEST]
    if not there:
        return Bar(what, bar, "", None)
    near = max(there, key=lambda row: row["high"])
    missing = ", ".join(f"`{rival}`" for rival, row in rows.items() if row not in there)
    figure = f"nearest `{near['method']}`: {near['against']:+.3f} ({near['low']:+.3f} … {near['high']:+.3f})"
    if missing:
        return Bar(what, bar, f"{figure}; not measured: {missing}", None)
    return Bar(what, bar, f"{figure}; {_seeds(near, kept.get(name, BEST))}", near["high"] < 0)


def _coverage(kept: Results, name: str) -> Bar:
    row = kept.get(name, BEST)
    what, bar = f"{SETS[name]}: in the 90 % interval", "88 to 92 %"
    if row is None:
        return Bar(what, bar, "", None)
    return Bar(what, bar, f"{100 * row['coverage']:.1f} %; {_seeds(row)}", INSIDE[0] <= row["coverage"] <= INSIDE[1])


def _lead(kept: Results, name: str) -> Bar:
    row = kept.get(name, BEST)
    what, bar = f"{SETS[name]}: pinball of seven days together", "below that of independent days"
    if row is None:
        return Bar(what, bar, "", None)
    gain = f"{row['lead_gain']:+.4f} ({row['lead_low']:+.4f} … {row['lead_high']:+.4f})"
    return Bar(what, bar, f"{gain}; {_seeds(row)}", row["lead_high"] < 0)


def _sold_out() -> Bar:
    """Where the truth is known, beside the one that takes sales for demand."""
    kept = load("stockouts")
    mine, naive = (kept.get("fresh_retail", method) for method in ("deep_share", "naive"))
    what, bar = "FreshRetailNet: demand of sold-out days, where it is known", "within ± 3 %"
    if mine is None or naive is None:
        return Bar(what, bar, "", None)
    figure = f"{mine['value']:+.1f} % (spread {spread(mine):.1f}; {mine['seeds']} seeds)"
    return Bar(what, bar, f"{figure}; taking sales for demand {naive['value']:+.1f} %", abs(mine["value"]) <= BIAS)


def _new_items(kept: Results, name: str) -> Bar | None:
    row = kept.get(f"{name}_new_items", "newcomers")
    if row is None:
        return None
    gain = f"{row['against_percent']:+.1f} % ({row['low']:+.1f} … {row['high']:+.1f})"
    what = f"{SETS[name].split(',')[0]}: error of new items, against the category's mean"
    return Bar(what, "-10 %", gain, row["against_percent"] <= GAIN)


def _money() -> list[Bar]:
    kept = load("forecast-money")
    wrong, right = (kept.get(shop, "end_to_end") for shop in SHOPS)
    assert wrong is not None
    assert right is not None
    rest = [row for row in kept.rows if row["method"] in ("nll", "average", "newsvendor", "quantile", "select")]
    least = {shop: min((r for r in rest if r["instance"] == shop), key=lambda r: r["value"]) for shop in SHOPS}
    return [
        Bar("cost of `end_to_end` against `nll`, model wrong", "below", _gap(wrong), wrong["high"] < 0),
        Bar("the same, model right", "at most + 1 %", _gap(right), right["against_percent"] <= LOSS),
        *(
            Bar(
                f"the same against the best baseline (`{least[shop]['method']}`), model {title.split(':')[0]}",
                "below, at equal stock",
                f"{_than(row, least[shop]):+.1f} %, stock {row['on_hand']:.2f} against {least[shop]['on_hand']:.2f}",
                row["value"] + row["stderr"] < least[shop]["value"],
            )
            for (shop, title), row in zip(SHOPS.items(), (wrong, right), strict=True)
        ),
    ]


def _gap(row: Row) -> str:
    return f"{row['against_percent']:+.1f} % ({row['low']:+.1f} … {row['high']:+.1f})"


def _than(row: Row, rival: Row) -> float:
    return 100 * (row["value"] / rival["value"] - 1)


def _speed() -> list[Bar]:
    learn = "3,000 series of 90 days are learned, compilation included"
    tell = "100,000 series of 90 days are forecast"
    kept = read("forecast-speed")
    mine, told = kept["learn"], kept["forecast"]
    fast = told["seconds"] <= FORECAST and kept["most_gb"] <= MEMORY
    return [
        Bar(learn, "120 s", _seconds(mine), mine["seconds"] <= LEARN),
        Bar(tell, "30 s, 4 GB", f"{_seconds(told)}, {kept['most_gb']:.1f} GB", fast),
    ]


def _seconds(part: Row) -> str:
    return f"{part['seconds']:.0f} s ({part['cpu_seconds']:.0f} s of processors)"


def _seeds(*rows: Row | None) -> str:
    """The fewest of what hangs on chance."""
    count = min(row["seeds"] for row in rows if row is not None and row["method"] in LEARNED)
    return f"{count} seed{'s' * (count != 1)}"
