import numpy as np
import pytest

from restock.intake.classes import LABELS, classify
from restock.simulator.history import History


def history(demand: list[list[float]], price: list[float] | None = None, **changes: object) -> History:
    units = np.array(demand, np.float32)
    items, periods = units.shape
    ones = np.ones_like(units)
    arrays = {
        "groups": np.full(items, -1, np.int32),
        "starts": np.arange(periods).astype("datetime64[D]"),
        "sold": units,
        "demand": units,
        "known": ones,
        "on_sale": ones,
        "price": ones * (np.nan if price is None else np.array(price, np.float32)[:, None]),
        "seen": np.zeros((items, periods, 0), np.float32),
        "planned": np.zeros((items, periods, 0), np.float32),
        "calendar": np.zeros((periods, 0), np.float32),
    }
    names = tuple(f"i{n}" for n in range(items))
    none = {"seen_names": (), "planned_names": ()}
    fixed = {
        **none,
        "items": names,
        "sites": ("main",) * items,
        "like": ("",) * items,
        "period_days": 1,
        "calendar_names": (),
    }
    return History(**{**fixed, **arrays, **changes})  # type: ignore[arg-type]


def test_value_classes_cut_at_80_and_95_percent_of_money():
    # money 50, 30, 15, 3, 2 of 100: the third begins at exactly 80 %, the fourth at exactly 95 %
    found = classify(history([[3.0], [5.0], [1.0], [1.0], [0.2]], price=[5 / 3 * 10, 6, 15, 3, 10]))
    assert found.value.tolist() == ["A", "A", "B", "C", "C"]


def test_one_item_alone_is_in_class_a():
    assert classify(history([[1.0, 2.0]])).value.tolist() == ["A"]


def test_without_prices_units_count():
    assert classify(history([[8.0], [1.5], [0.5]])).value.tolist() == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("demand", "steadiness"),
    [([10, 10, 10, 10], "X"), ([5, 15, 5, 15], "X"), ([4, 16, 4, 16], "Y"), ([0, 0, 0, 8], "Z"), ([0, 0, 0, 0], "Z")],
)
def test_steadiness_is_the_coefficient_of_variation(demand: list[float], steadiness: str):
    # 0, 0.5 (still X), 0.6, 1.73, none
    assert classify(history([demand])).steadiness.tolist() == [steadiness]


@pytest.mark.parametrize(
    ("demand", "pattern"),
    [
        ([5, 6, 5, 6, 5, 6, 5, 6], "smooth"),  # interval 1, CV2 0.008
        ([1, 9, 1, 9, 1, 9, 1, 9], "erratic"),  # interval 1, CV2 16/25 = 0.64
        ([5, 0, 5, 0, 5, 0, 5, 0], "intermittent"),  # interval 2, CV2 0
        ([1, 0, 9, 0, 1, 0, 9, 0], "lumpy"),  # interval 2, CV2 0.64
        ([5, 6, 5, 6, 5, 6, 5], "new"),
        ([0, 0, 0, 0, 0, 0, 0, 0], "none"),
    ],
)
def test_patterns_are_those_of_syntetos_and_boylan(demand: list[float], pattern: str):
    assert classify(history([demand])).pattern.tolist() == [pattern]


def test_periods_that_were_not_seen_do_not_count():
    demand = [[0, 0, 0, 0, 5, 6, 5, 6, 5, 6, 5, 6, 99]]
    on_sale = np.array([[0] * 4 + [1] * 9], np.float32)
    known = np.array([[1] * 12 + [0]], np.float32)
    found = classify(history(demand, on_sale=on_sale, known=known))
    assert (found.pattern.tolist(), found.steadiness.tolist()) == (["smooth"], ["X"])


def test_the_future_does_not_change_a_class():
    rng = np.random.default_rng(0)
    past = rng.poisson(1.0, (30, 20)).astype(float)
    poisoned = np.concatenate([past, rng.poisson(1000.0, (30, 5))], axis=1)
    for one, other in zip(
        classify(history(past.tolist())), classify(history(poisoned.tolist()), until=20), strict=True
    ):
        assert one.tolist() == other.tolist()


def test_every_class_has_a_label_in_both_languages():
    found = classify(history([[5, 6, 5, 6, 5, 6, 5, 6], [0, 0, 0, 0, 0, 0, 0, 1]]))
    for name in np.concatenate(found):
        assert LABELS[str(name)].en
        assert LABELS[str(name)].zh
