"""A shop's past as dense arrays: what paths are replayed from and features are made from."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
OBSERVED = ("sold", "demand", "known", "on_sale", "seen")


@dataclass(frozen=True)
class History:
    """Rows are items at a site, columns are consecutive periods; plain NumPy, float32.

    `demand` is what customers asked for as far as it can be told: equal to `sold` where the item was in stock,
    estimated where it was not; `known` says which. Column t of these, and of `seen`, may be used for decisions from
    period t + 1 on.
    `planned` and `calendar` are known ahead: they, and `price`, have `ahead` more columns than `demand`.
    """

    items: tuple[str, ...]  # item ids, one per row
    sites: tuple[str, ...]  # site ids, one per row
    groups: NDArray[np.int32]  # category code per row, -1 = none  [item]
    like: tuple[str, ...]  # the item that each row is said to sell like, "" = none
    starts: np.ndarray  # first day of each period, datetime64[D] (a unit that no annotation can name)  [period]
    period_days: int  # 1 or 7
    sold: Floats  # units [item, period]
    demand: Floats  # units, stock-outs corrected [item, period]
    known: Floats  # 1 where demand was observed, 0 where it is an estimate or unknown [item, period]
    on_sale: Floats  # 1 from the item's launch on, 0 before (and after its end, where known) [item, period]
    price: Floats  # money per unit charged, later planned or carried forward [item, period + ahead]
    seen: Floats  # covariates of the item that are known only once a period is over [item, period, covariate]
    seen_names: tuple[str, ...]
    planned: Floats  # known-ahead covariates of the item: discount, promotion, ... [item, period + ahead, covariate]
    planned_names: tuple[str, ...]
    calendar: Floats  # known-ahead covariates of the period: holiday, event, ... [period + ahead, covariate]
    calendar_names: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Items, periods."""
        return self.demand.shape[0], self.demand.shape[1]

    @property
    def begun(self) -> NDArray[np.bool_]:
        """Whether each row has ever been on sale; what is announced has not. [item]"""
        return np.asarray(self.on_sale.any(axis=1))

    @property
    def ahead(self) -> int:
        """Periods for which plans exist beyond the last observed one."""
        return self.calendar.shape[0] - self.demand.shape[1]

    def until(self, period: int) -> "History":
        """The same shop as it was known before period `period`; plans stay `ahead` periods long."""
        seen = {name: getattr(self, name)[:, :period] for name in OBSERVED}
        plans = {name: getattr(self, name)[:, : period + self.ahead] for name in ("price", "planned")}
        return replace(
            self, starts=self.starts[:period], calendar=self.calendar[: period + self.ahead], **seen, **plans
        )

    def rows(self, index: NDArray[np.intp]) -> "History":
        """Only some items, in the order of `index`."""
        arrays = {name: getattr(self, name)[index] for name in (*OBSERVED, "price", "planned", "groups")}
        ids = {name: tuple(getattr(self, name)[i] for i in index) for name in ("items", "sites", "like")}
        return replace(self, **arrays, **ids)
