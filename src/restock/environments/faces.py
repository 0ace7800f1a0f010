"""The simulator as Gymnasium sees it: one episode (`RestockEnv`) or many side by side (`RestockVectorEnv`).

A step is a period as in docs/concepts/period.md: the agent sees what is on hand after this period's deliveries, orders,
demand comes, the period is paid, and the next period's deliveries arrive. Spaces, seeds: docs/environments.md.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from restock.environments.chain_task import ChainRows, ChainTask
from restock.environments.rows import FACTS, Rows, Seen
from restock.environments.task import Task, inside, refuse_action
from restock.errors import UsageError
from restock.language import Text

Observation = NDArray[np.float32]
Info = dict[str, Any]


class RestockEnv(gymnasium.Env[Any, Any]):
    """One item that an agent orders for, one episode at a time.

    Observation, float32, names in `task.names`:
        on_hand            units on the shelf, this period's deliveries included
        on_order[lane, n]  units ordered n periods ago and not yet here, n = 1 .. longest lead time
        backlog[channel]   units that customers wait for; 0 where unserved demand is lost
        Where what is known changes from period to period, it follows: scale (units per period), averages (units per
        period), lead_demand and lead_spread (units), features (no unit), price (money per unit), may_order (0 or 1).
        Where nothing of it ever changes, none of it is shown: it would tell an agent nothing.

    Action: `discrete`, packs (units where any quantity may be ordered); `continuous`, units, one number in an array.
    Orders go to the first lane; what the supplier takes of them (packs, minimum, review days) is `info["ordered"]`.

    Reward: profit of the period in the setting's money, stock valued at cost; benchmark instances: minus the cost.

    Info after a step: units of the period's demand, sold, lost, ordered.

    An episode is truncated after `task.periods` steps, never terminated: bootstrap from the last observation. Where
    `task.ends`, it is terminated: nothing comes after it.

    A `ChainTask` is the same for several sites: see there what is seen and done.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 (what Gymnasium declares)

    def __init__(self, task: Task | ChainTask) -> None:
        self.task = task
        self.action_space, self.observation_space = task.action_space, task.observation_space
        self._rows = _rows_of(task)

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Observation, Info]:
        """Begin an episode: with a seed the first one of that seed, without one the next."""
        super().reset(seed=seed)
        return self._rows.begin((self.np_random,))[0], {}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, Info]:
        """Live one period.

        Raises:
            UsageError: the action is outside the space, or the episode is over or has not begun.
        """
        if self._rows.over:
            raise _not_begun(self.task)
        seen = self._rows.advance(self._check(action))
        facts: Info = dict(zip(FACTS, seen.facts[:, 0].tolist(), strict=True))
        over, ends = self._rows.over, self.task.ends
        return seen.observation[0], float(seen.reward[0]), over and ends, over and not ends, facts

    def _check(self, action: Any) -> NDArray[Any]:
        actions = _numbers(action, self.action_space, ())
        if actions is not None and inside(actions[None], self.task.action_space)[0]:
            return actions[None]
        place = self._rows.period + 1
        raise refuse_action(action, self.action_space, f"step {place} of the episode", f"回合第 {place} 步")


class RestockVectorEnv(VectorEnv[Any, Any, Any]):
    """Many rows of `RestockEnv` in one call: row i with a seed is the single environment with that seed.

    All rows end together. Autoreset is NEXT_STEP: the step after the last one ignores its actions, pays 0 and returns
    the first observation of the next episodes.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(self, task: Task | ChainTask, num_envs: int = 1) -> None:
        if num_envs < 1:
            raise UsageError(
                Text(f"a vector environment cannot have {num_envs} rows", f"向量环境不能有 {num_envs} 行"),
                hint=Text("`num_envs` is 1 or more", "`num_envs` 至少为 1"),
            )
        self.task, self.num_envs = task, num_envs
        self.single_action_space, self.single_observation_space = task.action_space, task.observation_space
        self.action_space = batch_space(task.action_space, num_envs)
        self.observation_space = batch_space(task.observation_space, num_envs)
        self._rows = _rows_of(task)
        self._generators: tuple[np.random.Generator, ...] = ()

    def reset(  # pyright: ignore[reportIncompatibleMethodOverride]: a list of seeds as in SyncVectorEnv
        self, *, seed: int | Sequence[int | None] | None = None, options: Info | None = None
    ) -> tuple[Observation, Info]:
        """Begin an episode in every row.

        Args:
            seed: one per row; a number n stands for n, n + 1, n + 2, ...; None: the next episodes.

        Raises:
            UsageError: not as many seeds as rows, or a mask of rows: rows begin and end together.
        """
        if options and "reset_mask" in options:
            raise UsageError(
                Text("rows cannot be reset one by one", "不能单独重置某一行"),
                hint=Text("rows end together and begin again by themselves", "各行同时结束，并会自动重新开始"),
            )
        if seed is not None or not self._generators:
            self._generators = tuple(np_random(one)[0] for one in self._seeds(seed))
        return self._rows.begin(self._generators), {}

    def step(self, actions: NDArray[Any]) -> tuple[Observation, NDArray[Any], NDArray[Any], NDArray[Any], Info]:
        """Live one period in every row, or begin again after the last one.

        Raises:
            UsageError: an action is outside the space, or nothing has been reset yet.
        """
        if not self._generators:
            raise _not_begun(self.task)
        if self._rows.over:
            never = np.zeros(self.num_envs, bool)
            return self._rows.begin(self._generators), np.zeros(self.num_envs), never, never.copy(), {}
        seen = self._rows.advance(self._check(actions))
        ended, never = np.full(self.num_envs, self._rows.over), np.zeros(self.num_envs, bool)
        ends = (ended, never) if self.task.ends else (never, ended)
        return seen.observation, seen.reward.astype(np.float64), *ends, _infos(seen)

    def _check(self, actions: Any) -> NDArray[Any]:
        numbers = _numbers(actions, self.single_action_space, (self.num_envs,))
        place = self._rows.period + 1
        if numbers is None:
            raise refuse_action(actions, self.action_space, f"step {place} of the episode", f"回合第 {place} 步")
        fits = inside(numbers, self.task.action_space)
        if fits.all():
            return numbers
        row = int(np.argmin(fits))
        where = f"row {row} ({int((~fits).sum())} of {self.num_envs} rows are), step {place} of the episode"
        where_zh = f"第 {row} 行（共 {self.num_envs} 行，其中 {int((~fits).sum())} 行超出），回合第 {place} 步"
        raise refuse_action(numbers[row], self.single_action_space, where, where_zh)

    def _seeds(self, seed: int | Sequence[int | None] | None) -> Sequence[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int | np.integer):
            return [int(seed) + row for row in range(self.num_envs)]
        if len(seed) == self.num_envs:
            return seed
        raise UsageError(
            Text(f"{len(seed)} seeds for {self.num_envs} rows", f"{self.num_envs} 行却给了 {len(seed)} 个种子"),
            hint=Text("give one seed per row, or one number", "请为每行给一个种子，或只给一个数"),
        )


def _rows_of(task: Task | ChainTask) -> Rows | ChainRows:
    return ChainRows(task) if isinstance(task, ChainTask) else Rows(task)


def _numbers(action: Any, space: Any, rows: tuple[int, ...]) -> NDArray[Any] | None:
    """The action as numbers of the right kind and shape, none if it cannot be read so."""
    try:
        numbers = np.asarray(action)
    except ValueError:  # ragged
        return None
    if isinstance(space, Discrete):
        return numbers if numbers.dtype.kind in "iu" and numbers.shape == rows else None
    shape = (*rows, *space.shape)
    return numbers.astype(np.float32) if numbers.dtype.kind in "iuf" and numbers.shape == shape else None


def _infos(seen: Seen) -> Info:
    """As Gymnasium batches them: each fact with a mask of the rows that have it."""
    has = np.ones(seen.reward.shape[0], bool)
    facts: Info = dict(zip(FACTS, seen.facts, strict=True))
    return facts | {f"_{name}": has for name in FACTS}


def _not_begun(task: Task | ChainTask) -> UsageError:
    name, periods = task.name, task.periods
    return UsageError(
        Text(
            f"no episode of `{name}` is under way: it has {periods} periods and is over, or was never begun",
            f"`{name}` 没有进行中的回合：{periods} 个周期已经结束，或尚未开始",
        ),
        hint=Text("call `reset` before `step`", "请在 `step` 之前调用 `reset`"),
    )
