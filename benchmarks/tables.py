"""Write the tables of the documentation from benchmarks/results/: python benchmarks/tables.py

A table stands between `<!-- NAME -->` and `<!-- /NAME -->` and is replaced whole; the text around it is not touched. No
figure in a table is typed by hand, and each says seeds, commits, seconds and the load of the machine as its results
recorded them. With `--check` nothing is written: the exit code is 1 where a page is not what its results say.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import fmean, median, stdev

import table_forecast as forecasts
import table_forecast_bars as forecast_aims
import table_generalist as generalist
import table_instances as instances
from table_parts import FREE, Row, between, bold, caption, load, percent, read, table

from restock.algorithms.training import USUAL
from restock.workflows.benches.rivals import RIVALS

DOCS = Path(__file__).parent.parent / "docs"


def windows() -> str:
    kept = read("windows")
    cell = {(r["periods"], r["critic"]): f"{r['gap_percent']:.2f} ± {r['stderr']:.2f} %" for r in kept["rows"]}
    lengths = sorted({length for length, _ in cell})
    body = [[str(length), bold([cell[length, True]])[0], cell[length, False]] for length in lengths]
    times, count = [r["seconds"] for r in kept["rows"]], between(len(r["gaps"]) for r in kept["rows"])
    says = (
        f"± standard error; {count} seeds; all trainings of a cell {median(times):.0f} s in the median, "
        f"{max(times):.0f} s at most; {kept['machine']['cores']} cores; commit `{kept['commit']}`.\n\n"
    )
    return says + table(["periods of a window", "with a critic at its end", "without"], body)


def rivals() -> str:
    results = load("rivals")
    pairs = [(i, m) for i in RIVALS.usual for m in FREE if results.get(i, m) is not None]
    body = []
    for instance, method in pairs:
        ours = results.get(instance, method)
        others = (f"sb3_{method}", f"sb3_{method}_tuned", f"decisionrl_{method}")
        for row in (ours, *(results.get(instance, other) for other in others)):
            if row is None or ours is None:
                continue
            at, mine = row.get("seconds_to_reach"), row is ours
            body.append(
                [
                    instance,
                    f"`{row['method']}`",
                    f"{row['value']:,.3f}",
                    bold([percent(row)])[0] if mine else percent(row),
                    f"{row['seconds']:.1f}",
                    "never" if at is None else f"{at:.1f}, {row['seeds_that_reached']} of {row['seeds']}",
                    f"{row['steps_per_second']:,.0f}",
                    "" if mine else f"{ours['steps_per_second'] / row['steps_per_second']:,.0f}",
                ]
            )
    head = ["instance", "method", "value", "gap ± spread between seeds", "seconds"]
    head += ["within 5 %: seconds, seeds", "steps/s", "times the rival's"]
    says = f"{len(pairs)} of {len(RIVALS.usual) * len(FREE)} pairs;"
    return caption(results, says) + table(head, body)


def simulator() -> str:
    results = load("simulator")
    body = [
        [r["instance"], r["method"], f"{r['value'] / 1e6:.1f}", f"{r['ratio']:.2f}" if r.get("ratio") else ""]
        for r in sorted(results.rows, key=lambda r: r["instance"])
    ]
    return caption(results, "Medians;") + table(["instance", "method", "million item-periods/s", "times NumPy"], body)


SHOPS = {
    "complete_journey": "The Complete Journey",
    "online_retail": "UCI Online Retail",
    "fresh_retail": "FreshRetailNet",
    "fresh_retail_planned": "FreshRetailNet, discounts planned ahead",
}


def money() -> str:
    body, count, times = [], set(), []
    for name, shop in SHOPS.items():
        kept = read(f"money-{name}")
        learned, rule = kept["learned"], kept["classical"][0]
        runs = learned["runs"]
        count.add(len(runs))
        times += [run["seconds"] for run in runs]

        def against(rival: str, part: str, f: Callable[[Iterable[float]], float], runs: list[Row] = runs) -> float:
            return f([run["against"][rival]["all"][part] for run in runs])

        unit = "days" if kept["periods"] % 7 and kept["objective"] == "cost" else "weeks"
        what = f"{shop}, {kept['items']:,} items, {kept['test_periods']} {unit}" + " (cost)" * (unit == "days")
        won, share = (against("best_on_test", part, fmean) for part in ("total", "percent"))
        low, high = against("best_on_test", "low", min), against("best_on_test", "high", max)
        before, part = (against("best_on_validation", part, fmean) for part in ("total", "percent"))
        body.append(
            [
                what,
                f"{rule['policy']}: {rule['profit']:,.0f}",
                f"{learned['mean']:,.0f} ± {learned['spread']:,.0f}",
                f"**{won:+,.0f} ({share:+.1f} %)**",
                f"{low:+,.0f} … {high:+,.0f}",
                f"{kept['best_rule_on_validation']}: {before:+,.0f} ({part:+.1f} %)",
            ]
        )
    head = ["shop", "best rule", "learned", "difference", "intervals", "against the rule chosen beforehand"]
    says = f"{between(count)} seeds; one training {median(times):.0f} s in the median, {max(times):.0f} s at most.\n\n"
    return says + table(head, body)


def regularisation() -> str:
    kept = read("regularisation")
    none, body = kept["rows"]["none"], []
    for name, row in kept["rows"].items():
        cells = [name]
        for part in ("money", "money_after_all_updates"):
            noise = f" ± {stdev(row[part]) / kept['seeds'] ** 0.5:,.0f}" if part == "money" else ""
            gained = [mine - its for mine, its in zip(row[part], none[part], strict=True)]
            against = "" if name == "none" else f"{fmean(gained):+,.0f} ± {stdev(gained) / kept['seeds'] ** 0.5:,.0f}"
            cells += [f"{fmean(row[part]):,.0f}{noise}", against]
        body.append([*cells, f"{-row['loss_of_last_round']:.2f}"])
    head = ["switch", "money ± standard error", "against none", "money after all updates", "against none"]
    head.append("profit per item and week in training, last updates")
    return f"{kept['seeds']} seeds; commit `{kept['commit']}`.\n\n" + table(head, body)


def algorithms() -> str:
    """One line per algorithm: means over its seeds."""
    rows = read("algorithms")["rows"]
    body = []
    for name in (n for n in USUAL if any(r["algorithm"] == n for r in rows)):
        mine = [r for r in rows if r["algorithm"] == name]
        profits, gained = [r["profit"] for r in mine], [r["against_rule"]["total"] for r in mine]
        noise = f" ± {stdev(profits):,.0f}" if len(mine) > 1 else ""
        low, high = min(r["against_rule"]["low"] for r in mine), max(r["against_rule"]["high"] for r in mine)
        line = [f"`{name}`", f"{fmean(profits):,.0f}{noise}", f"{fmean(gained):+,.0f}", f"{low:+,.0f} … {high:+,.0f}"]
        line += [between(r["rounds"] for r in mine), f"{fmean(r['cpu_seconds'] for r in mine):.0f}", str(len(mine))]
        body.append(line)
    rule = rows[0]["rule"]
    four = read("money-complete_journey")["learned"]
    body.append([f"rule `{rule['policy']}`, tuned", f"{rule['profit']:,.0f}", *[""] * 5])
    body.append(
        ["`pathwise`, four networks", f"{four['mean']:,.0f} ± {four['spread']:,.0f}", *[""] * 4, str(len(four["runs"]))]
    )
    commits = ", ".join(dict.fromkeys(f"`{r['commit']}`" for r in rows))
    loads = between((r["machine"]["load"] for r in rows), 1)
    says = f"Load of the machine's {rows[0]['machine']['cores']} cores {loads}; commit {commits}.\n\n"
    head = ["algorithm", "profit", "against the rule", "95 % intervals", "rounds chosen", "CPU seconds", "seeds"]
    missing = ", ".join(f"`{name}`" for name in USUAL if all(r["algorithm"] != name for r in rows))
    return says + table(head, body) + (f"\nNot measured yet: {missing}.\n" if missing else "")


PAGES: dict[str, dict[str, Callable[[], str]]] = {
    "benchmarks.md": {
        "lost-sales": instances.lost_sales,
        "long-lead-times": instances.long_lead_times,
        "one-network": instances.one_network,
        "windows": windows,
        "model-free": instances.model_free,
        "backlog": instances.backlog,
        "fixed-cost": instances.fixed_cost,
        "lot-sizing": instances.lot_sizing,
        "nonstationary": instances.nonstationary,
        "pricing": instances.pricing,
        "chain": instances.chain,
        "rivals": rivals,
        "simulator": simulator,
        "money": money,
        "forecast": forecasts.accuracy,
        "forecast-lead-times": forecasts.lead_times,
        "forecast-new-items": forecasts.new_items,
        "forecast-bars": forecast_aims.bars,
        "forecast-money": forecasts.money,
    },
    "algorithms/choosing.md": {"algorithms": algorithms},
    "algorithms/pathwise.md": {
        "regularisation": regularisation,
        "pathwise": partial(instances.by_lead_time, "pathwise", 3),
    },
    "algorithms/dqn.md": {"dqn": partial(instances.by_lead_time, "dqn")},
    "algorithms/policy_gradient.md": {name: partial(instances.by_lead_time, name) for name in ("ppo", "a2c")},
    "algorithms/ddpg.md": {name: partial(instances.by_lead_time, name) for name in ("td3", "ddpg")},
    "algorithms/rollout.md": {"rollout": partial(instances.learned_lots, "rollout")},
    "concepts/forecasting.md": {"stockouts": forecasts.sold_out},
    "concepts/generalist.md": {
        "worlds": generalist.worlds,
        "observations": generalist.observations,
        "classes": generalist.classes,
        "shop": generalist.shop,
        "unknown-law": generalist.unknown_law,
        "limits": generalist.limits,
        "ablations": generalist.ablations,
        "real": generalist.real,
    },
    "algorithms/shac.md": {"shac": partial(instances.learned_lots, "shac")},
}


def filled(page: str, text: str) -> str:
    """A page with its tables as the results have them.

    Raises:
        ValueError: a mark is not there exactly once.
    """
    for name, make in PAGES[page].items():
        first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if text.count(first) != 1 or text.count(last) != 1:
            raise ValueError(f"docs/{page} needs the marks {first.strip()} and {last}, each once")
        before, rest = text.split(first)
        text = before + first + make() + last + rest.split(last)[1]
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; the exit code is 1 where a page differs")
    asked, stale = parser.parse_args(), 0
    for page in PAGES:
        file = DOCS / page
        text = file.read_text(encoding="utf-8")
        new = filled(page, text)
        if new != text:
            stale += 1
            print(f"docs/{page}")
            if not asked.check:
                file.write_text(new, encoding="utf-8")
    return int(asked.check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
