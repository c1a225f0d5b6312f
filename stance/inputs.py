"""Articles in: text, HTML, JSON, JSONL, CSV and Parquet files, and standard input, as records of text and metadata."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from stance import extras
from stance.document import Document
from stance.errors import InputError
from stance.formats.tables import plain_date

_DESCRIBED = ("id", "title", "outlet", "date", "url")
_LONGEST_FIELD = 2**31 - 1


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


def read_records(file: str, text_column: str = "text", left_out: Callable[[InputError], object] | None = None) -> Iterator[Record]:
    """Reads the articles of a file; its ending tells what it is.

    Args:
        file: A path, or `-` for text on standard input.
        text_column: Column that holds the text, in files of several articles.
        left_out: Takes the error of a line or row that cannot be read, and the others go on; it is raised when left out.

    Raises:
        InputError: The file cannot be read, is not UTF-8, lacks the column or holds no text; file and line or row are named.
        MissingExtraError: An HTML file, and the extra `html` is missing or broken.
    """
    read = None
    for read in _parts(file, text_column):
        try:
            record = read()
        except InputError as error:
            if left_out is None:
                raise
            left_out(error)
        else:
            yield record
    if read is None:
        raise InputError(f"{file}: it holds no article")


def _parts(file: str, text_column: str) -> Iterator[Callable[[], Record]]:
    """The readers of a file's articles, so that a damaged one does not keep the others."""
    path = Path(file)
    suffix = path.suffix.lower() if file != "-" else ""
    if suffix == ".parquet":
        for number, row in enumerate(_read_parquet(path), 1):
            yield partial(_record, row, text_column, f"{file}, row {number}", f"{path.stem}-{number}")
        return
    text = _read_text(file)
    if suffix in (".csv", ".tsv"):
        yield from _csv_parts(text, text_column, path, "\t" if suffix == ".tsv" else ",")
    elif suffix in (".jsonl", ".ndjson"):
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield partial(_record_of_line, line, text_column, f"{file}:{number}", f"{path.stem}-{number}")
    elif suffix == ".json":
        rows = _load(text, file)
        if isinstance(rows, list):
            for number, row in enumerate(rows, 1):
                yield partial(_record_of_json, row, text_column, f"{file}, article {number}", f"{path.stem}-{number}")
        else:
            yield partial(_record_of_json, rows, text_column, file, path.stem)
    elif suffix in (".html", ".htm"):
        yield partial(_record_of_page, text, file, path.stem)
    else:
        yield partial(_record, {"text": text}, "text", file, path.stem if file != "-" else "stdin")


def _read_text(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8: byte {error.start} is {data[error.start]:#04x}") from None


def _read_parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow
    from pyarrow import parquet

    try:
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except pyarrow.ArrowException as error:
        raise InputError(f"{path}: {error}") from None
    return rows


def _csv_parts(text: str, text_column: str, path: Path, delimiter: str) -> Iterator[Callable[[], Record]]:
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    number = 0
    while True:
        number += 1
        row: dict[str, Any] | csv.Error | None
        try:
            row = next(reader, None)
        except csv.Error as error:
            row = error
        if row is None:
            return
        yield partial(_record_of_csv, row, text_column, f"{path}, row {number} (line {reader.reader.line_num})", f"{path.stem}-{number}")


def _record_of_csv(row: dict[str, Any] | csv.Error, text_column: str, place: str, name: str) -> Record:
    if isinstance(row, csv.Error):
        raise InputError(f"{place}: {row}")
    if None in row:
        raise InputError(f"{place}: more fields than the heading has")
    return _record(row, text_column, place, name)


def _load(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: no JSON: {error}") from None


def _record_of_line(line: str, text_column: str, place: str, name: str) -> Record:
    return _record_of_json(_load(line, place), text_column, place, name)


def _record_of_json(row: Any, text_column: str, place: str, name: str) -> Record:
    if not isinstance(row, dict):
        raise InputError(f"{place}: not a JSON object")
    return _record(row, text_column, place, name)


def _record_of_page(page: str, place: str, name: str) -> Record:
    trafilatura = extras.load("html", f"{place}: reading HTML", "trafilatura")
    text = trafilatura.extract(page, include_comments=False)
    if not text:
        raise InputError(f"{place}: no article found in the page")
    described = trafilatura.extract_metadata(page)
    return _record({"text": text, "title": described and described.title}, "text", place, name)


def _record(row: Mapping[str, Any], text_column: str, place: str, name: str) -> Record:
    text = row.get(text_column)
    if not isinstance(text, str):
        raise InputError(f"{place}: no text in column {text_column!r}; there are {', '.join(map(repr, row)) or 'none'}")
    if not text.strip():
        raise InputError(f"{place}: the text is empty")
    told = {key: written for key in _DESCRIBED if (written := _written(row.get(key)))}
    return Record(text, {"id": name} | told)


def _written(value: Any) -> str:
    """What a field says, as text; empty where it is left out, which tables tell by a number that is none."""
    if value is None or value != value:
        return ""
    return plain_date(value) if isinstance(value, date) else str(value)
