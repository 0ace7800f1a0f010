"""How good forecasts were, what planners changed about them, and which festivals lie ahead."""

from datetime import timedelta
from typing import Any

from restock.events import festivals, read_events
from restock.language import Language, Text
from restock.workflows.approval.desk import Desk
from restock.workflows.override import OverrideResult, add_override, read_overrides
from restock.workflows.runs import from_file, runs_of

KINDS = {
    "units": Text("units a period", "每周期件数"),
    "percent": Text("percent", "百分比"),
    "value": Text("set to units a period", "设为每周期件数"),
}
AHEAD = 400  # days in which festivals are listed


def accuracy_rows(desk: Desk, language: Language) -> tuple[list[dict[str, Any]], str]:
    """Methods of the newest forecast, the best first, and which forecast that is."""
    from restock.forecasting.methods import TITLES

    runs = runs_of(desk.project.folder, "forecast")
    if not runs:
        return [], ""
    record = from_file(desk.project.folder.runs / max(runs) / "forecast.json")
    chosen = record.get("method")
    mark = Text("chosen", "已选用").in_(language)
    rows = [
        {**row, "title": TITLES[row["method"]].in_(language) if row["method"] in TITLES else row["method"]}
        | {"chosen": mark if row["method"] == chosen else ""}
        for row in record.get("accuracy", [])
    ]
    return rows, max(runs)


def override_rows(desk: Desk, language: Language) -> list[dict[str, Any]]:
    """What planners know better, the newest last."""
    with desk.look():
        found = read_overrides(desk.project.path)
    today = desk.clock().date()
    over, valid = Text("over", "已过期").in_(language), Text("valid", "有效").in_(language)
    return [
        {
            "item": one.item,
            "site": one.site or "*",
            "start": str(one.start),
            "end": str(one.end),
            "change": f"{one.amount:+g} %"
            if one.kind == "percent"
            else f"{one.amount:g} {KINDS[one.kind].in_(language)}",
            "reason": one.reason,
            "state": over if one.expires <= today else valid,
        }
        for one in found
    ]


def change_forecast(desk: Desk, change: str, cells: dict[str, str]) -> OverrideResult:
    """Write one more override, and who did it.

    Raises:
        ForbiddenError: the actor may not.
        UsageError: something of it is wrong.
    """
    with desk.change("edit") as session:
        result = add_override(desk.project.path, change, cells)
        details = {key: value for key, value in cells.items() if value}
        desk.note(session, "override", "forecast", cells["item"], change=change, **details)
    return result


def festival_rows(desk: Desk, language: Language) -> list[dict[str, Any]]:
    """Festivals of the shop's country, and events that the shop has written itself, from today on."""
    today = desk.clock().date()
    events = read_events(desk.project.path)
    titles = {event.name: event.title for event in events}
    spans = festivals(events, range(today.year, today.year + 2), desk.project.config.shop.country)
    found = [
        (first, last, titles[name].in_(language) if name in titles else name)
        for name, every in spans.items()
        for first, last in every
        if last >= today and first <= today + timedelta(days=AHEAD)
    ]
    return [{"title": title, "start": str(first), "end": str(last)} for first, last, title in sorted(found)]
