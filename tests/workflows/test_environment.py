"""`restock/Shop-v0`: the past of a shop as an environment."""

import warnings

import gymnasium
import numpy as np
import pytest
import weekly_shop as made_up
from gymnasium.utils.env_checker import check_env

import restock.environments  # noqa: F401 (registers the ids)
from restock.errors import UsageError


@pytest.fixture(scope="module")
def folder(files, tmp_path_factory):
    """A project with data; nothing has been trained."""
    project = made_up.new_project(tmp_path_factory.mktemp("environment"))
    project.load(list(files.values()))
    return project.path


def test_gymnasium_finds_nothing_to_say_against_a_shop(folder):
    env = gymnasium.make("restock/Shop-v0", project=folder, item="I-03", periods=4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)
    many = gymnasium.make_vec("restock/Shop-v0", project=folder, item="I-03", periods=4, num_envs=3)
    seen, _ = many.reset(seed=3)
    assert seen in many.observation_space
    assert np.array_equal(seen[0], env.reset(seed=3)[0])
    for _ in range(9):
        assert many.step(many.action_space.sample())[0] in many.observation_space


def test_any_quantity_is_rounded_to_the_packs_of_the_supplier(folder):
    env = gymnasium.make("restock/Shop-v0", project=folder, item="I-05", periods=4, actions="continuous")
    env.reset(seed=3)
    assert made_up.make_world().pack[5] == 6
    assert [env.step(np.array([wish]))[4]["ordered"] for wish in (8.0, 9.5, 2.0)] == [6, 12, 0]


def test_an_episode_replays_what_customers_asked_for_in_its_part(folder):
    env = gymnasium.make("restock/Shop-v0", project=folder, item="I-05", part="validation", periods=4)
    weekly = made_up.make_world().demand[5].reshape(-1, 7).sum(axis=1)[: made_up.WEEKS]
    starts = set()
    for seed in range(8):
        env.reset(seed=seed)
        demand = [env.step(env.action_space.sample())[4]["demand"] for _ in range(4)]
        found = [t for t in range(len(weekly) - 3) if np.allclose(weekly[t : t + 4], demand)]
        assert len(found) == 1
        starts.add(found[0])
    assert len(starts) > 1
    assert min(starts) > made_up.WEEKS // 2  # validation comes after training


def test_the_terms_are_those_of_the_item(folder):
    world = made_up.make_world()
    env = gymnasium.make("restock/Shop-v0", project=folder, item="I-07", periods=4).unwrapped
    assert float(env.task.setting.shop.unit_cost[0]) == pytest.approx(world.cost[7])
    assert env.task.setting.lead == world.lead[7]
    assert env.task.setting.name == "I-07 @ main"


def test_without_an_item_it_is_the_one_that_sells_most(folder):
    best = int(made_up.make_world().demand[:, : made_up.WEEKS * 7].sum(axis=1).argmax())
    env = gymnasium.make("restock/Shop-v0", project=folder).unwrapped
    assert env.task.setting.name == f"{made_up.NAMES[best]} @ main"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"item": "I-99"}, "`I-99` is not among the 25 items"),
        ({"part": "future"}, "no part `future`"),
        ({"periods": 500}, "500 periods does not fit into the"),
    ],
)
def test_what_the_shop_does_not_have_is_refused(folder, given, message):
    with pytest.raises(UsageError, match=message):
        gymnasium.make("restock/Shop-v0", project=folder, **given)


def test_a_folder_without_data_says_how_to_load_them(tmp_path):
    with pytest.raises(UsageError, match="has no data yet"):
        gymnasium.make("restock/Shop-v0", project=tmp_path)
