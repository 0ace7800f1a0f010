"""What a shop's records tell the pretrained policy, of all rows and periods; nothing of it is learned here."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.backtest.catalogue import Catalogue, jnp_shop
from restock.backtest.replay import Window
from restock.forecasting.told import guess_of, seen_of, told_of, told_shop
from restock.policies.generalist import Team
from restock.policies.informed import inform
from restock.simulator.history import Floats
from restock.simulator.remembering import Seen
from restock.simulator.rollout import Stretch
from restock.simulator.types import Known, Shop

REMEMBERED = 200  # periods before the first decision; what is older has been forgotten but for traces
CELLS = 300_000  # row-periods whose memories are made at once: bounds memory


@dataclass(frozen=True)
class Recollection:
    """Rows are items at a site. Column t of what is told is known before period t."""

    catalogue: Catalogue
    shop: Shop  # terms as a policy should take them: a promise may be broken [row]
    told: Floats  # in the order of `policies.memory.Told` [row, period + 1, told]
    seen: Seen  # [row, period]
    guess_rests_on: NDArray[np.int8]  # now, of what like items tell: see `forecasting.told.Guess` [row]

    def known(self, first: int, last: int, rows: NDArray[np.intp]) -> Known:
        """What is told of periods first <= t < last, before anything is remembered."""
        columns = np.arange(first, last)
        catalogue = self.catalogue
        price = catalogue.price[rows][:, np.minimum(columns, catalogue.price.shape[1] - 1)]
        one, none = jnp.ones(price.shape), jnp.zeros(price.shape)
        may_order = jnp.asarray(catalogue.may_order(columns)[rows])[:, :, None]
        told = jnp.asarray(self.told[rows, first:last])
        return Known(one, one[:, :, None], none, none, told, jnp.asarray(price)[:, :, None], may_order)

    def informed(self, team: Team, first: int, last: int, rows: NDArray[np.intp] | None = None) -> Known:
        """What a team knows in periods first <= t < last with all that was seen before each. [row, period]"""
        rows = np.arange(self.catalogue.rows) if rows is None else rows
        start = max(first - REMEMBERED, 0)
        at_once = max(CELLS // (last - first), 1)
        parts = [
            self._some(team, (start, first, last), part) for part in np.split(rows, range(at_once, len(rows), at_once))
        ]
        return jax.tree.map(lambda *x: jnp.concatenate(x), *parts)

    def _some(self, team: Team, span: tuple[int, int, int], rows: NDArray[np.intp]) -> Known:
        start, first, last = span
        shop = jnp_shop(jax.tree.map(lambda x: np.asarray(x)[rows], self.shop))
        seen = jax.tree.map(lambda x: x[rows, start : last - 1], self.seen)
        return inform(team, shop, self.known(start, last, rows), seen, first - start)

    def stretch(self, team: Team, stretch: Stretch, first: int) -> Stretch:
        """A stretch of all rows from period `first` on, as a team sees it."""
        return eqx.tree_at(lambda s: s.known, stretch, self.informed(team, first, first + stretch.weight.shape[1]))

    def window(self, team: Team, window: Window, begins: int) -> Window:
        """A window that begins at this period, as a team sees it."""
        return window._replace(stretch=self.stretch(team, window.stretch, begins - window.first))


def recollect(catalogue: Catalogue, lead_kind: NDArray[np.str_]) -> Recollection:
    """From the history of a catalogue. lead_kind: what each row's lead time rests on, see `intake.terms`"""
    history = catalogue.history
    shop = told_shop(jnp_shop(catalogue.shop), lead_kind)
    longest, guess = shop.lead_chance.shape[-1] - 1, guess_of(history)
    told = told_of(history, lead_kind, guess)
    return Recollection(catalogue, shop, told, seen_of(history, longest), guess.rests_on[:, -1])
