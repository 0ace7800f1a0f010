"""Environment steps per second, one row and 1024, resets included: the table of docs/environments.md.

python benchmarks/environment_steps.py
"""

import time

import gymnasium

import restock.environments  # noqa: F401 (registers the ids)
from restock.environments.registered import TASKS

ROWS, EPISODES, REPEATS = (1, 1024), 8, 4  # the best of the repeats counts


def steps_per_second(name: str, rows: int) -> float:
    env = gymnasium.make(name).unwrapped if rows == 1 else gymnasium.make_vec(name, num_envs=rows)
    env.action_space.seed(0)
    action, periods = env.action_space.sample(), env.unwrapped.task.periods
    env.reset(seed=0)
    env.step(action)  # compiles

    def seconds() -> float:
        began = time.perf_counter()
        for _ in range(EPISODES):
            env.reset()
            for _ in range(periods):
                env.step(action)
        return time.perf_counter() - began

    return rows * EPISODES * periods / min(seconds() for _ in range(REPEATS))


print(f"| id | {' | '.join(f'{rows:,} row' + 's' * (rows > 1) for rows in ROWS)} |\n|---|---|---|")
for name in TASKS:
    if name != "restock/Shop-v0":  # needs a project
        print(f"| `{name}` | {' | '.join(f'{steps_per_second(name, rows):,.0f}' for rows in ROWS)} |", flush=True)
