import json
from datetime import date
from pathlib import Path

import pytest

from restock.intake.quality import judge
from restock.intake.tables import Reading, read_tables

TEXT = """item,date,units,price,in_stock
A,2026-11-01,3,2,1
A,2026-11-02,0,,0
A,2026-11-04,-1,2,1
B,2026-11-04,1.5,2,1
B,2026-11-05,2,2,1
B,2026-11-06,2,2,
B,2026-11-07,2,2,
C,2026-11-07,x,2,
"""


def read(folder: Path, text: str) -> Reading:
    path = folder / "sales.csv"
    path.write_text(text)
    return read_tables([path])


def test_the_report_counts_what_was_read(tmp_path: Path) -> None:
    quality = judge(read(tmp_path, TEXT))
    assert (quality.rows_read, quality.rows_kept, quality.rows_bad, quality.bad_share) == (8, {"sales": 7}, 1, 0.125)
    assert (quality.items, quality.sites, quality.first_day, quality.last_day) == (
        2,
        1,
        date(2026, 11, 1),
        date(2026, 11, 7),
    )
    assert (quality.days_missing, quality.missing_days) == (2, (date(2026, 11, 2), date(2026, 11, 3)))
    assert quality.share_with_price == pytest.approx(6 / 7)
    assert quality.share_with_stock_flag == pytest.approx(5 / 7)
    assert {count.name: count.rows for count in quality.counts} == {"negative_days": 1, "fractions": 1}


def test_the_report_speaks_both_languages_and_json(tmp_path: Path) -> None:
    quality = judge(read(tmp_path, TEXT))
    assert quality.sentences[0].en == "8 rows read; kept: sales 7; 1 in quarantine (12.50%)"
    assert quality.sentences[0].zh == "共读取 8 行；保留：sales 7；隔离 1 行（12.50%）"
    assert len(quality.sentences) == 4
    assert json.loads(json.dumps(quality.to_json(), ensure_ascii=False))["first_day"] == "2026-11-01"


def test_earlier_facts_count_for_the_span_but_not_as_read(tmp_path: Path) -> None:
    earlier = read(tmp_path, "item,date,units\nZ,2026-10-30,3\nZ,2026-10-31,3\n").tables
    quality = judge(read(tmp_path, TEXT), earlier)
    assert (quality.rows_read, quality.items, quality.first_day) == (8, 3, date(2026, 10, 30))


def test_a_reading_without_sales_has_a_report_too(tmp_path: Path) -> None:
    quality = judge(read(tmp_path, "sku,date,on_hand\nA,2026-11-01,3\n"))
    assert (quality.items, quality.first_day, quality.days_missing, quality.rows_kept) == (0, None, 0, {"stock": 1})
    assert quality.to_json()["last_day"] is None
