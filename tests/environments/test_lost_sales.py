import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.environments.lost_sales import LONG, PUBLISHED, ZIPKIN, LostSales, find_instance
from restock.errors import UsageError


def test_there_are_32_instances_of_zipkin_and_12_with_long_lead_times():
    assert len(ZIPKIN) == 32
    assert len(LONG) == 12
    assert all(PUBLISHED[instance].optimum is not None for instance in ZIPKIN)
    assert all(PUBLISHED[instance].best_known is not None for instance in LONG)


def test_every_instance_is_found_by_its_name():
    assert all(find_instance(instance.name) == instance for instance in PUBLISHED)
    assert find_instance(" Poisson-P4-L4 ") == LostSales("poisson", 4, 4)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="`poison-p4-L4`") as caught:
        find_instance("poison-p4-L4")
    assert "`poisson-p4-L4`" in caught.value.hint.en
    assert "`poisson-p4-L4`" in caught.value.hint.zh


def test_a_name_like_no_other_is_still_answered_with_names():
    with pytest.raises(UsageError) as caught:
        find_instance("???")
    assert "`poisson-p4-L1`" in caught.value.hint.en


def test_unusual_means_and_holding_costs_are_part_of_the_name():
    assert LostSales("geometric", 2, 9, mean=1.5, holding=0.5).name == "geometric-p9-L2-m1.5-h0.5"


@pytest.mark.parametrize("wrong", [{"lead_time": 0}, {"penalty": -1}, {"mean": 0}, {"demand": "normal"}])
def test_an_impossible_instance_is_refused(wrong):
    with pytest.raises(UsageError, match="is not a lost-sales instance"):
        LostSales(**{"demand": "poisson", "lead_time": 1, "penalty": 4, **wrong})


def test_newsvendor_levels_are_those_of_the_tables_of_the_laws():
    # Poisson 5: P(D <= 6) = 0.762, P(D <= 7) = 0.867; geometric: P(D <= d) = 1 - (5/6)^(d+1), 0.768 at 7 and 0.806 at 8
    assert LostSales("poisson", 1, 4).newsvendor(1) == 7
    assert LostSales("geometric", 1, 4).newsvendor(1) == 8


@given(st.sampled_from(["poisson", "geometric"]), st.floats(0.2, 9), st.integers(0, 30))
def test_expected_costs_are_sums_over_demand(law, mean, on_hand):
    instance = LostSales(law, 1, 7, mean=mean, holding=2)
    chances = instance.demand_chances(400)
    assert chances.sum() == pytest.approx(1)
    by_hand = sum(
        chance * (2 * max(on_hand - demand, 0) + 7 * max(demand - on_hand, 0)) for demand, chance in enumerate(chances)
    )
    assert instance.expected_costs(30)[on_hand] == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize("law", ["poisson", "geometric"])
def test_drawn_demand_has_the_chances_of_its_law(law):
    instance = LostSales(law, 1, 4)
    drawn = instance.draw(np.random.default_rng(1), 200_000)
    shares = np.bincount(drawn, minlength=12)[:12] / drawn.size
    np.testing.assert_allclose(shares, instance.demand_chances(12), atol=0.004)
