"""Reads brat stand-off, as `stance.formats.brat` writes it and people edit it: an `.ann` file on a text, as a document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from stance.articles import load
from stance.document import METADATA, Document, Span
from stance.errors import LabelError, SpanError
from stance.formats.brat import ARTICLE, NOTE, QUOTE, READING, ROLES, words_of
from stance.formats.sums import sums_that_hold
from stance.text import kind_of, quoted


@dataclass(frozen=True, slots=True)
class _Marks:
    """What an `.ann` file holds, by id: spans with their type, events with their arguments, and what is said of each."""

    spans: dict[str, tuple[str, tuple[Span, ...]]] = field(default_factory=dict)
    events: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    said: dict[str, dict[str, str]] = field(default_factory=dict)


def read_annotations(text: str, annotations: str, id: str | None, place: str) -> Document:
    """The document of a text and its `.ann` text.

    Args:
        text: What the `.txt` file holds.
        annotations: What the `.ann` file holds.
        id: The document's id, where no note of the file gives one.
        place: For messages.

    Raises:
        LabelError: A line cannot be read, a span does not hold its words, or a cue or source is tied to no quote.
    """
    marks = _Marks()
    for number, line in enumerate(annotations.split("\n"), 1):
        if line.strip():
            _read_line(line.rstrip("\r"), text, marks, f"{place}:{number}")
    article = _object(marks.said.get("document", {}).get(ARTICLE, "{}"), place)
    parts = {name: _parts(name, marks, place) for name in marks.events}
    _check_all_tied(marks, place)
    order = _order(parts, article.get("quotes"))
    marked = quoted(text)
    quotes = []
    for name in order:
        quote = _quote(parts[name], marks.said.get(name, {}), f"{place}, {name}")
        quote["kind"] = quote["kind"] or kind_of(text, parts[name].content, marked)
        quote["repeats"] = None if parts[name].repeats is None else order.index(str(parts[name].repeats))
        quotes.append(quote)
    row = {"id": id} | {key: article[key] for key in METADATA if key in article} | {"text": text, "quotes": quotes}
    sums = sums_that_hold(article.get("speakers"), Document.from_dict(row, place))
    return Document.from_dict(row | {"speakers": sums}, place)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The spans of one event, and the event that it repeats."""

    content: tuple[Span, ...]
    cue: tuple[Span, ...]
    source: tuple[Span, ...]
    repeats: str | None


def _order(parts: Mapping[str, _Parts], count: Any) -> list[str]:
    """Events in the order that they were written in; in text order where somebody added or removed one."""
    names = sorted(parts, key=lambda name: int(name[1:]))
    if names == [f"E{number}" for number in range(1, len(names) + 1)] and count == len(names):
        return names
    return sorted(names, key=lambda name: (parts[name].content[0], parts[name].content[-1]))


def _read_line(line: str, text: str, marks: _Marks, place: str) -> None:
    name, _, rest = line.partition("\t")
    if name[1:].isdecimal() or name == "*":
        head, _, tail = rest.partition("\t")
        if name[0] == "T":
            marks.spans[name] = _read_span(head, tail, text, place)
            return
        if name[0] == "E":
            marks.events[name] = [(role, target) for role, _, target in (part.partition(":") for part in head.split())]
            return
        if name[0] in "A#" and head.count(" ") >= 1:
            _read_remark(head, tail, name[0] == "A", marks, place)
            return
    raise LabelError(place, f"a line that is no span, event, attribute or note: {line[:60]!r}; draw quotes as events")


def _read_remark(head: str, tail: str, attribute: bool, marks: _Marks, place: str) -> None:
    """An attribute or a note; further notes of brat's own go below the first."""
    key, target, *value = head.split(" ")
    said = marks.said.setdefault(target, {})
    given = unquote(" ".join(value)) if attribute else _value(tail)
    if key in said and key != NOTE:
        raise LabelError(place, f"a second {key} for {target}: {given!r}")
    said[key] = f"{said[key]}\n{given}" if key in said else given


def _read_span(head: str, words: str, text: str, place: str) -> tuple[str, tuple[Span, ...]]:
    role, _, offsets = head.partition(" ")
    if role not in ROLES:
        raise LabelError(place, f"a span of type {role!r}, which is none of {', '.join(ROLES)}")
    try:
        spans = tuple(Span(*map(int, pair.split())) for pair in offsets.split(";"))
    except (SpanError, TypeError, ValueError):
        raise LabelError(place, f"{offsets!r} is no list of spans") from None
    if any(span.end > len(text) for span in spans):
        raise LabelError(place, f"span {offsets} is not within the text of {len(text)} code points")
    held = words_of(text, spans)
    if held != words:
        raise LabelError(place, f"span {offsets} holds {held!r}, labelled as {words!r}")
    return role, spans


def _value(line: str) -> str:
    """What a note says: a JSON string where its line could not hold it otherwise."""
    try:
        value = json.loads(line) if line.startswith('"') else line
    except ValueError:
        return line
    return str(value)


def _object(value: str, place: str) -> dict[str, Any]:
    try:
        row = load(value, place)
    except LabelError as error:
        raise LabelError(place, f"in a note: {error.reason}") from None
    if not isinstance(row, dict):
        raise LabelError(place, f"a note that is no JSON object: {value[:60]!r}")
    return row


def _parts(name: str, marks: _Marks, place: str) -> _Parts:
    """The spans that an event ties; those of one role in text order where it has several arguments."""
    spans: dict[str, list[tuple[Span, ...]]] = {role: [] for role in ROLES}
    repeats: list[str] = []
    for argument, target in marks.events[name]:
        role = argument.rstrip("0123456789")
        if role == "Repeats" and target in marks.events:
            repeats.append(target)
        elif role in ROLES and marks.spans.get(target, ("",))[0] == role:
            spans[role].append(marks.spans[target][1])
        else:
            raise LabelError(f"{place}, {name}", f"{argument}:{target} is no {'quote' if role == 'Repeats' else role} of this file")
    if not spans[QUOTE]:
        raise LabelError(f"{place}, {name}", f"an event without the content of a quote; its first part is {QUOTE}:T…")
    if len(repeats) > 1:
        raise LabelError(f"{place}, {name}", f"this quote repeats several: {', '.join(repeats)}")
    content, cue, source = (_joined(spans[role]) for role in ROLES)
    return _Parts(content, cue, source, repeats[0] if repeats else None)


def _joined(held: Sequence[tuple[Span, ...]]) -> tuple[Span, ...]:
    return held[0] if len(held) == 1 else tuple(sorted(span for spans in held for span in spans))


def _check_all_tied(marks: _Marks, place: str) -> None:
    tied = {target for arguments in marks.events.values() for _, target in arguments}
    for name, (role, _) in marks.spans.items():
        if name not in tied:
            raise LabelError(f"{place}, {name}", f"this {role} is tied to no quote; make it an argument of one")
    for name in marks.said:
        if name not in {*marks.events, "document"}:
            raise LabelError(f"{place}, {name}", f"{', '.join(marks.said[name])} said of it, but it is no quote")


def _quote(parts: _Parts, said: Mapping[str, str], place: str) -> dict[str, Any]:
    reading = _object(said.get(READING, "{}"), place)
    label, stance = said.get("Stance"), reading.get("stance")
    return {
        **{role: [{"start": span.start, "end": span.end} for span in getattr(parts, role)] for role in ROLES.values()},
        "kind": said.get("Kind"),
        "speaker": said.get("Speaker"),
        "stance": stance if isinstance(stance, dict) and stance.get("label") == label else None if label is None else {"label": label},
        "note": said.get(NOTE, ""),
        "confidence": reading.get("confidence", 1.0),
    }
