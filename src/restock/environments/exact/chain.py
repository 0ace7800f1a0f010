"""Plans for a chain of sites by linear programming: who knows all demand, and who plans anew for mean demand.

The first is a bound that nobody can reach, since orders need not be whole and demand is known ahead; the second is the
shrinking-horizon plan that the authors of or-gym compare with. Neither asks for what its supplier cannot send.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array

from restock.environments.chain import Chain

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """The best way through known demand."""

    profit: float  # money of all periods, discounted to the first of them
    sent: Floats  # units to each site [period, site]


@dataclass(frozen=True)
class Left:
    """What a plan starts from, in units; of orders nothing waits."""

    on_hand: Floats  # [site]
    on_order: Floats  # sent 1, 2, 3, ... periods ago [site, sent]
    waiting: float  # of customers


def fresh(chain: Chain) -> Left:
    """What an episode starts from."""
    return Left(np.asarray(chain.starts, float), np.zeros((chain.sites, chain.longest)), 0.0)


def best_plan(chain: Chain, left: Left, demand: Floats) -> Plan:
    """The most profitable plan. demand: units, of the periods that are left [period]"""
    program, periods = _program(chain, len(demand)), len(demand)
    found = linprog(
        -program.worth,
        A_ub=program.at_most,
        b_ub=_room(chain, left, periods),
        A_eq=program.balance,
        b_eq=_given(chain, left, demand),
        bounds=program.bounds,
        method="highs",
    )
    assert found.status == 0, found.message  # to send nothing is always possible
    return Plan(-float(found.fun), found.x.reshape(periods, -1)[:, : chain.sites])


@dataclass(frozen=True, eq=False)
class Program:
    """Variables of a period: sent to each site, held by each site, sold, unserved customers."""

    worth: Floats
    balance: coo_array
    at_most: coo_array | None
    bounds: list[tuple[float, float | None]]


@cache
def _program(chain: Chain, periods: int) -> Program:
    sites, width = chain.sites, 2 * chain.sites + 2
    sold, unserved = 2 * sites, 2 * sites + 1
    money = np.zeros((periods, width))
    money[:, sites - 1], money[:, sites:sold] = -chain.unit_cost, -np.asarray(chain.holding)
    money[:, sold], money[:, unserved] = chain.price, -chain.unserved[0]
    money *= chain.discount ** np.arange(periods)[:, None]
    balance, at_most = _Rows(width, periods), _Rows(width, periods)
    for period in range(periods):
        for site in range(sites):
            goes = sold if site == 0 else site - 1
            balance.add(
                (period, sites + site, 1.0),
                (period - 1, sites + site, -1.0),
                (period, goes, 1.0),
                (period - chain.lead_times[site], site, -1.0),
            )
        balance.add((period, sold, 1.0), (period, unserved, 1.0), (period - 1, unserved, -1.0 * chain.waits))
        for site in range(sites - 1):
            at_most.add((period, site, 1.0), (period - 1, sites + site + 1, -1.0))
    limits: list[tuple[float, float | None]] = [(0.0, float(most)) for most in chain.capacity]
    bounds = (limits + [(0.0, None)] * (sites + 2)) * periods
    return Program(money.ravel(), balance.matrix(), at_most.matrix() if sites > 1 else None, bounds)


class _Rows:
    """Rows of a sparse matrix; what lies before the first period is given, and no variable."""

    def __init__(self, width: int, periods: int) -> None:
        self._width, self._periods, self._count = width, periods, 0
        self._entries: list[tuple[int, int, float]] = []

    def add(self, *terms: tuple[int, int, float]) -> None:
        """A row of terms: period, variable of the period, factor."""
        for period, variable, factor in terms:
            if period >= 0:
                self._entries.append((self._count, period * self._width + variable, factor))
        self._count += 1

    def matrix(self) -> coo_array:
        rows, columns, factors = zip(*self._entries, strict=True)
        return coo_array((factors, (rows, columns)), shape=(self._count, self._width * self._periods))


def _given(chain: Chain, left: Left, demand: Floats) -> Floats:
    """Right sides of `balance`: what was there before, what arrives of earlier orders, demand. [period * (site + 1)]"""
    given = np.zeros((len(demand), chain.sites + 1))
    for site, lead in enumerate(chain.lead_times):
        coming = left.on_order[site, :lead][::-1][: len(demand)]
        given[: len(coming), site] = coming
    given[0, :-1] += left.on_hand
    given[:, -1] = demand
    given[0, -1] += left.waiting * chain.waits
    return given.ravel()


def _room(chain: Chain, left: Left, periods: int) -> Floats | None:
    """Right sides of `at_most`: what suppliers hold when the first period begins. [period * (site - 1)]"""
    if chain.sites == 1:
        return None
    room = np.zeros((periods, chain.sites - 1))
    room[0] = left.on_hand[1:]
    return room.ravel()
