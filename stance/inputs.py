"""Articles in: text, HTML, JSONL, CSV and Parquet files, and standard input, as records of text and metadata."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stance import extras
from stance.document import Document
from stance.errors import InputError

_DESCRIBED = ("id", "title", "outlet", "date", "url")


@dataclass(frozen=True, slots=True)
class Record:
    """One article to read.

    Attributes:
        text: The article.
        metadata: What its file says of it: `title`, `outlet`, `date`, `url`, where known; and `id`, the file's name where it says none.
    """

    text: str
    metadata: Mapping[str, str] = field(default_factory=dict)

    def described(self, document: Document) -> Document:
        """A document with this record's metadata."""
        metadata: dict[str, Any] = dict(self.metadata)
        return replace(document, **metadata)


def read_records(file: str, text_column: str = "text") -> Iterator[Record]:
    """Reads the articles of a file; its ending tells what it is.

    Args:
        file: A path, or `-` for text on standard input.
        text_column: Column that holds the text, in files of several articles.

    Raises:
        InputError: The file cannot be read, is not UTF-8, or lacks the column; file and row are named.
        MissingExtraError: An HTML file, and the extra `html` is missing or broken.
    """
    if file == "-":
        yield Record(_decode(sys.stdin.buffer.read(), "standard input"), {"id": "stdin"})
        return
    path = Path(file)
    try:
        if path.suffix.lower() in (".csv", ".parquet"):
            yield from _read_table(path, text_column)
            return
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}") from None
    text = _decode(data, file)
    if path.suffix.lower() == ".jsonl":
        yield from _read_jsonl(text, file, text_column)
    elif path.suffix.lower() == ".json":
        yield _record(_object(text, file), text_column, file, path.stem)
    elif path.suffix.lower() in (".html", ".htm"):
        yield Record(_article_of_page(text, file), {"id": path.stem})
    else:
        yield Record(text, {"id": path.stem})


def _decode(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{place}: not UTF-8: byte {error.start} is {data[error.start]:#04x}") from None


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except ValueError as error:
        raise InputError(f"{place}: no JSON: {error}") from None
    if not isinstance(row, dict):
        raise InputError(f"{place}: not a JSON object")
    return row


def _read_jsonl(text: str, place: str, text_column: str) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _record(_object(line, f"{place}:{number}"), text_column, f"{place}:{number}", f"{Path(place).stem}-{number}")


def _read_table(path: Path, text_column: str) -> Iterator[Record]:
    import pandas

    try:
        frame = pandas.read_csv(path, dtype=str, keep_default_na=False) if path.suffix.lower() == ".csv" else pandas.read_parquet(path)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    for number, row in enumerate(frame.to_dict("records"), 1):
        yield _record({str(key): value for key, value in row.items()}, text_column, f"{path}, row {number}", f"{path.stem}-{number}")


def _record(row: Mapping[str, Any], text_column: str, place: str, name: str) -> Record:
    text = row.get(text_column)
    if not isinstance(text, str):
        raise InputError(f"{place}: no text in column {text_column!r}; there are {', '.join(map(repr, row)) or 'none'}")
    return Record(text, {"id": name} | {key: str(row[key]) for key in _DESCRIBED if row.get(key) not in (None, "")})


def _article_of_page(page: str, place: str) -> str:
    trafilatura = extras.load("html", f"{place}: reading HTML", "trafilatura")
    text = trafilatura.extract(page, include_comments=False)
    if not text:
        raise InputError(f"{place}: no article found in the page")
    return str(text)
