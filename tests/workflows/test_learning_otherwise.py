"""A shop's own policy learned by another algorithm than the usual one: the whole loop."""

import pytest
import weekly_shop as made_up
from weekly_shop import new_project

from restock.progress import Silent
from restock.storage.models import list_models, load_model
from restock.workflows import train as training
from restock.workflows.described import descriptions
from restock.workflows.explain import explain
from restock.workflows.training import LEARNED, from_model

pytestmark = pytest.mark.slow
SETTINGS = made_up.SETTINGS.replace("updates = 100\nhidden = 16\nbatch = 64", "updates = 6\nhidden = 8\nbatch = 16")
SETTINGS = SETTINGS.replace('"newsvendor", "base_stock", "min_max", "forecast_quantile"', '"newsvendor"')


class Interrupting(Silent):
    """Stops training after its first look at validation money, and keeps what was said."""

    def __init__(self):
        self.said = []

    def start(self, what, total):
        self.said.append(str(what))

    def advance(self, done, note=None):
        if self.said[-1] == "learning by a2c" and done == 6:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def learned(files, tmp_path_factory):
    """A2C, interrupted after three of six rounds and gone on with."""
    project = new_project(tmp_path_factory.mktemp("a2c"), SETTINGS.replace("[train]", '[train]\nalgorithm = "a2c"'))
    project.load(list(files.values()))
    progress = Interrupting()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "AT_ONCE", 3)
        with pytest.raises(KeyboardInterrupt):
            project.train(progress=progress)
        assert list_models(project.folder) == ()
        return project, project.train(resume=True), progress.said


@pytest.fixture(scope="module")
def trained(learned):
    project, result, _ = learned
    return from_model(load_model(project.folder, result.model))


def test_interrupted_learning_goes_on_and_says_by_what(learned):
    _, result, said = learned
    assert result.resumed
    assert [r.updates for r in result.rounds] == [3, 6]
    assert "learning by a2c" in said
    assert LEARNED in result.validation


def test_the_card_and_the_report_name_the_algorithm(learned, trained):
    project, result, _ = learned
    assert load_model(project.folder, result.model).card["algorithm"] == "a2c"
    assert trained.algorithm == "a2c"
    assert "a2c" in descriptions(trained)[LEARNED].en
    assert "a2c" in descriptions(trained)[LEARNED].zh


def test_the_learned_policy_plans_explains_and_is_proven(learned):
    project, result, _ = learned
    plan = project.plan(policy=LEARNED)
    assert plan.lines.height > 0
    assert set(plan.lines["policy"]) == {LEARNED}
    told = explain(project, made_up.NAMES[-1])
    assert LEARNED in told.alternatives
    assert sum(step.units for step in told.steps) == pytest.approx(told.line["quantity"], abs=1e-6)
    proof = project.backtest(result.model)
    assert LEARNED in {row.kpis.policy for row in proof.standings}
