"""A prior of worlds: items of shops that never were, drawn by the thousand, for policies that must work anywhere.

`draw_worlds(generator, count, periods)` gives what the simulator takes (`Worlds`), `Prior` says how wide it is.
docs/concepts/worlds.md shows what is in it. Shelf life is not, as the simulator has none.
"""

from restock.simulator.worlds.draw import draw_worlds
from restock.simulator.worlds.prior import CALM, EVERYDAY, PRIOR, STEADY, TAUGHT, Prior
from restock.simulator.worlds.records import DELIVERIES, LONGEST, NOISES, PARTS, Told, Worlds
from restock.simulator.worlds.second import draw_second_worlds

__all__ = [
    "CALM",
    "DELIVERIES",
    "EVERYDAY",
    "LONGEST",
    "NOISES",
    "PARTS",
    "PRIOR",
    "STEADY",
    "TAUGHT",
    "Prior",
    "Told",
    "Worlds",
    "draw_second_worlds",
    "draw_worlds",
]
