"""Stand-off labels: those of articles whose text stays elsewhere, as ids, sums and offsets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from stance.articles import ROLES, load_row, split_file
from stance.document import UNNAMED, Document
from stance.errors import LabelError
from stance.files import to_json, write_whole


def digest(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def write_standoff(documents: Iterable[Document], path: Path, splits: Mapping[str, str], incomplete: frozenset[str] = frozenset()) -> None:
    """Writes labels without their text, one article a line: id, split, the text's sum, quotes by offset.

    Quotes of an article that is labelled for its speakers alone have no `stance`.

    Args:
        documents: Labelled articles with ids.
        path: A `.jsonl` file.
        splits: `train` or `dev` by id; `train` where an id is not in it.
        incomplete: Ids of articles in which only some quotes are labelled.
    """
    lines = []
    for document in sorted(documents, key=lambda document: document.id or ""):
        quotes = [
            {
                **{role: [[span.start, span.end] for span in getattr(quote, role)] for role in ROLES},
                "kind": quote.kind,
                "speaker": quote.speaker.name if quote.speaker else None,
                **({"stance": quote.stance.label} if quote.stance else {}),
                "repeats": quote.repeats,
            }
            for quote in document.quotes
        ]
        row = {
            "id": document.id,
            "split": splits.get(document.id or "", "train"),
            "complete": document.id not in incomplete,
            "outlet": document.outlet,
            "date": document.date,
            "sha256": digest(document.text),
            "annotator": document.annotator,
            "quotes": quotes,
        }
        lines.append(to_json(row))
    write_whole(path, ("\n".join(lines) + "\n").encode())


def read_standoff(path: Path, texts: Mapping[str, str], *, split: str | None = None, complete: bool | None = None) -> Iterator[Document]:
    """Joins stand-off labels with their texts.

    Args:
        path: A file that `write_standoff` made.
        texts: Text of each article by id; articles without one are left out.
        split: Only articles of this split, or all.
        complete: Only articles labelled in full (True), only the others (False), or all.

    Raises:
        LabelError: A text is not the one that was labelled, or a row breaks the format.
    """
    for place, data in split_file(path):
        row = load_row(data, place)
        _check_keys(row, place)
        text = texts.get(row["id"])
        if text is not None and split in (None, row["split"]) and complete in (None, row["complete"]):
            yield Document.from_dict(join_text(row, text, place), place)


def is_standoff(row: Mapping[str, Any]) -> bool:
    """Whether a row holds stand-off labels, its text being elsewhere."""
    return "sha256" in row and "text" not in row


def join_text(row: Mapping[str, Any], text: str | None, place: str) -> dict[str, Any]:
    """A row of stand-off labels as a labelled article's dictionary.

    Args:
        row: What a line of the file holds.
        text: The article; None where it is not at hand, and the row's form alone is to be checked.
        place: For messages.

    Raises:
        LabelError: The text is not the one that was labelled, or the row breaks the format.
    """
    _check_keys(row, place)
    if text is not None and digest(text) != row["sha256"]:
        raise LabelError(place, f"the text of {row['id']} is not the one that was labelled: its SHA-256 sum differs")
    try:
        quotes = [
            quote | {role: [_span(text, *pair) for pair in quote[role]] for role in ROLES} | {"speaker": quote.get("speaker") or UNNAMED}
            for quote in row["quotes"]
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise LabelError(place, "a quote needs content, cue and source as lists of [start, end]") from None
    return {**row, "quotes": quotes, "text": text, "provenance": "real"}


def _span(text: str | None, start: int, end: int) -> dict[str, Any]:
    if not 0 <= start < end:
        raise ValueError(start, end)
    return {"start": start, "end": end} if text is None else {"start": start, "end": end, "text": text[start:end]}


def _check_keys(row: Mapping[str, Any], place: str) -> None:
    missing = [key for key in ("id", "split", "complete", "sha256", "quotes") if key not in row]
    if missing:
        raise LabelError(place, f"not an object with {', '.join(missing)}")
