"""Documents as HTML: a whole page, or the fragment that a notebook shows. Nothing is loaded from elsewhere and no script runs."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from itertools import pairwise
from string import Template

from stance.document import UNNAMED, Document, Quote, Span, Speaker, SpeakerStance, Stance
from stance.render.words import (
    NO_STANCE,
    chance,
    counted,
    heading,
    interval_words,
    percentage,
    readable,
    sides_of,
    signed,
    stance_words,
    summary,
)
from stance.text import paragraphs

Sides = Mapping[str, str]

DEFAULT_TITLE = "Who said what, and where they stand"


@dataclass(frozen=True, slots=True)
class _Mark:
    """One span of one quote; `number` counts the quotes from 1."""

    span: Span
    role: str
    number: int


def render(documents: Sequence[Document], title: str = DEFAULT_TITLE) -> str:
    """A self-contained page that shows each article with its quotes marked, its speakers and its quotes beside.

    Args:
        documents: The articles, in the order of the page.
        title: Heading of the page.

    Returns:
        HTML that any encoding of Unicode can hold.
    """
    quotes = sum(len(document.quotes) for document in documents)
    body = "\n".join(_document(document, f"d{number}") for number, document in enumerate(documents, 1))
    return _fill(
        "page.html",
        title=_escape(title),
        style=_file("style.css") + _file("page.css"),
        summary=f"{counted(len(documents), 'article')}, {counted(quotes, 'quote')}",
        documents=body or '<p class="stance">There is no article to show.</p>',
    )


def render_fragment(document: Document) -> str:
    """What a notebook shows of a document; its style applies to nothing else there.

    Args:
        document: The article.

    Returns:
        A `style` and a `section` element.
    """
    # A notebook puts many fragments on one page, and the same document should give the same output again.
    prefix = f"stance-{zlib.crc32(document.to_json().encode()):08x}"
    return _fill("fragment.html", style=_file("style.css"), document=_document(document, prefix))


def _document(document: Document, prefix: str) -> str:
    title, kicker = heading(document)
    sides = sides_of(document)
    return _fill(
        "document.html",
        prefix=prefix,
        kicker=_escape(kicker),
        title=_escape(title),
        summary=_escape(summary(document)),
        legend=_legend(document, sides) if document.quotes else "",
        text="\n".join(f"<p>{paragraph}</p>" for paragraph in _marked_paragraphs(document, sides, prefix))
        or '<p class="st-empty">No text.</p>',
        aside=_aside(document, sides, prefix) if document.quotes else "",
    )


def _legend(document: Document, sides: Sides) -> str:
    labels = {quote.stance.label if quote.stance else NO_STANCE for quote in document.quotes}
    order = [label for label in sides if label in labels] + sorted(labels - sides.keys())
    keys = "".join(f"<span>{_label(label, sides)}</span>" for label in order)
    explained = any(quote.stance and quote.stance.evidence for quote in document.quotes)
    keys += '<span class="st-source">who speaks</span><span class="st-cue">says so</span>'
    keys += '<span class="st-evidence">carries the stance</span>' if explained else ""
    return f'<p class="st-legend">{keys}</p>'


def _marked_paragraphs(document: Document, sides: Sides, prefix: str) -> Iterator[str]:
    """The HTML of each paragraph, cut at every edge of a mark, each stretch under the classes of all marks over it."""
    text = document.text
    shown = paragraphs(text) or ([Span(0, len(text))] if text else [])
    marks = list(_marks(document))
    stretches = _stretches(marks, shown)
    titles = [_escape(_describe(quote)) for quote in document.quotes]
    badges = _Badges(document, sides, prefix, titles)
    for number, paragraph in enumerate(shown):
        written = []
        for span, over, starting in stretches:
            badges.open(starting)
            if span.start >= paragraph.start:
                written.append(badges.take() + _stretch(text[span.start : span.end], over, document, sides, titles))
            if span.end == paragraph.end:
                break
        if number == len(shown) - 1:
            for _, _, starting in stretches:
                badges.open(starting)
            written.append(badges.take())
        yield "".join(written)


class _Badges:
    """The numbers before contents; one whose content starts between two paragraphs waits for the next paragraph."""

    def __init__(self, document: Document, sides: Sides, prefix: str, titles: Sequence[str]) -> None:
        self._document, self._sides, self._prefix, self._titles = document, sides, prefix, titles
        self._waiting: list[int] = []
        self._anchored: set[int] = set()

    def open(self, starting: Iterable[_Mark]) -> None:
        self._waiting.extend(mark.number for mark in starting if mark.role == "content")

    def take(self) -> str:
        written = "".join(map(self._badge, self._waiting))
        self._waiting.clear()
        return written

    def _badge(self, number: int) -> str:
        stance = self._document.quotes[number - 1].stance
        anchor = "" if number in self._anchored else f' id="{self._prefix}-m{number}"'
        self._anchored.add(number)
        letter = f"<b>{_letter(stance.label)}{'' if stance.certain else '?'}</b>" if stance else ""
        title = self._titles[number - 1]
        colour = _colour(stance, self._sides)
        return f'<a class="st-mark {colour}"{anchor} href="#{self._prefix}-q{number}" title="{title}">{number}{letter}</a>'


def _marks(document: Document) -> Iterator[_Mark]:
    for number, quote in enumerate(document.quotes, 1):
        evidence = quote.stance.evidence if quote.stance else ()
        for role, spans in (("content", quote.content), ("source", quote.source), ("cue", quote.cue), ("evidence", evidence)):
            yield from (_Mark(span, role, number) for span in spans)


def _stretches(marks: Sequence[_Mark], shown: Sequence[Span]) -> Iterator[tuple[Span, list[_Mark], list[_Mark]]]:
    """The text between neighbouring edges of marks and paragraphs: the marks over each stretch, and those that start with it."""
    starting: dict[int, list[_Mark]] = {}
    ending: dict[int, list[_Mark]] = {}
    for mark in marks:
        starting.setdefault(mark.span.start, []).append(mark)
        ending.setdefault(mark.span.end, []).append(mark)
    edges = sorted({*starting, *ending, *(edge for span in shown for edge in (span.start, span.end))})
    over: dict[_Mark, None] = {}
    for start, end in pairwise(edges):
        for mark in ending.get(start, ()):
            over.pop(mark, None)
        opened = starting.get(start, [])
        over.update(dict.fromkeys(opened))
        yield Span(start, end), list(over), opened


def _stretch(text: str, over: Sequence[_Mark], document: Document, sides: Sides, titles: Sequence[str]) -> str:
    if not over:
        return _escape(text)
    contents = [mark for mark in over if mark.role == "content"]
    classes = {f"st-{mark.role}": None for mark in over}
    classes |= {_colour(document.quotes[mark.number - 1].stance, sides): None for mark in contents}
    if len({mark.number for mark in contents}) > 1:
        classes["st-nested"] = None
    prefixes = {"content": "Quote", "source": "Source of quote", "cue": "Cue of quote", "evidence": "Carries the stance of quote"}
    lines = dict.fromkeys(f"{prefixes[mark.role]} {mark.number}: {titles[mark.number - 1]}" for mark in over)
    return f'<span class="{" ".join(classes)}" title="{"&#10;".join(lines)}">{_escape(text)}</span>'


def _describe(quote: Quote) -> str:
    return " · ".join((_name(quote), quote.kind, stance_words(quote.stance), f"confidence {percentage(quote.confidence)}"))


def _aside(document: Document, sides: Sides, prefix: str) -> str:
    rows = [_speaker(speaker, sides) for speaker in document.speakers]
    unnamed = sum(quote.speaker is None for quote in document.quotes)
    if unnamed:
        rows.append(_speaker_row(f'<span class="st-unnamed">{UNNAMED}</span>', "", "", unnamed))
    scored = any(speaker.stance for speaker in document.speakers)
    positive, negative = (_escape(label) for label in list(sides)[:2])
    caption = _fill("caption.html", positive=positive, negative=negative) if scored else ""
    quotes = "\n".join(_quote(quote, sides, number, prefix) for number, quote in enumerate(document.quotes, 1))
    return _fill("aside.html", speakers=_fill("speakers.html", rows="\n".join(rows), caption=caption), quotes=quotes)


def _speaker(speaker: Speaker, sides: Sides) -> str:
    label, score = (_label(speaker.stance.label, sides), _score(speaker.stance)) if speaker.stance else ("–", "–")
    return _speaker_row(_escape(speaker.name), label, score, len(speaker.quotes))


def _speaker_row(name: str, label: str, score: str, count: int) -> str:
    return _fill("speaker.html", name=name, label=label, score=score, count=str(count))


def _score(stance: SpeakerStance) -> str:
    at, low, high = (50 + 50 * max(-1.0, min(1.0, value)) for value in (stance.score, *stance.interval))
    return _fill(
        "score.html",
        title=f"Score {signed(stance.score)}, 95% interval {interval_words(stance)}",
        score=signed(stance.score),
        colour="st-positive" if at > 50 else "st-negative",
        left=f"{min(at, 50):.1f}",
        width=f"{abs(at - 50):.1f}",
        low=f"{low:.1f}",
        spread=f"{high - low:.1f}",
        at=f"{at:.1f}",
    )


def _quote(quote: Quote, sides: Sides, number: int, prefix: str) -> str:
    stance = quote.stance
    first = None if quote.repeats is None else quote.repeats + 1
    return _fill(
        "quote.html",
        prefix=prefix,
        number=str(number),
        colour=_colour(stance, sides),
        speaker=_escape(_name(quote)),
        kind=quote.kind,
        stance=_label(stance.label, sides, chance(stance)) if stance else _label(NO_STANCE, sides),
        repeats="" if first is None else f' <a class="st-repeats" href="#{prefix}-q{first}">repeats quote {first}</a>',
        text=_escape(quote.text),
    )


def _label(label: str, sides: Sides, probability: str = "") -> str:
    """A stance in letter, word and colour, so that none of them has to be seen."""
    letter = "–" if label == NO_STANCE else _letter(label)
    shown = f' <span class="st-probability">{escape(probability)}</span>' if probability else ""
    badge = f'<span class="st-letter" aria-hidden="true">{letter}</span>'
    return f'<span class="st-label st-{sides.get(label, "plain")}">{badge}{_escape(label)}{shown}</span>'


def _letter(label: str) -> str:
    return _escape(label[:1].upper())


def _colour(stance: Stance | None, sides: Sides) -> str:
    return f"st-{sides.get(stance.label, 'plain') if stance else 'plain'}"


def _name(quote: Quote) -> str:
    return quote.speaker.name if quote.speaker else UNNAMED


def _escape(text: str) -> str:
    return escape(readable(text))


def _fill(template: str, **values: str) -> str:
    return Template(_file(template)).substitute(values).strip("\n")


@cache
def _file(name: str) -> str:
    return files("stance.render").joinpath(name).read_text("utf-8")
