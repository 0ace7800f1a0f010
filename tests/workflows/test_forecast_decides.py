"""The forecaster of the settings reaches rules, networks, plans and their explanation."""

import numpy as np
import pytest
import weekly_shop as made_up
from weekly_shop import new_project

from restock.errors import UsageError
from restock.workflows.project import open_project
from restock.workflows.situation import understand

METHOD = "seasonal_mean"
SETTINGS = (
    made_up.SETTINGS.replace("updates = 100", "updates = 50\nimagined_pasts = 1").replace("seeds = 2", "seeds = 1")
    + f'[forecast]\nmethod = "{METHOD}"\n'
)


@pytest.fixture(scope="module")
def project(files, tmp_path_factory):
    made = new_project(tmp_path_factory.mktemp("forecast"), SETTINGS)
    made.load(list(files.values()))
    return made


def test_what_is_known_ahead_is_the_forecaster_s(project):
    catalogue = understand(project).catalogue()
    simple = understand(new_like(project, made_up.SETTINGS)).catalogue()
    assert catalogue.forecaster == METHOD
    assert simple.forecaster == ""
    assert not np.array_equal(catalogue.outlook.lead_demand[:, -1], simple.outlook.lead_demand[:, -1])
    now = catalogue.history.shape[1]
    alone = understand(project).catalogue(now)  # what a plan makes: only the newest column, by the same fit
    np.testing.assert_array_equal(alone.outlook.lead_quantiles[:, now], catalogue.outlook.lead_quantiles[:, now])


def test_a_policy_is_trained_with_it_and_orders_by_it(project):
    trained = project.train()
    assert trained.validation["newsvendor"] > 0
    lines = project.plan("newsvendor").lines
    assert lines.height > 5
    line = lines.row(0, named=True)
    told = project.explain(line["item"])
    assert told.alternatives["newsvendor"] == pytest.approx(line["quantity"])
    assert sum(step.units for step in told.steps) == pytest.approx(told.line["quantity"], abs=1e-4)
    with pytest.raises(UsageError, match=f"trained with the forecasts of `{METHOD}`"):
        new_like(project, made_up.SETTINGS).plan()


def new_like(project, settings):
    """The same folder under other settings, put back afterwards by whoever reads it next."""
    (project.path / "restock.toml").write_text(settings)
    other = open_project(project.path)
    (project.path / "restock.toml").write_text(SETTINGS)
    return other
