"""The keys of a labelled article, their order in a file, and what looks like a slip in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

from stance.document import METADATA

ARTICLE = (*METADATA, "text", "quotes", "speakers", "complete", "split", "sha256", "pair", "family", "case", "test")
QUOTE = ("content", "cue", "source", "kind", "speaker", "stance", "repeats", "note", "confidence")
SPAN = ("start", "end", "text")


def ordered(row: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """A dictionary with its known keys first, in their order, so that a file is written alike whoever wrote it before."""
    return {key: row[key] for key in (*(key for key in known if key in row), *(key for key in row if key not in known))}


def odd_keys(row: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[str]:
    """Says of each key of a dictionary that no reader looks at, and which one may be meant."""
    for key in row:
        if key not in known:
            near = get_close_matches(str(key), known, 1)
            yield f"`{key}` is no key that is read" + (f"; did you mean `{near[0]}`?" if near else "")


def odd_date(row: Mapping[str, Any]) -> str | None:
    """Says that an article's date is none by ISO 8601, as shares by month and year need it."""
    value = row.get("date")
    if value in (None, ""):
        return None
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return f"`date` is {value!r}, which shares by month and year leave out; write it as 2024-05-31"
    return None
