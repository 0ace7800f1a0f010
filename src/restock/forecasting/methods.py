"""Every forecaster by its name."""

from collections.abc import Callable

from restock.errors import UsageError, nearest
from restock.forecasting.baselines import BASELINES
from restock.forecasting.blend import Blend
from restock.forecasting.forecaster import Forecaster
from restock.forecasting.local import Local, recovered_demand
from restock.forecasting.trees import QuantileTrees, Trees
from restock.forecasting.uplift import Lifted
from restock.language import Text

TITLES: dict[str, Text] = {
    "seasonal_naive": Text("same weekday last week", "上周同日"),
    "seasonal_mean": Text("same weekday, mean of 8 weeks", "近 8 周同日均值"),
    "moving_average": Text("moving average", "移动平均"),
    "weighted_velocity": Text("weighted velocity", "加权动销"),
    "ses": Text("exponential smoothing", "指数平滑"),
    "croston_sba": Text("Croston-SBA", "Croston-SBA"),
    "tsb": Text("TSB", "TSB"),
    "ets": Text("level, damped trend and week (ETS)", "水平、阻尼趋势与周季节（ETS）"),
    "median_ensemble": Text("median of five methods", "五种方法的中位数"),
    "ensemble_recovered": Text("median of five methods, stock-outs corrected", "五种方法的中位数（修正缺货）"),
    "ensemble_events": Text("median of five methods with lifts of festivals", "五种方法的中位数加节日提升"),
    "lightgbm": Text("boosted trees (LightGBM)", "梯度提升树（LightGBM）"),
    "lightgbm_quantile": Text("boosted trees per quantile (LightGBM)", "分位数梯度提升树（LightGBM）"),
    "deep": Text("one network for all series, of periods in stock", "统一神经网络（有货时期）"),
    "deep_trees": Text("network and boosted trees per quantile", "神经网络与分位数梯度提升树"),
    "deep_censored": Text(
        "one network for all series, sold-out periods as cut short", "统一神经网络（缺货时期按截断处理）"
    ),
}
FALLBACK = "median_ensemble"  # where the history is too short to compare


def _local(name: str) -> Callable[[], Forecaster]:
    return lambda: Local(name, BASELINES[name])


METHODS: dict[str, Callable[[], Forecaster]] = {
    **{name: _local(name) for name in BASELINES},
    "ensemble_recovered": lambda: Local("ensemble_recovered", BASELINES[FALLBACK], recovered_demand),
    "ensemble_events": lambda: Lifted("ensemble_events", find_method(FALLBACK)),
    "lightgbm": Trees,
    "lightgbm_quantile": QuantileTrees,
    "deep": lambda: _deep("deep", "leave_out"),
    "deep_trees": lambda: Blend("deep_trees", find_method("deep"), find_method("lightgbm_quantile")),
    "deep_censored": lambda: _deep("deep_censored", "thin"),
}


def _deep(name: str, sold_out: str) -> Forecaster:
    """Imported only where it is used: JAX takes a second."""
    from restock.forecasting.deep.forecaster import Deep
    from restock.forecasting.deep.settings import DeepConfig

    return Deep(DeepConfig.model_validate({"sold_out": sold_out}), name)


def find_method(name: str) -> Forecaster:
    """A forecaster by its name.

    Raises:
        UsageError: there is none of that name; the hint offers the nearest.
    """
    if name not in METHODS:
        raise UsageError(
            Text(
                f"there is no forecasting method `{name}`; there are {len(METHODS)}",
                f"没有名为 `{name}` 的预测方法；共有 {len(METHODS)} 种",
            ),
            hint=nearest(name, METHODS),
        )
    return METHODS[name]()
