"""The contract of every forecaster, and how one is tried on the past.

A forecaster is frozen settings; `fit` gives a fitted one, which forecasts from the end of any panel with the same
covariates: the one it was fitted on, a longer one a week later, or other items.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from restock.errors import DataError
from restock.forecasting.forecast import FULL, Forecast
from restock.forecasting.panel import Panel
from restock.language import Text


class Ask(NamedTuple):
    """What is wanted of a forecast."""

    h: int  # periods
    levels: tuple[float, ...] = FULL  # of the quantiles, rising
    n_samples: int = 0  # paths of demand over the h periods
    seed: int = 0


class Fitted(Protocol):
    """A forecaster that has learned."""

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """Forecast the `ask.h` periods after the last observed one of the panel; the same input, the same output."""
        ...


@runtime_checkable
class Rewinding(Protocol):
    """A fitted forecaster that forecasts from an earlier moment of a panel without laying the panel out anew."""

    def predict_at(self, panel: Panel, origin: int, ask: Ask) -> Forecast:
        """The same as `predict(panel.until(origin), ask)`."""
        ...


def predict_at(fitted: Fitted, panel: Panel, origin: int, ask: Ask) -> Forecast:
    """Forecast the periods from `origin` on from what was known before it."""
    if isinstance(fitted, Rewinding):
        return fitted.predict_at(panel, origin, ask)
    return fitted.predict(panel.until(origin), ask)


class Forecaster(Protocol):
    """How to learn; two with the same settings learn the same."""

    @property
    def name(self) -> str:
        """One word, a column of tables."""
        ...

    def fit(self, panel: Panel, h: int, seed: int = 0) -> Fitted:
        """Learn from all that was observed in the panel, to forecast up to `h` periods.

        Periods beyond the panel's last observed one must not be looked at, except plans and the calendar.
        """
        ...


@dataclass(frozen=True)
class Windows:
    """Rolling origins: the last one ends with the history, each one before it `step_size` periods earlier."""

    h: int
    n_windows: int = 4
    step_size: int | None = None  # none: h, so that no period is forecast twice
    refit: bool | int = True  # False: learn once, before the first; k: every k windows

    def origins(self, periods: int) -> tuple[int, ...]:
        """The number of periods that each window may see, the earliest first.

        Raises:
            DataError: the history is too short.
        """
        step = self.step_size or self.h
        first = periods - self.h - (self.n_windows - 1) * step
        if first < 1:
            least = periods - first + 1
            raise DataError(
                Text(
                    f"{self.n_windows} windows of {self.h} periods need at least {least} periods; there are {periods}",
                    f"{self.n_windows} 个窗口、每个 {self.h} 期，至少需要 {least} 期数据；现有 {periods} 期",
                ),
                hint=Text("forecast fewer periods, or use fewer windows", "请缩短预测期或减少窗口数"),
            )
        return tuple(first + i * step for i in range(self.n_windows))

    def refits(self, window: int) -> bool:
        """Whether to learn anew before that window."""
        return window == 0 or (self.refit is not False and window % int(self.refit) == 0)


class Tried(NamedTuple):
    """One window: what was forecast, and from when on."""

    origin: int  # periods that had been observed
    forecast: Forecast


def cross_validate(
    forecaster: Forecaster, panel: Panel, windows: Windows, ask: Ask | None = None, seed: int = 0
) -> Iterator[Tried]:
    """Forecast each window from what was known before it.

    Args:
        forecaster: what to try.
        panel: the whole history.
        windows: where.
        ask: quantiles and samples; its `h` is that of the windows.
        seed: of the learning.
    """
    ask = (ask or Ask(windows.h))._replace(h=windows.h)
    fitted: Fitted | None = None
    for number, origin in enumerate(windows.origins(panel.shape[1])):
        seen = panel.until(origin)
        if fitted is None or windows.refits(number):
            fitted = forecaster.fit(seen, windows.h, seed)
        yield Tried(origin, predict_at(fitted, panel, origin, ask))


def same_levels(levels: Sequence[float]) -> tuple[float, ...]:
    """Levels of quantiles, checked and rising.

    Raises:
        DataError: one is not between 0 and 1.
    """
    wrong = [level for level in levels if not 0 < level < 1]
    if wrong or not levels:
        raise DataError(
            Text(f"a quantile must lie between 0 and 1; got {wrong}", f"分位数必须在 0 和 1 之间；收到 {wrong}"),
            hint=Text("ask for levels such as 0.1, 0.5 and 0.9", "例如 0.1、0.5、0.9"),
        )
    return tuple(sorted(set(levels)))
