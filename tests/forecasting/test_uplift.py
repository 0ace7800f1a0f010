"""What a festival does is learned from all items and told to those that have not seen it."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_panel import START

from restock.events import parse_events, shipped_events
from restock.forecasting.baselines import BASELINES
from restock.forecasting.festivals import held, with_festivals
from restock.forecasting.forecaster import Ask
from restock.forecasting.local import Local
from restock.forecasting.panel import bare_panel
from restock.forecasting.uplift import LEAN, Lifted, measure_lifts

FAIR = [30, 31, 60, 61, 100, 101]  # days of the fair; the last is ahead
DAYS, AHEAD = 98, 7


def fair_panel(lift=3.0, series=12):
    """Poisson demand that a fair multiplies; the last series was launched after the second fair."""
    draw = np.random.default_rng(1)
    calendar = np.zeros((DAYS + AHEAD, 2), np.float32)
    calendar[FAIR, 0] = 1
    calendar[102, 1] = 1  # a wedding that nobody has ever seen
    mean = np.linspace(5, 30, series)[:, None] * np.where(calendar[:DAYS, 0] > 0, lift, 1.0)
    y = draw.poisson(mean).astype(np.float32)
    y[-1, :70] = np.nan
    panel = bare_panel(y, START + np.arange(DAYS))
    return replace(
        panel,
        calendar=calendar,
        calendar_names=("fair", "wedding"),
        future=np.zeros((series, DAYS + AHEAD, 0), np.float32),
        codes=(np.arange(series, dtype=np.int32) % 2)[:, None],
        attributes=("category",),
        levels=(("tea", "milk"),),
    )


def test_the_lift_is_found_and_an_event_never_seen_lifts_nothing():
    lifts = measure_lifts(fair_panel())
    assert lifts.shop[0] == pytest.approx(3, rel=0.05)
    assert lifts.seen.tolist() == [True, False]
    np.testing.assert_allclose(lifts.series[:, 0], 3, rtol=0.15)
    np.testing.assert_allclose(lifts.factors(np.array([[0, 1.0]]))[:, 0], 1)


def test_an_item_leans_on_its_category_by_hand():
    panel = fair_panel()
    y = panel.y.copy()
    y[:] = np.where(panel.calendar[:DAYS, 0] > 0, 20, 10)  # a lift of 2 in everything
    y[-1, :70] = np.nan
    y[0] = np.where(panel.calendar[:DAYS, 0] > 0, 50, 10)  # but 5 here: 4 days seen, 40 units expected
    lifts = measure_lifts(replace(panel, y=y))
    tea = (5 * 80 + 200 + LEAN * lifts.shop[0]) / (6 * 40 + LEAN)
    assert lifts.series[0, 0] == pytest.approx((200 + LEAN * tea) / (40 + LEAN), rel=1e-4)


def test_an_items_first_fair_is_no_surprise():
    panel = fair_panel()
    plain = Local("mean", BASELINES["moving_average"])
    ask = Ask(AHEAD, n_samples=20)
    found = Lifted("lifted", plain).fit(panel, AHEAD).predict(panel, ask)
    fair = found.mean[-1, [2, 3]]
    assert fair == pytest.approx(90, rel=0.15)
    assert found.mean[-1, 4:] == pytest.approx(30, rel=0.15)  # the wedding on day 102 too
    without = plain.fit(panel, AHEAD).predict(panel, ask)
    assert without.mean[-1, [2, 3]] == pytest.approx(30, rel=0.15)
    assert found.method == "lifted"
    assert found.quantiles[-1, 2, -1] > 90
    others = Lifted("lifted", plain).fit(panel, AHEAD).predict(panel.rows(np.arange(3)), ask)
    assert others.mean[:, 2] == pytest.approx(3 * others.mean[:, 0], rel=0.25)


def test_festivals_of_the_country_replace_those_of_all():
    year = bare_panel(np.ones((1, 366)), np.datetime64("2024-01-01") + np.arange(366))
    crowded = replace(year, calendar=np.eye(366, 2, dtype=np.float32), calendar_names=("holiday", "618"))
    german = with_festivals(crowded, shipped_events(), "DE")
    assert german.calendar_names[0] == "holiday"
    assert "618" not in german.calendar_names
    assert {"easter", "black_friday", "christmas"} <= set(german.calendar_names)
    easter = german.calendar[:, german.calendar_names.index("easter")]
    assert [str(day) for day in year.starts[easter > 0]] == ["2024-03-29", "2024-03-30", "2024-03-31", "2024-04-01"]
    chinese = with_festivals(crowded, shipped_events(), "CN")
    assert chinese.calendar[:, chinese.calendar_names.index("618")].sum() == 3


def test_a_week_holds_the_share_of_its_days_and_spans_are_listed():
    weeks = bare_panel(np.ones((1, 3)), np.datetime64("2026-11-02") + 7 * np.arange(3), 7)
    events = parse_events("name,start,end,en,zh\nfair,11-08,11-09,Fair,庙会\n", "x")
    found = with_festivals(weeks, events, "")
    np.testing.assert_allclose(found.calendar[:, 0], [1 / 7, 1 / 7, 0])
    (fair,) = held(weeks, events, "")
    assert (fair.title.zh, str(fair.first), str(fair.last)) == ("庙会", "2026-11-08", "2026-11-09")
