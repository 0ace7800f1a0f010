"""Networks that have learned to forecast, kept in the project: the same data and settings are learned once."""

import hashlib
import json
from dataclasses import dataclass, replace

from restock.forecasting.blend import Blend
from restock.forecasting.deep.forecaster import Deep, FittedDeep
from restock.forecasting.deep.saved import dump, restore
from restock.forecasting.forecaster import Fitted, Forecaster
from restock.forecasting.methods import find_method
from restock.forecasting.panel import Panel
from restock.storage.folder import Folder
from restock.storage.models import list_models, load_model, save_model

PLACE = "forecasters"  # in the project folder


@dataclass(frozen=True)
class Kept:
    """A network that looks in the project's folder before it learns."""

    inner: Deep
    folder: Folder

    @property
    def name(self) -> str:
        """That of the network."""
        return self.inner.name

    def fit(self, panel: Panel, h: int, seed: int = 0) -> FittedDeep:
        """Load what was learned from the same data with the same settings, or learn and save."""
        key = f"{self.name}-{_fingerprint(self.inner, panel, h, seed)}"
        if key in list_models(self.folder):
            model = load_model(self.folder, key)
            return restore(model.config, model.arrays)
        fitted = self.inner.fit(panel, h, seed)
        about, arrays = dump(fitted)
        series, periods = panel.shape
        card = {"method": self.name, "series": series, "periods": periods, "horizon": h, "seed": seed}
        save_model(self.folder, key, about, arrays, {**card, "last": str(panel.starts[-1])})
        return fitted


def forecaster_of(folder: Folder, name: str) -> Forecaster:
    """A forecasting method by its name; networks are kept in the project.

    Raises:
        UsageError: there is none of that name.
    """
    method = find_method(name)
    place = Folder(folder.path / PLACE)
    if isinstance(method, Blend) and isinstance(method.first, Deep):
        return replace(method, first=Kept(method.first, place))
    return Kept(method, place) if isinstance(method, Deep) else method


def fit_kept(folder: Folder, name: str, panel: Panel, h: int, seed: int) -> Fitted:
    """Learn with a method, or remember what it has learned."""
    return forecaster_of(folder, name).fit(panel, h, seed)


def _fingerprint(deep: Deep, panel: Panel, h: int, seed: int) -> str:
    """Of all that learning can see."""
    found = hashlib.sha256(json.dumps([deep.config.model_dump(), h, seed, panel.ids], sort_keys=True).encode())
    seen = panel.shape[1] + h
    parts = (panel.y, panel.available, panel.past, panel.future[:, :seen], panel.calendar[:seen], panel.codes)
    for part in (*parts, panel.traits, panel.starts.astype("datetime64[D]").astype("int64")):
        found.update(str(part.shape).encode() + part.tobytes())
    names = (panel.future_names, panel.past_names, panel.calendar_names, panel.attributes, panel.levels)
    found.update(json.dumps(names).encode())
    return found.hexdigest()[:24]
