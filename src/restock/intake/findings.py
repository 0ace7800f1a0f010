"""What the reader found: counts of every repair, removal and flag, and the rows it could not use."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, SupportsFloat, SupportsInt

import polars as pl

from restock.language import Text

Effect = Literal["repair", "removal", "flag", "note"]

QUARANTINE: dict[str, pl.DataType] = {
    "file": pl.String(),
    "row": pl.Int64(),
    "column": pl.String(),
    "value": pl.String(),
    "reason_en": pl.String(),
    "reason_zh": pl.String(),
}
ROW = "__row"  # 1-based line in the source file; travels with every frame until the facts are made


@dataclass(frozen=True)
class Count:
    """One kind of repair, removal or flag, and how much it touched."""

    name: str
    effect: Effect
    text: Text
    rows: int
    units: float
    table: str

    def to_json(self) -> dict[str, Any]:
        """For reports."""
        return {
            "name": self.name, "effect": self.effect, "text": {"en": self.text.en, "zh": self.text.zh},
            "rows": self.rows, "units": self.units, "table": self.table,
        }  # fmt: skip


@dataclass
class Findings:
    """Collects while a table is read; the only record here that changes."""

    table: str
    file: str
    counts: list[Count] = field(default_factory=list[Count])
    rejected: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])

    def count(self, name: str, effect: Effect, text: Text, rows: SupportsInt, units: SupportsFloat = 0.0) -> None:
        """Note that something was done to `rows` rows; nothing happens for zero rows."""
        if int(rows):
            self.counts.append(Count(name, effect, text, int(rows), float(units), self.table))

    def reject(self, frame: pl.DataFrame, column: str, values: pl.Series, reason: Text) -> None:
        """Quarantine the rows of `frame` (it needs `ROW`); `values` are the cells as they stood in the file."""
        if frame.height:
            texts = (pl.lit(reason.en).alias("reason_en"), pl.lit(reason.zh).alias("reason_zh"))
            rows = pl.DataFrame({"row": frame[ROW], "value": values.cast(pl.String)})
            rows = rows.with_columns(pl.lit(self.file).alias("file"), pl.lit(column).alias("column"), *texts)
            self.rejected.append(rows.select(pl.col(name).cast(dtype) for name, dtype in QUARANTINE.items()))

    @property
    def quarantine(self) -> pl.DataFrame:
        """All rejected rows so far, in the order of the file."""
        return pl.concat([pl.DataFrame(schema=QUARANTINE), *self.rejected]).sort("file", "row", maintain_order=True)


def merged(counts: list[Count]) -> list[Count]:
    """Counts of several files added up where they say the same."""
    found: dict[tuple[str, Text], Count] = {}
    for count in counts:
        before = found.get((count.table, count.text))
        rows, units = (before.rows, before.units) if before else (0, 0.0)
        found[count.table, count.text] = replace(count, rows=rows + count.rows, units=units + count.units)
    return list(found.values())
