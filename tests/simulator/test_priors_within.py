"""The narrower priors that training also draws from lie within the prior."""

import pytest

from restock.simulator.worlds import CALM, EVERYDAY, PRIOR, STEADY, Prior


def ranges(settings: dict, path: str = "") -> dict[str, tuple[float, float]]:
    found = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            found |= ranges(value, f"{path}{name}.")
        elif isinstance(value, tuple):
            found[path + name] = value
    return found


@pytest.mark.parametrize("narrow", [EVERYDAY, CALM, STEADY], ids=["everyday", "calm", "steady"])
def test_a_narrower_prior_draws_nothing_that_the_prior_could_not(narrow: Prior) -> None:
    wide = ranges(PRIOR.model_dump())
    assert len(wide) > 30
    for name, (least, most) in ranges(narrow.model_dump()).items():
        assert wide[name][0] <= least <= most <= wide[name][1], name


def test_calm_demand_has_no_parts() -> None:
    assert set(CALM.demand.parts.model_dump().values()) == {0.0}
