"""Labelled articles as brat stand-off: `ID.txt` with the text, `ID.ann` with what is marked in it.

A quote is an event whose trigger is its content, with cues and sources as arguments; kind and stance are attributes; speaker, note and what
brat cannot show are notes. Offsets count code points. https://brat.nlplab.org/standoff.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote as escape

from stance.document import KINDS, Document, Quote, Span
from stance.files import to_json
from stance.formats.sums import write_sums
from stance.rows import reading_row

VISUAL_CONF = """[labels]
Quote | Quote | Content
Cue | Cue
Source | Source

[drawing]
Quote\tbgColor:#a9c7ff
Cue\tbgColor:#d5d8dd
Source\tbgColor:#f7cfa0
"""
QUOTE, ARTICLE, NOTE, READING = "Quote", "Article", "AnnotatorNotes", "Reading"
ROLES = {QUOTE: "content", "Cue": "cue", "Source": "source"}
_BREAK = re.compile(r"[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def annotation_conf(labels: Iterable[str]) -> str:
    """The text of `annotation.conf`.

    Args:
        labels: The stances to choose from.
    """
    stances = "|".join(escape(label) for label in labels)
    return f"""[entities]
Cue
Source

[relations]
<OVERLAP>\tArg1:<ANY>, Arg2:<ANY>, <OVL-TYPE>:<ANY>

[events]
Quote\tCue*:Cue, Source*:Source, Repeats?:Quote

[attributes]
Kind\tArg:Quote, Value:{"|".join(KINDS)}
Stance\tArg:Quote, Value:{stances}
"""


def write_annotations(document: Document) -> str:
    """The `.ann` text of a document.

    Args:
        document: Its text goes, unchanged, into the `.txt` file.
    """
    spans: list[str] = []
    shared: dict[tuple[str, tuple[Span, ...]], str] = {}

    def mark(role: str, held: tuple[Span, ...]) -> str:
        if role == QUOTE or (role, held) not in shared:
            shared[role, held] = f"T{len(spans) + 1}"
            offsets = ";".join(f"{span.start} {span.end}" for span in held)
            spans.append(f"{shared[role, held]}\t{role} {offsets}\t{words_of(document.text, held)}")
        return shared[role, held]

    events, attributes, notes = [], [], [(ARTICLE, "document", _article(document))]
    for number, quote in enumerate(document.quotes, 1):
        parts = [(QUOTE, quote.content), ("Cue", quote.cue), ("Source", quote.source)]
        arguments = [f"{role}:{mark(role, held)}" for role, held in parts if held]
        arguments += [] if quote.repeats is None else [f"Repeats:E{quote.repeats + 1}"]
        events.append(f"E{number}\t{' '.join(arguments)}")
        attributes.append(f"Kind E{number} {quote.kind}")
        attributes += [f"Stance E{number} {escape(quote.stance.label)}"] if quote.stance else []
        notes += [(name, f"E{number}", value) for name, value in _notes(quote, document.text)]
    lines = spans + events
    lines += [f"A{number}\t{attribute}" for number, attribute in enumerate(attributes, 1)]
    lines += [f"#{number}\t{name} {target}\t{_line(value)}" for number, (name, target, value) in enumerate(notes, 1)]
    return "\n".join(lines) + "\n"


def _article(document: Document) -> str:
    sums = write_sums(document)
    return to_json({**document.metadata, "quotes": len(document.quotes), **({"speakers": sums} if sums else {})})


def _notes(quote: Quote, text: str) -> list[tuple[str, str]]:
    notes = [("Speaker", quote.speaker.name)] if quote.speaker else []
    notes += [(NOTE, quote.note)] if quote.note else []
    stance = quote.stance and reading_row(quote.stance, text)
    reading: dict[str, Any] = {"stance": stance} if stance else {}
    if quote.confidence != 1.0:
        reading["confidence"] = quote.confidence
    return notes + ([(READING, to_json(reading))] if reading else [])


def words_of(text: str, spans: Iterable[Span]) -> str:
    """What some spans hold, as a line gives it: pieces joined by spaces, line breaks made spaces."""
    return _BREAK.sub(" ", " ".join(text[span.start : span.end] for span in spans))


def _line(value: str) -> str:
    """A value on one line: as it is, or as a JSON string where it would not come back."""
    return json.dumps(value) if _BREAK.search(value) or value != value.strip() or value.startswith('"') else value
