"""Labelled articles as Label Studio tasks: what its full JSON import and export hold, and the labelling config that fits.

A span is a region, a quote the regions that relations tie to the first piece of its content; stance, kind, speaker and note hang on that
piece. Label Studio counts in UTF-16 code units. What its interface cannot show (numbers of a model, orders) lies in the region's `meta`,
which it keeps. A document that a model read becomes a prediction, any other an annotation.
https://labelstud.io/guide/task_format
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from stance.articles import ROLES
from stance.document import KINDS, Document, Quote, Span
from stance.formats.regions import REPEATS
from stance.formats.sums import write_sums
from stance.formats.utf16 import Units
from stance.rows import reading_row
from stance.text import kind_of, quoted

MODEL = "stance"
KEPT = "quote"
PIECE = "piece"
_COLOURS = {"content": "#2f6fde", "cue": "#8a8f98", "source": "#d97a1a"}


def config(labels: Iterable[str]) -> str:
    """The labelling config, as a project's settings take it.

    Args:
        labels: The stances to choose from.
    """
    roles = "\n".join(f'    <Label value="{role}" background="{_COLOURS[role]}"/>' for role in ROLES)
    relations = "\n".join(f'    <Relation value="{name}"/>' for name in (PIECE, "cue", "source", REPEATS))
    return f"""<View>
  <Labels name="span" toName="text">
{roles}
  </Labels>
  <Relations>
{relations}
  </Relations>
  <Text name="text" value="$text" granularity="symbol"/>
{_choices("stance", labels)}
{_choices("kind", KINDS)}
  <TextArea name="speaker" toName="text" perRegion="true" whenLabelValue="content" editable="true" maxSubmissions="1" rows="1" \
placeholder="speaker"/>
  <TextArea name="note" toName="text" perRegion="true" whenLabelValue="content" editable="true" maxSubmissions="1" rows="2" \
placeholder="note"/>
</View>
"""


def _choices(name: str, values: Iterable[str]) -> str:
    lines = "\n".join(f"    <Choice value={quoteattr(value)}/>" for value in values)
    head = f'<Choices name="{name}" toName="text" perRegion="true" whenLabelValue="content" choice="single" showInline="true">'
    return f"  {head}\n{lines}\n  </Choices>"


def write_task(document: Document) -> dict[str, Any]:
    """The task of a document, ready for import.

    Args:
        document: One that a person labelled becomes a task with an annotation, one that a model read a task with a prediction.
    """
    data: dict[str, Any] = {**document.metadata, "text": document.text}
    sums = write_sums(document)
    if sums:
        data["speakers"] = sums
    reading: dict[str, Any] = {"result": _results(document)}
    if not is_model_reading(document):
        return {"data": data, "annotations": [reading]}
    shares = [quote.confidence for quote in document.quotes]
    score = sum(shares) / len(shares) if shares else 1.0
    return {"data": data, "predictions": [{"model_version": MODEL, "score": score, **reading}]}


def is_model_reading(document: Document) -> bool:
    """Whether a model read a document: something in it has more than a label, such as a probability."""
    return any(quote.confidence != 1.0 or (quote.stance and reading_row(quote.stance, document.text)) for quote in document.quotes)


def _results(document: Document) -> list[dict[str, Any]]:
    units, marked = Units.of(document.text), quoted(document.text)
    regions: dict[str, list[dict[str, Any]]] = {}
    relations: list[dict[str, Any]] = []
    for number, (quote, names) in enumerate(zip(document.quotes, _names(document), strict=True)):
        head = names["content"][0]
        for role in ROLES:
            for name, span in zip(names[role], getattr(quote, role), strict=True):
                place = _place(document.text, units, span)
                regions.setdefault(name, [_result(name, "labels", "span", place, role)])
                if name != head:
                    relations.append(_relation(head, name, PIECE if role == "content" else role))
                    continue
                regions[head][0]["meta"] = {KEPT: _kept(quote, number, names, document.text)}
                given = _given(quote, kind_of(document.text, quote.content, marked))
                regions[head] += [_result(head, *field, place, value) for field, value in given]
        if quote.repeats is not None:
            relations.append(_relation(head, f"q{quote.repeats}-content-0", REPEATS))
    return [result for results in regions.values() for result in results] + relations


def _names(document: Document) -> list[dict[str, list[str]]]:
    """Ids of each quote's regions by role; a source that several quotes have is one region."""
    shared: dict[tuple[Span, int], str] = {}
    named = []
    for number, quote in enumerate(document.quotes):
        names = {role: [f"q{number}-{role}-{n}" for n in range(len(getattr(quote, role)))] for role in ROLES}
        for n, span in enumerate(quote.source):
            names["source"][n] = shared.setdefault((span, quote.source[:n].count(span)), names["source"][n])
        named.append(names)
    return named


def _given(quote: Quote, expected: str) -> list[tuple[tuple[str, str], str]]:
    """Type, name and value of what hangs on a quote's first region."""
    given = {
        ("choices", "stance"): quote.stance.label if quote.stance else None,
        ("choices", "kind"): quote.kind if quote.kind != expected else None,
        ("textarea", "speaker"): quote.speaker.name if quote.speaker else None,
        ("textarea", "note"): quote.note or None,
    }
    return [(field, value) for field, value in given.items() if value is not None]


def _kept(quote: Quote, number: int, names: Mapping[str, Sequence[str]], text: str) -> dict[str, Any]:
    kept: dict[str, Any] = {"number": number}
    if quote.confidence != 1.0:
        kept["confidence"] = quote.confidence
    stance = quote.stance and reading_row(quote.stance, text)
    if stance:
        kept["stance"] = stance
    order = {role: names[role] for role in ROLES if list(getattr(quote, role)) != sorted(set(getattr(quote, role)))}
    return kept | ({"order": order} if order else {})


def _place(text: str, units: Units, span: Span) -> dict[str, Any]:
    start, end = units.pair(span)
    return {"start": start, "end": end, "text": text[span.start : span.end]}


def _result(name: str, type: str, field: str, place: Mapping[str, Any], value: str) -> dict[str, Any]:
    key = "text" if type == "textarea" else type
    return {"id": name, "from_name": field, "to_name": "text", "type": type, "value": {**place, key: [value]}}


def _relation(start: str, end: str, label: str) -> dict[str, Any]:
    return {"type": "relation", "from_id": start, "to_id": end, "direction": "right", "labels": [label]}
