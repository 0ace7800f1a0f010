"""A shop that has only data: the pretrained policy decides, and a rule without numbers stands behind it."""

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from restock.algorithms.pathwise import PathwiseConfig
from restock.backtest.windows import Windows
from restock.forecasting.features import Scaling
from restock.policies.rules import QUANTILES, Past, rule
from restock.policies.tuning import Tuned
from restock.storage.champion import champion
from restock.storage.models import load_model
from restock.workflows.project import Project
from restock.workflows.situation import Situation
from restock.workflows.training import GENERALIST, Trained, from_model

FALLBACK = "newsvendor"  # has no numbers to tune
NORMAL = np.asarray(stats.norm.ppf(np.asarray(QUANTILES)), np.float32)  # errors of a forecast nobody has checked yet


def trained_or_not(project: Project, situation: Situation, model: str | None) -> tuple[str, Trained]:
    """A model by name, the champion without one; where there is none, what decides without training."""
    name = champion(project.folder) if model is None else model
    if name is None:
        return GENERALIST, untrained(situation)
    return name, from_model(load_model(project.folder, name))


def untrained(situation: Situation) -> Trained:
    """What decides before any training: the pretrained policy, and one rule."""
    history = situation.history
    past = usual_past(situation)
    rows = history.shape[0]
    numbers = np.zeros((rows, 0), np.float32)
    tuned = Tuned(rule(FALLBACK), "shop", numbers, past, np.zeros(0, np.float32), np.zeros(rows, np.float32))
    return Trained(
        keys=tuple(situation.row_names()),
        groups=situation.classes().pattern,
        windows=Windows((0, 0), (0, 0), (0, 0), 0),
        snapshot=situation.facts.id,
        feature_names=(),
        scaling=Scaling(np.zeros(1, np.float32), np.ones(1, np.float32)),
        settings=PathwiseConfig(),
        networks=None,
        rounds=(),
        rules={FALLBACK: tuned},
        choice={"": GENERALIST},
        period_days=history.period_days,
        best_rule=FALLBACK,
        seed=0,
    )


def usual_past(situation: Situation) -> Past:
    """Mean demand so far, and normal errors. [row]"""
    history = situation.history
    mean = (history.demand * history.on_sale).sum(axis=1) / np.maximum(history.on_sale.sum(axis=1), 1.0)
    errors: NDArray[np.float32] = np.repeat(NORMAL[None], len(mean), axis=0)
    return Past(jnp.asarray(mean, jnp.float32), jnp.asarray(errors))
