"""Training: interrupted and gone on with, out of disk, for money and for cost."""

import errno
import json

import numpy as np
import pytest
import weekly_shop as made_up
from weekly_shop import copied, new_project

from restock.errors import StorageError
from restock.progress import Silent
from restock.storage.models import list_models, load_model
from restock.workflows import train as training


def same_numbers(one, other) -> None:
    assert one.arrays.keys() == other.arrays.keys()
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name], name)


def test_the_record_says_what_was_learned(shop):
    record = json.loads(json.dumps(shop.trained.to_json()))
    assert record["items"] == made_up.ITEMS
    assert [r["updates"] for r in record["rounds"]] == [50, 100]
    assert set(record["validation"]) == {
        "newsvendor",
        "base_stock",
        "min_max",
        "forecast_quantile",
        "learned",
        "generalist",
    }
    assert set(record["choice"].values()) <= set(record["validation"])
    assert record["best_rule"] == max(
        set(record["validation"]) - {"learned", "generalist"}, key=record["validation"].get
    )


def test_training_that_was_stopped_goes_on_to_the_same_model(shop, files, tmp_path):
    project = new_project(tmp_path / "stopped")
    project.load(list(files.values()))

    class Impatient(Silent):
        def advance(self, done, note=None):
            if done == 50:
                self.seen = True
            if done == 100:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.train(progress=Impatient())
    assert list_models(project.folder) == ()
    assert [path.suffix for path in project.folder.models.rglob("*") if path.is_file()] == [".safetensors"]
    resumed = project.train(resume=True)
    assert resumed.resumed
    same_numbers(load_model(project.folder, resumed.model), load_model(shop.project.folder, shop.trained.model))
    assert sorted(path.name for path in project.folder.models.iterdir()) == [resumed.model]


def test_a_full_disk_leaves_no_half_model(own, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(path.name for path in own.folder.models.iterdir())
    monkeypatch.setattr("restock.storage.folder._flush", full)
    monkeypatch.setattr(training, "save_checkpoint", lambda *_: None)
    with pytest.raises(StorageError, match="no room"):
        own.train()
    assert sorted(path.name for path in own.folder.models.iterdir()) == before


def test_cost_can_be_the_objective_of_the_whole_loop(files, tmp_path):
    settings = made_up.SETTINGS.replace("[costs]", '[objective]\nkind = "cost"\n[costs]\nshortage = 4.0')
    project = new_project(tmp_path / "cost", settings)
    project.load(list(files.values()))
    trained = project.train()
    assert max(trained.validation.values()) < 0
    proof = project.backtest(trained.model)
    assert all(row.kpis.profit <= 0 for row in proof.standings)
    assert json.dumps(proof.to_json(), allow_nan=False)
    lines = project.plan().lines
    assert lines.height > 10
    assert (lines["expected_profit"] > 0).mean() > 0.8
    assert (lines["cash"] == 0).all()


def test_a_second_training_makes_a_second_model_of_the_same_numbers(shop, tmp_path):
    project = copied(shop.project, tmp_path / "twice")
    second = project.train()
    assert second.model != shop.trained.model
    same_numbers(load_model(project.folder, second.model), load_model(project.folder, shop.trained.model))
