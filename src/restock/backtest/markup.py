"""HTML for both languages at once. Whatever comes from outside is escaped here and nowhere else."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import NewType

from restock.language import Text

SIGNED_NUMBER = re.compile(r"[+−][^\s\d]*\s?\d[\d,.]*%?")  # +GBP 7,419 stays on one line
LITERAL = re.compile(r"`([^`]+)`")

Html = NewType("Html", str)  # already escaped; everything else is plain text


def plain(words: str) -> Html:
    """Outside text, the same in both languages."""
    return Html(escape(words))


def both(text: Text) -> Html:
    """A text of which the page shows one language."""
    en, zh = _words(text.en), _words(text.zh)
    if en == zh:
        return en
    return Html(f'<span class="en" lang="en">{en}</span><span class="zh" lang="zh-Hans">{zh}</span>')


def joined(*parts: Html) -> Html:
    """One after the other."""
    return Html("".join(parts))


def element(tag: str, content: Html, css: str = "") -> Html:
    """`<tag class="css">content</tag>`."""
    return Html(f'<{tag} class="{css}">{content}</{tag}>' if css else f"<{tag}>{content}</{tag}>")


def paragraph(text: Text, css: str = "") -> Html:
    """A paragraph in both languages."""
    return element("p", both(text), css)


def section(anchor: str, title: Text, *parts: Html) -> Html:
    """A part of the page with its heading."""
    head = f'<section id="{anchor}" aria-labelledby="{anchor}-h"><h2 id="{anchor}-h">{both(title)}</h2>'
    return Html(head + "\n".join(part for part in parts if part) + "</section>")


def table(caption: Text, columns: Sequence[tuple[Text, bool]], rows: Iterable[Html]) -> Html:
    """A table that scrolls sideways on a narrow screen; a column is its title and whether it holds numbers."""
    heads = "".join(f'<th scope="col"{_number(is_number)}>{both(title)}</th>' for title, is_number in columns)
    body = "\n".join(rows)
    label = escape(f"{caption.en} {caption.zh}", quote=True)
    return Html(
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table><caption>{both(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def row(head: Html, cells: Sequence[tuple[Html, bool]], css: str = "") -> Html:
    """A row of a table; a cell is its content and whether it is a number."""
    rest = "".join(f"<td{_number(is_number)}>{content}</td>" for content, is_number in cells)
    return Html(f'<tr class="{css}"><th scope="row">{head}</th>{rest}</tr>')


def _words(words: str) -> Html:
    """Escaped, with `literals` set as code."""
    kept = SIGNED_NUMBER.sub(r'<span class="whole">\g<0></span>', escape(words))
    return Html(LITERAL.sub(r"<code>\1</code>", kept))


def _number(is_number: bool) -> str:
    return ' class="n"' if is_number else ""
