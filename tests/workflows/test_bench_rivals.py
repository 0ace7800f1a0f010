"""Rivals are priced by the policy that they learned, on the problem that they learned."""

import json
from importlib import import_module

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from restock.errors import UsageError
from restock.simulator.types import Stock, View
from restock.workflows.bench import bench
from restock.workflows.benches import rivals
from restock.workflows.benches.borrowed import Trained, borrow
from restock.workflows.benches.rivals_contests import INSTANCES, find_contest

NEEDED = "needs the rivals: .venv/bin/pip install -c constraints.txt -e '.[bench]'"


def rival(name: str):
    package = {"rivals_sb3": "stable_baselines3", "rivals_decisionrl": "decisionrl"}[name]
    pytest.importorskip(package, reason=NEEDED)
    return import_module(f"restock.workflows.benches.{name}")


def states(contest, count: int = 64) -> list[tuple[View, np.ndarray]]:
    """Views, and what the environment would show of them."""
    setting, generator = contest.task.setting, np.random.default_rng(3)
    course, views = setting.draw(generator, 1, count), []
    for period in range(count):
        units = generator.integers(0, 12, setting.lead + 1)
        known = course.known
        if known.scale.ndim:
            known = jax.tree.map(lambda x, now=period: x[0, now], known)
        stock = Stock(jnp.full((1, 1), float(units[0])), jnp.asarray(units[None, 1:], jnp.float32), jnp.zeros(1))
        view = View(setting.shop, stock, known)
        views.append((view, np.asarray(contest.task.rules.observe(view, jnp.zeros(())))))
    return views


@pytest.mark.parametrize("algorithm", ["dqn", "ppo", "td3"])
@pytest.mark.parametrize("tuned", [False, True])
def test_a_borrowed_network_orders_what_its_owner_would(algorithm, tuned):
    sb3 = rival("rivals_sb3")
    contest = find_contest("nonstationary-2-14", algorithm)
    environment = contest.make(sb3.TUNED[algorithm].rows if tuned else None)
    model = sb3._model(algorithm, environment, sb3.TUNED[algorithm] if tuned else sb3.Setting(), 1, tuned)
    if tuned:
        normal = model.get_vec_normalize_env()
        normal.obs_rms.mean, normal.obs_rms.var = np.linspace(-1, 9, 9), np.linspace(0.5, 30, 9)
    sb3.torch.manual_seed(1)
    for weights in model.policy.parameters() if algorithm == "dqn" else ():
        weights.data += 0.3 * sb3.torch.randn_like(weights)  # untrained, it orders the same everywhere
    policy = eqx.filter_jit(sb3.as_policy(contest, sb3.weights(model)))
    orders = []
    for view, seen in states(contest, 24):
        asked = model.predict(normal.normalize_obs(seen) if tuned else seen, deterministic=True)[0]
        room = 30.0 - float(view.stock.on_hand.sum())
        orders.append(float(policy(view).order[0]))
        assert orders[-1] == pytest.approx(min(float(np.ravel(asked)[0]), room), abs=1e-3)
    assert len(set(orders)) > 1


def test_a_hand_made_network_chooses_the_best_rated_or_scales_its_amount():
    rows = find_contest("poisson-p4-L4", "ppo").task
    view, seen = states(find_contest("poisson-p4-L4", "ppo"), 1)[0]
    ratings = np.zeros((rows.action_space.n, len(seen)))
    bias = np.arange(len(ratings)) == 3
    assert float(borrow(rows, [(ratings, bias)], "tanh")(view).order[0]) == 3
    units = find_contest("poisson-p4-L4", "td3").task
    most = float(units.action_space.high[0])
    half = borrow(units, [(np.zeros((1, len(seen))), np.zeros(1))], "relu")
    assert float(half(view).order[0]) == pytest.approx(most / 2)


def test_rows_begin_again_within_the_last_step_and_show_how_they_ended():
    sb3 = rival("rivals_sb3")
    contest = find_contest("poisson-p4-L4", "ppo")
    plain, rows = contest.make(3), sb3.Rows(contest.make(3))
    rows.seed(5)
    seen, first = rows.reset(), plain.reset(seed=5)[0]
    assert np.array_equal(seen, first)
    for _ in range(contest.task.periods):
        mine, paid, _, ended, _ = plain.step(np.full(3, 4))
        seen, reward, done, infos = rows.step(np.full(3, 4))
        assert np.array_equal(reward, paid)
        assert np.array_equal(done, ended)
    assert done.all()
    assert all(info["TimeLimit.truncated"] for info in infos)
    assert np.array_equal([info["terminal_observation"] for info in infos], mine)
    assert np.array_equal(seen, plain.step(np.full(3, 4))[0])


def test_a_training_ends_when_its_time_is_over_and_its_course_is_kept():
    sb3 = rival("rivals_sb3")
    trained = sb3.train(find_contest("poisson-p4-L4", "dqn"), 0, 0.3, tuned=False)
    assert 0.3 <= trained.seconds < 3
    assert trained.steps > 10
    assert len(trained.course) > 2
    times = [at for at, _ in trained.course]
    assert times == sorted(times)


def test_decisionrl_is_priced_through_what_it_sees():
    decisionrl = rival("rivals_decisionrl")
    contest = find_contest("nonstationary-2-14", "ppo")
    from decisionrl import PPO
    from decisionrl.envs import NonstationaryInventory

    agent = PPO(NonstationaryInventory(), seed=2, device="cpu")
    policy = decisionrl.as_policy(contest, decisionrl._layers(agent))
    for view, seen in states(contest, 12):
        shown = np.array([seen[0] / 30, float(view.known.features[0])], np.float32)
        room = 30.0 - float(view.stock.on_hand.sum())
        assert float(policy(view).order[0]) == min(agent.predict(shown), room)


def test_what_comes_close_is_timed_and_both_sides_are_priced_alike():
    contest = find_contest("poisson-p4-L4", "ppo")

    def level(view, key=None):
        from restock.policies.rules import buy, position

        return buy(view, 25.0 - position(view))  # above the best level, which costs 9.92 % more than the optimum

    def nothing(view, key=None):
        from restock.policies.rules import buy

        return buy(view, jnp.zeros(()))

    never = rivals.judge(contest, Trained(2.0, 10, ((1.0, nothing), (2.0, nothing))))
    assert never.reached is None
    assert contest.gap(never.cost.value) == pytest.approx(100 * (20 / 4.7285 - 1), abs=0.1)  # 5 units lost at 4 each
    assert contest.glance(nothing) == pytest.approx(20, rel=0.02)
    assert contest.glance(level) == pytest.approx(contest.price(level).value, rel=0.02)


def test_ours_pays_for_compilation_in_every_seed(monkeypatch):
    contest = find_contest("poisson-p4-L4", "ppo")
    made = iter([Trained(9.0, 5, ((8.0, None), (9.0, None))), Trained(3.0, 5, ((2.0, None), (3.0, None)))])
    monkeypatch.setattr(rivals, "_train_ours", lambda contest, seed: next(made))
    first, second = rivals.train_ours(contest, range(2))
    assert (first.seconds, second.seconds) == (9.0, 9.0)
    assert [at for at, _ in second.course] == [8.0, 9.0]


@pytest.mark.parametrize("method", ["sb3_ppo", "decisionrl_ppo"])
def test_a_missing_rival_is_refused_before_anything_runs(method, monkeypatch):
    monkeypatch.setattr(rivals, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="1 of 1 methods") as error:
        bench("rivals", methods=[method], instances=["nonstationary-2-14"])
    assert "restock[bench]" in error.value.hint.en
    assert "restock[bench]" in error.value.hint.zh


def test_the_bench_runs_in_processes_of_its_own_and_reports_speed(monkeypatch):
    monkeypatch.setattr(rivals, "ProcessPoolExecutor", InThisProcess)
    monkeypatch.setattr(rivals, "play", lambda match: {m: [outcome(1.0), outcome(None)] for m in match.methods})
    rows = json.loads(json.dumps(bench("rivals", methods=["ppo"], instances=INSTANCES[:1], seeds=2).to_json()))["rows"]
    assert [(row["steps_per_second"], row["seconds_to_reach"], row["seeds_that_reached"]) for row in rows] == [
        (5.0, 1.0, 1)
    ]


def outcome(reached):
    return rivals.Outcome(rivals.Cost(5.0, 0.1), 2.0, 10, reached)


class InThisProcess:
    """A pool without processes."""

    def __init__(self, *given, **more) -> None:
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        pass

    def submit(self, function, *given):
        from concurrent.futures import Future

        future = Future()
        future.set_result(function(*given))
        return future

    def shutdown(self, **given) -> None:
        pass
