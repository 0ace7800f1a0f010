"""How wide the prior is: shares of worlds that have a part, and ranges from which its numbers are drawn."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from restock.simulator.worlds.records import LONGEST


def _rising(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError(f"a range goes from its least to its most, got {pair[0]:g} to {pair[1]:g}")
    return pair


def _positive(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] <= 0:
        raise ValueError(f"a range on a logarithmic scale starts above 0, got {pair[0]:g}")
    return pair


Share = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[tuple[float, float], AfterValidator(_rising)]  # drawn evenly
LogRange = Annotated[tuple[float, float], AfterValidator(_rising), AfterValidator(_positive)]  # evenly in logarithms


class Settings(BaseModel):
    """A group of settings; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Kinds = TypeVar("Kinds", bound=Settings)


def _adds_up(shares: Kinds) -> Kinds:
    total = sum(shares.model_dump().values())
    if abs(total - 1) > 1e-6:
        raise ValueError(f"shares of kinds add up to 1, these to {total:g}")
    return shares


class PartShares(Settings):
    """Share of worlds that have each part of the mean; parts are drawn independently of each other."""

    jump: Share = 0.2
    trend: Share = 0.2
    walk: Share = 0.2
    memory: Share = 0.2
    life: Share = 0.12
    spike: Share = 0.15
    gap: Share = 0.06
    spread: Share = 0.1
    week: Share = 0.4  # of shops that count days
    year: Share = 0.3
    cycle: Share = 0.08
    event: Share = 0.2
    promotion: Share = 0.25


class NoiseShares(Settings):
    """Share of worlds by what happens around the mean; they add up to 1."""

    steady: Share = 0.15
    poisson: Share = 0.2
    mixed: Share = 0.35
    lumpy: Share = 0.3

    @model_validator(mode="after")
    def _whole(self) -> "NoiseShares":
        return _adds_up(self)


class DemandPrior(Settings):
    """What customers ask for. Sizes are logarithms of factors unless said otherwise, times are periods."""

    parts: PartShares = PartShares()
    noises: NoiseShares = NoiseShares()
    level: LogRange = (0.01, 1000.0)  # units per period
    most: float = Field(default=1e5, gt=0)  # units per period: no mean is larger
    days: Share = 0.6  # of worlds that count days, the others count weeks
    jump: Range = (0.2, 1.2)  # standard deviation of a jump; one to three of them
    trend: LogRange = (0.001, 0.03)  # per period, up or down
    walk: LogRange = (0.01, 0.12)  # standard deviation per period
    memory: Range = (0.2, 0.95)  # autocorrelation from one period to the next
    memory_spread: LogRange = (0.1, 0.8)  # standard deviation
    life_rise: Range = (0.3, 3.0)  # power of age before the peak
    life_peak: LogRange = (4.0, 80.0)
    life_age: Range = (0.0, 60.0)  # at period 0, of the half that is not new
    life_end: Share = 0.5  # of life cycles that end within the window
    spike: Range = (0.7, 3.0)  # four of five up, the others down; one or two of them
    spike_life: LogRange = (0.5, 12.0)  # periods in which a spike falls to 37 %
    gap: LogRange = (2.0, 40.0)  # length of a run without any demand; one or two of them
    spread: Range = (0.4, 1.5)  # standard deviation of the change of the logarithm of dispersion
    week: LogRange = (0.05, 0.9)  # standard deviation over weekdays
    closed: Share = 0.15  # of weeks with one or two days without demand
    year: LogRange = (0.1, 1.5)  # amplitude
    cycle: LogRange = (0.1, 1.2)  # amplitude
    cycle_length: LogRange = (3.0, 60.0)
    event: Range = (0.3, 2.2)  # height; one to three a year
    event_length: Range = (1.0, 6.0)
    discount: Range = (0.05, 0.5)  # share of the usual price
    elasticity: Range = (0.5, 5.0)  # of demand to price in promotions
    promotion_every: Range = (8.0, 50.0)
    promotion_length: Range = (1.0, 14.0)
    skipped: Range = (0.0, 0.7)  # share of promotions that do not take place
    echo: Range = (0.0, 0.8)  # depth of the dip after events and promotions, as a share of their height
    steady: LogRange = (0.02, 0.3)  # coefficient of variation
    dispersion: LogRange = (0.02, 3.0)  # (variance - mean) / mean²
    interval: LogRange = (1.2, 25.0)  # between periods with any demand
    size_dispersion: LogRange = (0.02, 4.0)  # of order sizes beyond the first unit


class DeliveryShares(Settings):
    """Share of worlds by how goods come; they add up to 1."""

    fixed: Share = 0.5
    crossing: Share = 0.3
    in_order: Share = 0.2

    @model_validator(mode="after")
    def _whole(self) -> "DeliveryShares":
        return _adds_up(self)


class DeliveryPrior(Settings):
    """How goods come, and what is said about it. Times are periods."""

    kinds: DeliveryShares = DeliveryShares()
    lead: tuple[int, int] = (0, 8)  # fixed, or the middle of a random one
    lead_spread: LogRange = (0.3, 4.0)  # standard deviation of a random lead time before it is cut to 0 .. LONGEST
    lossy: Share = 0.2  # of worlds in which orders get lost
    loss: LogRange = (0.02, 0.4)  # chance that an order does
    lead_told: Share = 0.5
    promise_told: Share = 0.8
    broken: Share = 0.25  # of promises that are too short
    too_short: Range = (1.0, 5.0)

    @model_validator(mode="after")
    def _reachable(self) -> "DeliveryPrior":
        if not 0 <= self.lead[0] <= self.lead[1] <= LONGEST:
            raise ValueError(f"lead times lie between 0 and {LONGEST} periods, got {self.lead[0]} to {self.lead[1]}")
        return self


class TermsPrior(Settings):
    """Money and rules of the supplier."""

    unit_cost: LogRange = (0.3, 3.0)  # money; nothing depends on its scale
    markup: LogRange = (0.1, 3.0)  # margin / unit cost
    margin_to_holding: LogRange = (0.2, 200.0)  # margin per unit / holding cost per unit and period
    goodwill: Share = 0.15  # of worlds in which a lost unit costs more than its margin
    goodwill_to_margin: LogRange = (0.1, 3.0)
    backlog: Share = 0.15  # of worlds in which all customers wait
    partial: Share = 0.15  # of worlds in which a share of them waits
    backlog_to_holding: LogRange = (0.5, 100.0)  # cost per waiting unit and period / holding cost
    fixed_cost: Share = 0.25  # of worlds in which an order costs money whatever its size
    fixed_cost_cover: LogRange = (1.0, 20.0)  # periods of demand in the economic order quantity
    packed: Share = 0.35  # of worlds with packs of several units
    pack_cover: LogRange = (0.2, 10.0)  # periods of demand in a pack
    minimum: Share = 0.2  # of worlds with a smallest order
    minimum_cover: LogRange = (0.5, 12.0)  # periods of demand in it
    reviewed: Share = 0.4  # of worlds in which orders leave on review days only
    review: tuple[int, int] = (2, 14)  # periods; half of them a week of days
    empty: Share = 0.35  # of worlds that start with nothing on hand
    cover: LogRange = (0.1, 200.0)  # periods of demand on hand in the others
    coming: Share = 0.6  # of worlds that start with orders under way
    coming_cover: LogRange = (0.2, 5.0)  # order / demand of a review period
    waiting: Share = 0.1  # of worlds with backlog that start with customers who wait

    @model_validator(mode="after")
    def _possible(self) -> "TermsPrior":
        if self.backlog + self.partial > 1:
            raise ValueError(f"`backlog` and `partial` are shares of one whole, got {self.backlog + self.partial:g}")
        if not 1 <= self.review[0] <= self.review[1]:
            raise ValueError(f"a review period has 1 period or more, got {self.review[0]} to {self.review[1]}")
        return self


class ToldPrior(Settings):
    """What the shop knows beside lead times."""

    season: Share = 0.85  # of shops that know what season their periods belong to
    plan: Share = 0.6  # of shops whose promotions are planned ahead
    event: Share = 0.7  # of shops with a calendar of events
    category: Share = 0.7
    category_error: LogRange = (0.1, 1.2)  # standard deviation of the guess's logarithm
    demand_seen: Share = 0.2


class Prior(Settings):
    """Everything from which a world is drawn."""

    demand: DemandPrior = DemandPrior()
    deliveries: DeliveryPrior = DeliveryPrior()
    terms: TermsPrior = TermsPrior()
    told: ToldPrior = ToldPrior()


PRIOR = Prior()

EVERYDAY = Prior(  # within the prior: what most shops sell most of, and terms that most items can live with
    demand=DemandPrior(
        parts=PartShares(
            jump=0.1, trend=0.1, walk=0.15, memory=0.15, life=0.06, spike=0.08, gap=0.03, spread=0.05,
            week=0.4, year=0.2, cycle=0.04, event=0.15, promotion=0.2,
        ),
        level=(0.1, 300.0),
        interval=(1.2, 10.0),
    ),
    deliveries=DeliveryPrior(lead=(0, 5)),
    terms=TermsPrior(
        margin_to_holding=(1.0, 100.0), backlog=0.1, partial=0.1, fixed_cost=0.05, packed=0.15, minimum=0.05,
        reviewed=0.2, empty=0.6, cover=(0.1, 20.0),
    ),
)  # fmt: skip

CALM = Prior(  # within the prior: demand whose law never changes, on terms without any rule
    demand=DemandPrior(
        parts=PartShares(**dict.fromkeys(PartShares.model_fields, 0.0)),
        noises=NoiseShares(steady=0.2, poisson=0.4, mixed=0.3, lumpy=0.1),
        level=(0.3, 100.0),
        dispersion=(0.02, 1.0),
    ),
    deliveries=DeliveryPrior(
        kinds=DeliveryShares(fixed=0.8, crossing=0.1, in_order=0.1), lead=(0, 5), lossy=0.1, lead_told=0.8
    ),
    terms=TermsPrior(
        margin_to_holding=(0.3, 100.0), goodwill=0.3, backlog=0.1, partial=0.05, fixed_cost=0.05, packed=0.1,
        minimum=0.05, reviewed=0.1, empty=0.7, cover=(0.1, 10.0),
    ),
)  # fmt: skip

STEADY = Prior(  # within the prior: fresh goods that many buy every day, on thin margins, not all of which arrive
    demand=DemandPrior(
        parts=PartShares(
            jump=0.05, trend=0.05, walk=0.1, memory=0.1, life=0.0, spike=0.03, gap=0.0, spread=0.03,
            week=0.9, year=0.1, cycle=0.0, event=0.1, promotion=0.15,
        ),
        noises=NoiseShares(steady=0.3, poisson=0.3, mixed=0.4, lumpy=0.0),
        level=(0.3, 300.0),
        dispersion=(0.02, 0.5),
        days=0.8,
    ),
    deliveries=DeliveryPrior(
        kinds=DeliveryShares(fixed=0.5, crossing=0.4, in_order=0.1), lead=(0, 5), lossy=0.4, lead_told=0.7
    ),
    terms=TermsPrior(
        margin_to_holding=(0.3, 30.0), backlog=0.05, partial=0.05, fixed_cost=0.03, packed=0.1, minimum=0.03,
        reviewed=0.1, empty=0.7, cover=(0.1, 10.0),
    ),
)  # fmt: skip

# What a generalist learns on, an equal part of each. Wild worlds teach caution in plenty; calm ones teach what care is
# worth, and are twice here.
TAUGHT = (PRIOR, EVERYDAY, CALM, CALM, STEADY, STEADY)
