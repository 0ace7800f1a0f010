"""Problems that benches learn from: an episode with an end and prices, and many shops side by side."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from restock.environments.exact.pricing import optimal_pricing
from restock.environments.lost_sales import LONG, LostSales
from restock.environments.pricing import LISTED, PUBLISHED
from restock.policies.rules import buy
from restock.simulator.rollout import Stretch, run
from restock.simulator.types import Chance, Decision, Stock, View
from restock.workflows.benches import lost_sales, together
from restock.workflows.benches.pricing_learning import price_policy, pricing_problem


class Table(eqx.Module):
    """The optimal orders and prices of `listed`."""

    orders: jax.Array  # [period, stock]
    prices: jax.Array  # money per unit, at the stock before the order

    def __call__(self, view: View, key=None) -> Decision:
        periods = self.orders.shape[0]
        period = jnp.clip(periods - jnp.round(view.known.features[0] * periods), 0, periods - 1).astype(int)
        stock = view.stock.on_hand.sum().astype(int)
        decision = buy(view, self.orders[period, stock])
        return eqx.tree_at(lambda d: d.price, decision, self.prices[period, stock][None])


@pytest.fixture(scope="module")
def table() -> Table:
    exact, stock = optimal_pricing(LISTED), np.arange(LISTED.capacity + 1)
    prices = np.asarray(LISTED.prices)[np.take_along_axis(exact.prices, stock + exact.orders, axis=1)]
    return Table(jnp.asarray(exact.orders, jnp.float32), jnp.asarray(prices, jnp.float32))


def test_the_optimal_policy_is_priced_at_the_optimum(table) -> None:
    assert price_policy(LISTED, table).value == pytest.approx(PUBLISHED[LISTED].optimum, abs=1e-4)


def test_an_episode_ends_with_what_is_left_sold_off_and_nothing_happens_afterwards(table) -> None:
    problem, rows, start = pricing_problem(LISTED, 0), 2000, LISTED.periods
    part = jax.tree.map(lambda x: x[:rows], (problem.shop, problem.known, problem.demand, problem.arrives))
    shop, known, luck, arrives = part
    stock = Stock(jnp.ones((rows, 1, 1)), jnp.zeros((rows, 1, 0)), jnp.zeros((rows, 1)))
    stretch = Stretch(shop, stock, known, Chance(luck, arrives), jnp.ones(luck.shape[:2]), problem.respond)

    def limited(view: View, key=None) -> Decision:
        return problem.limit(view, table(view))

    _, periods = eqx.filter_jit(run)(limited, stretch)
    assert np.all(np.asarray(periods.on_hand[:, start:]) == 0)
    assert np.all(np.asarray(periods.money.profit[:, start + 1 :]) == 0)
    sold_off = np.asarray(periods.liquidated[:, start, 0])
    np.testing.assert_array_equal(sold_off, np.asarray(periods.on_hand[:, start - 1, 0]))
    np.testing.assert_allclose(np.asarray(periods.money.profit[:, start]), LISTED.salvage * sold_off)
    worth = LISTED.discount ** np.arange(start + 1)
    earned = np.asarray(periods.money.profit[:, : start + 1]) @ worth
    assert abs(earned.mean() - PUBLISHED[LISTED].optimum) < 4 * earned.std() / rows**0.5


def test_shops_side_by_side_keep_their_terms_and_tell_how_their_demand_varies(monkeypatch) -> None:
    monkeypatch.setattr(together, "PATHS", 64)
    problem = together.side_by_side((LostSales("poisson", 1, 4), LostSales("geometric", 3, 9)), 0)
    assert problem.lead == 3
    np.testing.assert_array_equal(problem.shop.shortage[:, 0], np.repeat([4.0, 9.0], 64))
    np.testing.assert_array_equal(problem.arrives[[0, -1], 0].argmax(axis=-1), [1, 3])
    assert problem.demand.shape == (128, together.PERIODS, 1)
    # variance over mean is 1 for Poisson demand, 1 + 5 for the geometric law of mean 5
    np.testing.assert_allclose(problem.known.features[[0, -1], 0], np.log([1.0, 6.0]), atol=1e-5)
    weight = np.asarray(problem.weight[[0, -1], 0])
    assert weight[0] / weight[1] == pytest.approx((9 * 30 / (4 * 5)) ** 0.5, rel=0.1)


def test_one_network_for_all_is_only_asked_what_it_was_trained_on() -> None:
    assert lost_sales.fits(LostSales("geometric", 4, 39), "pathwise_together")
    assert not lost_sales.fits(LONG[0], "pathwise_together")
