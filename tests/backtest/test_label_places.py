from hypothesis import given
from hypothesis import strategies as st

from restock.backtest.label_places import BESIDE, LINE, _boxes, beside, places_of_names

SPOT = st.tuples(st.floats(0, 1), st.floats(0, 1))


def test_a_name_stands_beside_its_mark_unless_something_is_there():
    assert places_of_names([(0.2, 0.5)], ["as it is"], 1, 1) == ["middle right"]
    assert places_of_names([(0.2, 0.5), (0.26, 0.5)], ["as it is", "b"], 1, 1) == ["top center", "middle right"]
    crowd = [(0.2, 0.5), (0.2 + 2 * BESIDE, 0.5), (0.2, 0.5 + LINE), (0.2, 0.5 - LINE), (0.2 - 2 * BESIDE, 0.5)]
    assert places_of_names(crowd, ["as it is"] * 5, 1, 1)[0] is None


def test_chinese_names_take_more_room():
    marks = [(0.2, 0.5), (0.32, 0.5)]
    assert places_of_names(marks, ["abcde", ""], 1, 1)[0] == "middle right"
    assert places_of_names(marks, ["资金的一半", ""], 1, 1)[0] != "middle right"


@given(st.lists(SPOT, min_size=2, max_size=8, unique=True))
def test_no_two_names_are_written_over_each_other(marks):
    found = places_of_names(marks, ["four"] * len(marks), 1, 1)
    boxes = [_boxes(x, y, 4 * 0.013)[place] for (x, y), place in zip(marks, found, strict=True) if place]
    assert not any(a.meets(b) for number, a in enumerate(boxes) for b in boxes[:number])


def test_what_has_no_place_is_not_written():
    assert beside("x", None) == ""
    assert beside("x", "middle right") == "  x"
    assert beside("x", "middle left") == "x  "
    assert beside("x", "top center") == "x"
