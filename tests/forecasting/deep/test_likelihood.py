"""Every law against SciPy, and the mean that censored sales hide."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from restock.forecasting.deep.likelihood import SHAPE, Hurdle, NegativeBinomial, Tweedie, log_likelihood
from restock.forecasting.deep.quantiles import chances_of, quantiles_of


def drawn(count=1500, seed=0):
    """Laws over six orders of magnitude and a number of units of each."""
    draw = np.random.default_rng(seed)
    mean, spread = np.exp(draw.uniform(-4, 6, count)), np.exp(draw.uniform(-6, 2, count))
    size = 1 / spread
    y = draw.negative_binomial(size, size / (size + mean))
    y[: count // 3] = draw.poisson(3 * mean[: count // 3])
    return mean, spread, y, stats.nbinom(size, size / (size + mean))


def numbers(*arrays):
    """As float32 on the device."""
    return tuple(jnp.asarray(array, jnp.float32) for array in arrays)


def test_negative_binomial_chances_are_scipys():
    mean, spread, y, truth = drawn()
    law = NegativeBinomial(*numbers(mean, spread))
    likely = truth.logpmf(y) > -60
    np.testing.assert_allclose(law.log_chance(*numbers(y))[likely], truth.logpmf(y)[likely], atol=8e-3)


def test_survival_is_scipys_from_certain_to_one_in_e40():
    mean, spread, y, truth = drawn()
    law = NegativeBinomial(*numbers(mean, spread))
    likely = truth.logsf(y - 1) > -40
    found = jax.jit(NegativeBinomial.log_survival)(law, *numbers(y))
    np.testing.assert_allclose(found[likely], truth.logsf(y - 1)[likely], atol=2e-3)


def test_survival_has_the_derivative_of_finite_differences():
    mean, spread, y, truth = drawn()
    slope = jax.jit(jax.grad(lambda m, s: NegativeBinomial(m, s).log_survival(*numbers(y)).sum(), (0, 1)))(
        *numbers(mean, spread)
    )
    likely, step = truth.logsf(y - 1) > -30, 1e-4

    def tail(mean, spread):
        return stats.nbinom.logsf(y - 1, 1 / spread, 1 / (1 + spread * mean))

    by_mean = (tail(mean * (1 + step), spread) - tail(mean * (1 - step), spread)) / (2 * step * mean)
    by_spread = (tail(mean, spread * (1 + step)) - tail(mean, spread * (1 - step))) / (2 * step * spread)
    for found, wanted in zip(slope, (by_mean, by_spread), strict=True):
        error = np.abs(found - wanted)[likely] / (np.abs(wanted)[likely] + 0.05)
        assert np.quantile(error, 0.99) < 5e-3


def test_no_gradient_is_lost_at_the_ends():
    mean, spread, y = numbers(
        [1e-4, 1e-4, 1e4, 1e4, 5.0, 5.0], [1e-3, 50, 1e-3, 50, 1.0, 1.0], [0, 30, 0, 9000, 0, 400]
    )
    slope = jax.jit(jax.grad(lambda m, a: log_likelihood(NegativeBinomial(m, spread), y, a).sum()))
    for available in (0.0, 0.3, 1.0):
        assert np.isfinite(slope(mean, jnp.full(6, available))).all()


def test_hurdle_chances_add_up_to_one_and_its_tail_to_them():
    law = Hurdle(*numbers([0.1, 0.6, 0.95]), NegativeBinomial(*numbers([0.5, 3.0, 8.0], [0.2, 1.0, 0.5])))
    units = jnp.arange(400.0)[:, None]
    chance = np.exp(jax.jit(Hurdle.log_chance)(law, units))
    np.testing.assert_allclose(chance.sum(0), 1, atol=1e-4)
    np.testing.assert_allclose((chance * units).sum(0), law.expected, rtol=1e-3)
    np.testing.assert_allclose(
        np.exp(jax.jit(Hurdle.log_survival)(law, jnp.full(3, 4.0))), chance[4:].sum(0), atol=1e-4
    )


def test_tweedie_is_a_poisson_number_of_gamma_purchases():
    draw = np.random.default_rng(1)
    purchases, size = np.exp(draw.uniform(-2, 3, 500)), np.exp(draw.uniform(-1, 1, 500))
    y, count = purchases * size * np.exp(0.7 * draw.normal(size=500)), np.arange(1, 150)
    chance = stats.poisson.pmf(count, purchases[:, None])
    density = np.log((chance * stats.gamma.pdf(y[:, None], SHAPE * count, scale=size[:, None])).sum(1))
    tail = np.log((chance * stats.gamma.sf(y[:, None], SHAPE * count, scale=size[:, None])).sum(1))
    law = Tweedie(*numbers(purchases, size))
    density_found, tail_found = (jax.jit(ask)(law, *numbers(y)) for ask in (Tweedie.log_chance, Tweedie.log_survival))
    np.testing.assert_allclose(density_found, density, atol=1e-3)
    np.testing.assert_allclose(tail_found[tail > -4], tail[tail > -4], atol=0.03)


def test_a_thinned_law_has_the_mean_of_its_share():
    share = jnp.asarray([0.25, 0.5, 0.75])
    for law in (
        NegativeBinomial(*numbers([4.0] * 3, [0.5] * 3)),
        Hurdle(*numbers([0.9] * 3), NegativeBinomial(*numbers([6.0] * 3, [0.5] * 3))),
        Tweedie(*numbers([4.0] * 3, [2.0] * 3)),
    ):
        np.testing.assert_allclose(law.thin(share).expected, law.expected * share, rtol=1e-4)


def test_a_mixture_keeps_mean_and_variance():
    members = NegativeBinomial(*numbers([[2.0], [6.0]], [[0.5], [0.1]]))
    mixed = members.mix()
    draw = np.random.default_rng(0)
    y = np.concatenate([draw.negative_binomial(2, 2 / 4, 400_000), draw.negative_binomial(10, 10 / 16, 400_000)])
    assert mixed.mean[0] == pytest.approx(y.mean(), rel=0.01)
    assert (mixed.mean + mixed.spread * mixed.mean**2)[0] == pytest.approx(y.var(), rel=0.02)


def test_the_censored_likelihood_finds_the_mean_that_sales_hide():
    draw, mean, size, stock = np.random.default_rng(3), 8.0, 2.0, 7.0
    demand = draw.negative_binomial(size, size / (size + mean), 10_000).astype(float)
    y, out = np.minimum(demand, stock), demand >= stock
    # Customers come evenly: the last of seven units goes at the seventh of `demand` ordered moments.
    gone = draw.beta(stock, np.maximum(demand - stock, 0) + 1)

    @jax.jit
    @jax.grad
    def slope(raw, available):
        law = NegativeBinomial(jnp.exp(raw[0]), jnp.exp(raw[1]))
        return -log_likelihood(law, jnp.asarray(y, jnp.float32), available).mean()

    def fitted(available):
        raw = jnp.asarray([1.0, 0.0])
        for _ in range(120):
            raw = raw - 0.5 * slope(raw, jnp.asarray(available, jnp.float32))
        return float(jnp.exp(raw[0]))

    assert fitted(np.where(out, gone, 1.0)) == pytest.approx(mean, rel=0.03)  # the share is known
    assert fitted(np.where(out, 0.0, 1.0)) == pytest.approx(mean, rel=0.03)  # only that it sold out
    assert fitted(np.ones_like(y)) < 0.7 * mean  # what a naive fit says


def test_quantiles_are_scipys():
    mean, spread, _, truth = drawn(600)
    levels = np.asarray([0.05, 0.5, 0.9, 0.99])
    found = quantiles_of(NegativeBinomial(*numbers(mean, spread)), levels)
    wanted = truth.ppf(levels[:, None]).T
    small = wanted < 100
    assert (found[small] == wanted[small]).mean() > 0.99
    np.testing.assert_allclose(found, wanted, atol=1.0, rtol=0.02)


@pytest.mark.parametrize("kind", ["hurdle", "tweedie"])
def test_a_quantile_is_where_the_chance_reaches_the_level(kind):
    hurdle = Hurdle(*numbers([0.2, 0.5, 0.9]), NegativeBinomial(*numbers([0.5, 3.0, 8.0], [0.2, 1.0, 0.5])))
    law = hurdle if kind == "hurdle" else Tweedie(*numbers([0.3, 2.0, 12.0], [1.0, 3.0, 0.5]))
    for place, level in enumerate((0.1, 0.7, 0.95)):
        units = quantiles_of(law, np.asarray([0.1, 0.7, 0.95]))[:, place]
        below, upto = chances_of(law, units)
        assert (upto >= level - 0.01).all()
        assert (below[units > 0] <= level + 0.01).all() or kind == "tweedie"
