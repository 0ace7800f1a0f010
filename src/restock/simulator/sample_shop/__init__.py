"""A believable online shop, made up: demand with all that real demand has, stock that ran out, and the truth beside it.

`draw_shop(SampleSettings())` returns what a shop's files would hold (`SampleShop.tables()`) and, kept aside, the truth
that no shop knows. Everything in it is synthetic and says so: item ids start with SYN, names with Sample or 示例.
"""

from restock.simulator.sample_shop.settings import LABEL, SampleSettings
from restock.simulator.sample_shop.shop import SampleShop, Truth, draw_shop

__all__ = ["LABEL", "SampleSettings", "SampleShop", "Truth", "draw_shop"]
