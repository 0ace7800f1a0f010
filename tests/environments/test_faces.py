import subprocess
import sys
from pathlib import Path

import equinox as eqx
import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import NormalizeObservation, RecordEpisodeStatistics
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_settings import rich_setting, told_setting
from made_up_shop import Script

import restock
import restock.environments
from restock.environments import backlog, fixed_cost, lot_sizing, rows
from restock.environments.chain_task import chain_task
from restock.environments.faces import RestockEnv, RestockVectorEnv
from restock.environments.generators import OwnGenerators
from restock.environments.lost_sales import ZIPKIN, find_instance
from restock.environments.makers import nonstationary_task
from restock.environments.nonstationary import Nonstationary
from restock.environments.registered import TASKS
from restock.environments.task import ordering
from restock.errors import UsageError
from restock.simulator.demand import lead_time_arrivals
from restock.simulator.dynamics import receive
from restock.simulator.money import profit_at_cost
from restock.simulator.rollout import rollout, under_way
from restock.simulator.types import Chance

IDS = tuple(name for name in TASKS if name != "restock/Shop-v0")  # a shop needs a project: tests/workflows
KINDS = ("discrete", "continuous")
ONE_KIND = {"restock/Pricing-v0": "discrete", "restock/Chain-v0": "continuous"}
FACES = tuple((name, kind) for name in IDS for kind in KINDS if kind == ONE_KIND.get(name, kind))


def sampled(env, seed: int, count: int) -> list:
    env.action_space.seed(seed)
    return [env.action_space.sample() for _ in range(count)]


def lived(env, actions, seed: int | None = None) -> list:
    """Observations, rewards, ends and infos of the actions."""
    return [env.reset(seed=seed)[0], *(env.step(action) for action in actions)]


# ---- what Gymnasium asks for


@pytest.mark.parametrize("name", [name for name, kind in FACES if kind == "discrete"])
def test_gymnasium_finds_nothing_to_say_against_an_environment(name):
    check_env(gymnasium.make(name).unwrapped)


@pytest.mark.parametrize("name", [name for name, kind in FACES if kind == "continuous"])
def test_units_as_actions_are_answered_with_a_recommendation_only(name):
    with pytest.warns(UserWarning, match="we recommend using a symmetric and normalized space") as said:
        check_env(gymnasium.make(name, actions="continuous").unwrapped)
    assert len(said) == 1


@pytest.mark.parametrize("setting", [rich_setting(), rich_setting(horizon=9), told_setting([3])])
def test_gymnasium_finds_nothing_to_say_against_any_setting(setting):
    env = RestockEnv(ordering(setting))
    env.spec = gymnasium.envs.registration.EnvSpec("Made-v0", entry_point=lambda: RestockEnv(ordering(setting)))
    check_env(env)


@pytest.mark.parametrize(("name", "kind"), FACES)
def test_a_vector_environment_keeps_its_spaces_and_its_wrappers_work(name, kind):
    env = gymnasium.make_vec(name, num_envs=3, actions=kind, periods=4)
    assert env.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    wrapped = NormalizeObservation(RecordEpisodeStatistics(env))
    seen, _ = env.reset(seed=1)
    assert seen in env.observation_space
    assert seen[0] in env.single_observation_space
    for action in sampled(env, 0, 11):
        seen, reward, terminated, truncated, _ = env.step(action)
        assert seen in env.observation_space
        assert seen.flags.writeable
        assert (reward.shape, terminated.dtype, truncated.dtype) == ((3,), bool, bool)
        assert not (truncated if env.unwrapped.task.ends else terminated).any()
    wrapped.reset(seed=1)
    infos = [wrapped.step(action)[-1] for action in sampled(env, 0, 4)]
    assert infos[-1]["episode"]["l"].tolist() == [4, 4, 4]


@pytest.mark.parametrize(
    "make",
    [
        lambda: ordering(rich_setting(), "continuous", 3),
        lambda: ordering(ZIPKIN[3].setting(), periods=2),
        lambda: ordering(lot_sizing.find_instance("constant-5-poisson").setting(), periods=3),
        lambda: nonstationary_task("nonstationary-2-14", periods=4),
        lambda: chain_task("or-gym-backlog", periods=4),
    ],
)
def test_a_vector_environment_is_its_single_environments_side_by_side(make):
    many, apart = RestockVectorEnv(make(), 5), SyncVectorEnv([lambda: RestockEnv(make())] * 5)
    assert (many.action_space, many.observation_space) == (apart.action_space, apart.observation_space)
    first = [env.reset(seed=[3, 1, 4, 1, 5]) for env in (many, apart)]
    assert np.array_equal(first[0][0], first[1][0])
    for action in sampled(apart, 2, 30):  # more episodes than are drawn at once
        ours, theirs = many.step(action), apart.step(action)
        for mine, its in zip(ours[:4], theirs[:4], strict=True):
            assert np.array_equal(mine, its)
        assert ours[4].keys() == theirs[4].keys()
        for fact in ours[4]:
            assert np.array_equal(ours[4][fact], theirs[4][fact])


def test_one_number_seeds_all_rows_one_after_the_other():
    many = RestockVectorEnv(ordering(rich_setting(), periods=3), 4)
    assert np.array_equal(many.reset(seed=7)[0], many.reset(seed=[7, 8, 9, 10])[0])


def test_what_rows_draw_together_is_what_each_draws_alone():
    def drawn(generator, paths):
        changes = generator.random((paths, 3)) < 0.5
        mean = np.where(changes, 2.0, 9.0)
        return [
            mean,
            generator.poisson(mean),
            generator.normal([1.0, 2.0, 3.0], 1.0, (paths, 3)),
            generator.integers(0, 100, paths),
            generator.uniform(size=(paths, 1)),
        ]

    def generators():
        return [np.random.default_rng(seed) for seed in (5, 1, 9)]

    together = drawn(OwnGenerators(generators(), 2), 6)
    apart = [drawn(generator, 2) for generator in generators()]
    for place, draws in enumerate(together):
        assert np.array_equal(draws, np.concatenate([one[place] for one in apart]))


def test_a_draw_that_rows_cannot_share_is_refused():
    rows = OwnGenerators([np.random.default_rng(0)] * 3, 2)
    with pytest.raises(UsageError, match=r"`poisson` of shape \(12,\) for 6 paths"):
        rows.poisson(5.0, 12)
    with pytest.raises(AttributeError, match="cannot draw `vonmises`"):
        rows.vonmises(0, 1, 6)


# ---- seeds


@pytest.mark.parametrize("name", IDS)
def test_the_same_seed_gives_the_same_episodes_and_another_seed_others(name):
    env = gymnasium.make(name, periods=10)
    actions = sampled(env, 0, 10)

    def told(seed):
        """Demand of an episode of this seed and of the one after it."""
        return [[step[4]["demand"] for step in lived(env, actions, s)[1:]] for s in (seed, None)]

    assert told(5) == told(5)
    assert told(5) != told(6)
    assert told(5)[0] != told(5)[1]


# ---- the same as the simulator


def replayed(task, seed: int, orders):
    """Rewards, stock at the end of each period, and the last observation's stock, by `rollout`."""
    setting, generator = task.setting, np.random.default_rng(seed)
    ahead = 1 if task.moves else rows.AHEAD
    course = setting.draw(generator, ahead, task.columns)
    lived, shop, stock = len(orders), setting.shop, setting.stock
    arrives = shop.lead_chance
    if not np.isin(np.asarray(arrives), (0, 1)).all():
        drawn = lead_time_arrivals(generator, np.broadcast_to(arrives, (ahead, *arrives.shape)), task.columns)
        arrives = jnp.asarray(np.moveaxis(drawn[0], 0, 1))
        stock = eqx.tree_at(lambda s: s.on_order, stock, stock.on_order * under_way(arrives[None])[0])
    known = (
        jax.tree.map(lambda x: jnp.asarray(x[0, :lived]), course.known)
        if task.moves
        else jax.tree.map(lambda x: jnp.broadcast_to(x, (lived, *x.shape)), course.known)
    )
    script = np.stack([orders, np.zeros(lived)], axis=1).astype(np.float32)
    known = eqx.tree_at(lambda k: k.features, known, jnp.asarray(script))
    moving = arrives.ndim == 3
    chance = Chance(jnp.asarray(course.demand[0, :lived, None]), arrives[:lived] if moving else arrives)
    after, period = rollout(Script(), shop, stock, known, chance)
    last = min(lived, task.columns - 1)
    after, _ = receive(after, Chance(chance.demand[0], arrives[last] if moving else arrives))
    return jax.vmap(profit_at_cost, (None, 0))(shop, period), period, after


REPLAYED = {
    "lost sales": ordering(find_instance("geometric-p9-L3").setting(), periods=12),
    "backlog": ordering(backlog.find_instance("backlog-p9-L4").setting(), "continuous", periods=12),
    "fixed cost": ordering(fixed_cost.find_instance("poisson-p14-L2-K5").setting(), periods=12),
    "lot sizing": ordering(lot_sizing.find_instance("seasonal-1-normal").setting(), periods=12),
    "everything": ordering(rich_setting(), periods=12),
    "horizon": ordering(rich_setting(horizon=12)),
    "units": ordering(rich_setting(), "continuous", 12),
}


@pytest.mark.parametrize("name", REPLAYED)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_reward_and_stock_is_that_of_the_simulator(name, seed):
    task = REPLAYED[name]
    env = RestockEnv(task)
    actions = sampled(env, seed, task.periods)
    units = np.asarray(actions, np.float32).reshape(-1) * (3.0 if name in ("everything", "horizon") else 1.0)
    reward, period, after = replayed(task, seed, units)
    steps = lived(env, actions, seed)[1:]
    np.testing.assert_allclose([step[1] for step in steps], reward, rtol=1e-5, atol=1e-4)
    for fact in ("demand", "sold", "lost", "ordered"):
        np.testing.assert_allclose([step[4][fact] for step in steps], getattr(period, fact)[:, 0], atol=1e-5)
    seen = steps[-1][0]
    stock = np.concatenate([np.ravel(x) for x in (after.on_hand, after.on_order, after.backlog)])
    np.testing.assert_allclose(seen[: len(stock)], stock, atol=1e-4)


@pytest.mark.parametrize("sees", ["average", "history"])
def test_nonstationary_demand_is_lived_as_it_was_published(sees):
    instance, rows = Nonstationary(), 200
    env = gymnasium.make_vec("restock/Nonstationary-v0", num_envs=rows, sees=sees)
    seen, _ = env.reset(seed=4)
    names = env.unwrapped.task.names
    on_hand, average, feature = (names.index(name) for name in ("on_hand", "averages[0]", "features[0]"))
    first = seen[:, on_hand]
    assert set(first) <= set(range(31))
    assert first.mean() == pytest.approx(15, abs=4 * 9 / rows**0.5)
    assert set(seen[:, average]) == {2.0, 14.0}  # the start gives the regime away
    kept = seen[:, average].astype(float)
    for action in sampled(env, 9, instance.periods):
        before = seen
        seen, reward, _, truncated, info = env.step(action)
        ordered = instance.allowed(before[:, on_hand].astype(int), action)
        assert np.array_equal(info["ordered"], ordered)
        shelf = before[:, on_hand] + ordered
        assert np.array_equal(info["sold"], np.minimum(shelf, info["demand"]))
        left = shelf - info["sold"]
        paid = info["sold"] - 0.3 * ordered - 0.25 * left - 0.8 * info["lost"]
        np.testing.assert_allclose(reward, paid, rtol=1e-5, atol=1e-5)
        assert np.array_equal(seen[:, on_hand], left)
        if sees == "average" and not truncated.any():
            kept += 0.5 * (info["demand"] - kept)
            np.testing.assert_allclose(seen[:, average], np.minimum(kept, instance.largest_order), rtol=1e-5)
            np.testing.assert_allclose(seen[:, feature], np.minimum(kept / 18, 1), rtol=1e-5)
    assert truncated.all()


def test_lot_sizing_shows_mean_demand_of_32_periods_and_takes_104():
    env = gymnasium.make("restock/LotSizing-v0")
    steps = lived(env, [0] * 104, seed=1)
    assert [step[3] for step in steps[1:]] == [False] * 103 + [True]
    names, instance = env.unwrapped.task.names, lot_sizing.find_instance("seasonal-1-poisson")
    first = dict(zip(names, steps[1][0], strict=True))  # seen before period 2
    ahead = [first[f"features[{place}]"] * first["scale"] for place in range(32)]
    np.testing.assert_allclose(ahead, instance.means(33)[1:], rtol=1e-5)


def test_a_few_periods_by_hand():
    env = RestockEnv(ordering(told_setting([3, 4, 0, 2])))
    seen, info = env.reset(seed=0)
    assert (seen.tolist(), info) == ([5, 0, 0, 0], {})
    # on hand 5, demand 3: 2 left, and the order is one period old
    seen, reward, terminated, truncated, info = env.step(6)
    assert (seen.tolist(), reward, terminated, truncated) == ([2, 6, 0, 0], -2.0, False, False)
    assert info == {"demand": 3, "sold": 3, "lost": 0, "ordered": 6}
    # demand 4 of 2: 2 lost; then the first order can be sold
    seen, reward, *_, info = env.step(1)
    assert (seen.tolist(), reward, info["lost"]) == ([6, 1, 0, 0], -20.0, 2)
    seen, reward, *_ = env.step(0)
    assert (seen.tolist(), reward) == ([7, 0, 0, 0], -6.0)
    assert env.task.names == ("on_hand", "on_order[0, 1]", "on_order[0, 2]", "backlog[0]")


def test_what_changes_from_period_to_period_is_seen():
    task = ordering(rich_setting(), periods=3)
    seen = dict(zip(task.names, RestockEnv(task).reset(seed=8)[0], strict=True))
    known = rich_setting().draw(np.random.default_rng(8), 1, 4).known
    assert seen["price[0]"] == known.price[0, 0, 0]
    assert [seen["features[0]"], seen["features[1]"]] == known.features[0, 0].tolist()
    assert seen["may_order[0]"] == known.may_order[0, 0, 0]
    assert seen["scale"] == 4.0


def test_discrete_actions_count_packs_and_reach_the_largest_order():
    assert ordering(rich_setting()).action_space.n == 6  # 0, 3, ... 15 units: 14 is within reach
    assert ordering(told_setting([1])).action_space.n == 10


# ---- episodes


def test_an_episode_is_truncated_and_never_terminated():
    env = RestockEnv(ordering(told_setting([1]), periods=3))
    steps = lived(env, [0, 0, 0])[1:]
    assert [step[2:4] for step in steps] == [(False, False), (False, False), (False, True)]
    with pytest.raises(UsageError, match="no episode of `told` is under way: it has 3 periods"):
        env.step(0)


@pytest.mark.parametrize(
    "env", [RestockEnv(ordering(told_setting([1]))), RestockVectorEnv(ordering(told_setting([1])), 2)]
)
def test_a_step_before_the_first_reset_is_refused(env):
    with pytest.raises(UsageError, match="no episode of `told` is under way") as caught:
        env.step(env.action_space.sample())
    assert "`reset`" in caught.value.hint.zh


def test_the_step_after_the_last_ignores_its_actions_and_pays_nothing():
    env = RestockVectorEnv(ordering(told_setting([1]), periods=1), 2)
    first, _ = env.reset(seed=0)
    assert env.step(np.array([9, 9]))[3].all()
    seen, reward, terminated, truncated, info = env.step(np.array([99, -99]))
    assert np.array_equal(seen, first)
    assert (reward.tolist(), terminated.any(), truncated.any(), info) == ([0, 0], False, False, {})


# ---- what is refused


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "wrong", [10, -1, 2.5, "3", None, [[1]], np.array([np.nan], np.float32), np.array([9.1]), [-0.1]]
)
def test_an_action_outside_the_space_is_named_with_the_space_and_the_step(wrong, kind):
    env = RestockEnv(ordering(told_setting([1]), kind))
    env.reset(seed=0)
    env.step(env.action_space.sample())
    with pytest.raises(UsageError) as caught:
        env.step(wrong)
    said = caught.value
    for part in (repr(env.action_space), "step 2 of the episode"):
        assert part in said.message.en
    assert "第 2 步" in said.message.zh
    assert "action_space" in said.hint.en
    assert "action_space" in said.hint.zh


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.array([1, 12, -1]), r"action 12 is outside Discrete\(10\), row 1 \(2 of 3 rows are\), step 1"),
        (np.array([1, 2]), r"outside MultiDiscrete\(\[10 10 10\]\), step 1"),
        (np.array([0.5, 1, 2]), r"outside MultiDiscrete"),
        ([1, [2], 3], "outside MultiDiscrete"),
    ],
)
def test_a_wrong_row_of_actions_is_named(wrong, message):
    env = RestockVectorEnv(ordering(told_setting([1])), 3)
    env.reset(seed=0)
    with pytest.raises(UsageError, match=message):
        env.step(wrong)


def test_an_action_on_the_edge_is_taken():
    env = RestockEnv(ordering(told_setting([1]), "continuous"))
    env.reset(seed=0)
    assert env.step(np.array([9.0]))[4]["ordered"] == 9
    assert env.step(env.action_space.low)[4]["ordered"] == 0


@pytest.mark.parametrize("periods", [0, -3, 10])
def test_an_episode_has_periods_and_no_more_than_the_setting(periods):
    with pytest.raises(UsageError, match=f"an episode of `rich` cannot have {periods} periods") as caught:
        ordering(rich_setting(horizon=9), periods=periods)
    assert "1 .. 9" in caught.value.hint.en


def test_wrong_words_and_numbers_are_refused():
    with pytest.raises(UsageError, match="no kind of action `packs`"):
        gymnasium.make("restock/LostSales-v0", actions="packs")
    with pytest.raises(UsageError, match="cannot see `future`"):
        gymnasium.make("restock/Nonstationary-v0", sees="future")
    with pytest.raises(UsageError, match="`poison-p4-L4`") as caught:
        gymnasium.make("restock/LostSales-v0", instance="poison-p4-L4")
    assert "`poisson-p4-L4`" in caught.value.hint.en
    with pytest.raises(UsageError, match="cannot have 0 rows"):
        gymnasium.make_vec("restock/Article-v0", num_envs=0)
    env = gymnasium.make_vec("restock/Article-v0", num_envs=3)
    with pytest.raises(UsageError, match="2 seeds for 3 rows"):
        env.reset(seed=[1, 2])
    with pytest.raises(UsageError, match="cannot be reset one by one"):
        env.reset(options={"reset_mask": np.ones(3, bool)})


# ---- costs of importing and compiling


def test_a_name_with_its_module_needs_no_import():
    code = "import gymnasium; print(gymnasium.make('restock.environments:restock/Backlog-v0').reset(seed=0)[0].shape)"
    source = Path(restock.__file__).parents[1]
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=source)
    assert shown.stdout.strip() == "(6,)"


def test_every_published_instance_can_be_made_by_its_name():
    for instance in ZIPKIN[::5]:
        env = gymnasium.make("restock/LostSales-v0", instance=instance.name, periods=2)
        assert env.observation_space.shape == (instance.lead_time + 2,)


def test_environments_of_one_shape_are_compiled_once():
    def run(name):
        lived(RestockEnv(ordering(find_instance(name).setting(), periods=5)), [1, 2], seed=0)

    run("poisson-p4-L2")
    compiled = rows._advance._cache_size()
    run("geometric-p39-L2")
    assert rows._advance._cache_size() == compiled


def test_the_command_line_does_not_import_gymnasium():
    code = "import restock.cli.main, sys; print('gymnasium' in sys.modules)"
    source = Path(restock.__file__).parents[1]
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=source)
    assert shown.stdout.strip() == "False"
