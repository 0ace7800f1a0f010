import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from restock.cli.plain import plain
from restock.language import Text

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.builds(Text, st.text(), st.text()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=10,
)


@given(VALUES)
def test_whatever_a_workflow_tells_is_json(value) -> None:
    said = plain(value)
    assert json.loads(json.dumps(said, allow_nan=False)) == said


def test_numbers_dates_records_and_arrays_become_what_they_say() -> None:
    @dataclass(frozen=True)
    class Line:
        item: str
        day: date

    assert plain(
        {
            "line": Line("A", date(2026, 1, 2)),
            "at": datetime(2026, 1, 2, 3, 4),
            "units": np.float32(2.5),
            "count": np.int64(3),
            "array": np.array([[1.0, np.inf]]),
            "set": {2, 1},
            "path": Path("a") / "b",
            "why": Text("because", "因为"),
        }
    ) == {
        "line": {"item": "A", "day": "2026-01-02"},
        "at": "2026-01-02T03:04:00",
        "units": 2.5,
        "count": 3,
        "array": [[1.0, None]],
        "set": [1, 2],
        "path": str(Path("a/b")),
        "why": {"en": "because", "zh": "因为"},
    }
