"""Decisions on lines: what may be decided, by whom, and what is left of it."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from made_up_plan import MODEL, PLAN, SNAPSHOT, make_project, write_plan
from sqlalchemy import select

from restock.errors import ConflictError, ForbiddenError, MissingError, StaleError, UsageError
from restock.storage.state import orders
from restock.storage.state.orders import LineFilter
from restock.storage.state.tables import Approval, Audit, Override
from restock.workflows.approval.approving import approve_lines, approve_safe
from restock.workflows.approval.lines import Edit, comment, edit_line, reject_lines, reopen_lines, snooze_lines
from restock.workflows.approval.plans import store_plan, view_plan
from restock.workflows.approval.roles import Actor
from restock.workflows.project import open_project


def lines_of(desk, plan=PLAN):
    store_plan(desk, plan)
    with desk.look() as session:
        return orders.find_lines(session, plan, LineFilter())


def ids_of(desk, *numbers):
    there = lines_of(desk)
    return [there[number - 1].id for number in numbers]


def states(desk, plan=PLAN):
    return [line.state for line in lines_of(desk, plan)]


def with_settings(desk, settings):
    path = desk.project.path / "restock.toml"
    path.write_text('[shop]\nname = "Tea"\ncurrency = "CNY"\n' + settings, encoding="utf-8")
    return replace(desk, project=open_project(desk.project.path))


def test_a_plan_is_kept_once_with_all_that_it_came_from(desk):
    assert store_plan(desk) == store_plan(desk, PLAN) == PLAN
    view = view_plan(desk)
    assert (view.plan.snapshot, view.plan.model, view.plan.lines) == (SNAPSHOT, MODEL, 12)
    assert view.plan.settings["costs"]["holding_rate"] == 0.3
    (total,) = view.totals
    assert (total.state, total.lines, total.cash) == ("proposed", 12, 2 * 10 * sum(range(1, 13)))
    assert view.stale == ()


def test_a_plan_that_many_ask_for_at_once_is_kept_once(desk):
    threads = [threading.Thread(target=store_plan, args=(desk,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines_of(desk)) == 12


def test_a_plan_that_is_not_there_is_missing(desk):
    with pytest.raises(MissingError, match="no run `yesterday`"):
        store_plan(desk, "yesterday")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (lambda desk: (desk.project.folder.facts / "20261102T060000Z-ffffffff").mkdir(), "newer data"),
        (lambda desk: (desk.project.folder.models / "002-learned").mkdir(), "another policy"),
        (lambda desk: None, "`costs.holding_rate`"),
    ],
)
def test_a_plan_goes_out_of_date_with_data_policy_or_settings(desk, what, said):
    (line,) = ids_of(desk, 1)
    what(desk)
    if "costs" in said:
        desk = with_settings(desk, "[costs]\nholding_rate = 0.5\n")
    (why,) = view_plan(desk).stale
    assert said in why.en
    for approve in (lambda: approve_lines(desk, [line]), lambda: approve_safe(desk)):
        with pytest.raises(ConflictError, match="out of date"):
            approve()
    assert set(states(desk)) == {"proposed"}
    assert approve_lines(desk, [line], anyway=True)[0].state == "approved"


def test_a_setting_that_no_plan_depends_on_makes_none_out_of_date(desk):
    store_plan(desk)
    assert view_plan(with_settings(desk, "[train]\nseeds = 2\n[approval]\nbudget = 5.0\n")).stale == ()


def test_an_edit_needs_a_reason_and_is_remembered_with_it(desk):
    (line,) = ids_of(desk, 2)
    with pytest.raises(UsageError, match="changed with a reason"):
        edit_line(desk, Edit(line, 30))
    with pytest.raises(UsageError, match="`mood` is no reason"):
        edit_line(desk, Edit(line, 30, "mood"))
    with pytest.raises(UsageError, match="needs a note"):
        edit_line(desk, Edit(line, 30, "other"))
    changed = edit_line(desk, Edit(line, 30, "promotion", "moved to May"))
    assert (changed.quantity, changed.suggested, changed.why, changed.changed_by) == (30, 20, "promotion", "ada")
    assert "changed" in changed.attention
    back = edit_line(desk, Edit(line, 20))
    assert (back.why, back.changed_by, back.attention) == (None, None, "")
    with desk.look() as session:
        told = [(o.before, o.after, o.why, o.author) for o in orders.overrides_of(session, line)]
    assert told == [(20, 30, "promotion", "ada"), (30, 20, "suggested", "ada")]


@pytest.mark.parametrize("quantity", [-5, 3, 12.5, 5, float("nan"), float("inf"), 1e12])
def test_a_quantity_that_nobody_can_order_is_refused_with_ones_that_can(desk, quantity):
    (line,) = ids_of(desk, 2)
    with pytest.raises(UsageError, match="cannot be ordered: packs of 5, at least 10") as error:
        edit_line(desk, Edit(line, quantity, "demand"))
    offered = [float(part) for part in error.value.hint.en.removeprefix("choose ").split(" or ")]
    for choice in offered:
        edit_line(desk, Edit(line, choice, "demand"))


def test_an_edit_takes_an_approval_back(desk):
    (line,) = ids_of(desk, 2)
    approve_lines(desk, [line])
    assert edit_line(desk, Edit(line, 30, "demand")).state == "proposed"
    assert states(desk).count("approved") == 0


def test_no_more_lines_are_changed_than_the_shop_allows(desk):
    desk = with_settings(desk, "[approval]\noverride_budget = 2\n")
    first, second, third = ids_of(desk, 1, 2, 3)
    edit_line(desk, Edit(first, 20, "demand"))
    edit_line(desk, Edit(second, 30, "demand"))
    edit_line(desk, Edit(second, 40, "demand"))  # the same line again
    with pytest.raises(ConflictError, match="2 lines of this plan are changed already, of 2"):
        edit_line(desk, Edit(third, 40, "demand"))
    edit_line(desk, Edit(first, 10))
    edit_line(desk, Edit(third, 40, "demand"))


def test_a_line_above_the_limit_needs_two_people(desk):
    desk = with_settings(desk, "[approval]\nfour_eyes_above = 100.0\n")
    small, large = ids_of(desk, 5, 6)  # 100 and 120
    assert approve_lines(desk, [small])[0].state == "approved"
    (waiting,) = approve_lines(desk, [large])
    assert (waiting.state, waiting.first_by) == ("waiting", "ada")
    with pytest.raises(ConflictError, match="needs a second approver besides `ada`"):
        approve_lines(desk, [large])
    (done,) = approve_lines(desk.as_(Actor("bob", "approver")), [large])
    assert (done.state, done.first_by, done.decided_by) == ("approved", "ada", "bob")


def test_an_edit_asks_both_people_again(desk):
    desk = with_settings(desk, "[approval]\nfour_eyes_above = 100.0\n")
    (large,) = ids_of(desk, 6)
    approve_lines(desk, [large])
    edit_line(desk.as_(Actor("bob", "approver")), Edit(large, 500, "demand"))
    assert approve_lines(desk.as_(Actor("bob", "approver")), [large])[0].state == "waiting"


def test_safe_lines_are_approved_and_the_others_left(desk):
    edit_line(desk, Edit(*ids_of(desk, 3), 35, "demand"))
    result = approve_safe(desk)
    assert (result.approved, result.left, result.over_budget) == (10, 2, 0)  # 3 was changed, 12 earns nothing
    assert [n for n, state in enumerate(states(desk), 1) if state == "proposed"] == [3, 12]
    assert result.cash == sum(20 * n for n in range(1, 12) if n != 3)
    with desk.look() as session:
        approvals = session.scalars(select(Approval)).all()
    assert sorted(a.line_id for a in approvals) == sorted(ids_of(desk, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11))
    again = approve_safe(desk)
    assert (again.approved, again.left) == (0, 2)


def test_the_budget_is_spent_on_the_best_lines_and_never_exceeded(desk):
    desk = with_settings(desk, "[approval]\nbudget = 150.0\n")
    result = approve_safe(desk)
    assert (result.approved, result.cash, result.over_budget) == (3, 20 + 40 + 60, 8)
    assert states(desk)[:3] == ["approved"] * 3
    with pytest.raises(ConflictError, match="of the budget of 150"):
        approve_lines(desk, ids_of(desk, 11))


def test_a_line_is_rejected_with_a_reason_and_can_be_opened_again(desk):
    ids = ids_of(desk, 1, 2)
    with pytest.raises(UsageError, match="with a reason"):
        reject_lines(desk, ids, " ")
    assert {line.note for line in reject_lines(desk, ids, "closed")} == {"closed"}
    with pytest.raises(ConflictError, match="is rejected, by `ada`"):
        approve_lines(desk, ids[:1])
    with pytest.raises(ConflictError, match="is rejected"):
        edit_line(desk, Edit(ids[0], 20, "demand"))
    assert [line.state for line in reopen_lines(desk, ids)] == ["proposed", "proposed"]
    approve_lines(desk, ids)


def test_a_snoozed_item_is_left_alone_in_later_plans_until_its_day(desk):
    today = desk.clock().date()
    (line,) = ids_of(desk, 2)
    with pytest.raises(UsageError, match="not after today"):
        snooze_lines(desk, [line], today)
    snooze_lines(desk, [line], today + timedelta(days=3), "supplier on holiday")
    assert approve_safe(desk).approved == 10
    later = write_plan(desk.project, "20261102T061500-plan")
    assert states(desk, later)[1] == "snoozed"
    tomorrow = desk.clock() + timedelta(days=3)
    after = replace(desk, clock=lambda: tomorrow)
    assert states(after, write_plan(desk.project, "20261105T061500-plan"))[1] == "proposed"


def test_a_line_that_is_opened_again_ends_the_snooze(desk):
    (line,) = ids_of(desk, 2)
    snooze_lines(desk, [line], date(2099, 1, 1))
    reopen_lines(desk, [line])
    assert states(desk, write_plan(desk.project, "20261102T061500-plan"))[1] == "proposed"


def test_what_one_plan_ordered_is_not_ordered_by_another_that_does_not_know_it(desk):
    first, second = ids_of(desk, 1, 2)
    approve_lines(desk, [first])
    other = write_plan(desk.project, "20261101T071500-plan")
    again, fresh = (line.id for line in lines_of(desk, other)[:2])
    with pytest.raises(ConflictError, match=f"ordered by plan `{PLAN}` already"):
        approve_lines(desk, [again])
    approve_lines(desk, [fresh])
    assert approve_safe(desk, other).approved == 9
    with pytest.raises(ConflictError, match=f"ordered by plan `{other}` already"):
        approve_lines(desk, [second])
    assert approve_lines(desk, [again], anyway=True)[0].state == "approved"


def test_a_line_that_changed_meanwhile_is_not_decided_on(desk):
    (line,) = ids_of(desk, 2)
    edit_line(desk, Edit(line, 30, "demand", version=1))
    with pytest.raises(StaleError, match="version 2 by `ada`, seen 1"):
        edit_line(desk, Edit(line, 40, "demand", version=1))
    with pytest.raises(StaleError):
        approve_lines(desk, [line], {line: 1})
    approve_lines(desk, [line], {line: 2})


def test_two_who_approve_one_line_at_once_approve_it_once(desk):
    (line,) = ids_of(desk, 2)
    came, start = [], threading.Barrier(6)

    def approve(name):
        start.wait()
        try:
            approve_lines(desk.as_(Actor(name, "approver")), [line])
            came.append("approved")
        except ConflictError:
            came.append("refused")

    threads = [threading.Thread(target=approve, args=(f"u{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["approved"] + ["refused"] * 5
    with desk.look() as session:
        assert len(session.scalars(select(Approval)).all()) == 1


def test_all_lines_are_decided_on_or_none(desk):
    first, second, third = ids_of(desk, 1, 2, 3)
    reject_lines(desk, [second], "no")
    with pytest.raises(ConflictError):
        approve_lines(desk, [first, second, third])
    with pytest.raises(MissingError, match="no line `999999`"):
        approve_lines(desk, [first, 999999])
    assert states(desk)[:3] == ["proposed", "rejected", "proposed"]


@pytest.mark.parametrize(
    ("role", "edits", "approves"),
    [("viewer", 0, 0), ("planner", 1, 0), ("approver", 1, 1), ("scientist", 0, 0), ("admin", 1, 1)],
)
def test_everybody_does_what_the_role_may(desk, role, edits, approves):
    (line,) = ids_of(desk, 2)
    mine = desk.as_(Actor("eve", role))
    deeds = [
        (edits, lambda: edit_line(mine, Edit(line, 30, "demand"))),
        (edits, lambda: comment(mine, line, "hello")),
        (approves, lambda: approve_lines(mine, [line])),
        (approves, lambda: reject_lines(mine, [line], "no")),
    ]
    for may, deed in deeds:
        if may:
            deed()
        else:
            with pytest.raises(ForbiddenError, match=rf"`eve` \({role}\) may not"):
                deed()


def test_every_action_is_in_the_trail(desk):
    first, second, third, fourth = ids_of(desk, 1, 2, 3, 4)
    edit_line(desk, Edit(first, 20, "demand"))
    approve_lines(desk, [first])
    reject_lines(desk, [second], "no")
    snooze_lines(desk, [third], date(2099, 1, 1))
    reopen_lines(desk, [third])
    comment(desk, fourth, "looks odd")
    approve_safe(desk)
    with desk.look() as session:
        told = [(a.action, a.kind, a.object, a.actor) for a in session.scalars(select(Audit).order_by(Audit.id))]
        changed = session.scalar(select(Override))
    assert told == [
        ("store", "plan", PLAN, "ada"),
        ("edit", "line", str(first), "ada"),
        ("approve", "line", str(first), "ada"),
        ("reject", "line", str(second), "ada"),
        ("snooze", "line", str(third), "ada"),
        ("reopen", "line", str(third), "ada"),
        ("comment", "line", str(fourth), "ada"),
        ("approve_safe", "plan", PLAN, "ada"),
    ]
    assert (changed.before, changed.after) == (10, 20)


def test_approving_many_lines_does_not_ask_the_database_for_each(tmp_path):
    from sqlalchemy import event

    from restock.workflows.approval.desk import open_desk

    desk = open_desk(make_project(tmp_path / "large", lines=2_000))
    store_plan(desk)
    asked = []
    event.listen(desk.state.engine, "after_cursor_execute", lambda *said: asked.append(said[2]))
    assert approve_safe(desk).approved == 1_999
    assert len(asked) < 60
    desk.state.close()
