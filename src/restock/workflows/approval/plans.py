"""Plans at the desk: lines are kept once, with what they came from and whether that still holds."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from restock.config import Config
from restock.errors import MissingError, UsageError
from restock.language import Text
from restock.storage.champion import champion
from restock.storage.facts import TIME
from restock.storage.frames import read_frame
from restock.storage.state import orders
from restock.storage.state.orders import Total
from restock.storage.state.tables import Plan, Run
from restock.workflows.approval.attention import attention
from restock.workflows.approval.desk import Desk
from restock.workflows.plan import LINES, settings_of
from restock.workflows.runs import from_file, the_run

HINT = Text("`restock plan` makes one", "运行 `restock plan` 可生成")


@dataclass(frozen=True)
class PlanView:
    """A plan, how far people are with it, and why it is no longer true, if it is not."""

    plan: Plan
    totals: tuple[Total, ...]
    changed: int  # lines whose quantity people changed
    budget: float | None
    override_budget: int | None
    stale: tuple[Text, ...]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "plan": self.plan.id,
            "date": self.plan.date,
            "snapshot": self.plan.snapshot,
            "model": self.plan.model,
            "settings": self.plan.settings,
            "created": self.plan.created,
            "author": self.plan.author,
            "lines": self.plan.lines,
            "totals": [total._asdict() for total in self.totals],
            "changed": self.changed,
            "budget": self.budget,
            "override_budget": self.override_budget,
            "stale": [{"en": why.en, "zh": why.zh} for why in self.stale],
        }


def store_plan(desk: Desk, run: str | None = None, job: str | None = None) -> str:
    """Put the lines of a plan on the desk, once; returns its id.

    Args:
        run: of the plan; none: the newest.
        job: that made it.

    Raises:
        UsageError: there is no such plan.
    """
    from sqlalchemy.exc import IntegrityError

    try:
        place = the_run(desk.project.folder, "plan", run, HINT)
    except UsageError as error:
        raise MissingError(error.message, hint=error.hint) from None
    with desk.look() as session:
        if orders.get_plan(session, place.name) is not None:
            return place.name
    about, lines = from_file(place / "plan.json"), read_frame(place / LINES)
    plan = Plan(
        id=place.name,
        snapshot=about["snapshot"],
        model=about["policy"],
        settings=about.get("settings", {}),
        date=about["date"],
        created=desk.clock(),
        author=desk.actor.name,
        lines=lines.height,
    )
    try:
        with desk.change("read") as session:
            snoozed = orders.active_snoozes(session, desk.clock().date())
            counts = bool(lines["stock_counted"].any())  # where nobody ever counts, that singles no line out
            rows = [_line(desk.project.config, place.name, row, counts) for row in lines.to_dicts()]
            for row in rows:
                if (row["item"], row["site"]) in snoozed:
                    row["state"] = "snoozed"
            orders.add_plan(session, plan, rows)
            session.merge(_run(plan, job))
            desk.note(session, "store", "plan", plan.id, snapshot=plan.snapshot, model=plan.model, lines=plan.lines)
            desk.tell(session, "plan.ready", {"plan": plan.id, "lines": plan.lines, "snapshot": plan.snapshot})
    except IntegrityError:  # somebody else has just put it there
        with desk.look() as session:
            if orders.get_plan(session, place.name) is None:
                raise
    return place.name


def view_plan(desk: Desk, plan: str | None = None) -> PlanView:
    """A plan with its totals; the newest one on disk without a name.

    Raises:
        MissingError: there is no such plan.
    """
    name = store_plan(desk, plan)
    with desk.look() as session:
        found = orders.get_plan(session, name)
        assert found is not None
        return PlanView(
            found,
            tuple(orders.totals(session, name)),
            orders.changed_lines(session, name),
            desk.project.config.approval.budget,
            desk.project.config.approval.override_budget,
            stale(desk, found),
        )


def stale(desk: Desk, plan: Plan) -> tuple[Text, ...]:
    """Why a plan no longer follows from what is known; empty: it does."""
    reasons = []
    latest, decides = desk.project.facts.latest(), champion(desk.project.folder)
    if latest is not None and latest != plan.snapshot:
        reasons.append(Text(f"there are newer data: `{latest}`", f"已有更新的数据：`{latest}`"))
    if decides is not None and decides != plan.model:
        reasons.append(Text(f"another policy decides by now: `{decides}`", f"现在使用的是另一个策略：`{decides}`"))
    changed = _changed(plan.settings, settings_of(desk.project.config))
    if changed:
        named = ", ".join(f"`{key}`" for key in changed)
        reasons.append(Text(f"settings have changed: {named}", f"设置已改动：{named}"))
    return tuple(reasons)


def facts_time(plan: Plan) -> datetime:
    """When the facts of a plan were read: what was ordered later is not in them."""
    try:
        return datetime.strptime(plan.snapshot.rpartition("-")[0], TIME).replace(tzinfo=UTC)
    except ValueError:
        return plan.created


def _line(config: Config, plan: str, row: dict[str, Any], counts: bool) -> dict[str, Any]:
    kept = (
        *("rank", "item", "site", "lane", "policy", "binding", "on_hand", "on_order", "days_of_cover", "forecast"),
        *("stockout_without", "stockout_with", "expected_profit", "profit_per_cash", "unit_cost", "quantity"),
        "stock_counted",
    )
    line = {key: row[key] for key in kept} | {
        "plan_id": plan,
        "name": row["name"] or "",
        "group": row["class"],
        "suggested": row["quantity"],
        "pack": row.get("pack", 0.0),
        "minimum": row.get("minimum", 0.0),
        "order_by": date.fromisoformat(row["order_by"]),
        "reason_en": row["reason"],
        "reason_zh": row["reason_zh"],
        "state": "proposed",
        "version": 1,
    }
    return line | {"attention": attention(line, config.approval, uncounted=counts and not line["stock_counted"])}


def _run(plan: Plan, job: str | None) -> Run:
    return Run(
        id=plan.id,
        kind="plan",
        snapshot=plan.snapshot,
        policy=plan.model,
        settings=plan.settings,
        author=plan.author,
        created=plan.created,
        job_id=job,
    )


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [
        f"{section}.{key}"
        for section, values in before.items()
        for key, value in values.items()
        if after.get(section, {}).get(key) != value
    ]
