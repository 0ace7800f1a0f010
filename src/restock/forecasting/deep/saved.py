"""A fitted network as plain JSON and arrays, for a model folder, and back."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from restock.forecasting.deep.calibration import Calibration
from restock.forecasting.deep.forecaster import FittedDeep
from restock.forecasting.deep.inputs import Length, Scaling, Source, group_sales, make_source
from restock.forecasting.deep.settings import DeepConfig
from restock.forecasting.deep.training import begin
from restock.forecasting.panel import bare_panel
from restock.simulator.history import Floats


def dump(fitted: FittedDeep) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """As plain JSON, and as arrays: what a model folder keeps."""
    scaling = {name: getattr(fitted.scaling, name) for name in ("future", "calendar", "past", "traits", "attributes")}
    about = {
        "name": fitted.name,
        "config": fitted.config.model_dump(),
        "length": fitted.length._asdict(),
        "scaling": {
            **scaling,
            "levels": fitted.scaling.levels,
            "ids": fitted.scaling.ids,
            "yearly": fitted.scaling.yearly,
        },
        "looks": fitted.looks,
    }
    arrays = {f"network.{i:03d}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(fitted.networks))}
    arrays |= {f"calibration.{name}": part for name, part in fitted.calibration._asdict().items()}
    for kind in ("means", "deviations"):
        arrays |= {f"{kind}.{name}": values for name, values in getattr(fitted.scaling, kind).items()}
    return about, arrays


def restore(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> FittedDeep:
    """The inverse of `dump`."""
    parts = dict(about["scaling"])
    names = {key: tuple(parts[key]) for key in ("future", "calendar", "past", "traits", "attributes", "ids")}
    numbers = {
        kind: {key.split(".", 1)[1]: arrays[key] for key in arrays if key.startswith(f"{kind}.")}
        for kind in ("means", "deviations")
    }
    levels = tuple(tuple(level) for level in parts["levels"])
    scaling = Scaling(**names, levels=levels, yearly=parts["yearly"], **numbers)  # pyright: ignore[reportArgumentType]
    config, length = DeepConfig.model_validate(about["config"]), Length(**about["length"])
    empty = begin(config, scaling, _blank(scaling, length), length, 0).average
    leaves = [jnp.asarray(arrays[f"network.{i:03d}"]) for i in range(len(jax.tree.leaves(empty)))]
    networks = jax.tree.unflatten(jax.tree.structure(empty), leaves)
    calibration = Calibration(arrays["calibration.levels"], arrays["calibration.ties"])
    return FittedDeep(about["name"], config, scaling, length, networks, calibration, tuple(about["looks"]))


def _blank(scaling: Scaling, length: Length) -> Source:
    """A panel of nothing, with the right number of everything."""
    bare = bare_panel(np.zeros((1, 2)), np.datetime64("2024-01-01") + np.arange(2) * length.days, length.days)

    def nothing(names: tuple[str, ...], *shape: int) -> Floats:
        return np.zeros((*shape, len(names)), np.float32)

    panel = replace(
        bare,
        future=nothing(scaling.future, 1, 2),
        calendar=nothing(scaling.calendar, 2),
        past=nothing(scaling.past, 1, 2),
        traits=nothing(scaling.traits, 1),
        codes=nothing(scaling.attributes, 1).astype(np.int32),
        attributes=scaling.attributes,
        levels=scaling.levels,
    )
    return make_source(panel, scaling, length, group_sales(panel))
