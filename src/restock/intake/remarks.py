"""What the history of a shop takes for granted about its sales rows, said in words."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.intake.assumptions import Assumption, listed
from restock.language import Text

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]


def never_sold(items: list[str]) -> list[Assumption]:
    """Items with rows but without a sale in the complete periods."""
    if not items:
        return []
    return [
        Assumption(
            "never_sold",
            str(len(items)),
            Text(
                f"{len(items)} items sold nothing in the complete periods and are left out: {listed(items)}",
                f"{len(items)} 个商品在完整周期内没有销量，不参与计算：{listed(items)}",
            ),
            Text("load the rows of the days on which they sold", "请导入它们有销量的日期"),
        )
    ]


def sales_remarks(frame: pl.DataFrame, net: Doubles, unlaunched: list[str]) -> list[Assumption]:
    """Returns, suspect rows, and items that appear late.

    Args:
        frame: the sales rows inside the periods.
        net: units sold less units returned. [item, period]
        unlaunched: items whose first row is not in the first period and that have no launch date.
    """
    found = []
    returned = float(-frame["quantity"].clip(upper_bound=0).sum())
    if returned > 0:
        beyond = float(-np.minimum(net, 0).sum())
        found.append(
            Assumption(
                "returns",
                f"{returned:g}",
                Text(
                    f"{returned:g} returned units are taken off the sales of the period in which they came back; "
                    f"{beyond:g} of them exceed the sales of that period and are left out",
                    f"{returned:g} 件退货从退回当期的销量中扣除；其中 {beyond:g} 件超过当期销量，不计入",
                ),
                Text(
                    "leave return rows out of the file if returned goods cannot be sold again",
                    "如果退货不能再次销售，请不要在文件中包含退货行",
                ),
            )
        )
    suspect = frame.filter("suspect")
    if suspect.height:
        units = float(suspect["quantity"].sum())
        found.append(
            Assumption(
                "suspect",
                str(suspect.height),
                Text(
                    f"{suspect.height} suspect rows ({units:g} units, outliers or one-off bulk) count as sold "
                    "but not as demand",
                    f"{suspect.height} 条可疑记录（{units:g} 件，异常或一次性大单）计入销量，但不计入需求",
                ),
                Text(
                    "set `suspect` to false in those rows if such orders will come again",
                    "如果这类订单还会出现，请把这些行的 `suspect` 设为 false",
                ),
            )
        )
    if unlaunched:
        found.append(
            Assumption(
                "launch",
                str(len(unlaunched)),
                Text(
                    f"{len(unlaunched)} items count as not on sale before their first row: {listed(unlaunched)}",
                    f"{len(unlaunched)} 个商品在首条记录之前视为未上架：{listed(unlaunched)}",
                ),
                Text("add `launch` to the items table", "在商品表中加入上架日期 `launch`"),
            )
        )
    return found


def promotion_remarks(frame: pl.DataFrame, early: bool) -> list[Assumption]:
    """When the discounts and promotions of the sales rows were known.

    Args:
        frame: the sales rows inside the periods.
        early: whether they count as planned ahead.
    """
    told = frame.filter((pl.col("discount") < 1) | (pl.col("promotion") > 0)).height
    if not told:
        return []
    text = Text(
        f"{told} sales rows carry a discount or promotion; they count as planned ahead, as far as an order looks",
        f"{told} 条销售记录带有折扣或促销；视为下单时已知的计划",
    )
    if not early:
        text = Text(
            f"{told} sales rows carry a discount or promotion; it counts as known only once its period is over",
            f"{told} 条销售记录带有折扣或促销；视为当期结束后才知道",
        )
    return [
        Assumption(
            "promotions",
            "planned" if early else "seen",
            text,
            Text(
                'set `promotions = "planned"` or `"seen"` under `[shop]`, or load a table of planned promotions',
                '在 `[shop]` 中设置 `promotions = "planned"` 或 `"seen"`，或导入促销计划表',
            ),
        )
    ]


def outage_remarks(share: Doubles | None, active: Flags, short: float) -> list[Assumption]:
    """What was done about empty shelves, or that nothing is known of them."""
    if share is None:
        return [
            Assumption(
                "stock_outs",
                "none",
                Text("no item was ever out of stock: the data do not say it", "假设从未缺货：数据中没有相关信息"),
                Text(
                    "add `in_stock` to daily sales, or load daily stock counts",
                    "在每日销售中加入 `in_stock`，或导入每日库存",
                ),
            )
        ]
    brief = int(((share >= short) & (share < 1) & active).sum())
    long = int(((share < short) & active).sum())
    cells = max(int(active.sum()), 1)
    return [
        Assumption(
            "stock_outs",
            str(brief + long),
            Text(
                f"{brief + long} of {cells} item-periods have a stock-out; demand is corrected by the time on sale in "
                f"{brief} short ones, by the item's running mean in {long} long ones, which do not count as observed",
                f"{cells} 个商品周期中有 {brief + long} 个出现缺货，需求已修正：{brief} 个短缺货按在售时间折算，"
                f"{long} 个长缺货按该商品此前的移动平均估计，后者不算作观测值",
            ),
            Text(
                "no need to, unless `in_stock` or the stock counts are wrong",
                "除非 `in_stock` 或库存数据有误，否则无需处理",
            ),
        )
    ]


def like_remarks(items: pl.DataFrame | None) -> list[Assumption]:
    """Items that are said to be like one that the table of items does not have."""
    if items is None or "like_item" not in items.columns:
        return []
    lost = items.filter(pl.col("like_item").is_not_null() & ~pl.col("like_item").is_in(items["item"].implode()))
    if not lost.height:
        return []
    names, ids = listed(lost["item"].to_list()), listed(lost["like_item"].unique().sort().to_list())
    return [
        Assumption(
            "like_item",
            str(lost.height),
            Text(
                f"{lost.height} items ({names}) are said to be like items that the items table does not have: {ids}; "
                "what to expect of them is taken from their category",
                f"{lost.height} 个商品（{names}）的参照商品不在商品表中：{ids}；改按其类别估计",
            ),
            Text(
                "correct `like_item`, or add the missing items to the items table",
                "请更正 `like_item`，或在商品表中补上缺少的商品",
            ),
        )
    ]
