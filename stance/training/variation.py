"""The same article as another page would print it: other quotation marks, or none. Labels follow their words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from stance.document import Document, Quote, Span, join_pieces
from stance.text import kind_of, quoted

Edit = tuple[int, int, str]

_PAIRS = {"curly": ("“", "”"), "straight": ('"', '"'), "single": ("‘", "’"), "plain": ("'", "'")}


def vary_marks(document: Document, draw: random.Random, kept: float = 0.55) -> Document:
    """Prints an article's double quotation marks in another style, or loses them.

    Args:
        document: A labelled article.
        draw: Source of chance.
        kept: Share of articles that stay as they are.
    """
    if draw.random() < kept:
        return document
    style = draw.choices([*_PAIRS, "lost"], weights=[2, 2, 4, 1, 2])[0]
    opening, closing = _PAIRS.get(style, ("", ""))
    edits: list[Edit] = []
    for span in quoted(document.text):
        if document.text[span.start] not in '“"':
            continue
        edits.append((span.start, span.start + 1, opening))
        if document.text[span.end - 1] in '”"':
            edits.append((span.end - 1, span.end, closing))
    return edit(document, edits)


def edit(document: Document, edits: Sequence[Edit]) -> Document:
    """Replaces stretches of a document's text and moves its spans along; what loses all its words is dropped.

    Args:
        document: A document whose quotes have no speakers' mentions to keep.
        edits: `(start, end, words)`, not overlapping.
    """
    parts: list[str] = []
    place = list(range(len(document.text) + 1))
    done = moved = 0
    for start, end, words in sorted(edits):
        parts += [document.text[done:start], words]
        for at in range(done, start):
            place[at] += moved
        for at in range(start, end):
            place[at] = start + moved + min(at - start, len(words))
        moved += len(words) - (end - start)
        done = end
    parts.append(document.text[done:])
    for at in range(done, len(place)):
        place[at] += moved
    text = "".join(parts)
    marked = quoted(text)
    moved_quotes = {n: kept for n, quote in enumerate(document.quotes) if (kept := _move(quote, place, text, marked)) is not None}
    position = {n: at for at, n in enumerate(moved_quotes)}
    quotes = [replace(quote, repeats=None if quote.repeats is None else position.get(quote.repeats)) for quote in moved_quotes.values()]
    return Document.assemble(text, quotes, **document.metadata)


def _move(quote: Quote, place: Sequence[int], text: str, marked: Sequence[Span]) -> Quote | None:
    roles = {role: _move_spans(getattr(quote, role), place) for role in ("content", "source", "cue")}
    if not roles["content"]:
        return None
    content = roles["content"]
    return replace(
        quote,
        content=content,
        source=roles["source"],
        cue=roles["cue"],
        text=join_pieces(text, content),
        kind=kind_of(text, content, marked),
    )


def _move_spans(spans: Sequence[Span], place: Sequence[int]) -> tuple[Span, ...]:
    return tuple(Span(place[span.start], place[span.end]) for span in spans if place[span.start] < place[span.end])
