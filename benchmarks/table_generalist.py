"""Tables of docs/concepts/generalist.md."""

import re
from statistics import fmean

from table_parts import Row, caption, load, read, table

PRIORS = ("prior", "second-prior")
METHODS = {"adaptive_base_stock": "base stock", "adaptive_reorder": "reorder", "generalist": "generalist"}
SEEN = 5  # periods, of the first table
OBSERVATIONS = (0, 1, 2, 5, 10, 20, 50)
POISSON = re.compile(r"unknown-poisson-p(\d+)-L\d+")
SETS = {"complete_journey": "Complete Journey"}


def worlds() -> str:
    """Scores on worlds of which five periods had been seen."""
    results = load("generalist")
    members = [f"member_{n}" for n in range(3)]
    body = []
    for method in (*METHODS, "members", "foresight"):
        line = [
            {"members": "its members alone", "foresight": "perfect foresight"}.get(method, method.replace("_", " "))
        ]
        for prior in PRIORS:
            rows = [results.get(f"{prior}-{SEEN}", name) for name in (members if method == "members" else [method])]
            there = [row for row in rows if row is not None]
            line.append(", ".join(f"{row['value']:.4f}" for row in there))
            line.append("" if method in ("adaptive_base_stock", "foresight") else _against(there))
        body.append([f"**{cell}**" if method == "generalist" and cell else cell for cell in line])
    head = ["", "prior", "against base stock", "second prior", "against base stock"]
    source = results.pick(None, [f"{prior}-{SEEN}" for prior in PRIORS])
    return caption(source, "4,000 worlds of each prior;") + table(head, body)


def observations() -> str:
    """Scores by the number of periods that had been seen."""
    results = load("generalist")
    body = []
    for seen in OBSERVATIONS:
        line = [str(seen)]
        for prior in PRIORS:
            rows = [results.get(f"{prior}-{seen}", method) for method in METHODS]
            there = [row for row in rows if row is not None]
            line += [f"{row['value']:.3f}" for row in there] + [_against(there[-1:])]
        body.append(line)
    columns = [*METHODS.values(), "against base stock"]
    return table(["observations", *columns, *columns], body)


DEMANDS = ("smooth", "erratic", "intermittent", "lumpy")
WAYS = {
    "fixed": "always in the same time",
    "crossing": "random, orders may cross",
    "in_order": "random, in order",
    "lost": "some orders never come",
    "told": "law told",
    "promised": "promise kept",
    "broken": "promise too short",
    "unknown": "nothing told",
}


def classes() -> str:
    """Scores by what is asked for and by how goods come."""
    results = load("generalist")
    body = []
    for name, says in ({name: name for name in DEMANDS} | WAYS).items():
        rows = [results.get(f"class-{name}", method) for method in (*METHODS, "foresight")]
        base, reorder, learned, bound = (row for row in rows if row is not None)
        line = [says, *(f"{row['value']:.3f}" for row in (base, reorder, learned)), _gain(learned)]
        body.append([*line, f"{bound['value']:.3f}"])
    source = results.pick(None, [f"class-{name}" for name in (*DEMANDS, *WAYS)])
    head = ["", *METHODS.values(), "generalist - base stock", "perfect foresight"]
    return caption(source, "The 4,000 worlds of the prior, five periods seen;") + table(head, body)


def shop() -> str:
    """Scores in one shop by the number of periods that had been seen."""
    results = load("generalist")
    methods = ("adaptive_base_stock", "adaptive_reorder", "tuned_on_shop", "trained_on_shop", "generalist", "foresight")
    body = []
    for seen in OBSERVATIONS:
        rows = {method: results.get(f"shop-{seen}", method) for method in methods}
        body.append([str(seen), *(f"{row['value']:.3f}" for row in rows.values() if row is not None)])
    source = results.pick(None, [f"shop-{seen}" for seen in OBSERVATIONS])
    errors = [row["stderr"] for row in source.pick(["generalist"]).rows]
    head = ["observations", "base stock", "reorder", "reorder tuned on the shop", "trained on the shop", "generalist"]
    says = f"2,000 items of the shop, standard error {fmean(errors):.3f};"
    return caption(source, says) + table([*head, "perfect foresight"], body)


def _gain(row: Row) -> str:
    """The difference from the adaptive base stock, and its interval."""
    middle = (row["low"] + row["high"]) / 2
    said = f"{middle:+.3f}"
    return f"{f'**{said}**' if row['low'] > 0 else said}, {row['low']:+.3f} to {row['high']:+.3f}"


def _against(rows: list[Row]) -> str:
    """How much more than the adaptive base stock; the interval of the difference where it is one row."""
    gains = [f"{100 * (row['ratio'] - 1):+.0f}" for row in rows]
    if len(rows) == 1:
        return f"{gains[0]} %, {rows[0]['low']:.3f} to {rows[0]['high']:.3f}"
    return f"{min(gains, key=float)} to {max(gains, key=float)} %"


def unknown_law() -> str:
    """Percent above the optimum of who knows the law, and how far the best base stock of that planner is above it."""
    results, told = load("generalist").pick(["generalist"]), load("lost-sales")
    gaps, rules, every = {}, {}, []
    for row in results.rows:
        found = POISSON.fullmatch(row["instance"])
        if found is None:
            continue
        penalty = found[1]
        rule = told.get(row["instance"].removeprefix("unknown-"), "base_stock")
        gaps.setdefault(penalty, []).append(f"{row['gap_percent']:.1f}")
        rules.setdefault(penalty, []).append("" if rule is None else f"{rule['gap_percent']:.1f}")
        every.append(row["gap_percent"])
    body = [[penalty, *gaps[penalty], " · ".join(rules[penalty])] for penalty in gaps]
    head = ["penalty", *(f"lead time {n}" for n in (1, 2, 3, 4)), "base stock, law known"]
    return (
        table(head, body)
        + f"\nThe mean is {fmean(every):.1f} %, the worst {max(every):.1f} %. The bar was 2 %: it is missed.\n"
    )


def limits() -> str:
    """What of the gap goes where a part of what the policy goes by is put right."""
    kept = read("generalist-limits")
    names = list(kept["rows"][0]["gaps"])
    errors = [gap["stderr"] for row in kept["rows"] for gap in row["gaps"].values()]
    body = [[row["name"], *(f"{row['gaps'][name]['gap_percent']:.1f} %" for name in names)] for row in kept["rows"]]
    says = f"200 paths of {kept['periods']} periods; standard error {fmean(errors):.1f}; commit `{kept['commit']}`.\n\n"
    return says + table(["above the optimum", *names], body)


def ablations() -> str:
    """What small trainings score."""
    kept = read("generalist-ablations")
    body = [[row["name"], *(f"{row[prior]['score']:.3f}" for prior in PRIORS)] for row in kept["rows"]]
    errors = [row[prior]["stderr"] for row in kept["rows"] for prior in PRIORS]
    says = (
        f"{kept['updates']} updates each; standard error of a score {fmean(errors):.3f}; commit `{kept['commit']}`.\n\n"
    )
    return says + table(["", "prior", "second prior"], body)


def real() -> str:
    """Real items from their fifth observation on."""
    rows = read("generalist-real")["rows"]
    body = []
    for row in rows:
        score, (gain, low, high) = row["scores"], row["against"]["tuned_on_set"]
        said = f"**{gain:+.3f}**" if low > 0 else f"{gain:+.3f}"
        line = [f"{SETS.get(row['set'], row['set'])}, {row['items']}", row["delivery"], f"{row['ratio']:.0f}"]
        line += [f"{score[who]:.3f}" for who in ("generalist", "tuned_on_set")] + [f"{said}, {low:+.3f} to {high:+.3f}"]
        body.append(line + [f"{score[who]:.3f}" for who in ("tuned_on_prior", "foresight")])
    ends = [row["against"]["tuned_on_set"][1:] for row in rows]
    above, below = sum(low > 0 for low, _ in ends), sum(high < 0 for _, high in ends)
    usual = sum(row["against"]["tuned_on_prior"][1] > 0 for row in rows)
    head = ["set, items", "delivery", "margin / holding", "generalist", "rule tuned on the set", "difference, 95 %"]
    return table([*head, "rule of the prior", "foresight"], body) + (
        f"\nOf {len(rows)} cases it is clearly above the rule tuned on the set in {above}, cannot be told apart in "
        f"{len(rows) - above - below}, and is\nclearly below in {below}; against the rule of the prior it is clearly "
        f"above in {usual}.\n"
    )
