"""The items of a sample shop and their suppliers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.simulator.sample_shop.settings import SampleSettings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = np.ndarray  # fixed-width strings; their width is part of the type, so no narrower annotation fits all

LONGEST_LEAD = 60  # days
LATEST = 21  # days after the promised one on which a late order comes at the latest
ON_TIME, EARLY = 0.62, 0.1  # shares of orders that come on the promised day and on the day before


class Category(NamedTuple):
    """Words, money and seasons of one kind of goods."""

    name: str
    name_zh: str
    nouns: tuple[tuple[str, str], ...]
    price: float  # median, money per unit
    margin: float  # share of the list price
    summer: float  # amplitude of the yearly wave, logarithm; negative: a winter kind
    weekend: float  # logarithm of weekend over weekdays
    double_11: float  # response to Double 11 and 618; 1 is average
    new_year: float  # response to the Spring Festival


CATEGORIES = (
    Category(
        "apparel", "服饰", (("coat", "外套"), ("shirt", "衬衫"), ("scarf", "围巾")), 129, 0.58, -0.35, 0.10, 1.2, 1.0
    ),
    Category(
        "beauty",
        "美妆",
        (("serum", "精华"), ("sunscreen", "防晒霜"), ("lipstick", "口红")),
        99,
        0.62,
        0.1,
        0.05,
        1.3,
        0.8,
    ),
    Category(
        "electronics",
        "数码",
        (("earphones", "耳机"), ("charger", "充电器"), ("lamp", "台灯")),
        159,
        0.35,
        0,
        -0.05,
        1.15,
        0.7,
    ),
    Category("food", "食品", (("nuts", "坚果"), ("tea", "茶叶"), ("biscuits", "饼干")), 39, 0.42, -0.1, 0.08, 0.8, 1.4),
    Category(
        "home", "家居", (("pillow", "枕头"), ("kettle", "水壶"), ("towel", "毛巾")), 69, 0.48, -0.05, 0.12, 1.0, 0.9
    ),
    Category("baby", "母婴", (("diapers", "纸尿裤"), ("bottle", "奶瓶"), ("wipes", "湿巾")), 79, 0.38, 0, 0, 1.05, 0.8),
    Category(
        "sports", "运动", (("mat", "瑜伽垫"), ("bottle", "运动水杯"), ("shorts", "短裤")), 89, 0.5, 0.4, 0.06, 0.9, 0.8
    ),
    Category(
        "pets", "宠物", (("cat food", "猫粮"), ("litter", "猫砂"), ("toy", "宠物玩具")), 59, 0.4, 0, 0.03, 0.95, 0.7
    ),
)
COLOURS = (("red", "红色"), ("blue", "蓝色"), ("grey", "灰色"), ("green", "绿色"), ("white", "白色"), ("black", "黑色"))
BRANDS = ("Sample North", "Sample River", "Sample Peak", "Sample Moon", "Sample Field")
PACKS = np.array([1, 6, 12, 24])


class Catalogue(NamedTuple):
    """One row per item. Days are counted from the first day of the history."""

    item: Texts
    name: Texts
    name_zh: Texts
    category: NDArray[np.intp]
    brand: Texts
    list_price: Floats
    unit_cost: Floats
    level: Floats  # usual demand, units per day
    launch: Ints  # day; may be long before the history
    last: Ints  # last day on sale; may be after the history
    supplier: NDArray[np.intp]
    lead: Ints  # promised days from order to shelf
    lead_chance: Floats  # the true law of that [item, lead]
    pack: Ints
    minimum: Ints
    review: Ints  # days between two orders


def draw_catalogue(settings: SampleSettings, rng: np.random.Generator) -> Catalogue:
    """Draw the items: three orders of magnitude of demand, some new, some at their end."""
    n, days = settings.items, settings.days
    category = rng.integers(0, len(CATEGORIES), n)
    names, names_zh = _names(category, rng)
    level = settings.level * np.exp(settings.spread * rng.standard_normal(n))
    kind = np.array([c.price for c in CATEGORIES])[category]
    price = np.maximum(np.round(kind * np.exp(0.5 * rng.standard_normal(n) - 0.08 * np.log(level))), 5.0) - 0.1
    margin = np.clip(np.array([c.margin for c in CATEGORIES])[category] + rng.normal(0, 0.06, n), 0.12, 0.8)
    launch, last = _lives(days, settings.ahead, n, rng)
    supplier = rng.integers(0, max(3, min(30, n // 15)), n)
    leads = np.where(rng.random(supplier.max() + 1) < 0.7, rng.integers(3, 13, supplier.max() + 1), 0)
    leads = np.where(leads > 0, leads, rng.integers(18, 33, len(leads)))
    lateness = rng.uniform(2.0, 7.0, len(leads))[supplier]
    pack = PACKS[np.clip(np.round(np.log10(level) + rng.normal(0.6, 0.6, n)), 0, 3).astype(int)]
    minimum = np.maximum(1, np.round(level * rng.uniform(1, 7, n) / pack)).astype(np.int64) * pack
    return Catalogue(
        item=np.array([f"SYN-{i:0{max(4, len(str(n)))}d}" for i in range(1, n + 1)]),
        name=names,
        name_zh=names_zh,
        category=category,
        brand=np.array(BRANDS)[rng.integers(0, len(BRANDS), n)],
        list_price=np.round(price, 2),
        unit_cost=np.round(price * (1.0 - margin), 2),
        level=level,
        launch=launch,
        last=last,
        supplier=supplier,
        lead=leads[supplier],
        lead_chance=lead_law(leads[supplier], lateness),
        pack=pack.astype(np.int64),
        minimum=minimum,
        review=rng.choice([1, 3, 7], n, p=[0.3, 0.2, 0.5]),
    )


def lead_law(promised: Ints, lateness: Floats) -> Floats:
    """P(lead time in days): a little early, on time, or late by a geometric number of days. [item, lead]"""
    late = np.arange(1, LATEST + 1)
    tail = (1.0 - 1.0 / lateness[:, None]) ** (late - 1)
    tail *= (1.0 - ON_TIME - EARLY) / tail.sum(-1, keepdims=True)
    law = np.zeros((len(promised), LONGEST_LEAD))
    rows = np.arange(len(promised))
    law[rows, promised - 1], law[rows, promised] = EARLY, ON_TIME
    law[rows[:, None], promised[:, None] + late] = tail
    return law


def _lives(days: int, ahead: int, items: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """First and last day on sale: one item in seven is new, one in twelve ends within the history."""
    launch = -rng.integers(30, 900, items)
    new = rng.random(items) < 0.15
    launch = np.where(new, rng.integers(0, max(days - 14, 1), items), launch)
    last = np.full(items, days + ahead + 10_000)
    fate = rng.random(items)
    ends = (fate < 0.08) & (launch < days // 3)
    last = np.where(ends, rng.integers(days // 2, days, items), last)
    ending = (fate > 0.96) & (launch < days // 3)
    last = np.where(ending, days + rng.integers(5, 60, items), last)
    return launch.astype(np.int64), last.astype(np.int64)


def _names(category: NDArray[np.intp], rng: np.random.Generator) -> tuple[Texts, Texts]:
    nouns, colours = rng.integers(0, 3, len(category)), rng.integers(0, len(COLOURS), len(category))
    sizes = rng.integers(1, 100, len(category))
    english, chinese = [], []
    for c, noun, colour, size in zip(category, nouns, colours, sizes, strict=True):
        words, tint = CATEGORIES[c].nouns[noun], COLOURS[colour]
        english.append(f"Sample {words[0]} {tint[0]} {size}")
        chinese.append(f"示例{tint[1]}{words[1]} {size} 号")
    return np.array(english), np.array(chinese)
