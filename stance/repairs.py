"""Mends what is certain in labelled articles: offsets of words that stand once, edges, marks left out, kinds."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.articles import load_row, split_file, to_pretty, write_row
from stance.checks import check_span, kind_fits, with_marks
from stance.document import Span
from stance.errors import LabelError
from stance.files import to_json, write_whole
from stance.places import find_spans, rows_of
from stance.standoff import is_standoff
from stance.text import kind_of, quoted

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Repair:
    """An article that was mended.

    Attributes:
        place: Its file, and line where the file holds several.
        before, after: Its dictionary.
    """

    place: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def diff(self) -> str:
        """What changed, as a unified diff of the article laid out a span a line, its text, which never changes, cut short."""
        old, new = (to_pretty(_cut_short(row)).splitlines(keepends=True) for row in (self.before, self.after))
        return "".join(difflib.unified_diff(old, new, self.place, f"{self.place} (mended)"))


def fix_file(path: Path) -> list[Repair]:
    """Mends the articles of a file and writes it anew, if anything was to mend; what cannot be read stays as it is.

    Args:
        path: A `.json` or `.jsonl` file; lines of the latter that need no repair are left as they are.

    Returns:
        What was mended; `checks` tells what is left.
    """
    try:
        parts = split_file(path)
    except LabelError:
        return []
    repairs: dict[str, Repair] = {}
    for place, data in parts:
        try:
            row = load_row(data, place)
        except LabelError:
            continue
        mended = row if is_standoff(row) else fix_row(row)
        if mended != row:
            repairs[place] = Repair(place, row, mended)
    if repairs and path.suffix == ".jsonl":
        lines = path.read_bytes().split(b"\n")
        for number, line in enumerate(lines, 1):
            repair = repairs.get(f"{path}:{number}")
            lines[number - 1] = to_json(repair.after).encode() if repair else line
        write_whole(path, b"\n".join(lines))
    elif repairs:
        write_row(repairs[str(path)].after, path)
    return list(repairs.values())


def fix_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A labelled article's dictionary with all that is certain mended.

    Offsets that are missing or wrong are filled in where `places.find_spans` finds the span's words; white space comes off edges;
    marks right around a content piece are taken in, unless another quote holds them; a kind is set to what the
    marks make it.

    Args:
        row: The dictionary; left as it is.
    """
    mended = copy.deepcopy(dict(row))
    text, quotes = mended.get("text"), mended.get("quotes")
    if not isinstance(text, str) or not isinstance(quotes, list):
        return mended
    quotes = [quote for quote in quotes if isinstance(quote, dict)]
    for quote in quotes:
        for (role, number), span in find_spans(text, quote).items():
            quote[role][number].update(start=span.start, end=span.end, text=text[span.start : span.end])
    marked = quoted(text)
    _take_in_marks(text, quotes, marked)
    for quote in quotes:
        spans = _pieces(quote)
        pieces = [piece for piece in (check_span(text, span)[0] for span in spans) if piece]
        if pieces and len(pieces) == len(spans) and not kind_fits(str(quote.get("kind")), expected := kind_of(text, pieces, marked)):
            quote["kind"] = expected
    return mended


def _cut_short(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: f"{value[:_SHOWN]}…" if key == "text" and isinstance(value, str) else value for key, value in row.items()}


def _pieces(quote: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [row for row in rows_of(quote, "content") if isinstance(row, dict)]


def _take_in_marks(text: str, quotes: list[dict[str, Any]], marked: list[Span]) -> None:
    """The longest pieces first, so that of a quote within another the outer one gets the marks."""
    pieces = [
        (number, span, piece) for number, quote in enumerate(quotes) for span in _pieces(quote) if (piece := check_span(text, span)[0])
    ]
    held = {id(span): (number, piece) for number, span, piece in pieces}
    for number, span, piece in sorted(pieces, key=lambda item: -len(item[2])):
        others = [other for n, other in held.values() if n != number]
        whole = with_marks(text, piece, marked, others)
        if whole != piece:
            held[id(span)] = (number, whole)
            span["start"], span["end"], span["text"] = whole.start, whole.end, text[whole.start : whole.end]
