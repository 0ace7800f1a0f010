"""Decisions for a live state by the policy that a shop has chosen."""

from dataclasses import replace

import numpy as np
import polars as pl
from weekly_shop import new_project

from restock.workflows.asked import Asked
from restock.workflows.decide import decide
from restock.workflows.decisions_of_shop import decide_in_shop
from restock.workflows.situation import day, understand
from restock.workflows.today import Today
from restock.workflows.untrained import FALLBACK, untrained


def test_decisions_of_a_shop_are_those_of_its_plan_and_foreign_items_are_the_pretrained_policys(files, tmp_path):
    """A shop that has chosen a rule: no network is needed to see whose policy answers."""
    project = new_project(tmp_path / "shop")
    project.load(list(files.values()))
    situation = understand(project)
    trained = replace(untrained(situation), choice={"": FALLBACK})
    decided = decide(situation, trained)
    today = Today(situation, "001-chosen", trained, decided, pl.DataFrame())
    history = situation.history

    def item(row):
        coming = [{"periods_ago": i + 1, "quantity": float(q)} for i, q in enumerate(decided.on_order[row])]
        told = {"item": history.items[row], "site": history.sites[row], "on_hand": float(decided.on_hand[row])}
        return told | {"on_order": coming, "order_day": bool(decided.may_order[row]), "sales": [1.0] * 3}

    rows = np.flatnonzero(decided.policy == FALLBACK)[:20].tolist()
    items = [{"item": "foreign", "on_hand": 0.0, "sales": [5.0] * 8}, *(item(row) for row in rows)]
    foreign, *own = decide_in_shop(Asked.model_validate({"items": items, "period": "week"}), today)
    assert foreign.policy == "generalist"
    assert [one.policy for one in own] == [FALLBACK] * len(rows)
    np.testing.assert_allclose([one.quantity for one in own], decided.order[rows], atol=1e-3)
    np.testing.assert_allclose([one.price for one in own], decided.price[rows], rtol=1e-5)
    assert "001-chosen" in own[0].assumptions[0].zh
    late = {"items": items, "period": "week", "today": str(day(history, history.shape[1] + 2))}
    told = decide_in_shop(Asked.model_validate(late), today)
    assert {one.policy for one in told} <= {"generalist", FALLBACK}
    assert "data end" in told[1].warnings[-1].en
    assert not any("data end" in warning.en for warning in told[0].warnings)
    asked = Asked.model_validate({"items": items[1:], "period": "week", "policy": "generalist"})
    assert not any("001-chosen" in text.en for one in decide_in_shop(asked, today) for text in one.assumptions)
