"""Where the name of a mark stands, so that it covers no other mark and no other name."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Place = Literal["middle right", "top center", "bottom center", "middle left"]
LETTER, SIGN = 0.013, 0.024  # widths of a Latin letter and of a Chinese sign, as a share of the figure
LINE, MARK = 0.07, 0.012  # heights of a line, and half the width of a mark
BESIDE, ABOVE = 0.02, 0.07  # from the middle of a mark to its name
EDGE = 0.06  # from the edge of the figure to the first mark


class Box(NamedTuple):
    """A rectangle, in shares of the figure."""

    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: "Box") -> bool:
        """They have a part in common."""
        beside = self.right < other.left or other.right < self.left
        return not (beside or self.top < other.bottom or other.top < self.bottom)


def places_of_names(
    marks: Sequence[tuple[float, float]], names: Sequence[str], width: float, height: float
) -> list[Place | None]:
    """A place for each name; none: there is no room. The first ones come first.

    Args:
        marks: x and y of each mark.
        width, height: of the figure, in the same units.
    """
    points = [(x / width, y / height) for x, y in marks]
    taken = [Box(x - MARK, x + MARK, y - LINE / 3, y + LINE / 3) for x, y in points]
    left = min((x for x, _ in points), default=0.0) - EDGE
    found: list[Place | None] = []
    for number, ((x, y), name) in enumerate(zip(points, names, strict=True)):
        others = [box for place, box in enumerate(taken) if place != number]
        free: list[tuple[Place, Box]] = [
            (place, box)
            for place, box in _boxes(x, y, _length(name)).items()
            if left <= box.left and box.right <= left + 1 and not any(box.meets(other) for other in others)
        ]
        found.append(free[0][0] if free else None)
        taken += [box for _, box in free[:1]]
    return found


def beside(name: str, place: Place | None) -> str:
    """A name as it is written at its place: off the mark; empty where it has none."""
    return {"middle right": f"  {name}", "middle left": f"{name}  ", None: ""}.get(place, name)


def _boxes(x: float, y: float, length: float) -> dict[Place, Box]:
    half, middle = length / 2, (y - LINE / 2, y + LINE / 2)
    return {
        "middle right": Box(x + BESIDE, x + BESIDE + length, *middle),
        "top center": Box(x - half, x + half, y + ABOVE - LINE / 2, y + ABOVE + LINE / 2),
        "bottom center": Box(x - half, x + half, y - ABOVE - LINE / 2, y - ABOVE + LINE / 2),
        "middle left": Box(x - BESIDE - length, x - BESIDE, *middle),
    }


def _length(name: str) -> float:
    return sum(LETTER if sign.isascii() else SIGN for sign in name)
