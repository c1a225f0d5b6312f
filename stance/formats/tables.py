"""Labelled articles as rows of one shape, for `datasets.load_dataset("json" | "parquet", …)`: a row an article, its quotes nested.

The keys are those of `Document.to_dict`, but each has one type in all rows: a stance is an object or null, its probabilities are a list of
label and probability, and a confidence always stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.document import METADATA, Document
from stance.errors import LabelError

if TYPE_CHECKING:
    import pyarrow


def dump(value: Any, indent: int | None = None) -> str:
    """JSON text; lone surrogates, which no file can hold, are escaped."""
    written = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        written.encode()
    except UnicodeEncodeError:
        written = json.dumps(value, indent=indent)
    return written


def to_row(document: Document) -> dict[str, Any]:
    """A document as a row."""
    row = document.to_dict()
    for given, quote in zip(row["quotes"], document.quotes, strict=True):
        stance = quote.stance
        given["stance"] = stance and {
            "label": stance.label,
            "probability": float(stance.probability),
            "probabilities": [{"label": label, "probability": float(share)} for label, share in stance.probabilities.items()],
        }
        given["confidence"] = float(quote.confidence)
    for speaker in row["speakers"]:
        if speaker["stance"]:
            speaker["stance"] |= {"score": float(speaker["stance"]["score"]), "interval": [*map(float, speaker["stance"]["interval"])]}
    return row


def from_row(row: Mapping[str, Any], place: str = "") -> Document:
    """The document of a row, or of any labelled article's dictionary.

    Raises:
        LabelError: It breaks the format.
    """
    row = {key: _plain_date(value) if isinstance(value, datetime) else value for key, value in row.items()}
    quotes = row.get("quotes")
    if isinstance(quotes, list):
        row = {**row, "quotes": [_plain_quote(quote, place) if isinstance(quote, dict) else quote for quote in quotes]}
    return Document.from_dict(row, place)


def _plain_date(value: datetime) -> str:
    """A date as it was written, before `datasets` took the string for a point in time."""
    return value.date().isoformat() if value.time() == time() else value.isoformat(" ")


def _plain_quote(quote: Mapping[str, Any], place: str) -> dict[str, Any]:
    stance = quote.get("stance")
    if not isinstance(stance, dict) or not isinstance(stance.get("probabilities"), list):
        return dict(quote)
    shares = stance["probabilities"]
    try:
        return {**quote, "stance": {**stance, "probabilities": {share["label"]: share["probability"] for share in shares}}}
    except (KeyError, TypeError):
        raise LabelError(place, f"probabilities are a list of objects with `label` and `probability`, not {shares!r}") from None


def write_parquet(documents: Iterable[Document], path: Path) -> None:
    """Writes a Parquet file, a row an article.

    Raises:
        LabelError: A text or a field about an article is nothing that Parquet can hold.
    """
    import pyarrow
    from pyarrow import parquet

    schema = _schema()
    rows = []
    for document in documents:
        row = to_row(document)
        try:
            rows.append(pyarrow.RecordBatch.from_pylist([row], schema))
        except (ValueError, TypeError) as error:  # a lone surrogate, a date that is a number
            raise LabelError(str(document.id), f"Parquet cannot hold this article: {error}") from None
    parquet.write_table(pyarrow.Table.from_batches(rows, schema), path)


def read_parquet(path: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    """The rows of a Parquet file, each with the place that messages name.

    Raises:
        LabelError: The file cannot be read.
    """
    import pyarrow
    from pyarrow import parquet

    try:
        rows = parquet.read_table(path).to_pylist()
    except (OSError, pyarrow.ArrowException) as error:
        raise LabelError(str(path), f"no Parquet file of articles: {error}") from None
    return [(f"{path}, row {number}", row) for number, row in enumerate(rows, 1)]


def _schema() -> pyarrow.Schema:
    """The types of a row's keys."""
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    spans = pa.list_(pa.struct({"start": pa.int64(), "end": pa.int64(), "text": text}))
    shares = pa.list_(pa.struct({"label": text, "probability": number}))
    stance = pa.struct({"label": text, "probability": number, "probabilities": shares})
    total = pa.struct({"label": text, "score": number, "interval": pa.list_(number)})
    quote = {
        **dict.fromkeys(("content", "cue", "source"), spans),
        "kind": text,
        "speaker": text,
        "stance": stance,
        "repeats": pa.int64(),
        "note": text,
        "confidence": number,
    }
    speakers = pa.list_(pa.struct({"name": text, "mentions": spans, "stance": total}))
    fields = {**dict.fromkeys(METADATA, text), "text": text, "quotes": pa.list_(pa.struct(quote)), "speakers": speakers}
    return pa.schema(list(fields.items()))
