"""The pretrained policy: the same item in any unit, from nothing seen on, alone and in a team; and its rivals."""

import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock

from restock.policies import pretrained
from restock.policies.adaptive import AdaptiveBaseStock, AdaptiveReorder
from restock.policies.generalist import Generalist, Team, untrained
from restock.policies.lots import Habits
from restock.policies.memory import Told
from restock.policies.pretrained import from_bytes, generalist_card, load_generalist, save_generalist, team_of
from restock.simulator.remembering import Seen
from restock.simulator.types import View

LONGEST, HIDDEN, STATE = 3, 8, 4
PERIODS = 300
LAW = np.array([[0.0, 0.0, 1.0, 0.0]])
NOTHING = dict.fromkeys(Told._fields, 0.0)


@pytest.fixture(scope="module")
def members() -> list[Generalist]:
    return [untrained(LONGEST, HIDDEN, STATE, jax.random.key(seed)) for seed in range(2)]


def shop_in(unit: float, **terms):
    """An item counted in other units: ten times as many, each a tenth of the money."""
    money = {"unit_cost": 6.0, "holding": 0.02, "shortage": 1.0}
    return made_up_shop(lead_chance=LAW, pack=0.0, **{name: value / unit for name, value in money.items()}, **terms)


def told(unit: float = 1.0, **changes: float):
    known = {**NOTHING, "law_told": 1.0, **changes}
    return made_up_known(features=np.array(list(known.values())), price=[10.0 / unit])


@eqx.filter_jit
def decide(policy, shop, known, held, past: Seen) -> jax.Array:
    def one(memory, seen):
        return policy.remember(memory, shop, known, seen), None

    memory = jax.lax.scan(one, policy.begin(shop, known), past)[0]
    return policy.decide(View(shop, held, known), memory).order[0]


def order_of(policy, sales, unit=1.0, stock=(2.0, (1.0, 0.0, 3.0)), known=None, hidden=None, shop=None) -> float:
    """What is ordered after such sales."""
    empty = PERIODS - len(sales)  # before them nothing is seen: one program for all
    sold, gone, weight = np.zeros((3, PERIODS), np.float32)
    sold[empty:], gone[empty:], weight[empty:] = np.asarray(sales, float) * unit, hidden or 0.0, 1.0
    past = Seen(*map(jnp.asarray, (sold, gone, weight, np.zeros((PERIODS, LONGEST + 2), np.float32))))
    on_hand, on_order = stock
    held = made_up_stock(on_hand * unit, np.array(on_order) * unit)
    shop, known = shop_in(unit) if shop is None else shop, told(unit) if known is None else known
    return float(decide(policy, shop, known, held, past))


SALES = np.random.default_rng(0).negative_binomial(2, 0.2, 80)


def test_ten_times_the_units_are_ten_times_the_order(members) -> None:
    small = order_of(members[0], SALES)
    assert small > 5
    # what a first guess of one unit per period leaves behind after 80 periods
    assert order_of(members[0], SALES, 10.0) == pytest.approx(10 * small, rel=0.03)
    assert order_of(members[0], SALES, 1000.0) == pytest.approx(1000 * small, rel=0.03)


def test_more_stock_means_a_smaller_order(members) -> None:
    orders = [order_of(members[0], SALES, stock=(on_hand, (0.0, 0.0, 0.0))) for on_hand in (0.0, 10.0, 500.0)]
    assert orders[0] > orders[1] > orders[2] == 0.0


def test_with_nothing_seen_it_goes_by_like_items(members) -> None:
    guess = {"category": 1.0, "category_dispersion": 0.2}
    slow, fast = (
        order_of(members[0], [], known=told(**guess, category_level=level), stock=(0.0, (0.0,) * 3))
        for level in (10.0, 100.0)
    )
    assert np.isfinite([slow, fast]).all()
    assert fast > 5 * slow > 0


EMPTY = (0.0, (0.0, 0.0, 0.0))
LIKE = told(category=1.0, category_level=10.0)


def corrected(member: Generalist, by: float) -> Generalist:
    """One whose correction is the same always."""
    flat = (jnp.zeros_like(member.correct.weight), jnp.full_like(member.correct.bias, by))
    return eqx.tree_at(lambda m: (m.correct.weight, m.correct.bias), member, flat)


@pytest.mark.parametrize(
    ("sales", "hidden", "stock", "known", "may_wait"),
    [
        ([], [], EMPTY, LIKE, False),
        ([], [], EMPTY, told(), True),  # nobody tells that anyone would buy it
        ([], [], (5.0, EMPTY[1]), LIKE, True),  # what is there will show
        ([], [], (0.0, (5.0, 0.0, 0.0)), LIKE, True),
        ([0] * 3, [1] * 3, EMPTY, LIKE, False),  # never for sale
        ([0] * 3, [0] * 3, EMPTY, LIKE, True),  # for sale, and nobody came
        ([9, 11, 10, 9, 0, 0, 0, 0], [0] * 4 + [1] * 4, EMPTY, told(), False),  # sold once, gone for long
        ([9, 11, 10, 9, 0, 0, 0], [0] * 4 + [1] * 3, EMPTY, told(), True),
    ],
)
def test_where_waiting_shows_nothing_the_level_is_ordered(members, sales, hidden, stock, known, may_wait) -> None:
    level, less = (
        order_of(corrected(members[0], by), sales, stock=stock, known=known, hidden=hidden) for by in (0.0, -1.0)
    )
    assert level > 0
    assert less < level if may_wait else less == level


def test_where_a_lot_cannot_pay_an_empty_shelf_stays_empty(members) -> None:
    dear = shop_in(1.0, order_cost=1e4)
    assert order_of(corrected(members[0], 0.0), [], stock=EMPTY, known=LIKE, shop=dear) == 0.0


def test_a_team_of_one_decides_like_its_member(members) -> None:
    alone, team = order_of(members[0], SALES), order_of(team_of(members[:1]), SALES)
    assert team == pytest.approx(alone, rel=1e-5)


def test_a_team_orders_what_its_members_wish_on_average(members) -> None:
    orders = [order_of(member, SALES) for member in members]
    assert orders[0] != orders[1]
    assert order_of(team_of(members), SALES) == pytest.approx(np.mean(orders), rel=1e-4)


def test_weights_outlive_a_file_but_for_half_precision(members, tmp_path) -> None:
    save_generalist(tmp_path, team_of(members), {"seeds": [0, 1]})
    again = from_bytes((tmp_path / pretrained.WEIGHTS).read_bytes())
    for before, after in zip(jax.tree.leaves(team_of(members)), jax.tree.leaves(again), strict=True):
        np.testing.assert_allclose(before, after, atol=2e-3)


def test_the_policy_that_comes_with_the_package_is_small_and_there_at_once() -> None:
    jax.device_put(np.zeros(1)).block_until_ready()  # what JAX needs to start is not counted
    load_generalist.cache_clear()
    began = time.process_time()
    team = load_generalist()
    seconds = time.process_time() - began
    assert isinstance(team, Team)
    assert seconds < 0.05
    assert sum(leaf.size for leaf in jax.tree.leaves(team)) * 2 < 2e6
    assert len(generalist_card()["seeds"]) == team.members.write.bias.shape[0]


def test_an_adaptive_base_stock_fills_up_to_mean_and_safety() -> None:
    rule = AdaptiveBaseStock(jnp.asarray(4), jnp.zeros(()), jnp.ones(()))
    # the usual mean after many tens is 10; lead time 2 and a review period of 1; six units are there
    assert order_of(rule, [10.0] * 300) == pytest.approx(30 - 6, rel=5e-3)
    with_safety = AdaptiveBaseStock(jnp.asarray(4), jnp.ones(()), jnp.ones(()))
    assert order_of(with_safety, SALES) > order_of(rule, SALES)


def test_an_adaptive_reorder_point_adds_the_lot_and_leaves_what_cannot_pay() -> None:
    rule = AdaptiveReorder(jnp.asarray(4), Habits(jnp.ones(()), jnp.zeros(()), jnp.ones(()), jnp.zeros(())))
    plain = order_of(rule, [10.0] * 300, stock=(2.0, (4.0, 0.0, 0.0)))
    assert plain == pytest.approx(30 - 6, rel=5e-3)
    never = eqx.tree_at(lambda r: r.habits.pays, rule, jnp.asarray(1.0))
    assert order_of(never, [10.0] * 300) == 0.0
