"""The same article as another would print it: other quotation marks, or none; a report of what is said there. Labels follow their words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from stance.document import Document, Quote, Span, join_pieces
from stance.text import kind_of, paragraphs, quoted, sentences

Edit = tuple[int, int, str]

_WRAPPED_SHARE = 0.25
_SOURCES = (
    "The minister", "Officials", "She", "He", "A spokesman", "One aide", "The report", "People familiar with the matter", "Two diplomats",
)  # fmt: skip
_VERBS = (
    "said", "told reporters", "added", "noted", "wrote", "argued", "believes", "has claimed", "warned", "insisted", "confirmed",
    "testified",
)  # fmt: skip
_LOWERED = frozenset((
    "the", "a", "an", "he", "she", "they", "it", "we", "in", "on", "at", "but", "his", "her", "their", "its", "some", "many", "most", "one",
    "two", "both", "when", "while", "after", "asked",
))  # fmt: skip
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


def wrap_quotes(document: Document, draw: random.Random, share: float = _WRAPPED_SHARE) -> Document:
    """Lets somebody else report a sentence that holds a whole quote: *Officials said that Lund had promised to sign*.

    Few labelled quotes stand within others; this way an article has more of them, some with its own sources.

    Args:
        document: A labelled article.
        draw: Source of chance.
        share: Of the sentences that can be, the share that is reported by somebody else.
    """
    said = [document.text[span.start : span.end] for quote in document.quotes for span in quote.source[:1]]
    names = [words for words in said if words[:1].isupper() and len(words) <= 60 and "," not in words] or [*_SOURCES]
    chosen = [sentence for sentence in _wrappable(document) if draw.random() < share]
    for sentence in reversed(chosen):
        document = _report(document, sentence, draw.choice(names if draw.random() < 0.6 else _SOURCES), draw)
    return document


def _wrappable(document: Document) -> list[Span]:
    """The sentences that hold a quote with source and cue, and share no word with what stands beyond them."""
    text, found = document.text, []
    extents = [(quote.extent, bool(quote.source and quote.cue)) for quote in document.quotes]
    for sentence in (sentence for paragraph in paragraphs(text) for sentence in sentences(text, paragraph)):
        near = [(extent, attributed) for extent, attributed in extents if sentence.overlaps(extent)]
        told = any(attributed for _, attributed in near) and all(sentence.contains(extent) for extent, _ in near)
        if told and text[sentence.start].isalnum() and text[sentence.end - 1] == ".":
            found.append(sentence)
    return found


def _report(document: Document, sentence: Span, source: str, draw: random.Random) -> Document:
    """Puts an attribution before a sentence and makes a quote of the sentence."""
    text, verb, that = document.text, draw.choice(_VERBS), draw.choice(("that ", "that ", ""))
    opening = f"{source} {verb} "
    edits: list[Edit] = [(sentence.start, sentence.start, opening + that)]
    if text[sentence.start : sentence.end].split(maxsplit=1)[0].lower() in _LOWERED:
        edits.append((sentence.start, sentence.start + 1, text[sentence.start].lower()))
    edited = edit(document, edits)
    begin = sentence.start + len(opening)
    content = Span(begin, sentence.end - 1 + len(opening) + len(that))
    cue = Span(sentence.start + len(source) + 1, begin - 1)
    quote = Quote(
        edited.text[content.start : content.end],
        (content,),
        (Span(sentence.start, sentence.start + len(source)),),
        (cue,),
        kind_of(edited.text, (content,), quoted(edited.text)),
    )
    at = sum(other.content[0].start < content.start for other in edited.quotes)
    moved = [other if (n := other.repeats) is None else replace(other, repeats=n + (n >= at)) for other in edited.quotes]
    return Document.assemble(edited.text, [*moved[:at], quote, *moved[at:]], **edited.metadata)


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
