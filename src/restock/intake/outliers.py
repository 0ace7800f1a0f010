"""Quantities far beyond what an item usually sells are flagged, never changed."""

import polars as pl

FEWEST = 5  # lines an item needs to be judged by itself; else it is judged by the shop
SPREADS = 6.0  # robust standard deviations of the log quantity above the median
FLOOR = 0.5  # smallest spread of the log quantity: nothing under e^(6 x 0.5) = 20 times the median is an outlier
EVENT_SHARE = 0.05  # a day on which more of the items than this stand out is an event, not a mistake
MAD_TO_SD = 1.4826


def flag_outliers(sales: pl.DataFrame, *, daily: bool) -> pl.Series:
    """True where log quantity > median + 6 robust standard deviations of the item (median absolute deviation)."""
    if not sales.height:
        return pl.Series("suspect", [], dtype=pl.Boolean)
    log = pl.when(pl.col("quantity") > 0).then(pl.col("quantity").log())
    frame = sales.select("item", pl.col("at").dt.date().alias("day"), log.alias("log"))
    frame = frame.with_columns(middle=pl.col("log").median().over("item"), lines=pl.col("log").count().over("item"))
    away = (pl.col("log") - pl.col("middle")).abs()
    frame = frame.with_columns(spread=MAD_TO_SD * away.median().over("item"))
    shop = frame.select(
        pl.col("log").median().alias("m"), (pl.col("log") - pl.col("log").median()).abs().median().alias("d")
    ).row(0)
    few = pl.col("lines") < FEWEST
    middle = pl.when(few).then(pl.lit(shop[0], pl.Float64)).otherwise(pl.col("middle"))
    spread = pl.when(few).then(pl.lit((shop[1] or 0.0) * MAD_TO_SD)).otherwise(pl.col("spread")).clip(FLOOR)
    frame = frame.with_columns(out=(pl.col("log") > middle + SPREADS * spread).fill_null(value=False))
    if daily:
        event = (pl.col("out").mean().over("day") > EVENT_SHARE) & (pl.col("out").sum().over("day") > 1)
        frame = frame.with_columns(out=pl.col("out") & ~event)
    return frame["out"].alias("suspect")
