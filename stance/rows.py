"""Documents as dictionaries: the format of labelled articles, with every span checked against its text; and as flat rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stance.document import (
    KINDS,
    METADATA,
    UNNAMED,
    Document,
    Quote,
    Span,
    Speaker,
    SpeakerStance,
    Stance,
    join_pieces,
)
from stance.errors import LabelError

COLUMNS = (
    "id",
    "quote",
    "speaker",
    "kind",
    "stance",
    "probability",
    "certain",
    "confidence",
    "text",
    "evidence",
    "source",
    "cue",
    "start",
    "end",
)


def write(document: Document) -> dict[str, Any]:
    """The dictionary of a document; see `Document.to_dict`."""
    return {
        **document.metadata,
        "text": document.text,
        "quotes": [_quote_row(quote, document.text) for quote in document.quotes],
        "speakers": [_speaker_row(speaker, document.text) for speaker in document.speakers],
    }


def read(row: Mapping[str, Any], place: str = "") -> Document:
    """The document of a dictionary; see `Document.from_dict`.

    Raises:
        LabelError: The dictionary breaks the format.
    """
    text = row.get("text")
    if not isinstance(text, str):
        raise LabelError(place, "no `text`, or it is not a string")
    rows = row.get("quotes", [])
    if not isinstance(rows, list):
        raise LabelError(place, "`quotes` is not a list")
    quotes = [_read_quote(text, item, f"{place}: quote {n}" if place else f"quote {n}", len(rows)) for n, item in enumerate(rows)]
    metadata = {key: _read_string(row, key, place) for key in METADATA}
    return Document.assemble(text, quotes, _read_speakers(row.get("speakers") or [], place), **metadata)


def flatten(document: Document, position: int) -> dict[str, Any]:
    """One quote of a document as a flat row: `COLUMNS`, and `p_LABEL` for each label's probability."""
    quote = document.quotes[position]
    stance = quote.stance
    return {
        "id": document.id,
        "quote": position,
        "speaker": quote.speaker.name if quote.speaker else None,
        "kind": quote.kind,
        "stance": stance.label if stance else None,
        "probability": stance.probability if stance else None,
        "certain": stance.certain if stance else None,
        "confidence": quote.confidence,
        "text": quote.text,
        "evidence": join_pieces(document.text, stance.evidence) if stance else "",
        "source": join_pieces(document.text, quote.source),
        "cue": join_pieces(document.text, quote.cue),
        "start": quote.content[0].start,
        "end": quote.content[-1].end,
        **{f"p_{label}": p for label, p in (stance.probabilities if stance else {}).items()},
    }


def _quote_row(quote: Quote, text: str) -> dict[str, Any]:
    row: dict[str, Any] = {role: _span_rows(getattr(quote, role), text) for role in ("content", "cue", "source")}
    stance = quote.stance
    row |= {
        "kind": quote.kind,
        "speaker": quote.speaker.name if quote.speaker else None,
        "stance": stance and (reading_row(stance, text) or stance.label),
        "repeats": quote.repeats,
        "note": quote.note,
    }
    if quote.confidence != 1.0:
        row["confidence"] = quote.confidence
    return row


def reading_row(stance: Stance, text: str) -> dict[str, Any] | None:
    """The dictionary of a stance that a model read; None for a label alone, as a person gives it.

    Args:
        stance: The stance of a quote.
        text: The article.
    """
    if stance == Stance(stance.label):
        return None
    row: dict[str, Any] = {"label": stance.label, "probability": stance.probability, "probabilities": dict(stance.probabilities)}
    if not stance.certain:
        row["certain"] = False
    if stance.evidence:
        row["evidence"] = _span_rows(stance.evidence, text)
    return row


def _span_rows(spans: Iterable[Span], text: str) -> list[dict[str, Any]]:
    return [{"start": span.start, "end": span.end, "text": text[span.start : span.end]} for span in spans]


def _speaker_row(speaker: Speaker, text: str) -> dict[str, Any]:
    stance = speaker.stance
    return {
        "name": speaker.name,
        "mentions": _span_rows(speaker.mentions, text),
        "stance": stance and {"label": stance.label, "score": stance.score, "interval": list(stance.interval)},
    }


def _read_spans(text: str, rows: Any, place: str) -> tuple[Span, ...]:
    if not isinstance(rows, list):
        raise LabelError(place, "not a list of spans")
    spans = []
    for row in rows:
        start, end = (row.get("start"), row.get("end")) if isinstance(row, dict) else (None, None)
        if not isinstance(start, int) or not isinstance(end, int):
            raise LabelError(place, f"a span without whole numbers as `start` and `end`: {row!r}")
        if not 0 <= start < end <= len(text):
            raise LabelError(place, f"span {start}–{end} is not within the text of {len(text)} code points")
        found, expected = text[start:end], row.get("text", text[start:end])
        if found != expected:
            raise LabelError(place, f"span {start}–{end} holds {found!r}, labelled as {expected!r}")
        spans.append(Span(start, end))
    return tuple(spans)


def _read_speakers(rows: Any, place: str) -> dict[str, SpeakerStance | None]:
    speakers: dict[str, SpeakerStance | None] = {}
    try:
        for row in rows:
            stance = row.get("stance")
            low, high = stance["interval"] if stance else (0.0, 0.0)
            speakers[row["name"]] = SpeakerStance(stance["label"], stance["score"], (low, high)) if stance else None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise LabelError(place, "`speakers` needs objects with `name` and `stance` (null, or label, score and interval)") from None
    return speakers


def no_string(row: Mapping[str, Any], key: str) -> str | None:
    """Says that a value is there, and no string."""
    value = row.get(key)
    return None if value is None or isinstance(value, str) else f"{key} is {value!r}; give a string in quotation marks, or null"


def _read_string(row: Mapping[str, Any], key: str, place: str) -> str | None:
    problem = no_string(row, key)
    if problem:
        raise LabelError(place, problem)
    return row.get(key)


def _read_share(row: Mapping[str, Any], key: str, place: str) -> float:
    value = row.get(key, 1.0)
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise LabelError(place, f"{key} is {value!r}, not a number from 0 to 1")
    return value


def _read_stance(text: str, row: Any, place: str) -> Stance | None:
    if row is None or isinstance(row, str):
        return Stance(row) if row else None
    if not isinstance(row, dict) or not isinstance(row.get("label"), str):
        raise LabelError(place, f"a stance is a label or an object with `label`, not {row!r}")
    probabilities = row.get("probabilities") or {}
    if not isinstance(probabilities, dict):
        raise LabelError(place, f"probabilities are an object of numbers by label, not {probabilities!r}")
    shares = {label: _read_share(probabilities, label, place) for label in probabilities}
    certain = row.get("certain", True)
    if not isinstance(certain, bool):
        raise LabelError(place, f"certain is {certain!r}, not true or false")
    return Stance(
        row["label"],
        _read_share(row, "probability", place),
        shares,
        certain,
        _read_spans(text, row.get("evidence", []), f"{place}, evidence"),
    )


def no_speaker(name: object) -> str:
    """Says that a quote's speaker is no name."""
    return f"speaker is {name!r}; give a name, or {UNNAMED!r} where nobody can be named"


def _read_quote(text: str, row: Any, place: str, count: int) -> Quote:
    if not isinstance(row, dict):
        raise LabelError(place, f"not an object: {row!r}")
    roles = {role: _read_spans(text, row.get(role, []), f"{place}, {role}") for role in ("content", "source", "cue")}
    if not roles["content"]:
        raise LabelError(place, "no content")
    kind = row.get("kind", "indirect")
    if kind not in KINDS:
        raise LabelError(place, f"kind {kind!r} is none of {', '.join(KINDS)}")
    name = row.get("speaker")
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise LabelError(place, no_speaker(name))
    repeats = row.get("repeats")
    if repeats is not None and (not isinstance(repeats, int) or not 0 <= repeats < count):
        raise LabelError(place, f"repeats {repeats!r}, but quotes are numbered 0 to {count - 1}")
    return Quote(
        join_pieces(text, roles["content"]),
        **roles,
        kind=kind,
        speaker=None if name in (None, UNNAMED) else Speaker(str(name)),
        stance=_read_stance(text, row.get("stance"), place),
        confidence=_read_share(row, "confidence", place),
        repeats=repeats,
        note=_read_string(row, "note", place) or "",
    )
