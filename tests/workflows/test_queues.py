"""What waits for a planner: each queue against a plain loop over what REST says of the items."""

import pytest
from weekly_shop import copied

from restock.service.page.rows.why import bars_of, why_of
from restock.workflows.approval.approving import approve_safe
from restock.workflows.approval.desk import open_desk
from restock.workflows.approval.lines import Edit, edit_line
from restock.workflows.approval.plans import view_plan
from restock.workflows.queues import item_queues
from restock.workflows.today import understand_today


@pytest.fixture(scope="module")
def desk(shop, tmp_path_factory):
    opened = open_desk(copied(shop.project, tmp_path_factory.mktemp("queues") / "own"), "ada")
    yield opened
    opened.state.close()


@pytest.fixture(scope="module")
def today(desk):
    return understand_today(desk.project)


def test_an_item_stands_in_the_first_queue_that_fits_and_money_is_never_negative(today):
    queues = {queue.name: queue for queue in item_queues(today)}
    assert list(queues) == ["stocked_out", "will_stock_out", "gap", "overdue", "excess"]
    trouble = [set(queues[name].items["item"]) for name in ("stocked_out", "will_stock_out", "gap")]
    assert sum(map(len, trouble)) == len(set().union(*trouble)) > 0
    for queue in queues.values():
        money = queue.items["money"].to_list()
        assert money == sorted(money, reverse=True)
        assert min(money, default=0.0) >= 0
        assert queue.to_json()["money"] == pytest.approx(sum(money), abs=0.01)


def test_queues_are_what_a_plain_loop_over_the_items_finds(today):
    queues = {queue.name: queue for queue in item_queues(today)}
    rows = today.items.to_dicts()
    out = {row["item"] for row in rows if row["on_hand"] < 0.5 and row["forecast"] >= 0.5}
    assert set(queues["stocked_out"].items["item"]) == out
    likely = {row["item"] for row in rows if row["stockout_without"] >= 0.5} - out
    assert set(queues["will_stock_out"].items["item"]) == likely - set(queues["gap"].items["item"])
    spare = {
        row["item"]: (row["on_hand"] + row["on_order"] - 4 * max(row["forecast"], 0.5)) * row["unit_cost"]
        for row in rows
    }
    found = dict(queues["excess"].items.select("item", "money").iter_rows())
    assert found == pytest.approx({item: money for item, money in spare.items() if money > 0}, rel=1e-3, abs=0.01)


def test_the_bars_of_the_drawer_add_up_to_the_line_also_after_somebody_changed_it(desk, today):
    from restock.storage.state import orders
    from restock.storage.state.orders import LineFilter

    view = view_plan(desk)
    with desk.look() as session:
        lines = orders.find_lines(session, view.plan.id, LineFilter())
    changed = lines[0]
    edit_line(desk, Edit(changed.id, changed.quantity + 2 * max(changed.pack, 1.0), "demand"))
    for line in lines:
        why = why_of(desk, today, line.id, "zh")
        assert why.same
        assert sum(bar.units for bar in why.bars) == pytest.approx(why.line.quantity, abs=1e-3)
        assert sum(bar.units for bar in bars_of(line, why.explanation)) == pytest.approx(line.quantity, abs=1e-3)
    why = why_of(desk, today, changed.id, "zh")
    assert why.bars[-1].text.zh == "ada 修改"
    assert "需求将与历史不同" in why.history[0].what
    assert approve_safe(desk).approved > 0
