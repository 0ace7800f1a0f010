import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats

from restock.errors import DataError, UsageError
from restock.simulator.demand import Gamma, Geometric, NegativeBinomial, Normal, Poisson, lead_time_arrivals

LAWS = [
    Poisson(5.0),
    Poisson(0.05),
    NegativeBinomial(4.0, 0.5),
    NegativeBinomial(4.0, 0.0),
    Geometric(5.0),
    Gamma(3.0, 0.4),
    Normal(100.0, 20.0),
]
DISCRETE = [Poisson(5.0), NegativeBinomial(4.0, 0.5), NegativeBinomial(4.0, 0.0), Geometric(5.0)]


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_draws_have_the_mean_and_variance_that_the_law_states(law):
    draws = law.draw(rng(), 400_000).astype(np.float64)
    assert draws.dtype == np.float64
    assert law.draw(rng(), (2, 3)).shape == (2, 3)
    assert law.draw(rng(), 3).dtype == np.float32
    error = np.sqrt(law.variance / draws.size)
    assert abs(draws.mean() - law.mean) < 5 * error
    assert draws.var() == pytest.approx(law.variance, rel=0.04)
    assert draws.min() >= 0


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_probabilities_are_the_frequencies_of_rounded_draws(law):
    draws = np.floor(law.draw(rng(1), 200_000) + 0.5).astype(int)
    upper = 8 if law.mean < 50 else 110
    cells = np.bincount(np.minimum(draws, upper), minlength=upper + 1) / draws.size
    chances = law.probabilities(upper)
    assert chances.shape == (upper + 1,)
    np.testing.assert_allclose(cells, chances, atol=5e-3)


@pytest.mark.parametrize("law", DISCRETE, ids=str)
def test_moments_can_be_read_back_from_probabilities(law):
    units = np.arange(401)
    chances = law.probabilities(400)
    assert chances @ units == pytest.approx(law.mean, rel=1e-6)
    assert chances @ units**2 - (chances @ units) ** 2 == pytest.approx(law.variance, rel=1e-6)


def test_golden_cells_of_poisson_five_and_geometric_five():
    # tables of the Poisson law: P(0) = e^-5, P(5) = 0.17547; geometric with p = 1/6
    assert Poisson(5.0).probabilities(8)[[0, 5]] == pytest.approx([0.0067379, 0.1754674], rel=1e-5)
    assert Geometric(5.0).probabilities(2) == pytest.approx([1 / 6, 5 / 36, 25 / 36])


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 60), st.floats(0, 3), st.integers(0, 40))
def test_cells_add_up_to_one_whatever_the_parameters(mean, dispersion, upper):
    counts = [Poisson(mean), NegativeBinomial(mean, dispersion), Geometric(mean)]
    for law in [*counts, Normal(mean, dispersion), Gamma(mean, 0.5)]:
        chances = law.probabilities(upper)
        assert chances.sum() == pytest.approx(1.0)
        assert chances.min() >= -1e-12


def test_means_may_differ_by_item_and_period():
    means = np.array([[1.0, 10.0, 0.0], [100.0, 2.0, 3.0]])
    draws = NegativeBinomial(means, np.array([[0.1], [0.5]])).draw(rng(), (20_000, 2, 3))
    np.testing.assert_allclose(draws.mean(0), means, rtol=0.05, atol=1e-9)
    assert NegativeBinomial(means, np.array([[0.1], [0.5]])).probabilities(4).shape == (2, 3, 5)
    assert Normal(means, 1.0).probabilities(0).shape == (2, 3, 1)


def test_clipping_moves_the_moments_of_a_normal_law_as_computed():
    law = Normal(2.0, 3.0)
    draws = law.draw(rng(3), 500_000).astype(np.float64)
    mean, variance = law.clipped
    assert draws.mean() == pytest.approx(mean, rel=0.01)
    assert draws.var() == pytest.approx(variance, rel=0.01)
    assert mean > law.mean
    assert Normal(100.0, 1.0).clipped[0] == pytest.approx(100.0)


def test_the_same_seed_gives_the_same_draws():
    np.testing.assert_array_equal(Geometric(3.0).draw(rng(5), 50), Geometric(3.0).draw(rng(5), 50))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Poisson(-1.0),
        lambda: Poisson(np.array([1.0, np.nan])),
        lambda: NegativeBinomial(1.0, -0.1),
        lambda: Geometric(np.inf),
        lambda: Normal(1.0, -2.0),
        lambda: Gamma(1.0, 0.0),
        lambda: Poisson(1.0).probabilities(-1),
    ],
)
def test_impossible_parameters_are_refused_in_both_languages(make):
    with pytest.raises(UsageError) as caught:
        make()
    assert caught.value.message.en
    assert caught.value.message.zh
    assert caught.value.hint.zh


def test_the_error_says_which_parameter_and_how_many_values():
    with pytest.raises(UsageError, match=r"`mean`.*1 of 3.*-2"):
        Poisson(np.array([1.0, -2.0, 3.0]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=7), st.integers(1, 20), st.integers(0, 1000))
def test_each_order_arrives_exactly_once_at_its_own_lead_time(weights, periods, seed):
    if sum(weights) == 0:
        weights = [*weights, 1]
    chance = np.array(weights) / sum(weights)
    leads = len(chance)
    arrives = lead_time_arrivals(rng(seed), chance, periods)
    assert arrives.shape == (periods, leads)
    for left in range(-(leads - 1), periods):
        seen = [(left + a, a) for a in range(leads) if 0 <= left + a < periods]
        times = sum(arrives[t, a] for t, a in seen)
        whole = left >= 0 and left + leads <= periods  # all its possible arrivals lie inside the window
        assert times == 1 if whole else times <= 1
    assert not arrives[:, chance == 0].any()


def test_lead_times_follow_their_law_also_for_orders_that_left_before_the_window():
    chance = np.array([[0.1, 0.2, 0.3, 0.4], [0.0, 0.0, 1.0, 0.0]])
    arrives = lead_time_arrivals(rng(), np.broadcast_to(chance, (40_000, 2, 4)), 3)
    assert arrives.shape == (40_000, 2, 3, 4)
    np.testing.assert_allclose(arrives.mean(0), np.broadcast_to(chance[:, None], (2, 3, 4)), atol=0.012)


def test_lead_times_of_two_orders_are_independent():
    arrives = lead_time_arrivals(rng(), np.broadcast_to([0.5, 0.5], (40_000, 2)), 2)
    overtaken = (arrives[:, 1, 0] * arrives[:, 1, 1]).mean()  # yesterday's and today's order arrive together
    assert overtaken == pytest.approx(0.25, abs=0.01)


def test_chances_of_a_lead_time_that_do_not_add_up_are_refused():
    with pytest.raises(DataError, match=r"0\.9"):
        lead_time_arrivals(rng(), np.array([0.4, 0.5]), 3)
    with pytest.raises(DataError):
        lead_time_arrivals(rng(), np.array([1.2, -0.2]), 3)


def test_negative_binomial_agrees_with_scipy():
    expected = stats.nbinom(2.0, 2.0 / 6.0).pmf(np.arange(10))
    np.testing.assert_allclose(NegativeBinomial(4.0, 0.5).probabilities(10)[:-1], expected)
