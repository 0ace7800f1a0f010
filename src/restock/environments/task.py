"""What an agent is asked to do: what it sees of a setting, what its action means, what it is paid."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple, get_args

import jax.numpy as jnp
import numpy as np
from gymnasium.spaces import Box, Discrete
from jaxtyping import Array, Float
from numpy.typing import NDArray

from restock.environments.setting import Setting
from restock.errors import UsageError
from restock.language import Text
from restock.simulator.dynamics import Response, no_response
from restock.simulator.money import profit_at_cost
from restock.simulator.types import Known, Number, Period, Shop, Stock, View

Actions = Literal["discrete", "continuous"]
ENDLESS = 100  # periods of an episode where the setting has no horizon of its own
LARGEST = float(np.finfo(np.float32).max)  # a bound where there is none: spaces must be finite


Order = Callable[[View, Number], Number]  # action -> units ordered from the first lane


class Rules(NamedTuple):
    """Functions of one row; the same rules and shapes are compiled once."""

    order: Order
    observe: Callable[[View, Number], Float[Array, " observation"]]  # also units asked for in the period before
    reward: Callable[[Shop, Period], Number]
    price: Order | None = None  # action -> money per unit; none: the planned price
    respond: Response = no_response  # what becomes of demand under a decision


@dataclass(frozen=True)
class Task:
    """All that a Gymnasium environment needs; spaces are those of one row."""

    setting: Setting
    periods: int  # of an episode
    action_space: Discrete | Box
    observation_space: Box
    names: tuple[str, ...]  # of the numbers of an observation
    rules: Rules
    moves: bool = False  # whether what is known changes from period to period
    start: Callable[[np.random.Generator, int], Stock] | None = None  # draws first stocks [path]; none: the setting's
    ends: bool = False  # whether an episode ends for good; else it is only no longer watched

    @property
    def name(self) -> str:
        """Of the setting."""
        return self.setting.name

    @property
    def columns(self) -> int:
        """Periods to draw: one more than an episode has, to be looked at when it ends; none beyond a horizon."""
        horizon = self.setting.periods
        return self.periods + 1 if horizon is None else min(self.periods + 1, horizon)


def ordering(setting: Setting, actions: Actions = "discrete", periods: int | None = None) -> Task:
    """Order from the first lane and be paid the profit of the period, where nothing is sold at a price: minus its cost.

    Args:
        setting: the item, its costs and its demand.
        actions: `discrete` counts packs (units where any quantity is sold), `continuous` are units.
        periods: of an episode; none: the setting's horizon, or `ENDLESS`.

    Raises:
        UsageError: no such kind of action, or an episode without periods or longer than the setting.
    """
    length = episode_length(setting.name, setting.periods, periods)
    bounds = _stock_bounds(setting, length)
    known = setting.draw(np.random.default_rng(0), 1, setting.periods or length + 1).known
    moves = known.scale.ndim > 0
    if moves:
        bounds += _known_bounds(known)
    low, high = (np.asarray(side, np.float32) for side in list(zip(*bounds, strict=True))[1:])
    space = Box(low, high, dtype=np.float32)
    rules = Rules(_packs if actions == "discrete" else _units, _stock_and_known if moves else _stock, profit_at_cost)
    return Task(setting, length, _orders(setting, actions), space, tuple(name for name, *_ in bounds), rules, moves)


def episode_length(name: str, horizon: int | None, periods: int | None) -> int:
    """Periods of an episode.

    Args:
        name: of what is lived.
        horizon: the most it can have; none: any number.
        periods: asked for; none: the horizon, or `ENDLESS`.

    Raises:
        UsageError: fewer than one, or more than there are.
    """
    length = (horizon or ENDLESS) if periods is None else periods
    if length >= 1 and (horizon is None or length <= horizon):
        return length
    most = "" if horizon is None else f" .. {horizon}"
    raise UsageError(
        Text(f"an episode of `{name}` cannot have {length} periods", f"`{name}` 的一个回合不能有 {length} 个周期"),
        hint=Text(f"choose `periods` from 1{most}", f"`periods` 的取值范围：1{most}"),
    )


def kind_of_actions(actions: str) -> Actions:
    """The same word, if it is one.

    Raises:
        UsageError: it is none.
    """
    for known in get_args(Actions):
        if actions == known:
            return known
    raise UsageError(
        Text(f"there is no kind of action `{actions}`", f"没有名为 `{actions}` 的动作类型"),
        hint=Text("`discrete` counts packs, `continuous` are units", "`discrete` 按包装数计，`continuous` 按件数计"),
    )


def _orders(setting: Setting, actions: Actions) -> Discrete | Box:
    if kind_of_actions(actions) == "continuous":
        return Box(0.0, np.float32(setting.most), (1,), np.float32)
    return Discrete(int(np.ceil(setting.most / _step(setting))) + 1)


def _step(setting: Setting) -> float:
    """Units between two discrete orders."""
    return float(setting.shop.pack[0]) or 1.0


def _packs(view: View, action: Number) -> Number:
    pack = view.shop.pack[0]
    return action * jnp.where(pack > 0, pack, 1.0)


def _units(view: View, action: Number) -> Number:
    return action


def _stock(view: View, asked: Number) -> Float[Array, " observation"]:
    stock = view.stock
    return jnp.concatenate([stock.on_hand.sum().reshape(1), stock.on_order.reshape(-1), stock.backlog])


def _stock_and_known(view: View, asked: Number) -> Float[Array, " observation"]:
    return jnp.concatenate([_stock(view, asked), *(jnp.atleast_1d(part) for _, part in _parts(view.known))])


def _parts(known: Known) -> list[tuple[str, Array]]:
    names = ("scale", "averages", "lead_demand", "lead_spread", "features", "price", "may_order")
    return [(name, getattr(known, name)) for name in names]


Bound = tuple[str, float, float]  # name, lowest, highest


def _stock_bounds(setting: Setting, periods: int) -> list[Bound]:
    shop, stock = setting.shop, setting.stock
    pack, minimum = _step(setting), float(shop.minimum[0])
    order = max(np.ceil(setting.most / pack) * pack, np.ceil(minimum / pack) * pack)  # units, the largest
    start = float(stock.on_hand.sum() + stock.on_order.sum())
    lanes, places = stock.on_order.shape
    pipeline = [
        (f"on_order[{lane}, {age}]", 0.0, max(order, float(stock.on_order[lane].max())))
        for lane in range(lanes)
        for age in range(1, places + 1)
    ]
    backlog = [(f"backlog[{channel}]", 0.0, LARGEST) for channel in range(len(stock.backlog))]
    return [("on_hand", 0.0, start + order * (periods + 1)), *pipeline, *backlog]


def _known_bounds(known: Known) -> list[Bound]:
    bounds: list[Bound] = []
    for name, part in _parts(known):
        least = -LARGEST if name == "features" else 0.0
        if part.ndim == 2:
            bounds.append((name, least, LARGEST))
        else:
            bounds += [(f"{name}[{place}]", least, LARGEST) for place in range(part.shape[-1])]
    return bounds


@cache
def within(order: Order, capacity: float) -> Order:
    """The same orders, which come at once, as far as they fit on a shelf of so many units."""

    def fitting(view: View, action: Number) -> Number:
        return jnp.clip(order(view, action), 0.0, capacity - view.stock.on_hand.sum())

    return fitting


def booked_profit(shop: Shop, period: Period) -> Number:
    """Purchases are charged when they are ordered, and what is left at the end is worth nothing."""
    return period.money.profit


def refuse_action(wrong: Any, space: Any, where: str, where_zh: str) -> UsageError:
    """The error that names the action, the space and where."""
    shown = (
        np.array2string(np.asarray(wrong), threshold=6) if isinstance(wrong, np.ndarray | np.generic) else repr(wrong)
    )
    return UsageError(
        Text(f"action {shown} is outside {space}, {where}", f"动作 {shown} 不在 {space} 内，{where_zh}"),
        hint=Text(
            "`env.action_space` says what may be done; clip or round the action before `step`",
            "`env.action_space` 给出允许的动作；请在 `step` 之前截断或取整",
        ),
    )


def inside(actions: NDArray[Any], space: Discrete | Box) -> NDArray[np.bool_]:
    """Which actions are in the space of one row. [row] or [row, number] -> [row]"""
    if isinstance(space, Discrete):
        low, high = space.start, space.start + space.n - 1
        return np.asarray((actions >= low) & (actions <= high), bool)
    return np.all((actions >= space.low) & (actions <= space.high), axis=-1)
