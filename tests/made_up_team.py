"""A small team that has learned nothing: it orders about like the newsvendor with estimated mean and spread."""

import jax

from restock.policies.generalist import Team, untrained
from restock.policies.pretrained import team_of
from restock.simulator.worlds import LONGEST


def made_up_team(members: int = 2, hidden: int = 8, state: int = 4) -> Team:
    return team_of([untrained(LONGEST, hidden, state, jax.random.key(seed)) for seed in range(members)])
