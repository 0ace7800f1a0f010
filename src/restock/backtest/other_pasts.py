"""More to learn from than what happened: other pasts that the same shop might have had, beside the real one.

They are the real one, changed (`simulator.augment`), or courses that the shop's forecaster imagines: then the model of
the world that a policy is trained in is forecaster and simulator together.
"""

import jax
import jax.numpy as jnp
import numpy as np

from restock.algorithms.problem import Problem
from restock.backtest.catalogue import Catalogue, Told, make_catalogue
from restock.config import TrainConfig
from restock.errors import UsageError
from restock.forecasting.features import Scaling
from restock.forecasting.foretelling import imagine, imagined, seen_as
from restock.language import Text
from restock.simulator.augment import Augmentation, augment
from restock.simulator.history import History

STREAM = 32452843  # keeps what is drawn here apart from every other use of a seed


def problem_with_other_pasts(
    catalogue: Catalogue, train: tuple[int, int], scaling: Scaling, settings: TrainConfig, seed: int
) -> Problem:
    """What networks learn from: the rows of the real past, then as many again for each other one.

    Other pasts are made from what was known before the last training period: nothing later can get into them. Averages,
    forecasts and features are made anew from each.

    Args:
        catalogue: the shop.
        train: first period, and the one after the last.
        scaling: of features, fitted to the real past.
        settings: how many others, and how far they lie from the real one.
        seed: of what is drawn.
    """
    real = catalogue.problem(train, scaling)
    if not settings.other_pasts and not settings.imagined_pasts:
        return real
    changes = Augmentation(
        settings.augment_scale, settings.augment_shift, settings.augment_swap, settings.augment_noise
    )
    history, first = catalogue.history.until(train[1]), int(catalogue.at[0])

    def other(number: int) -> Problem:
        drawn = augment(history, np.random.default_rng([seed, number, STREAM]), changes)
        told = catalogue.told and catalogue.told._replace(panel=seen_as(catalogue.told.panel.until(train[1]), drawn))
        return of_past(drawn, told)

    def imagine_one(number: int) -> Problem:
        told, longest = catalogue.told, int(catalogue.outlook.protect.max(initial=1))
        if told is None:
            raise no_forecaster()
        fits = told.fits.until(train[1])
        panel = imagine(fits, told.panel.until(train[1]), longest, train[1], seed + 101 * number)
        return of_past(imagined(history, panel, fits.at[0]), told._replace(fits=fits, panel=panel))

    def of_past(drawn: History, told: Told | None) -> Problem:
        seen = make_catalogue(drawn, catalogue.shop, catalogue.objective, first, told)
        return seen.with_features(catalogue.feature_names).problem(train, scaling)

    problems = [real, *(other(number) for number in range(settings.other_pasts))]
    problems += [imagine_one(number) for number in range(settings.imagined_pasts)]
    return jax.tree.map(lambda *rows: jnp.concatenate(rows), *problems)


def no_forecaster() -> UsageError:
    """Nothing can imagine demand."""
    return UsageError(
        Text(
            "`imagined_pasts` in [train] needs a forecaster that imagines them, and none is chosen",
            "[train] 中的 `imagined_pasts` 需要一个预测方法来生成，而当前没有选择预测方法",
        ),
        hint=Text('set `method = "lightgbm"` in [forecast]', '请在 [forecast] 中设置 `method = "lightgbm"`'),
    )
