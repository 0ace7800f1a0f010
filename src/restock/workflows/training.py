"""What training makes of a shop and how it is kept: tuned rules, networks, and which of them orders what."""

from dataclasses import asdict, dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.algorithms.ensemble import Round
from restock.algorithms.training import AlgorithmConfig, name_of, settings, untrained
from restock.backtest.catalogue import Catalogue
from restock.backtest.windows import Windows
from restock.errors import StorageError, UsageError
from restock.forecasting.features import Scaling
from restock.language import Text
from restock.policies import pretrained
from restock.policies.generalist import Team
from restock.policies.network import Ensemble
from restock.policies.rules import Past, rule
from restock.policies.together import Actors, Members, together
from restock.policies.tuning import Tuned
from restock.storage.models import Model

LEARNED, GENERALIST, FINE_TUNED = "learned", "generalist", "fine_tuned"
CHOSEN, FORESIGHT = "mixed", "foresight"
PRETRAINED = (GENERALIST, FINE_TUNED)  # have a memory of their own


@dataclass(frozen=True)
class Trained:
    """Everything that decides, for the rows that it was made for."""

    keys: tuple[str, ...]  # item and site per row
    groups: NDArray[np.str_]  # class of each row
    windows: Windows
    snapshot: str
    feature_names: tuple[str, ...]
    scaling: Scaling
    settings: AlgorithmConfig
    networks: Members | None  # leading member axis; none: nothing was learned from this shop yet
    rounds: tuple[Round, ...]
    rules: dict[str, Tuned]
    choice: dict[str, str]  # class -> policy
    period_days: int  # of the history that it was made from
    best_rule: str  # that earned most on the validation periods
    seed: int
    fine_tuned: Team | None = None  # the pretrained policy, learned on with this shop
    forecaster: str = ""  # whose forecasts it was trained with; empty: the simple outlook

    def ensemble(self) -> Ensemble | Actors:
        """The learned policy."""
        return together(self.members)

    @property
    def members(self) -> Members:
        """The networks that it consists of, with a leading member axis."""
        if self.networks is None:
            raise not_learned()
        return self.networks

    @property
    def algorithm(self) -> str:
        """The name of what it was learned by."""
        return name_of(self.settings)

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of all that can decide."""
        learned = () if self.networks is None else (LEARNED,)
        tuned = () if self.fine_tuned is None else (FINE_TUNED,)
        return (*learned, *tuned, GENERALIST, *self.rules)

    def team(self, name: str) -> Team:
        """A policy with a memory, by name."""
        if name == FINE_TUNED and self.fine_tuned is not None:
            return self.fine_tuned
        return pretrained.load_generalist()

    def look_at(self, catalogue: Catalogue) -> Catalogue:
        """A shop seen with the eyes of training: its features, in their order, whatever else has become known since.

        Raises:
            UsageError: the shop counts time in other periods now, or has another forecaster.
        """
        if self.networks is None:
            return catalogue
        if catalogue.history.period_days != self.period_days:
            raise _other_periods(self.period_days)
        if catalogue.forecaster != self.forecaster:
            raise _other_forecaster(self.forecaster, catalogue.forecaster)
        return catalogue.with_features(self.feature_names)


def to_arrays(trained: Trained) -> dict[str, np.ndarray]:
    """All numbers of what was learned, by name."""
    arrays = {f"network.{i}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(trained.networks))}
    arrays |= {"scaling.mean": trained.scaling.mean, "scaling.deviation": trained.scaling.deviation}
    if trained.fine_tuned is not None:
        arrays |= {f"fine_tuned.{i}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(trained.fine_tuned))}
    past = next(iter(trained.rules.values())).past
    arrays |= {"past.unit": np.asarray(past.unit), "past.errors": np.asarray(past.errors)}
    for name, tuned in trained.rules.items():
        arrays |= {f"rule.{name}.numbers": tuned.numbers, f"rule.{name}.shared": tuned.shared}
        arrays |= {f"rule.{name}.validation": tuned.validation}
    return arrays


def to_config(trained: Trained) -> dict[str, Any]:
    """Everything that is not a number, as JSON."""
    windows = trained.windows
    return {
        "algorithm": trained.algorithm,
        "settings": trained.settings.model_dump(),
        "members": int(jax.tree.leaves(trained.networks)[0].shape[0]),
        "lead": trained.members.slots,
        "features": list(trained.feature_names),
        "snapshot": trained.snapshot,
        "windows": asdict(windows),
        "rows": list(trained.keys),
        "groups": trained.groups.tolist(),
        "rules": {name: tuned.pooling for name, tuned in trained.rules.items()},
        "choice": trained.choice,
        "period_days": trained.period_days,
        "forecaster": trained.forecaster,
        "best_rule": trained.best_rule,
        "rounds": [asdict(r) for r in trained.rounds],
        "seed": trained.seed,
    }


def from_model(model: Model) -> Trained:
    """The same from a saved model.

    Raises:
        StorageError: it was written by another version and lacks something.
    """
    config, arrays = model.config, model.arrays
    try:
        learned_by = settings(config["algorithm"], **config["settings"])
        parts = config["windows"]
        train, validation, test = (tuple(parts[name]) for name in ("train", "validation", "test"))
        windows = Windows(train, validation, test, parts["warm_up"])
        return Trained(
            keys=tuple(config["rows"]),
            groups=np.array(config["groups"]),
            windows=windows,
            snapshot=config["snapshot"],
            feature_names=tuple(config["features"]),
            scaling=Scaling(arrays["scaling.mean"], arrays["scaling.deviation"]),
            settings=learned_by,
            networks=_networks_of(config, arrays, learned_by),
            rounds=tuple(Round(**{**r, "members": tuple(r["members"])}) for r in config["rounds"]),
            rules=_rules_of(config, arrays),
            choice=config["choice"],
            period_days=config["period_days"],
            best_rule=config["best_rule"],
            seed=config["seed"],
            fine_tuned=_team_of(arrays) if "fine_tuned.0" in arrays else None,
            forecaster=config.get("forecaster", ""),
        )
    except (KeyError, TypeError) as error:
        raise StorageError(
            Text(f"model `{model.name}` lacks {error}", f"模型 `{model.name}` 缺少 {error}"),
            hint=Text("`restock train` makes a new one", "运行 `restock train` 可重新训练"),
        ) from None


def _networks_of(config: dict[str, Any], arrays: dict[str, np.ndarray], learned_by: AlgorithmConfig) -> Members:
    """What was learned, in the form that its algorithm gives it."""
    keys = jax.random.split(jax.random.key(0), config["members"])
    empty = eqx.filter_eval_shape(lambda: untrained(learned_by, len(config["features"]), config["lead"], keys))
    shapes, tree = jax.tree.flatten(empty)
    return jax.tree.unflatten(tree, [jnp.asarray(arrays[f"network.{i}"]) for i in range(len(shapes))])


def _rules_of(config: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, Tuned]:
    past = Past(jnp.asarray(arrays["past.unit"]), jnp.asarray(arrays["past.errors"]))
    return {
        name: Tuned(
            rule=rule(name),
            pooling=pooling,
            numbers=arrays[f"rule.{name}.numbers"],
            past=past,
            shared=arrays[f"rule.{name}.shared"],
            validation=arrays[f"rule.{name}.validation"],
        )
        for name, pooling in config["rules"].items()
    }


def _team_of(arrays: dict[str, np.ndarray]) -> Team:
    """A fine-tuned team, which has the form of the pretrained one.

    Raises:
        KeyError: the pretrained policy has another form by now.
    """
    leaves, tree = jax.tree.flatten(pretrained.load_generalist())
    found = [arrays[f"fine_tuned.{i}"] for i in range(len(leaves))]
    if [leaf.shape for leaf in leaves] != [array.shape for array in found]:
        raise KeyError("fine_tuned: the form of the pretrained policy")
    return jax.tree.unflatten(tree, [jnp.asarray(array) for array in found])


def not_learned() -> UsageError:
    """Nothing was learned from this shop yet."""
    return UsageError(
        Text("this project has no trained policy yet", "本项目还没有训练好的策略"),
        hint=Text(
            "`restock train` makes one; until then `generalist` and `newsvendor` can decide",
            "运行 `restock train` 进行训练；在此之前可使用 `generalist` 或 `newsvendor`",
        ),
    )


def _other_periods(days: int) -> UsageError:
    was, now = (Text("days", "天"), Text("weeks", "周")) if days == 1 else (Text("weeks", "周"), Text("days", "天"))
    name = "day" if days == 1 else "week"
    return UsageError(
        Text(
            f"the policy was trained on {was.en}, and the history is in {now.en} now",
            f"策略按{was.zh}训练，而历史数据现在以{now.zh}为单位",
        ),
        hint=Text(
            f'`restock train` makes a new one; `[shop] period = "{name}"` keeps the old one in use',
            f'运行 `restock train` 重新训练；设置 `[shop] period = "{name}"` 可继续使用旧策略',
        ),
    )


def _other_forecaster(was: str, now: str) -> UsageError:
    def said(name: str) -> Text:
        return Text(f"`{name}`", f"`{name}`") if name else Text("the simple outlook", "简单展望")

    return UsageError(
        Text(
            f"the policy was trained with the forecasts of {said(was).en}, and the settings name {said(now).en} now",
            f"策略按{said(was).zh}的预测训练，而设置中现在是{said(now).zh}",
        ),
        hint=Text(
            f'`restock train` makes a new one; `[forecast] method = "{was}"` keeps the old one in use',
            f'运行 `restock train` 重新训练；设置 `[forecast] method = "{was}"` 可继续使用旧策略',
        ),
    )
