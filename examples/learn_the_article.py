"""Six algorithms learn the inventory environment of the project's source article; their curves as one HTML page.

    python examples/learn_the_article.py --out learning-curves.html

All learn on the batched simulator, many shops at once, by the rules of `restock/Article-v0` (docs/environments.md).
After every stretch of training the policy, without exploration, lives 128 episodes of that Gymnasium environment which
no training has seen: that is what the curves show.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import plotly.graph_objects as go
from jax import Array

import restock.environments  # noqa: F401 (registers the ids)
from restock.algorithms.problem import Problem, Reward
from restock.algorithms.training import AlgorithmConfig, settings, train_checked
from restock.environments.article import PAID, REACH, SHELF, USUAL, article_reward, article_setting
from restock.policies.rules import buy
from restock.simulator.rollout import Policy
from restock.simulator.types import Decision, Period, Shop, Stock, View
from restock.workflows.benches.learning_problem import learning_problem

SETTING = article_setting()
KNOWN = SETTING.draw(np.random.default_rng(0), 1, 1).known
ROWS, EPISODE, UNSEEN = 128, 100, 2026  # of an evaluation: episodes, their periods, the seed of their demand
STRETCHES = 15  # points of a curve

# A small network and few shops at once: the task is easy, and so a curve has something to show.
SMALL: dict[str, Any] = {"rounds": 60, "rows": 32, "hidden": 32, "discount": 0.95}
REPLAY = SMALL | {"steps": 8, "batch": 256, "memory": 1 << 13}
SETTINGS: dict[str, dict[str, Any]] = {
    "dqn": REPLAY | {"grid": "quantities", "choices": 13, "step": 0.1},  # 0, 5, 10, ... 60 units
    "a2c": SMALL | {"rounds": 240},
    "ppo": SMALL,
    "ddpg": REPLAY,
    "td3": REPLAY,
    "pathwise": {"updates": 60, "batch": 32, "hidden": 32, "weight_decay": 0.0, "input_dropout": 0.0},
}


class Point(NamedTuple):
    """One point of a learning curve."""

    steps: int  # periods lived in training so far
    reward: float  # mean per period of unseen episodes


def paid(shop: Shop, period: Period) -> Array:
    """The article's reward, in units of 10: networks like numbers around one."""
    return article_reward(shop, period) / PAID


def unserved(shop: Shop, period: Period) -> Array:
    """Minus the demand that is lost: the article's reward is a step, so there is no slope for `pathwise` to follow."""
    return -period.lost.sum(-1) / USUAL


def reachable(view: View, decision: Decision) -> Decision:
    """What the article's agent can order: 10 units more or less than the usual 50, as far as the shelf has room."""
    order = jnp.clip(decision.order[0], USUAL - REACH, USUAL + REACH)
    return buy(view, jnp.minimum(order, SHELF - view.stock.on_hand.sum()))


def article_problem(reward: Reward, seed: int) -> Problem:
    """Paths of demand, and the rules of the article."""
    return replace(learning_problem(SETTING, seed), reward=reward, limit=reachable)


@eqx.filter_jit
def actions(policy: Policy, seen: Array) -> Array:
    """What a policy of restock does in the Gymnasium environment. [row, 2] -> [row, 1]"""

    def of_row(on_hand: Array) -> Array:
        stock = Stock(on_hand.reshape(1, 1), jnp.zeros((1, 0)), jnp.zeros(1))
        return jnp.clip(policy(View(SETTING.shop, stock, KNOWN), None).order - USUAL, -REACH, REACH)

    return jax.vmap(of_row)(seen[:, 0])


def mean_reward(act: Callable[[np.ndarray], np.ndarray]) -> float:
    """Per period of unseen episodes; always the same ones."""
    env = gymnasium.make_vec("restock/Article-v0", num_envs=ROWS, actions="continuous", periods=EPISODE)
    seen, _ = env.reset(seed=UNSEEN)
    total = 0.0
    for _ in range(EPISODE):
        seen, reward, *_ = env.step(act(seen))
        total += float(reward.mean())
    return total / EPISODE


def learning_curve(name: str, config: AlgorithmConfig, seed: int) -> list[Point]:
    """Train from nothing, and look at the policy after every stretch."""
    problem = article_problem(unserved if name == "pathwise" else paid, seed)
    rows = getattr(config, "batch" if name == "pathwise" else "rows")  # shops side by side
    points: list[Point] = []

    def look(done: int, policy: Policy, curve: Any) -> None:
        points.append(
            Point(
                done * rows * config.periods, mean_reward(lambda seen: np.asarray(actions(policy, jnp.asarray(seen))))
            )
        )

    train_checked(config, problem, jax.random.key(seed), look, max(config.rounds // STRETCHES, 1))
    return points


def draw(curves: dict[str, list[Point]], constant: dict[str, float]) -> go.Figure:
    """A line for each algorithm, and for each action that never changes."""
    figure = go.Figure()
    for name, points in curves.items():
        figure.add_scatter(x=[p.steps for p in points], y=[p.reward for p in points], name=name, mode="lines+markers")
    for name, reward in constant.items():
        figure.add_hline(reward, line_dash="dot", line_color="grey", annotation_text=name)
    return figure.update_layout(
        title="Learning the article's environment",
        xaxis={"title": "periods lived in training", "type": "log"},
        yaxis_title="reward per period, unseen episodes",
        template="plotly_white",
    )


def main(arguments: Sequence[str] | None = None) -> dict[str, list[Point]]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("learning-curves.html"))
    parser.add_argument("--algorithms", default=",".join(SETTINGS), help="names with commas between them")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)

    def always(action: float) -> float:
        return mean_reward(lambda seen: np.full((ROWS, 1), action, np.float32))

    constant = {f"always {action:+d}": always(action) for action in (-REACH, 0, REACH)}
    print(*(f"{name}: {reward:.2f}" for name, reward in constant.items()), sep=", ")
    print(f"{'algorithm':<10}{'periods lived':>14}{'reward first':>14}{'last':>8}{'seconds':>9}")
    curves: dict[str, list[Point]] = {}
    for name in given.algorithms.split(","):
        began = time.perf_counter()
        points = learning_curve(name, settings(name, **SETTINGS.get(name, {})), given.seed)
        spent = time.perf_counter() - began
        curves[name] = points
        print(f"{name:<10}{points[-1].steps:>14,}{points[0].reward:>14.2f}{points[-1].reward:>8.2f}{spent:>9.1f}")
    draw(curves, constant).write_html(given.out, include_plotlyjs=True)
    print(f"drawn: {given.out}")
    return curves


if __name__ == "__main__":
    main()
