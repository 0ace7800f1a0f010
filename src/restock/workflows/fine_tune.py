"""The pretrained policy as a rival in training: as it comes, and learned on with this shop."""

from dataclasses import dataclass

import equinox as eqx
import numpy as np
from numpy.typing import NDArray

from restock.algorithms.fine_tuning import FineTuned, FineTuningConfig, fine_tune, tune_on
from restock.algorithms.problem import Problem
from restock.backtest.catalogue import Catalogue
from restock.backtest.recollection import Recollection, recollect
from restock.backtest.replay import Window, replay
from restock.backtest.windows import Windows
from restock.forecasting.features import Scaling
from restock.language import Text
from restock.policies import pretrained
from restock.policies.generalist import Team
from restock.policies.informed import Informed
from restock.progress import Progress
from restock.workflows.training import FINE_TUNED, GENERALIST

Money = dict[str, NDArray[np.float32]]  # on the validation periods, by policy [row]


@dataclass(frozen=True)
class Shop:
    """What the pretrained policy learns on and is judged by."""

    catalogue: Catalogue
    recollection: Recollection
    windows: Windows
    scaling: Scaling
    validation: Window

    def problem(self, team: Team, until: int) -> Problem:
        """Windows of the periods from the first of training to `until`, as a team sees them."""
        span = (self.windows.train[0], until)
        problem = self.catalogue.problem(span, self.scaling)
        return eqx.tree_at(lambda p: p.known, problem, self.recollection.informed(team, *span))

    def judged(self, team: Team) -> Window:
        """The validation periods as a team sees them."""
        return self.recollection.window(team, self.validation, self.windows.validation[0])


def shop_of(
    catalogue: Catalogue, lead_kind: NDArray[np.str_], windows: Windows, scaling: Scaling, validation: Window
) -> Shop:
    """The shop as the pretrained policy sees it. lead_kind: what each lead time rests on, see `intake.terms`"""
    return Shop(catalogue, recollect(catalogue, lead_kind), windows, scaling, validation)


def judge_pretrained(
    shop: Shop, config: FineTuningConfig | None, seed: int, progress: Progress
) -> tuple[Money, Team | None]:
    """What the pretrained policy earns on the validation periods, and what it does after fine-tuning.

    Args:
        config: settings of fine-tuning; none: it stays as it comes.

    Returns:
        Money by policy, and the fine-tuned team, learned on all periods before the test.
    """
    team = pretrained.load_generalist()
    judged = shop.judged(team)
    earned = {GENERALIST: _earned(team, judged)}
    if config is None:
        return earned, None
    tuned = _tune(shop, judged, config, seed, progress)
    earned[FINE_TUNED] = _earned(tuned.team, judged)
    everything = shop.problem(team, shop.windows.validation[1])
    return earned, tune_on(config, everything, team, tuned.updates, seed)


def settings_of_fine_tuning(catalogue: Catalogue, windows: Windows) -> FineTuningConfig:
    """Windows long enough to see an order arrive and sell."""
    ignored, length = catalogue.warm_up - 1, windows.train[1] - windows.train[0]
    return FineTuningConfig(periods=min(ignored + 12, length), ignored=min(ignored, length // 2))


def _tune(shop: Shop, judged: Window, config: FineTuningConfig, seed: int, progress: Progress) -> FineTuned:
    team = pretrained.load_generalist()
    counts = np.arange(judged.stretch.weight.shape[1]) >= judged.first
    validation = eqx.tree_at(lambda s: s.weight, judged.stretch, judged.stretch.weight * counts)

    def after(made: int, money: float) -> None:
        progress.advance(made, Text(f"validation profit {money:,.0f}", f"验证利润 {money:,.0f}"))

    progress.start(Text("fine-tuning the pretrained policy", "微调预训练策略"), config.updates)
    try:
        return fine_tune(config, shop.problem(team, shop.windows.train[1]), validation, team, seed, after)
    finally:
        progress.finish()


def _earned(team: Team, window: Window) -> NDArray[np.float32]:
    """Profit on each row, where demand was observed."""
    run = replay(Informed(team), window, GENERALIST, "learned")
    return (run.profit * run.known).sum(axis=1)
