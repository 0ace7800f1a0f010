"""Today over REST and on the desk, from a shop that was really trained: the same numbers everywhere."""

import numpy as np
import pytest
from fastapi.testclient import TestClient
from weekly_shop import copied

from restock.service.app import create_app
from restock.service.host import Host
from restock.workflows.accounts.keys import create_key
from restock.workflows.accounts.users import add_user
from restock.workflows.approval.approving import approve_safe
from restock.workflows.approval.desk import open_desk
from restock.workflows.approval.plans import view_plan


class NoQueue:
    def put(self, job: str) -> None:
        raise AssertionError(job)


@pytest.fixture(scope="module")
def desk(shop, tmp_path_factory):
    opened = open_desk(copied(shop.project, tmp_path_factory.mktemp("today") / "own"), "ada")
    yield opened
    opened.state.close()


@pytest.fixture(scope="module")
def ask(desk):
    add_user(desk, "ada", "admin")
    token = create_key(desk, "test", ["read"]).token
    client = TestClient(create_app(Host(desk.project.path, desk.state, NoQueue())), base_url="http://localhost")

    def get(path, **params):
        answer = client.get(f"/api/v1{path}", params=params, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


def test_a_real_plan_is_put_on_the_desk_with_every_number(shop, desk, ask):
    view = view_plan(desk)
    assert (view.plan.id, view.plan.lines, view.stale) == (shop.plan.run, shop.plan.lines.height, ())
    lines = ask(f"/plans/{shop.plan.run}/lines", limit=1000)["items"]
    for told, row in zip(lines, shop.plan.lines.to_dicts(), strict=True):
        for column in ("item", "site", "lane", "order_by", "binding", "on_hand", "forecast", "expected_profit", "pack"):
            assert told[column] == row[column], column
        assert (told["suggested"], told["quantity"]) == (row["quantity"], row["quantity"])
    assert ask(f"/plans/{shop.plan.run}/not-ordered")["items"] or not shop.plan.not_ordered.height
    result = approve_safe(desk)
    assert result.approved + result.left == shop.plan.lines.height
    assert result.approved > 0


def test_items_and_forecasts_are_those_of_the_plan(shop, ask):
    items = {row["item"]: row for row in ask("/items", limit=1000)["items"]}
    forecasts = {row["item"]: row for row in ask("/forecasts", limit=1000)["items"]}
    assert len(items) == len(forecasts) == 25
    for row in shop.plan.lines.to_dicts():
        assert items[row["item"]]["quantity"] == row["quantity"]
        assert forecasts[row["item"]]["mean"] == pytest.approx(row["forecast"], abs=1e-3)
    for row in forecasts.values():
        assert sorted(row["quantiles"]) == ["q05", "q25", "q50", "q75", "q95"]
        levels = [row["quantiles"][name] for name in sorted(row["quantiles"])]
        assert np.all(np.diff(levels) >= 0)
        assert levels[-1] >= 0


def test_pages_of_items_meet(ask):
    first = ask("/items", limit=20)
    second = ask("/items", limit=20, cursor=first["next"])
    names = [row["item"] for row in first["items"] + second["items"]]
    assert names == sorted(set(names))
    assert (len(names), second["next"]) == (25, None)


def test_an_explanation_adds_up_to_the_quantity_of_the_line(shop, ask):
    line = shop.plan.lines.to_dicts()[0]
    told = ask(f"/items/{line['item']}/explanation")
    assert told["quantity"] == line["quantity"]
    assert sum(part["units"] for part in told["parts"]) == pytest.approx(line["quantity"], abs=1e-6)


def test_the_policy_and_the_snapshot_of_the_plan_are_there(shop, ask):
    (policy,) = ask("/policies")["items"]
    assert (policy["name"], policy["newest"]) == (shop.plan.model, True)
    assert ask(f"/snapshots/{shop.plan.snapshot}")["rows"]["sales"] > 0
