"""Bytes of a text file to text: which encoding, which separator."""

import codecs
import re

from restock.errors import DataError
from restock.language import Text

SAMPLE = 1 << 18
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SEPARATORS = ",\t;|"
HIGH_RUN = re.compile(rb"[\x80-\xff]+")


def encoding_of(data: bytes) -> str:
    """UTF-8, UTF-16, GB18030 or Windows-1252, from a byte order mark or from a sample of the bytes.

    The caller decodes everything and asks `legacy_encoding` where UTF-8 breaks after the sample.
    """
    for mark, name in BOMS:
        if data.startswith(mark):
            return name
    sample = data[:SAMPLE]
    zeros = sample.count(0)
    if zeros > len(sample) // 4:
        return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return legacy_encoding(data)
    return "utf-8"


def legacy_encoding(data: bytes) -> str:
    """GB18030 where high bytes come in pairs, as Chinese text has them; Windows-1252 where they stand alone."""
    # ASCII is skipped at C speed: only the runs of high bytes are looked at, and not more than a few thousand
    runs = [len(found.group()) for _, found in zip(range(4000), HIGH_RUN.finditer(data), strict=False)]
    alone = sum(run == 1 for run in runs)
    return "cp1252" if alone * 2 > len(runs) else "gb18030"


def text_of(data: bytes, name: str) -> str:
    """The whole file as text.

    Raises:
        DataError: the bytes are no text at all.
    """
    first = encoding_of(data)
    for encoding in dict.fromkeys((first, legacy_encoding(data) if first == "utf-8" else first)):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text[:SAMPLE]:
            return text
    raise DataError(
        Text(f"`{name}` is neither text nor Excel nor Parquet", f"`{name}` 既不是文本文件，也不是 Excel 或 Parquet"),
        hint=Text("save it as CSV (UTF-8) and load that", "请另存为 CSV（UTF-8）后再导入"),
    )


def separator_of(text: str) -> str:
    """Comma, tab, semicolon or bar: the one that splits the first lines most evenly."""
    lines = [line for line in text[:20_000].splitlines()[:30] if line.strip()]
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines]

    def fits(separator: str) -> tuple[int, int]:
        counts = [line.count(separator) for line in bare]
        usual = max(set(counts), key=lambda n: (n > 0, counts.count(n), n), default=0)
        return (counts.count(usual) if usual else 0), usual

    # a decimal comma gives commas as regular as the semicolons beside it: the header has no numbers, so it goes first
    header = max(bare[:15], key=len, default="")
    return max(SEPARATORS, key=lambda s: (fits(s)[0] > 0, s in header, *fits(s)))
