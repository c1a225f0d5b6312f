"""Labelled articles on disk: reads and writes them. A `.json` file holds one, a `.jsonl` file one a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from stance.document import UNNAMED, Document
from stance.errors import LabelError
from stance.files import to_json, write_whole
from stance.keys import ARTICLE, QUOTE, SPAN, ordered

ROLES = ("content", "cue", "source")


def read_articles(path: Path, without: Collection[str] = ()) -> Iterator[Document]:
    """Reads the labelled articles of a file.

    Args:
        path: A `.json` or `.jsonl` file.
        without: Places that are not read, as `damage` names them.

    Raises:
        LabelError: An article is no JSON, or breaks the format; file, line and quote are named.
    """
    for place, data in split_file(path) if str(path) not in without else ():
        if place not in without:
            yield _read(data, place)


def _read(data: bytes, place: str) -> Document:
    return Document.from_dict(load_row(data, place), place)


def damage(paths: Iterable[Path]) -> dict[str, LabelError]:
    """What is wrong with the articles of some files that cannot be read, by their places: the file, and the line where it has several."""
    found: dict[str, LabelError] = {}
    for path in paths:
        try:
            parts = split_file(path)
        except LabelError as error:
            found[str(path)] = error
            continue
        for place, data in parts:
            try:
                _read(data, place)
            except LabelError as error:
                found[place] = error
    return found


def read_folder(folder: Path) -> Iterator[Document]:
    """Reads the labelled articles below a folder, in order of their paths."""
    for path in article_paths([folder]):
        yield from read_articles(path)


def article_paths(places: Iterable[Path]) -> list[Path]:
    """The `.json` and `.jsonl` files among and below some files and folders, in order."""
    found: list[Path] = []
    for place in places:
        found.extend(sorted([*place.rglob("*.json"), *place.rglob("*.jsonl")]) if place.is_dir() else [place])
    return found


def split_file(path: Path) -> list[tuple[str, bytes]]:
    """The articles of a file, not yet parsed, each with the place that messages name.

    Raises:
        LabelError: The file cannot be read.
    """
    data = read_file(path)
    if path.suffix != ".jsonl":
        return [(str(path), data)]
    return [(f"{path}:{number}", line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]


def read_file(path: Path) -> bytes:
    """What a file holds.

    Raises:
        LabelError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise LabelError(str(path), error.strerror or str(error)) from None


def load(data: str | bytes, place: str) -> Any:
    """What some JSON holds.

    Raises:
        LabelError: It is no UTF-8 or no JSON, or a key of an object stands twice.
    """
    try:
        text = data.decode("utf-8-sig") if isinstance(data, (bytes, bytearray)) else data
        return json.loads(text, object_pairs_hook=partial(_object, place))
    except (ValueError, RecursionError) as error:
        raise LabelError(place, f"no JSON: {error}") from None


def _object(place: str, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        ((key, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise LabelError(place, f"key {key!r} stands twice, the last time with {row[key]!r:.60}; leave one")
    return row


def load_row(data: str | bytes, place: str) -> dict[str, Any]:
    """The dictionary that some JSON holds.

    Raises:
        LabelError: As `load`, or it is no object.
    """
    row = load(data, place)
    if not isinstance(row, dict):
        raise LabelError(place, "not a JSON object")
    return row


def write_article(document: Document, path: Path) -> None:
    """Writes a labelled article, pretty-printed, a span a line; speakers stand in it where they have a stance, which no quote says."""
    row = labelled_row(document)
    if not any(speaker.stance for speaker in document.speakers):
        del row["speakers"]
    write_row(row, path)


def labelled_row(document: Document) -> dict[str, Any]:
    """A document's dictionary in the words of a labelled article: a speaker whom nobody can name is `unnamed`."""
    row = document.to_dict()
    for quote in row["quotes"]:
        quote["speaker"] = quote["speaker"] or UNNAMED
    return row


def write_row(row: Mapping[str, Any], path: Path) -> None:
    """Writes a labelled article's dictionary, pretty-printed, a span a line."""
    write_whole(path, to_pretty(row).encode())


def to_pretty(row: Mapping[str, Any]) -> str:
    """A labelled article's dictionary as `write_row` writes it, keys in one order, values that the format does not know on one line."""
    lines = [f"  {to_json(key)}: {to_json(value)}" for key, value in ordered(row, ARTICLE).items() if key != "quotes"]
    quotes = row.get("quotes", [])
    if isinstance(quotes, list):
        written = [_pretty_quote(quote) if isinstance(quote, dict) else f"    {to_json(quote)}" for quote in quotes]
        lines.append('  "quotes": [' + (("\n" + ",\n".join(written) + "\n  ") if written else "") + "]")
    else:
        lines.append(f'  "quotes": {to_json(quotes)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _pretty_quote(quote: Mapping[str, Any]) -> str:
    lines = []
    for key, value in ordered(quote, QUOTE).items():
        if key in ROLES and isinstance(value, list):
            value = [ordered(span, SPAN) if isinstance(span, dict) else span for span in value]
        if key in ROLES and isinstance(value, list) and len(value) > 1:
            value_text = "[\n" + ",\n".join(f"        {to_json(span)}" for span in value) + "\n      ]"
        else:
            value_text = to_json(value)
        lines.append(f"      {to_json(key)}: {value_text}")
    return "    {\n" + ",\n".join(lines) + "\n    }"
