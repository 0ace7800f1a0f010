"""What can be kept of an item's past in a few numbers, and what it says of demand and deliveries to come.

Everything is an exponentially weighted mean that knows its own weight, so that the first observations count fully and
none at all leaves the prior: the guess that like items give, or one unit per period.
"""

from dataclasses import replace
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Bool, Float

from restock.policies.network import normal_safety
from restock.simulator.remembering import Seen
from restock.simulator.types import Known, Number, Shop

RATES = jnp.array([0.6, 0.3, 0.1, 0.03, 0.006])  # of the means of sales
ERRORS = jnp.array([0.1, 0.03, 0.006])  # of everything about their spread
USUAL = 1  # place of the usual rate in ERRORS, and in what of RATES is kept of it: slow, but not for ever
FAST = len(RATES) - len(ERRORS)  # rates of means of sales only
VISIT = 0.25  # of a place in a season, each time that it comes round
MANY = 100.0  # periods seen, from which on more of them are no news
LAST = 4  # sales kept as they were
WEEK, YEAR = 7, 13  # places of the two seasons: days, and parts of four weeks
GUESSED, ASSUMED = 0.7, 0.15  # observations that a guess from like items is worth, and that one unit per period is
ASSUMED_DISPERSION = 0.3  # (variance - mean) / mean², where nobody guesses
TOLD_LAW, PROMISE, HABIT = 50.0, 3.0, 1.0  # orders that a law of lead times is worth: told, promised, assumed


class Told(NamedTuple):
    """What a shop knows ahead, as `Known.features` holds it, in this order. [period] or numbers"""

    days: Array  # 1 where periods are days whose weekday is known
    weeks: Array  # 1 where periods are weeks whose place in the year is known
    moves: Array  # 1 where the next period lies in the next part of the year
    plan: Array  # 1 where prices and promotions are planned ahead
    promotion: Array  # 1 in a planned promotion
    promotion_soon: Array  # mean over the next three periods
    promotion_later: Array  # over the five after those
    price: Array  # logarithm of planned price / usual price
    price_soon: Array
    price_later: Array
    event: Array  # 1 on days of known events
    event_soon: Array
    event_later: Array
    category: Array  # 1 where like items give a guess
    category_level: Array  # of demand, units per period
    category_dispersion: Array  # of (variance - mean) / mean²
    law_told: Array  # 1 where `Shop.lead_chance` is known to be right
    promised: Array  # 1 where it is what the supplier promised; else it is a mere assumption


class Memory(eqx.Module):
    """All that is kept of one item. Means are kept as sums beside the sum of their weights."""

    count: Number  # periods seen
    means: Float[Array, "*axes rate"]  # of sales without their weekday, units
    weights: Float[Array, "*axes rate"]
    open_means: Float[Array, "*axes error"]  # the same where nothing was hidden
    open_weights: Float[Array, "*axes error"]
    full_means: Float[Array, "*axes error"]  # with what was hidden filled up by what is usually asked for beyond it
    full_weights: Float[Array, "*axes error"]
    squares: Float[Array, "*axes error"]  # of surprises, units squared
    square_weights: Float[Array, "*axes error"]
    hidden: Float[Array, "*axes error"]  # share of periods in which demand was hidden, times `square_weights`
    empty: Float[Array, "*axes error"]  # share of periods without a sale
    product: Number  # of each surprise and the one before, units squared
    surprise: Number  # the last one, units
    misses: Float[Array, "*axes rate"]  # squared distances of sales from what each mean foretold, units squared
    last: Float[Array, "*axes last"]  # sales, units, the latest first
    last_hidden: Float[Array, "*axes last"]
    lift: Number  # of sales over the mean in promotions and events, units / unit
    lift_weight: Number
    week: Float[Array, "*axes week"]  # sales / mean, this period's place first
    week_weights: Float[Array, "*axes week"]
    year: Float[Array, "*axes year"]
    year_weights: Float[Array, "*axes year"]
    leads: Float[Array, "*axes count"]  # orders that came after 0, 1, 2, ... periods; last: never


class Beliefs(eqx.Module):
    """What a memory says, in units."""

    scale: Number  # mean sales at the usual rate, units per period
    means: Float[Array, "*axes rate"]
    open_means: Float[Array, "*axes error"]
    full_means: Float[Array, "*axes error"]
    spreads: Float[Array, "*axes error"]  # standard deviation of surprises
    week: Float[Array, "*axes week"]  # factors, this period first
    year: Float[Array, "*axes year"]
    lift: Number
    law: Float[Array, "*axes count"]  # chances that an order comes after 0, 1, 2, ... periods; last: never
    lead: Number  # mean of those that come
    lead_spread: Number
    interval: Number  # periods between two with a sale
    stillness: Float[Array, "*axes faster"]  # evidence that the slowest mean foretells better than each faster one


def slow_mean(beliefs: Beliefs) -> Number:
    """The mean that moves least, with what was hidden filled up; units per period."""
    return jnp.maximum(beliefs.full_means[-1], 1e-3)


def empty_memory(longest: int) -> Memory:
    """Nothing seen yet. longest: lead time in periods"""
    none, rates, errors = jnp.zeros(()), jnp.zeros(RATES.shape), jnp.zeros(ERRORS.shape)
    last, week, year = jnp.zeros(LAST), jnp.zeros(WEEK), jnp.zeros(YEAR)
    return Memory(
        none, rates, rates, errors, errors, errors, errors, errors, errors, errors, errors, none, none, rates,
        last, last, none, none, week, week, year, year, jnp.zeros(longest + 2),
    )  # fmt: skip


def believe(memory: Memory, shop: Shop, known: Known) -> Beliefs:
    """What to expect, from what was seen and what is told."""
    told = Told(*known.features)
    guess = jnp.where(told.category > 0, jnp.maximum(told.category_level, 1e-3), 1.0)
    worth = jnp.where(told.category > 0, GUESSED, ASSUMED)

    def mean(sums: Array, weights: Array, rates: Array, prior: Array) -> Array:
        return (sums + worth * rates * prior) / (weights + worth * rates)

    means = mean(memory.means, memory.weights, RATES, guess)
    scale = jnp.maximum(means[FAST + USUAL], 1e-3)
    open_means = mean(memory.open_means, memory.open_weights, ERRORS, means[FAST:])
    full_means = mean(memory.full_means, memory.full_weights, ERRORS, open_means)
    dispersion = jnp.where(told.category > 0, told.category_dispersion, ASSUMED_DISPERSION)
    usual_square = scale + dispersion * scale**2
    squares = mean(memory.squares, memory.square_weights, ERRORS, usual_square)
    often = mean(memory.square_weights - memory.empty, memory.square_weights, ERRORS, -jnp.expm1(-guess))[0]
    week = (memory.week + 0.5 * VISIT) / (memory.week_weights + 0.5 * VISIT)
    year = (memory.year + 0.5 * VISIT) / (memory.year_weights + 0.5 * VISIT)
    lift = (memory.lift + 0.1) / (memory.lift_weight + 0.1)

    worth_law = jnp.where(told.law_told > 0, TOLD_LAW, jnp.where(told.promised > 0, PROMISE, HABIT))
    chances = shop.lead_chance[0]
    law = jnp.append(chances, jnp.maximum(1.0 - chances.sum(), 0.0))
    law = (worth_law * law + memory.leads) / (worth_law + memory.leads.sum())
    leads = jnp.arange(chances.shape[0])
    comes = jnp.maximum(law[:-1].sum(), 1e-6)
    lead = law[:-1] @ leads / comes
    lead_spread = jnp.sqrt(jnp.maximum(law[:-1] @ leads**2 / comes - lead**2, 0.0))
    interval = 1.0 / jnp.clip(often, 1e-3, 1.0)
    misses = jnp.log(mean(memory.misses, memory.weights[-1], RATES[-1], usual_square))
    counted = jnp.minimum(memory.weights[-1], 1.0 - (1.0 - RATES[-1]) ** MANY) / RATES[-1]
    stillness = (misses[:-1] - misses[-1]) * counted / 2.0  # the likelihood ratio of normal errors (Schwarz 1978)
    return Beliefs(
        scale, means, open_means, full_means, jnp.sqrt(squares), week, year, lift, law, lead, lead_spread, interval,
        stillness,
    )  # fmt: skip


def expected(beliefs: Beliefs, shop: Shop, known: Known, mean: Number, spread: Number) -> Known:
    """What a rule may know: demand until the order after this one arrives, from a mean and a spread per period.

    Where a unit costs more to hold until it is sold than it brings, demand is cut to what is sold in time: the k-th
    unit waits for about k / mean periods.

    Args:
        mean: units per period, on a usual weekday.
        spread: standard deviation of a period's surprise, units.
    """
    covered = beliefs.lead + shop.review[0]
    lead_demand = mean * covered * week_factor(beliefs.week, covered)
    lead_spread = jnp.sqrt(covered * spread**2 + (mean * beliefs.lead_spread) ** 2)
    missing = jnp.maximum(known.price[0] - shop.unit_cost[0], 0.0) + shop.shortage[0] + shop.backlog_cost[0]
    patience = missing / jnp.maximum(shop.holding[0], 1e-9)  # periods that a unit may wait
    level = lead_demand + jnp.maximum(normal_safety(shop, known), 0.0) * lead_spread
    sold_in_time = lead_demand + patience * mean * week_factor(beliefs.week, patience + 1.0)
    part = jnp.minimum(sold_in_time / jnp.maximum(level, 1e-9), 1.0)
    return eqx.tree_at(
        lambda k: (k.scale, k.lead_demand, k.lead_spread),
        known,
        (beliefs.scale, part * lead_demand, part * lead_spread),
    )


def week_factor(week: Float[Array, " week"], covered: Number) -> Number:
    """Mean factor of the weekdays of so many periods from now on."""
    whole = jnp.floor(covered / WEEK)
    days = whole + jnp.clip(covered - whole * WEEK - jnp.arange(WEEK), 0.0, 1.0)
    return (days @ week) / jnp.maximum(days.sum(), 1e-6)


class _Today(NamedTuple):
    """A period that is over, and what was expected of it."""

    told: Told
    beliefs: Beliefs
    seen: Seen
    day: Number  # factor of the weekday
    lifted: Number  # 1 in promotions and events
    factor: Number  # of weekday and lift
    first: Bool[Array, "*axes"]  # nothing was to be expected: the first sales of all, and no guess of like items
    first_square: Number  # squared surprise that first sales stand for: they say how large a usual one would be


def remember(memory: Memory, shop: Shop, known: Known, seen: Seen) -> Memory:
    """The memory after one more period."""
    told, beliefs = Told(*known.features), believe(memory, shop, known)
    day = jnp.where(told.days > 0, jnp.clip(beliefs.week[0], 0.05, 5.0), 1.0)
    lifted = jnp.maximum(jnp.maximum(told.promotion, told.event), 0.0)
    factor = day * jnp.where(lifted > 0, jnp.clip(beliefs.lift, 0.3, 10.0), 1.0)
    first = (memory.weights[2] <= 0) & (told.category <= 0)
    today = _Today(told, beliefs, seen, day, lifted, factor, first, seen.sales + ASSUMED_DISPERSION * seen.sales**2)
    memory = _with_seasons(_with_means(_with_surprise(memory, today), today), today)
    return replace(
        memory,
        count=memory.count + seen.weight,
        last=jnp.concatenate([seen.sales[None], memory.last[:-1]]),
        last_hidden=jnp.concatenate([seen.hidden[None], memory.last_hidden[:-1]]),
        leads=memory.leads + seen.leads,
    )


def _with_surprise(memory: Memory, today: _Today) -> Memory:
    """How far sales were from their mean, and how often there were none; before the mean moves."""
    seen, beliefs = today.seen, today.beliefs
    surprise = seen.weight * (seen.sales - beliefs.means[2] * today.factor)
    square = jnp.where(today.first, today.first_square, surprise**2)
    surprise = jnp.where(today.first, 0.0, surprise)
    squares, square_weights = _moved(memory.squares, memory.square_weights, ERRORS, square, seen.weight)
    share = seen.weight * ERRORS
    return replace(
        memory,
        squares=squares,
        square_weights=square_weights,
        hidden=memory.hidden + share * (seen.hidden - memory.hidden),
        empty=memory.empty + share * ((seen.sales <= 0) - memory.empty),
        product=memory.product + 0.1 * seen.weight * (surprise * memory.surprise - memory.product),
        surprise=surprise,
    )


def _with_means(memory: Memory, today: _Today) -> Memory:
    """Sales of a usual weekday: all, those that nothing was hidden of, and with what was hidden filled up."""
    seen, beliefs, factor = today.seen, today.beliefs, today.factor
    plain = seen.sales / factor
    counts = seen.weight * jnp.minimum(today.day, 1.0)  # a day on which hardly anything is sold says little of the mean
    means, weights = _moved(memory.means, memory.weights, RATES, plain, counts)
    open_means, open_weights = _moved(
        memory.open_means, memory.open_weights, ERRORS, plain, counts * (1.0 - seen.hidden)
    )
    miss = jnp.where(today.first, today.first_square, (plain - beliefs.means) ** 2)
    misses, _ = _moved(memory.misses, memory.weights[-1], RATES[-1], miss, counts)
    more = beyond(beliefs.full_means[USUAL] * factor, beliefs.spreads[USUAL], seen.sales)
    full = jnp.where(seen.hidden > 0, more, seen.sales) / factor
    full_means, full_weights = _moved(memory.full_means, memory.full_weights, ERRORS, full, counts)
    return replace(
        memory,
        means=means,
        weights=weights,
        open_means=open_means,
        open_weights=open_weights,
        full_means=full_means,
        full_weights=full_weights,
        misses=misses,
    )


def _with_seasons(memory: Memory, today: _Today) -> Memory:
    """What promotions and events lift, and the factors of this place in week and year; then both turn by a place."""
    told, seen, beliefs = today.told, today.seen, today.beliefs
    ratio = seen.sales / jnp.maximum(beliefs.means[2], 1e-6)
    lift, lift_weight = _moved(
        memory.lift, memory.lift_weight, jnp.asarray(VISIT), ratio / today.day, seen.weight * today.lifted
    )
    year_ratio = jnp.minimum(seen.sales / beliefs.scale, 30.0)
    at_week, at_year = VISIT * (jnp.arange(WEEK) == 0), VISIT * (jnp.arange(YEAR) == 0)
    plain_day = seen.weight * told.days * (1.0 - today.lifted)
    week, week_weights = _moved(memory.week, memory.week_weights, at_week, jnp.minimum(ratio, 10.0), plain_day)
    year, year_weights = _moved(memory.year, memory.year_weights, at_year, year_ratio, seen.weight * told.weeks)
    turn_week, turn_year = told.days > 0, (told.weeks > 0) & (told.moves > 0)
    return replace(
        memory,
        lift=lift,
        lift_weight=lift_weight,
        week=jnp.where(turn_week, jnp.roll(week, -1), week),
        week_weights=jnp.where(turn_week, jnp.roll(week_weights, -1), week_weights),
        year=jnp.where(turn_year, jnp.roll(year, -1), year),
        year_weights=jnp.where(turn_year, jnp.roll(year_weights, -1), year_weights),
    )


def _moved(sums: Array, weights: Array, rates: Array, value: Array, counts: Array) -> tuple[Array, Array]:
    """A weighted mean and its weight, moved towards a value."""
    step = rates * counts
    return sums + step * (value - sums), weights + step * (1.0 - weights)


def beyond(mean: Number, spread: Number, least: Number) -> Number:
    """Mean of normal demand that is known to be so much at least: what a stock-out hides (Tobin 1958)."""
    place = jnp.clip((least - mean) / jnp.maximum(spread, 1e-9), -4.0, 4.0)
    return jnp.maximum(mean + spread * norm.pdf(place) / norm.sf(place), least)
