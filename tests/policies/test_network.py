"""The learned policy before it has learned: a scale-free newsvendor."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock

from restock.policies.network import READS_HIDDEN, Ensemble, Network, make_ensemble, silence_units, terms
from restock.policies.rules import Newsvendor
from restock.simulator.rollout import Foreseeing
from restock.simulator.types import View

FEATURES, LEAD, HIDDEN = 3, 2, 16
NETWORK = Network(FEATURES, LEAD, HIDDEN, jax.random.key(0))
MEMBERS = make_ensemble(FEATURES, LEAD, HIDDEN, jax.random.split(jax.random.key(1), 3))
order = eqx.filter_jit(lambda policy, view: policy(view, None).order)


def view_of(k=1.0, on_hand=3.0, **terms):
    """Everything in units times k."""
    shop = made_up_shop(LEAD, **{"pack": 2.0 * k, "minimum": 4.0 * k, "order_cost": 5.0 * k, "shortage": 3.0} | terms)
    known = made_up_known(
        scale=5.0 * k, averages=[5.0 * k], lead_demand=15.0 * k, lead_spread=4.0 * k, features=[0.5, -1.0, 2.0]
    )
    return View(shop, made_up_stock(on_hand * k, [2.0 * k, 1.0 * k], [1.0 * k]), known)


@pytest.mark.parametrize("k", [0.1, 7.0, 1000.0])
@pytest.mark.parametrize("policy", [NETWORK, Ensemble(MEMBERS)], ids=["network", "ensemble"])
def test_units_times_k_are_orders_times_k(policy, k):
    assert float(order(policy, view_of(k))[0]) == pytest.approx(k * float(order(policy, view_of())[0]), rel=1e-4)


def test_money_times_k_changes_nothing():
    view = view_of()
    money = ("unit_cost", "order_cost", "transport", "holding", "salvage", "shortage", "backlog_cost")
    richer = eqx.tree_at(lambda v: [getattr(v.shop, name) for name in money], view, replace_fn=lambda x: x * 8)
    richer = eqx.tree_at(lambda v: v.known.price, richer, view.known.price * 8)
    np.testing.assert_allclose(order(NETWORK, richer), order(NETWORK, view), rtol=1e-5)
    np.testing.assert_allclose(terms(richer.shop, richer.known), terms(view.shop, view.known), rtol=1e-5)


def test_untrained_it_orders_nearly_what_the_newsvendor_does():
    news, learned = [], []
    for seed in range(4):
        network = Network(FEATURES, LEAD, HIDDEN, jax.random.key(seed))
        for on_hand in (0.0, 4.0, 8.0, 60.0):
            news.append(float(order(Newsvendor(), view_of(on_hand=on_hand))[0]))
            learned.append(float(order(network, view_of(on_hand=on_hand))[0]))
    assert max(news) > 15
    assert np.abs(np.array(news) - learned).max() < 0.4 * 5.0  # of one period's demand
    assert all(lr < 0.05 for n, lr in zip(news, learned, strict=True) if n == 0)


def test_an_order_is_never_negative_and_falls_with_stock():
    orders = [float(order(NETWORK, view_of(on_hand=x))[0]) for x in (0.0, 5.0, 10.0, 20.0, 1e4)]
    assert orders == sorted(orders, reverse=True)
    assert orders[-1] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("policy", [NETWORK, Ensemble(MEMBERS)], ids=["network", "ensemble"])
def test_looking_ahead_for_a_whole_path_gives_the_same_order(policy):
    view = view_of()
    assert isinstance(policy, Foreseeing)
    ahead = eqx.filter_jit(lambda policy, view: policy.decide(view, policy.foresee(view.shop, view.known)).order)
    np.testing.assert_array_equal(ahead(policy, view), order(policy, view))


def test_an_ensemble_orders_the_mean_of_its_members():
    view = view_of()
    members = [jax.tree.map(lambda x, i=i: x[i], MEMBERS) for i in range(3)]
    alone = [float(order(member, view)[0]) for member in members]
    assert len(set(alone)) == 3
    assert float(order(Ensemble(MEMBERS), view)[0]) == pytest.approx(np.mean(alone), rel=1e-5)


def test_members_are_what_their_keys_make():
    keys = jax.random.split(jax.random.key(1), 3)
    one = Network(FEATURES, LEAD, HIDDEN, keys[1])
    for together, alone in zip(jax.tree.leaves(MEMBERS), jax.tree.leaves(one), strict=True):
        np.testing.assert_allclose(together[1], alone, rtol=1e-6)
        assert together.dtype == jnp.float32


def test_the_order_follows_what_the_network_sees():
    view = view_of()
    other = eqx.tree_at(lambda v: v.known.features, view, jnp.array([3.0, 3.0, -3.0]))
    gradient = jax.grad(lambda f: order(NETWORK, eqx.tree_at(lambda v: v.known.features, view, f))[0])
    assert float(order(NETWORK, other)[0]) != float(order(NETWORK, view)[0])
    assert np.all(np.asarray(gradient(view.known.features)) != 0)


def test_silenced_units_are_read_by_no_layer_and_the_rest_count_for_more():
    network = Network(3, 2, 400, jax.random.key(0))
    thinned = silence_units(network, 0.25, jax.random.key(1))
    assert silence_units(network, 0.0, jax.random.key(1)) is network
    for name in READS_HIDDEN:
        ratio = np.asarray(getattr(thinned, name).weight / getattr(network, name).weight)
        assert np.all((ratio == 0) | np.isclose(ratio, 4 / 3))
        assert np.all((ratio == 0) == (ratio[:1] == 0))  # a unit is silent for all that read it in this layer
        assert (ratio[0] == 0).mean() == pytest.approx(0.25, abs=0.07)
    for name in ("see", "weigh"):  # read no hidden units
        np.testing.assert_array_equal(getattr(thinned, name).weight, getattr(network, name).weight)
