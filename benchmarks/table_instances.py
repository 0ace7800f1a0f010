"""The tables of published instances, each made of one result or two."""

import re
from statistics import fmean

from table_parts import FREE, TRAINED, between, bold, caption, ends, gaps, load, percent, seconds, spread, table

from restock.environments.lost_sales import LONG, PENALTIES, PUBLISHED, ZIPKIN
from restock.environments.lot_sizing import PUBLISHED as LOTS
from restock.environments.pricing import PUBLISHED as PRICED


def lost_sales() -> str:
    columns = ("base_stock", "capped_base_stock", "pathwise")
    results = load("lost-sales").pick(columns, [i.name for i in ZIPKIN])
    body = []
    for instance in ZIPKIN:
        rows = [results.get(instance.name, m) for m in columns]
        optimum = PUBLISHED[instance].optimum
        body.append([instance.name, f"{optimum:.4f}", *(percent(r, d) for r, d in zip(rows, (2, 2, 3), strict=True))])
    head = ["instance", "optimum", "base stock", "capped base stock", "pathwise"]
    steps = between((r["steps"] / 1e6 for r in results.pick(["pathwise"]).rows), 1)
    says = f"Gaps above the optimum, ± standard deviation between seeds; {steps} million environment steps a training;"
    return caption(results, says) + table(head, [*body, *ends(results, columns, (2, 2, 3), 1)])


def long_lead_times() -> str:
    results = load("lost-sales").pick(["pathwise"], [i.name for i in LONG])
    body, above = [], []
    for instance in LONG:
        published, row = PUBLISHED[instance].best_known, results.get(instance.name, "pathwise")
        if row is None or published is None:
            continue
        above.append(100 * (row["value"] / published - 1))
        value = f"{row['value']:.4f} ± {row['stderr']:.4f}"
        body.append([instance.name, f"{published:.4f}", value, f"{above[-1]:+.2f} %", str(row["seeds"])])
    body.append(bold(["mean", "", "", f"{fmean(above):+.2f} %", ""]))
    head = ["instance", "published", "pathwise", "above it", "seeds"]
    return caption(results, "Costs, ± standard error;") + table(head, body)


def one_network() -> str:
    results = load("lost-sales-together")
    laws = {"Poisson": "poisson", "geometric": "geometric", "all 32": ""}
    parts = [[r["gap_percent"] for r in results.rows if law in r["instance"]] for law in laws.values()]
    body = [[f"{name} gap", *(f"{f(part):.3f} %" for part in parts)] for name, f in (("mean", fmean), ("worst", max))]
    return caption(results, "One training for all:") + table(["", *laws], body)


def model_free() -> str:
    results = load("lost-sales").pick(FREE, [i.name for i in ZIPKIN])
    columns = results.methods(FREE)
    mine = [results.pick([m]) for m in columns]
    names = [i.name for i in ZIPKIN if i.name in results.instances]
    body = [[name, *(percent(results.get(name, m)) for m in columns)] for name in names]
    last = [
        ["instances", *(str(len(r.rows)) for r in mine)],
        ["seeds", *(between(row["seeds"] for row in r.rows) for r in mine)],
        ["million environment steps", *(between((row["steps"] / 1e6 for row in r.rows), 1) for r in mine)],
        ["seconds, median and longest", *map(seconds, mine)],
    ]
    says = "Gaps above the optimum, ± standard deviation between seeds (none: one seed);"
    return caption(results, says) + table(
        ["instance", *columns], [*body, *ends(results, columns, (2,) * len(columns), 0), *last]
    )


def by_lead_time(method: str, digits: int = 2) -> str:
    """Means over the penalties, for the page of an algorithm; a mean needs all four."""
    results = load("lost-sales").pick([method], [i.name for i in ZIPKIN])
    if not results.rows:
        return f"`{method}` has not been measured on these instances yet.\n"
    body = []
    for law in ("poisson", "geometric"):
        line, rows = [], [r for r in results.rows if r["instance"].startswith(law)]
        for lead in (1, 2, 3, 4):
            found = [r for p in PENALTIES if (r := results.get(f"{law}-p{p}-L{lead}", method)) is not None]
            noise = fmean(100 * spread(r) / r["best_known"] for r in found) if found else 0.0
            pm = f" ± {noise:.{digits}f}" if all(r["seeds"] > 1 for r in found) else ""
            full = len(found) == len(PENALTIES)
            line.append(f"{fmean(r['gap_percent'] for r in found):.{digits}f}{pm} %" if full else "")
        if rows:
            worst = max(rows, key=lambda r: r["gap_percent"])
            overall = f"{fmean(r['gap_percent'] for r in rows):.{digits}f} %"
            body.append([law, *line, overall, f"`{worst['instance']}` {worst['gap_percent']:.{digits}f} %"])
    steps = between((r["steps"] / 1e6 for r in results.rows), 1)
    head = ["demand", *(f"L = {lead}" for lead in (1, 2, 3, 4)), "all measured", "worst instance"]
    says = f"`{method}`, {len(results.rows)} of {len(ZIPKIN)} instances, {steps} million environment steps a training;"
    return caption(results, says) + table(head, body)


def backlog() -> str:
    results = load("backlog").pick(["base_stock", "pathwise"])
    names = {tuple(map(int, re.findall(r"\d+", name))): name for name in results.instances}
    leads = sorted({lead for _, lead in names})

    def cell(penalty: int, lead: int) -> str:
        return percent(results.get(names[penalty, lead], "pathwise"), 3, lambda r: r["stderr"])

    body = [[str(p), *(cell(p, lead) for lead in leads)] for p in sorted({p for p, _ in names})]
    ours, rule = gaps(results.pick(["pathwise"])), gaps(results.pick(["base_stock"]))
    below = (
        f"\nMean {fmean(ours):.3f} %, worst {max(ours):.3f} %; the tuned base stock, whose form is the optimal one: "
        f"mean {fmean(rule):.3f} %, worst {max(rule):.3f} %.\n"
    )
    head = ["penalty", *(f"L = {lead}" for lead in leads)]
    return caption(results, "`pathwise`, gaps above the optimum, ± standard error;") + table(head, body) + below


def fixed_cost() -> str:
    results = load("fixed-cost")
    body = []
    for row in results.rows:
        many = row["seeds"] > 1
        name = f"`{row['method']}`" + f", {row['seeds']} seeds" * many
        value = f"{row['value']:.4f}" + (f" ± {spread(row):.4f}" if many else "")
        time = f"{row['seconds']:.0f}" if row["method"] in TRAINED else ""
        body.append([name, value, *bold([percent(row)])] if many else [name, value, percent(row)])
        body[-1].append(time)
    head = ["method", "cost", "above the optimum", "seconds of the first training"]
    return caption(results, "± standard deviation between seeds;") + table(head, body)


def lot_sizing() -> str:
    columns = ("base_stock", "min_max", "economic_quantity", "silver_meal", "rollout", "shac")
    results = load("lot-sizing")
    body = []
    for name in results.instances:
        rows = [results.get(name, m) for m in columns]
        optimum = results.get(name, "optimal")
        body.append([name, f"{optimum['best_known']:.1f}" if optimum else "", *map(percent, rows)])
    present = results.methods(columns)
    means = {m: f"{fmean(gaps(results.pick([m]))):.2f} %" for m in present}
    body.append(bold(["mean of those measured", "", *(means.get(m, "") for m in columns)]))
    rolling = [f"{lot.name} {p.rolling:.1f}" for lot, p in LOTS.items() if p.rolling is not None]
    head = ["instance", "optimum", *(m.replace("_", " ") for m in columns)]
    says = "Gaps above the optimum, ± standard deviation between seeds;"
    published = f"\nThe rolling dynamic program published with the instances: {', '.join(rolling)}.\n"
    return caption(results, says) + table(head, body) + published


SEES = {
    "full_information": "the regime: a bound",
    "optimal_with_history": "all demand: exact program",
    "base_stock": "nothing: the best level, exact",
    "level_line": "average: level a line in it, tuned",
    "level_table": "average: a level for each of 15 ranges, searched",
    "pathwise_with_history": "all demand",
}


def nonstationary() -> str:
    results = load("nonstationary")
    body = []
    for row in results.rows:
        noise = f" ± {row['stderr']:.1f}" if row["stderr"] else ""
        name = f"`{row['method']}`" + f", {row['seeds']} seeds" * (row["seeds"] > 1)
        body.append(
            [name, SEES.get(row["method"], "average"), f"{row['value']:.1f}{noise}", f"{row['gap_percent']:.2f} %"]
        )
    return caption(results, "± standard error;") + table(["method", "sees", "profit", "gap"], body)


def pricing() -> str:
    columns = ("fixed_price", "fixed_price_and_level", "pathwise", "dqn", "ppo")
    results = load("pricing")
    body = []
    for name in results.instances:
        optimum = next(r["best_known"] for r in results.rows if r["instance"] == name)
        published = next(p for i, p in PRICED.items() if i.name == name)
        told = f"learned {published.learned}" if published.learned else ""
        told = told or (f"static rule {published.classical}" if published.classical else "")
        cells = [
            "" if row is None else f"{row['value']:.3f} ({percent(row)})"
            for row in (results.get(name, method) for method in columns)
        ]
        body.append([name, f"{optimum:.3f}", *cells, told])
    head = ["instance", "optimum", *(m.replace("_", " ") for m in columns), "published"]
    says = "Profit, and how far below the optimum, ± standard deviation between seeds;"
    return caption(results, says) + table(head, body)


def chain() -> str:
    results = load("chain")
    body = []
    for method in dict.fromkeys(row["method"] for row in results.rows):
        mine = results.pick([method]).rows
        cells = []
        for row in mine:
            noise = "" if row["seed_spread"] is None else f" ± {row['seed_spread']:.1f}"
            cells += [f"{row['value']:.1f}{noise}", f"{row['gap_percent']:.1f} %"]
        body.append([f"`{method}`", *cells, f"{mine[0]['seeds']}", f"{max(row['seconds'] for row in mine):.0f}"])
    head = ["method", *(part for name in results.instances for part in (name, "below foresight")), "seeds", "seconds"]
    return caption(results, "Profit of an episode, ± standard deviation between seeds;") + table(head, body)


def learned_lots(method: str) -> str:
    """Fixed order costs and lot sizing, for the page of an algorithm, beside the rules."""
    benches = {"Fixed order cost": load("fixed-cost"), "Lot sizing": load("lot-sizing")}
    body = []
    for what, results in benches.items():
        for row in results.pick([method]).rows:
            others = results.pick(None, [row["instance"]]).rows
            rules = [r for r in others if r["method"] not in (*TRAINED, "optimal")]
            best = min(rules, key=lambda r: r["gap_percent"])
            steps = "" if row.get("steps") is None else f"{row['steps'] / 1e6:.0f}"
            rule = f"{best['gap_percent']:.2f} % `{best['method']}`"
            line = [f"{what.lower()}, `{row['instance']}`", f"{row['best_known']}", rule, bold([percent(row, 3)])[0]]
            body.append([*line, str(row["seeds"]), steps, f"{row['seconds']:.0f}"])
    head = ["instance", "optimum", "best tuned rule", method, "seeds", "million environment steps", "seconds"]
    says = "± standard deviation between seeds;"
    said = (caption(results.pick([method]), f"{what}, {says}") for what, results in benches.items())
    return "".join(said) + table(head, body)
