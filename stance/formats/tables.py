"""Labelled articles as rows of one shape, for `datasets.load_dataset("json" | "parquet", …)`: a row an article, its quotes nested.

The keys are those of a labelled article, but each has one type in all rows: a stance is null or an object with all of its keys, its
probabilities are a list of label and probability, and a confidence always stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.articles import labelled_row
from stance.document import METADATA, Document, Stance
from stance.errors import LabelError
from stance.files import replacing
from stance.rows import reading_row

if TYPE_CHECKING:
    import pyarrow


def to_row(document: Document) -> dict[str, Any]:
    """A document as a row."""
    row = labelled_row(document)
    for given, quote in zip(row["quotes"], document.quotes, strict=True):
        given["stance"] = quote.stance and _stance_row(quote.stance, document.text)
        given["confidence"] = float(quote.confidence)
    for speaker in row["speakers"]:
        if speaker["stance"]:
            speaker["stance"] |= {"score": float(speaker["stance"]["score"]), "interval": [*map(float, speaker["stance"]["interval"])]}
    return row


def _stance_row(stance: Stance, text: str) -> dict[str, Any]:
    row: dict[str, Any] = {"label": stance.label, "probability": 1.0, "probabilities": {}, "certain": True, "evidence": []}
    row |= reading_row(stance, text) or {}
    shares = [{"label": label, "probability": float(share)} for label, share in row["probabilities"].items()]
    return row | {"probability": float(row["probability"]), "probabilities": shares}


def from_row(row: Mapping[str, Any], place: str = "") -> Document:
    """The document of a row, or of any labelled article's dictionary.

    Raises:
        LabelError: It breaks the format.
    """
    row = {key: plain_date(value) if isinstance(value, date) else value for key, value in row.items()}
    quotes = row.get("quotes")
    if isinstance(quotes, list):
        row = {**row, "quotes": [_plain_quote(quote, place) if isinstance(quote, dict) else quote for quote in quotes]}
    return Document.from_dict(row, place)


def plain_date(value: date) -> str:
    """A date as it was written, before `datasets` took the string for a point in time, or Parquet for a day."""
    if not isinstance(value, datetime):
        return value.isoformat()
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
    with replacing(path) as part:
        parquet.write_table(pyarrow.Table.from_batches(rows, schema), part)


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
    stance = pa.struct({"label": text, "probability": number, "probabilities": shares, "certain": pa.bool_(), "evidence": spans})
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
