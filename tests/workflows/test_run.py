"""The whole loop in one call."""

import json

import weekly_shop as made_up

from restock.workflows.run import run


def test_files_become_a_proof_and_a_plan(tmp_path, files, shop):
    folder = tmp_path / "whole"
    folder.mkdir()
    (folder / "restock.toml").write_text(made_up.SETTINGS)
    result = run(list(files.values()), folder)
    record = json.loads(json.dumps(result.to_json(), allow_nan=False))
    wanted = {"run", "policies", "chosen", "against_best_classical", "assumptions", "report", "seconds"}
    assert wanted <= set(record)
    assert record["policies"] == shop.proof.to_json()["policies"]
    assert record["plan"]["lines"] + record["plan"]["not_ordered"] == made_up.ITEMS
    assert len(record["first_lines"]) == min(10, record["plan"]["lines"])
    assert record["first_lines"][0]["item"] == shop.plan.lines["item"][0]
    assert result.plan.lines["quantity"].to_list() == shop.plan.lines["quantity"].to_list()
    assert [path.name for path in folder.rglob(".*")] == []
