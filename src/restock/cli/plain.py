"""Make what a workflow tells fit for JSON: a number that is none becomes null, never NaN."""

import dataclasses
import math
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

from restock.language import Text


def plain(value: Any) -> Any:
    """The same, made of dict, list, str, int, float, bool and None only; a Text becomes {"en", "zh"}."""
    if isinstance(value, Text):
        return {"en": value.en, "zh": value.zh}
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in (sorted(value) if isinstance(value, set | frozenset) else value)]
    listed = getattr(value, "tolist", None)  # numbers and arrays of NumPy and JAX
    return str(value) if listed is None else plain(listed())
