from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_replays import made_up_shop, run

from restock.backtest.compare import difference, difference_by, fill_rate_interval, standings
from restock.backtest.metrics import item_profit, kpis
from restock.backtest.replay import Replay
from restock.errors import DataError

SHOP = made_up_shop(40)
LEAN, RICH = run(SHOP, "lean", "classical", 3), run(SHOP, "rich", "learned", 4.5)


def earning(profit: np.ndarray, policy: str = "a") -> Replay:
    """A replay that earned `profit` per item, all in its first period."""
    money = np.zeros((len(profit), SHOP.demand.shape[1]), np.float32)
    money[:, 0] = profit
    return replace(LEAN, policy=policy, profit=money, known=np.ones_like(money))


def test_total_and_wins_are_what_the_items_say():
    found = difference(earning(np.array([3.0, 5, 7, 1])), earning(np.array([1.0, 5, 9.5, 0.5]), "b"))
    assert (found.policy_a, found.policy_b) == ("a", "b")
    assert found.total == 0
    assert (found.items, found.wins, found.losses) == (4, 2, 1)
    assert found.relative_percent == 0
    assert found.low < 0 < found.high
    assert not found.is_clear


def test_interval_has_no_width_when_both_are_equal():
    found = difference(LEAN, replace(LEAN, policy="twin"))
    assert (found.total, found.low, found.high) == (0, 0, 0)
    assert (found.relative_percent, found.relative_low, found.relative_high) == (0, 0, 0)
    assert (found.wins, found.losses) == (0, 0)


def test_few_items_are_never_clear():
    assert not difference(earning(np.full(9, 3.0)), earning(np.full(9, 1.0), "b")).is_clear
    assert difference(earning(np.full(10, 3.0)), earning(np.full(10, 1.0), "b")).is_clear


def test_interval_has_no_width_when_every_item_gains_the_same():
    base = np.linspace(10, 90, 12)
    found = difference(earning(base + 2), earning(base, "b"))
    assert (found.total, found.low, found.high) == pytest.approx((24, 24, 24))
    assert found.is_clear


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 40))
def test_swapping_the_policies_turns_the_sign(seed, items):
    draw = np.random.default_rng(seed)
    a, b = earning(draw.normal(5, 3, items)), earning(draw.normal(4, 3, items), "b")
    there, back = difference(a, b, 200, seed), difference(b, a, 200, seed)
    assert (there.total, there.low, there.high) == pytest.approx((-back.total, -back.high, -back.low))
    assert (there.wins, there.losses) == (back.losses, back.wins)


def test_same_seed_same_interval_other_seed_other_interval():
    assert difference(RICH, LEAN, seed=4) == difference(RICH, LEAN, seed=4)
    assert difference(RICH, LEAN, seed=4).low != difference(RICH, LEAN, seed=5).low


def test_the_true_difference_lies_inside_95_times_of_100():
    """400 shops of 150 items with skewed gains whose true mean is 0.2."""
    draw, held = np.random.default_rng(11), 0
    for shop in range(400):
        base = draw.gamma(2, 10, 150)
        found = difference(earning(base + draw.gamma(2, 0.6, 150) - 1), earning(base, "b"), 400, shop)
        held += found.low <= 0.2 * 150 <= found.high
    assert 0.92 <= held / 400 <= 0.975


def test_interval_agrees_with_the_normal_one_on_many_items():
    gain = np.random.default_rng(2).normal(1, 4, 3000)
    found = difference(earning(100 + gain), earning(np.full(3000, 100.0), "b"))
    spread = 1.96 * gain.std() * np.sqrt(3000)
    assert found.low == pytest.approx(found.total - spread, abs=0.1 * spread)
    assert found.high == pytest.approx(found.total + spread, abs=0.1 * spread)
    assert found.relative_percent == pytest.approx(100 * found.total / 300_000)
    assert found.relative_low == pytest.approx(100 * found.low / 300_000, rel=1e-3)


def test_pairing_removes_what_moves_an_item_under_both():
    base = np.random.default_rng(5).lognormal(3, 1.5, 300)
    found = difference(earning(base * 1.01), earning(base, "b"))
    assert found.relative_low == pytest.approx(1, rel=1e-3)
    assert found.relative_high == pytest.approx(1, rel=1e-3)


def test_savings_of_a_shop_without_prices_are_positive_percents():
    found = difference(earning(np.array([-9.0, -8, -7])), earning(np.array([-10.0, -10, -10]), "b"))
    assert found.total == 6
    assert found.relative_percent == pytest.approx(20)


def test_no_percentage_of_a_profit_near_zero():
    found = difference(earning(np.array([3.0, 4, 5])), earning(np.array([-1.0, 1.5, 0.2]), "b"))
    assert found.relative_percent is found.relative_low is found.relative_high is None


def test_observed_only_counts_observed_periods():
    found = difference(RICH, LEAN, observed_only=True)
    assert found.total == pytest.approx(float(((RICH.profit - LEAN.profit) * SHOP.known).sum()), rel=1e-4)


def test_groups_add_up_to_the_total():
    groups = np.where(np.arange(40) < 15, "A", "B")
    found = difference_by(groups, RICH, LEAN)
    assert [(name, row.items) for name, row in found.items()] == [("A", 15), ("B", 25)]
    assert sum(row.total for row in found.values()) == pytest.approx(difference(RICH, LEAN).total)


def test_different_windows_are_refused_with_both_shapes():
    short = replace(LEAN, profit=LEAN.profit[:, :5])
    with pytest.raises(DataError, match=r"\(40, 26\) and \(40, 5\)"):
        difference(RICH, short)


def test_fill_rate_interval_holds_the_fill_rate():
    found = fill_rate_interval(LEAN)
    assert found is not None
    assert found.value == pytest.approx(kpis(LEAN).fill_rate)
    assert found.low < found.value < found.high < 1


def test_standings_put_the_bound_first_then_the_most_profitable():
    oracle = run(SHOP, "foresight", "bound", 0, insight=1)
    rows = standings([LEAN, RICH, oracle], reference="lean")
    assert [row.kpis.policy for row in rows] == ["foresight", *sorted(["lean", "rich"], key=profit_of, reverse=True)]
    assert {row.kpis.policy for row in rows if row.against is None} == {"lean"}
    shares = [row.kpis.share_of_oracle for row in rows]
    assert shares[0] == 1
    assert all(share is not None and share < 1 for share in shares[1:])


def profit_of(policy: str) -> float:
    return float(item_profit({"lean": LEAN, "rich": RICH}[policy]).sum())
