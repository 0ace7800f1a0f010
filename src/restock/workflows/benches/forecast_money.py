"""Ways to fit, choose and bend forecasts, compared by what orders made from them cost in the simulator."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from restock.algorithms.end_to_end import EndToEndConfig, bend
from restock.algorithms.problem import Problem
from restock.algorithms.training import AlgorithmConfig, settings, train
from restock.forecasting.scores import patterns
from restock.language import Text
from restock.policies.named import Bent, Mixture
from restock.policies.rules import Newsvendor
from restock.simulator.money import profit_at_cost
from restock.simulator.rollout import Policy, Stretch, run
from restock.simulator.types import Period, Shop
from restock.workflows.benches.money_shop import LEAD, TEST, TRAIN, VALIDATION, MoneyShop, draw_money_shop
from restock.workflows.benches.result import Bench, Row, Task

INSTANCES = {"misspecified": False, "well_specified": True}
RIVAL = "nll"
DRAWS = 2000
MOVES = tuple(float(move) for move in np.linspace(-1.5, 1.5, 25))  # of the ratio, see `Bent.move`
FEWEST = 12  # items of a class of demand, below which it goes with all
BEND = EndToEndConfig(periods=20, ignored=LEAD + 2)
# Rewards come `LEAD` days after the choice that they are due to.
DQN = settings("dqn", grid="named", rounds=200, rows=128, batch=512, hidden=32, delay=LEAD, input_dropout=0.1)
DDPG = settings("td3", rounds=200, rows=128, batch=512, hidden=32, delay=LEAD, input_dropout=0.1)
Costs = NDArray[np.float64]


@dataclass(frozen=True)
class MoneyRow(Row):
    """`value` is holding and shortage per demand scale and day; the interval is of the gap to `nll`, percent."""

    against_percent: float | None = None  # less than 0: cheaper than orders by the forecaster fitted by likelihood
    on_hand: float | None = None  # mean stock at the end of a day, demand scales
    chosen: str | None = None  # of `select`: the forecaster of most items, in the first shop


@dataclass(frozen=True)
class Lived:
    """What a policy cost on the test days. [item]"""

    cost: Costs  # per day
    on_hand: Costs
    seconds: float
    chosen: str | None = None


def run_modes(task: Task) -> Iterable[Row]:
    """Every mode on the same shops, one shop per seed."""
    task.progress.start(Text("decision-focused forecasts", "面向决策的预测"), len(task.instances) * len(task.seeds))
    count = 0
    for instance in task.instances:
        lived: dict[str, list[Lived]] = {method: [] for method in dict.fromkeys((RIVAL, *task.methods))}
        for seed in task.seeds:
            shop = _shop(INSTANCES[instance], seed)
            for method in lived:
                lived[method].append(MODES[method](shop, seed))
            count += 1
            task.progress.advance(count, Text(f"{instance}, shop {seed}", f"{instance}，店铺 {seed}"))
        yield from _rows(instance, {method: lived[method] for method in task.methods}, lived[RIVAL])


@cache
def _shop(well_specified: bool, seed: int) -> MoneyShop:
    return draw_money_shop(well_specified, seed)


def _rows(instance: str, lived: dict[str, list[Lived]], rival: list[Lived]) -> Iterable[MoneyRow]:
    for method, shops in lived.items():
        means = np.array([each.cost.mean() for each in shops])
        mine, theirs = (np.concatenate([each.cost for each in part]) for part in (shops, rival))
        draw = np.random.default_rng(0)
        picks = draw.integers(len(mine), size=(DRAWS, len(mine)))
        gaps = 100 * (mine[picks].mean(axis=1) / theirs[picks].mean(axis=1) - 1)
        low, high = np.quantile(gaps, (0.025, 0.975))
        yield MoneyRow(
            instance=instance,
            method=method,
            value=float(means.mean()),
            stderr=float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else 0.0,
            best_known=None,
            seconds=float(np.mean([each.seconds for each in shops])),
            seeds=len(shops),
            low=None if method == RIVAL else float(low),
            high=None if method == RIVAL else float(high),
            against_percent=float(100 * (mine.mean() / theirs.mean() - 1)),
            on_hand=float(np.mean([each.on_hand.mean() for each in shops])),
            chosen=shops[0].chosen,
        )


def _live(shop: MoneyShop, policy: Policy, seconds: float, tables: bool = True, chosen: str | None = None) -> Lived:
    money, left = _money(policy, shop.stretch(TEST, shop.seen(tables)))
    scale = np.asarray(shop.catalogue.outlook.scale[:, TRAIN[0] : TRAIN[1]]).mean(axis=1)
    days = TEST[1] - TEST[0]
    return Lived(-money / days / scale, left / days / scale, seconds, chosen)


def _money(policy: Policy, stretch: Stretch) -> tuple[Costs, Costs]:
    """Money of the days that count, and units left in them. [item]"""
    money, left = _run(policy, stretch)
    weight = np.asarray(stretch.weight, np.float64)
    return (np.asarray(money) * weight).sum(axis=1), (np.asarray(left) * weight).sum(axis=1)


@eqx.filter_jit
def _run(policy: Policy, stretch: Stretch) -> tuple[Array, Array]:
    return run(policy, stretch, keep=_kept)[1]


def _kept(shop: Shop, period: Period) -> tuple[Array, Array]:
    return profit_at_cost(shop, period), period.on_hand.sum()


def _only(count: int, which: int) -> Mixture:
    return Mixture(jnp.eye(count)[which])


def _nll(shop: MoneyShop, seed: int) -> Lived:
    return _live(shop, _only(len(shop.names), 0), 0.0)


def _average(shop: MoneyShop, seed: int) -> Lived:
    count = len(shop.names)
    return _live(shop, Mixture(jnp.full(count, 1.0 / count)), 0.0)


def _newsvendor(shop: MoneyShop, seed: int) -> Lived:
    return _live(shop, Newsvendor(), 0.0)


def _earned(shop: MoneyShop, span: tuple[int, int]) -> Costs:
    """Money of each forecaster's newsvendor, in demand scales. [forecaster, item]"""
    stretch, count = shop.stretch(span, shop.seen(True)), len(shop.names)
    scale = np.asarray(shop.catalogue.outlook.scale[:, TRAIN[0] : TRAIN[1]]).mean(axis=1)
    return np.stack([_money(_only(count, which), stretch)[0] for which in range(count)]) / scale


def _best(earned: Costs, classes: NDArray[np.str_]) -> NDArray[np.intp]:
    """The forecaster that earned most: of each class of demand, or of all where a class is small. [item]"""
    best = np.full(earned.shape[1], int(earned.sum(axis=1).argmax()))
    for name in np.unique(classes):
        some = classes == name
        if some.sum() >= FEWEST:
            best[some] = int(earned[:, some].sum(axis=1).argmax())
    return best


def _select(shop: MoneyShop, seed: int) -> Lived:
    began = time.perf_counter()
    earned = _earned(shop, (TRAIN[0], VALIDATION[1]))
    best = _best(earned, patterns(shop.panel.until(VALIDATION[1])))
    seconds = time.perf_counter() - began
    found = [_live(shop, _only(len(shop.names), which), seconds) for which in range(len(shop.names))]
    rows = np.arange(len(best))
    cost, left = (np.stack([getattr(each, name) for each in found])[best, rows] for name in ("cost", "on_hand"))
    return Lived(cost, left, seconds, shop.names[int(np.bincount(best).argmax())])


def _quantile(shop: MoneyShop, seed: int) -> Lived:
    """The forecaster fitted by likelihood at the ratio that earned most: one number, tuned by simulation."""
    began = time.perf_counter()
    plain = Bent(jnp.eye(len(shop.names))[0], shop.context.shape[-1])
    scale = np.asarray(shop.catalogue.outlook.scale[:, TRAIN[0] : TRAIN[1]]).mean(axis=1)
    stretch = shop.stretch((TRAIN[0], VALIDATION[1]), shop.seen(True))
    tried = [eqx.tree_at(lambda p: p.move, plain, plain.move.at[-1].set(move)) for move in MOVES]
    best = max(tried, key=lambda policy: float((_money(policy, stretch)[0] / scale).sum()))
    return _live(shop, best, time.perf_counter() - began)


def _end_to_end(shop: MoneyShop, seed: int) -> Lived:
    began = time.perf_counter()
    count, seen = len(shop.names), shop.seen(True)
    best = int(_earned(shop, TRAIN).sum(axis=1).argmax())
    stretch = shop.stretch(VALIDATION, seen)
    scale = np.asarray(shop.catalogue.outlook.scale[:, TRAIN[0] : TRAIN[1]]).mean(axis=1)

    def judge(policy: Policy) -> float:
        return float((_money(policy, stretch)[0] / scale).sum())

    start = Bent(jnp.eye(count)[best], shop.context.shape[-1])
    problem = _weighed(shop.problem(TRAIN, seen), scale)
    policy = bend(BEND, problem, start, judge, jax.random.key(seed))
    return _live(shop, policy, time.perf_counter() - began)


def _weighed(problem: Problem, scale: NDArray[np.floating]) -> Problem:
    """Money in demand scales, so that a fast and a slow item count alike."""
    return eqx.tree_at(lambda p: p.weight, problem, problem.weight / jnp.asarray(scale)[:, None])


def _dqn(shop: MoneyShop, seed: int) -> Lived:
    return _by_algorithm(shop, DQN.model_copy(update={"choices": len(shop.names)}), seed)


def _ddpg(shop: MoneyShop, seed: int) -> Lived:
    return _by_algorithm(shop, DDPG.model_copy(update={"forecasters": len(shop.names)}), seed)


def _by_algorithm(shop: MoneyShop, config: AlgorithmConfig, seed: int) -> Lived:
    """Learn which forecaster, or what mixture, to order by, from stock and context, without a model of the shop."""
    began = time.perf_counter()
    problem = shop.problem((TRAIN[0], VALIDATION[1]), shop.seen(False))
    policy, _ = train(config, problem, jax.random.key(seed))
    return _live(shop, jax.block_until_ready(policy), time.perf_counter() - began, tables=False)


MODES: dict[str, Callable[[MoneyShop, int], Lived]] = {
    "nll": _nll,
    "average": _average,
    "newsvendor": _newsvendor,
    "quantile": _quantile,
    "select": _select,
    "end_to_end": _end_to_end,
    "dqn": _dqn,
    "ddpg": _ddpg,
}
FORECAST_MONEY = Bench(
    name="forecast-money",
    about=Text("forecasts fitted, chosen and bent by money", "按利润拟合、选择与调整的预测"),
    methods=tuple(MODES),
    instances=tuple(INSTANCES),
    usual=tuple(INSTANCES),
    quick=("misspecified",),
    run=run_modes,
    quick_methods=("nll", "average", "newsvendor", "select"),
)
