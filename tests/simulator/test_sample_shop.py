from datetime import date

import holidays
import numpy as np
import pytest

from restock.errors import UsageError
from restock.simulator.sample_shop import LABEL, SampleSettings, draw_shop
from restock.simulator.sample_shop.calendar import BLACK_FRIDAY, CLOSED, SPRING_FESTIVAL, event_day

ROUND_EVENTS = [("10-20", "12-01"), ("05-20", "07-05"), ("12-10", "12-15"), ("01-01", "03-10")]


@pytest.fixture(scope="module")
def shop():
    return draw_shop(SampleSettings())


@pytest.fixture(scope="module")
def lines():
    return draw_shop(SampleSettings(items=60, days=200, lines="orders"))


def grid(shop, table, column, fill=np.nan):
    """A table's column as [item, day]; rows of one day are added up."""
    items, dates = shop.truth.item, shop.truth.dates
    when = getattr(table, "date", None) if hasattr(table, "date") else table.at.astype("datetime64[D]")
    day = (when - dates[0]).astype(int)
    inside = (day >= 0) & (day < len(dates))
    out = np.full((len(items), len(dates)), fill)
    place = np.searchsorted(items, table.item[inside]), day[inside]
    out[place] = 0.0
    np.add.at(out, place, getattr(table, column)[inside])
    return out


def carried(values):
    """Each row's last value carried forward."""
    seen = np.isfinite(values)
    last = np.maximum.accumulate(np.where(seen, np.arange(values.shape[1]), 0), -1)
    return np.take_along_axis(values, last, -1)


def promoted(shop):
    """Strength of promotion, from the table. [item, day]"""
    out = np.zeros(shop.truth.mean.shape)
    table, first = shop.promotions, shop.truth.dates[0]
    for item, start, end, value in zip(table.item, table.start, table.end, table.value, strict=True):
        low, high = int((start - first).astype(int)), int((end - first).astype(int))
        out[np.searchsorted(shop.truth.item, item), max(low, 0) : high + 1] = value
    return out


def on(shop, day):
    return int((np.datetime64(day) - shop.truth.dates[0]).astype(int))


def away_from_events(dates):
    """Whether a day is no event, nor shortly before or after one. [day]"""
    text = [day[5:] for day in np.datetime_as_string(dates, "D").tolist()]
    return np.array([not any(first <= day <= last for first, last in ROUND_EVENTS) for day in text])


def against_usual(shop, first, last=None):
    """Demand of the whole shop on these days, against the median day of the 60 around them."""
    total = shop.truth.demand.sum(0)
    low, high = on(shop, first), on(shop, last or first) + 1
    return total[low:high].mean() / np.median(total[max(low - 30, 0) : high + 30])


def test_the_same_settings_give_the_same_bytes_and_another_seed_another_shop(lines):
    again = draw_shop(SampleSettings(items=60, days=200, lines="orders"))
    for name, columns in lines.tables().items():
        for key, column in columns.items():
            assert column.tobytes() == again.tables()[name][key].tobytes(), (name, key)
    for name, values in lines.truth._asdict().items():
        assert values.tobytes() == getattr(again.truth, name).tobytes(), name
    other = draw_shop(SampleSettings(items=60, days=200, lines="orders", seed=8))
    assert (other.truth.demand != lines.truth.demand).any()


def test_how_sales_are_written_does_not_change_what_happened(lines):
    days = draw_shop(SampleSettings(items=60, days=200))
    np.testing.assert_array_equal(days.truth.sold, lines.truth.sold)
    np.testing.assert_array_equal(grid(days, days.sales, "quantity", 0.0), grid(lines, lines.sales, "quantity", 0.0))
    assert days.sales.order is None
    assert "order" not in days.tables()["sales"]


def test_everything_says_that_it_is_synthetic(shop):
    assert shop.label == LABEL
    assert "ynthetic" in shop.label.en
    assert "合成" in shop.label.zh
    assert all(item.startswith("SYN-") for item in shop.items.item)
    assert all("Sample" in name for name in (*shop.items.name, *shop.items.brand, *shop.supply.supplier))
    assert all("示例" in name for name in shop.items.name_zh)


def test_columns_of_a_table_have_one_length_and_ids_exist(shop, lines):
    for made in (shop, lines):
        for name, columns in made.tables().items():
            lengths = {len(column) for column in columns.values()}
            assert len(lengths) == 1, name
            assert lengths.pop() > 0, name
            if "item" in columns:
                assert set(columns["item"]) <= set(made.items.item), name
            for key, column in columns.items():
                if column.dtype.kind == "f":
                    assert np.isfinite(column).all(), (name, key)
                if column.dtype.kind == "M" and key != "received":
                    assert not np.isnat(column).any(), (name, key)


def test_keys_of_the_contract_are_unique(shop, lines):
    keys = {
        "items": ("item",),
        "stock": ("item", "site", "date"),
        "purchase_orders": ("order", "item", "site"),
        "supply": ("item", "site", "supplier"),
        "promotions": ("item", "site", "start", "kind"),
        "prices": ("item", "site", "date"),
        "events": ("name", "start"),
        "sales": ("item", "site", "channel", "at"),
        "traffic": ("item", "date"),
        "competitors": ("item", "date"),
    }
    for name, key in keys.items():
        rows = np.rec.fromarrays([shop.tables()[name][column] for column in key])
        assert len(np.unique(rows)) == len(rows), name
    rows = np.rec.fromarrays([lines.sales.order, lines.sales.item])
    assert len(np.unique(rows)) == len(rows)


def test_no_unit_is_made_or_lost_between_the_tables(shop):
    evening, sold = grid(shop, shop.stock, "on_hand"), grid(shop, shop.sales, "quantity", 0.0)
    came = np.zeros_like(sold)
    orders = shop.purchase_orders
    there = ~np.isnat(orders.received)
    day = (orders.received[there] - shop.truth.dates[0]).astype(int)
    np.add.at(came, (np.searchsorted(shop.truth.item, orders.item[there]), day), orders.quantity[there])
    counted = np.isfinite(evening[:, :-1]) & np.isfinite(evening[:, 1:])
    difference = evening[:, 1:] - (evening[:, :-1] + came[:, 1:] - sold[:, 1:])
    assert counted.mean() > 0.9
    np.testing.assert_array_equal(difference[counted], 0.0)
    assert np.nanmin(evening) == 0


def test_sales_are_demand_cut_off_by_stock(shop):
    truth = shop.truth
    np.testing.assert_array_equal(grid(shop, shop.sales, "quantity", 0.0), truth.sold)
    assert (truth.sold <= truth.demand).all()
    whole = truth.in_stock == 1
    np.testing.assert_array_equal(truth.sold[whole], truth.demand[whole])
    assert truth.sold[truth.in_stock == 0].max() == 0
    assert not truth.demand[truth.on_sale == 0].any()
    short = truth.demand > truth.sold
    np.testing.assert_array_equal(grid(shop, shop.stock, "on_hand")[short & (truth.on_sale > 0)], 0.0)
    assert (truth.in_stock[short] < 1).all()


@pytest.mark.parametrize("seed", [1, 2, 3, 7])
def test_three_to_fifteen_days_of_a_hundred_are_short_of_stock(seed):
    truth = draw_shop(SampleSettings(items=150, days=500, seed=seed)).truth
    days = truth.on_sale > 0
    assert 0.03 < (truth.in_stock[days] < 1).mean() < 0.15


def test_demand_follows_the_true_mean_with_the_true_dispersion(shop):
    truth = shop.truth
    expected = truth.mean + truth.dispersion[:, None] * truth.mean**2
    surprise = (truth.demand - truth.mean).sum(-1) / np.sqrt(expected.sum(-1))
    assert np.abs(surprise).max() < 5
    assert surprise.std() == pytest.approx(1.0, abs=0.2)
    ratio = ((truth.demand - truth.mean) ** 2).sum() / expected.sum()
    assert ratio == pytest.approx(1.0, abs=0.15)


def test_items_span_three_orders_of_magnitude_with_a_tail_that_sells_now_and_then(shop):
    truth = shop.truth
    mean = truth.demand.sum(-1) / np.maximum(truth.on_sale.sum(-1), 1)
    assert np.quantile(mean, 0.99) / np.quantile(mean, 0.01) > 700
    idle = 1 - (truth.demand > 0).sum(-1) / np.maximum(truth.on_sale.sum(-1), 1)
    assert 0.05 < (idle > 0.75).mean() < 0.35


def test_the_shopping_year_is_there(shop):
    for year in ("2024", "2025"):
        assert 5 < against_usual(shop, f"{year}-11-11") < 12
        assert 1.5 < against_usual(shop, f"{year}-11-01", f"{year}-11-03") < 4
        assert against_usual(shop, f"{year}-11-11") > 3 * against_usual(shop, f"{year}-11-05", f"{year}-11-09")
    assert 3 < against_usual(shop, "2025-06-18") < 8
    assert 1.5 < against_usual(shop, "2025-11-28") < 3.5
    for first in (SPRING_FESTIVAL[2025], SPRING_FESTIVAL[2026]):
        new_year = np.datetime64(first)
        assert against_usual(shop, new_year - 2, new_year + 3) < 0.6
        assert against_usual(shop, new_year - 14, new_year - 7) > 1.15


def test_dates_of_the_spring_festival_are_those_of_the_public_holiday():
    for year in range(2020, 2031):
        names = holidays.country_holidays("CN", years=year, language="en_US")
        days = [day for day, name in names.items() if name.startswith("Chinese New Year (") and "observed" not in name]
        assert SPRING_FESTIVAL[year] == min(days)


def test_black_friday_follows_the_fourth_thursday_of_november():
    assert [event_day(BLACK_FRIDAY, y) for y in (2024, 2025, 2026)] == [
        date(2024, 11, 29),
        date(2025, 11, 28),
        date(2026, 11, 27),
    ]


def test_uplift_of_promotions_and_price_elasticity_come_back_by_regression_on_what_the_shop_sees():
    shop = draw_shop(SampleSettings(items=200, days=1200, level=100.0, spread=0.5))
    truth, dates = shop.truth, shop.truth.dates
    promotion, price = promoted(shop), carried(grid(shop, shop.prices, "price"))
    at_home = np.zeros_like(promotion)
    for t in range(1, len(dates)):
        at_home[:, t] = 0.8 * at_home[:, t - 1] + 0.2 * promotion[:, t - 1]
    quiet = away_from_events(dates)
    year = 2 * np.pi * np.arange(len(dates)) / 365.25
    weekday = (dates.astype(int) + 3) % 7
    season = [np.ones(len(dates)), np.arange(len(dates)) / 365, np.cos(year), np.sin(year), weekday == 5, weekday == 6]
    found = []
    for i in range(len(truth.item)):
        days = quiet & (truth.in_stock[i] == 1) & (truth.sold[i] > 5)
        if days.sum() < 200 or promotion[i, days].sum() < 20:
            continue
        own = [promotion[i], np.log(price[i]), at_home[i] * (promotion[i] == 0)]
        x = np.stack([*season, *own], -1)[days].astype(float)
        fit = np.linalg.lstsq(x, np.log(truth.sold[i, days]), rcond=None)[0]
        found.append((fit[6], truth.promotion_uplift[i], fit[7], truth.elasticity[i], fit[8]))
    uplift, true_uplift, elasticity, true_elasticity, dip = np.array(found).T
    assert len(found) > 100
    assert uplift.mean() == pytest.approx(true_uplift.mean(), abs=0.06)
    assert elasticity.mean() == pytest.approx(true_elasticity.mean(), rel=0.15)
    assert np.corrcoef(uplift, true_uplift)[0, 1] > 0.35
    assert np.corrcoef(elasticity, true_elasticity)[0, 1] > 0.35
    assert -0.45 < dip.mean() < -0.1


def test_a_cheaper_rival_takes_customers(shop):
    truth = shop.truth
    rival = carried(grid(shop, shop.competitors, "price"))
    logs = np.log(np.maximum(truth.mean, 1e-9))
    has = truth.rival_elasticity > 0
    assert 0.4 < has.mean() < 0.8
    assert set(shop.competitors.item) <= set(truth.item[has])
    effects, quiet = [], away_from_events(truth.dates)
    for i in np.flatnonzero(has):
        days = np.flatnonzero((truth.on_sale[i] > 0) & np.isfinite(rival[i]) & quiet)
        moved = days[1:][np.diff(days) == 1]
        moved = moved[np.abs(np.log(rival[i, moved] / rival[i, moved - 1])) > 0.05]
        step = np.log(rival[i, moved] / rival[i, moved - 1])
        effects.append(((logs[i, moved] - logs[i, moved - 1]) * step).sum() / (step**2).sum() if len(moved) > 10 else 0)
    assert np.mean([e for e in effects if e]) == pytest.approx(truth.rival_elasticity[has].mean(), abs=0.35)


def test_views_tell_tomorrows_demand_better_than_todays(shop):
    truth = shop.truth
    views = grid(shop, shop.traffic, "views", 0.0)
    busy = (truth.mean.min(-1) > 0) & (truth.demand.mean(-1) > 20)

    def change(values):
        return np.diff(np.log(values[busy] + 1.0), axis=-1)

    seen, asked = change(views), change(truth.demand)
    tomorrow = np.corrcoef(seen[:, :-1].ravel(), asked[:, 1:].ravel())[0, 1]
    today = np.corrcoef(seen.ravel(), asked.ravel())[0, 1]
    assert tomorrow > 0.25
    assert tomorrow > 1.5 * today
    assert (shop.traffic.add_to_cart <= shop.traffic.views).all()


def test_new_items_start_slowly_and_ended_ones_stop(shop):
    truth, items = shop.truth, shop.items
    launch = (items.launch - truth.dates[0]).astype(int)
    new = (launch > 0) & (launch < len(truth.dates) - 200)
    assert new.sum() > 10
    early = [truth.mean[i, launch[i] : launch[i] + 3].mean() for i in np.flatnonzero(new)]
    late = [np.median(truth.mean[i, launch[i] + 100 :]) for i in np.flatnonzero(new)]
    assert np.median(np.array(early) / np.maximum(late, 1e-9)) < 0.75
    for i in np.flatnonzero(launch > 0):
        assert not truth.demand[i, : launch[i]].any()
    gone = items.status == "discontinued"
    assert 0.01 < gone.mean() < 0.15
    assert not truth.demand[gone, -1].any()
    assert set(items.status) == {"active", "ending", "discontinued"}
    like = items.like_item != ""
    assert (launch[like] > 0).all()


def test_suppliers_keep_to_the_true_law_and_rest_over_the_spring_festival(shop):
    truth, orders = shop.truth, shop.purchase_orders
    closed = [(np.datetime64(day) + CLOSED[0], np.datetime64(day) + CLOSED[1]) for day in SPRING_FESTIVAL.values()]
    came = ~np.isnat(orders.received)
    for first, last in closed:
        assert not ((orders.received >= first) & (orders.received <= last)).any()
    row = np.searchsorted(truth.item, orders.item)
    lead = (orders.received - orders.ordered).astype(int)
    usual = came & (orders.ordered < truth.dates[-1] - 60)
    for first, last in closed:
        usual &= ~((orders.ordered > first - 60) & (orders.ordered <= last))
    chances = truth.lead_chance[row[usual], lead[usual]]
    assert chances.min() > 0
    numbers = np.arange(truth.lead_chance.shape[1])
    mean = truth.lead_chance @ numbers
    variance = truth.lead_chance @ numbers**2 - mean**2
    surprise = (lead[usual] - mean[row[usual]]).sum() / np.sqrt(variance[row[usual]].sum())
    assert abs(surprise) < 5
    np.testing.assert_allclose(truth.lead_chance.sum(-1), 1.0)
    late = (orders.received[came] > orders.expected[came]).mean()
    assert 0.2 < late < 0.4
    assert (~came).sum() > 0
    assert (orders.ordered <= truth.dates[-1]).all()


def test_orders_are_whole_packs_of_at_least_the_minimum(shop):
    row = np.searchsorted(shop.supply.item, shop.purchase_orders.item)
    assert (shop.purchase_orders.quantity % shop.supply.pack[row] == 0).all()
    assert (shop.purchase_orders.quantity >= shop.supply.minimum[row]).all()


def test_plans_reach_beyond_the_history_but_what_happened_does_not(shop):
    last = shop.truth.dates[-1]
    assert last == np.datetime64("2026-10-31")
    assert shop.truth.mean_ahead.shape == (200, 60)
    ahead = shop.events.start > last
    assert {"Double 11", "Black Friday", "Double 12"} <= set(shop.events.name[ahead])
    assert (shop.promotions.start > last).any()
    assert (shop.prices.date > last).any()
    assert shop.sales.at.max() < last + 1
    assert shop.stock.date.max() == last
    assert shop.traffic.date.max() == last
    assert shop.competitors.date.max() <= last
    double_11 = shop.truth.mean_ahead[:, 10].sum() / np.median(shop.truth.mean_ahead.sum(0))
    assert double_11 > 5


def test_prices_of_sales_agree_with_the_price_table(shop):
    price = carried(grid(shop, shop.prices, "price"))
    day = (shop.sales.at.astype("datetime64[D]") - shop.truth.dates[0]).astype(int)
    np.testing.assert_allclose(price[np.searchsorted(shop.truth.item, shop.sales.item), day], shop.sales.unit_price)
    assert (shop.sales.discount <= 1).all()
    assert (shop.sales.discount < 0.95).mean() > 0.05
    assert (shop.items.unit_cost < shop.items.list_price).all()
    assert ((shop.sales.in_stock > 0) & (shop.sales.in_stock <= 1)).all()


def test_order_lines_are_small_and_an_order_has_one_channel_and_one_moment(lines):
    sales = lines.sales
    assert 1.0 < sales.quantity.mean() < 1.5
    assert sales.quantity.min() >= 1
    orders, first, back = np.unique(sales.order, return_index=True, return_inverse=True)
    assert 1.1 < len(sales.order) / len(orders) < 1.5
    np.testing.assert_array_equal(sales.channel, sales.channel[first][back])
    np.testing.assert_array_equal(sales.at, sales.at[first][back])
    assert set(sales.channel) == {"app", "web", "marketplace"}


@pytest.mark.parametrize(
    "wrong",
    [{"items": 0}, {"days": 5}, {"end": date(2019, 5, 1)}, {"end": date(2030, 12, 1)}, {"days": 5000}, {"level": 0.0}],
)
def test_settings_that_make_no_shop_are_refused_in_both_languages(wrong):
    with pytest.raises(UsageError) as caught:
        SampleSettings(**wrong)
    assert caught.value.message.zh
    assert caught.value.hint.en


@pytest.mark.parametrize("settings", [{"items": 1, "days": 28}, {"items": 3, "ahead": 0}, {"items": 2, "level": 0.02}])
@pytest.mark.parametrize("lines", ["days", "orders"])
def test_small_shops_can_be_drawn(settings, lines):
    shop = draw_shop(SampleSettings(**settings, lines=lines))
    assert shop.truth.demand.shape[0] == settings["items"]
    assert len(shop.sales.item) == len(shop.sales.quantity)
