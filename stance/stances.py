"""Tells where a quote stands.

The classifier reads the sentences that a quote stands in and the one before them, the content between two marks, and behind a third what
the article calls the speaker, in place of the name, so that it has little to learn from who speaks.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from stance.document import Quote, Span, Stance
from stance.names import Name, find_names
from stance.questions import Question
from stance.text import overlapping, readable, sentences

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LINE = re.compile("[^\n\r\u2028\u2029]+")
_WORD = re.compile(r"\S+")
MARKS = OPENING, CLOSING, SPEAKER = "[unused1]", "[unused2]", "[unused3]"
_MENTIONS = 3
_WORDS = 12
_WORDS_BEFORE = 40
_EMPTY = frozenset(["he", "she", "they", "i", "we", "it", "who", "which", "that", "the", "a", "an", "mr", "mrs", "ms", "sir", "lord"])

Part = Sequence[tuple[str, int | None]]
Mark = tuple[Span, str, str]


def passage(text: str, quote: Quote) -> list[str]:
    """What the classifier reads of a quote: the sentences of its content, content and source marked, and the sentence before them.

    Names of persons are taken out of the source; in the other words, but for the content, the speaker's own gives way to a mark. Where the
    source says no more than a name or a pronoun, or does not stand in these sentences, what the article calls the speaker elsewhere stands
    for it: whether somebody speaks for Beijing is not in the words of the quote. What *it* and *the measure* mean stands in the sentence
    before, of which the last 40 words are read.

    Args:
        text: The article.
        quote: One of its quotes.

    Returns:
        The sentence before, where there is one, and a string for each run of sentences that holds content.
    """
    return ["".join(written for written, _ in part) for part in _marked_parts(text, quote)]


def _marked_parts(text: str, quote: Quote) -> list[Part]:
    """The passage's strings in stretches, each with its offset in the article, or None for a mark."""
    person = _person_of(quote)
    told = _describe(text, quote, person)
    known = f"{SPEAKER} {told}".strip()
    marks = [*((span, OPENING, CLOSING) for span in quote.content), *((span, known, "") for span in quote.source)]
    lines = _lines_of(text)
    runs: list[Span] = []
    for span in sorted((*quote.content, *quote.cue)):
        around = lines.sentences_around(span)
        if runs and text[runs[-1].end : around.start].strip() == "" and "\n" not in text[runs[-1].end : around.start]:
            runs[-1] = Span(runs[-1].start, max(runs[-1].end, around.end))
        elif not runs or around.end > runs[-1].end:
            runs.append(around)
    parts: list[Part] = []
    shown = False
    for run in runs:
        inside = [mark for mark in marks if run.contains(mark[0])]
        if any(opening == OPENING for _, opening, _ in inside):
            names = [mark for mark in _names_of(text, run, person) if not any(mark[0].overlaps(span) for span, _, _ in inside)]
            parts.append(_mark(text, run, [*inside, *names]))
            shown = shown or any(closing == "" for _, _, closing in inside)
    if told and not shown:
        parts.insert(0, [(known, None)])
    before = lines.before(runs[0].start)
    if before:
        parts.insert(0, _mark(text, before, _names_of(text, before, person)))
    return parts


def _person_of(quote: Quote) -> frozenset[str]:
    """The words of a speaker's name where it is a person's, and not one as *supporters of Edward Snowden*."""
    if not quote.speaker or not quote.speaker.name:
        return frozenset()
    whole = Span(0, len(quote.speaker.name))
    names = find_names(quote.speaker.name, whole)
    return frozenset(word for name in names if _is_person(name) and name.span == whole for word in name.words)


def _names_of(text: str, within: Span, person: frozenset[str]) -> list[Mark]:
    """Marks for where a stretch of text names a person."""
    if not any(word in text[within.start : within.end] for word in person):
        return []
    return [(name.span, SPEAKER, "") for name in find_names(text, within) if person.issuperset(name.words) or person.issubset(name.words)]


def _describe(text: str, quote: Quote, person: frozenset[str]) -> str:
    """What an article says of a speaker, without the name: from the quote's own source, else from the longest of the others."""
    others = sorted(quote.speaker.mentions if quote.speaker else (), key=len, reverse=True)
    for span in (*quote.source[:1], *others[:_MENTIONS]):
        words = _without_persons(text, span, person).split()
        if any(word[0].isalnum() and word.lower() not in _EMPTY for word in words):
            return " ".join(words[:_WORDS])
    return ""


def _without_persons(text: str, span: Span, person: frozenset[str]) -> str:
    written: list[str] = []
    at = span.start
    for name in find_names(text, span):
        if _is_person(name) or person.issuperset(name.words):
            written.append(text[at : name.span.start])
            at = name.span.end
    return " ".join("".join([*written, text[at : span.end]]).split()).strip(" ,;:")


def _is_person(name: Name) -> bool:
    return not name.body and (len(name.words) > 1 or bool(name.title or name.role))


class _Lines:
    """An article's lines, each cut into sentences when it is first asked for one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [Span(*match.span()) for match in _LINE.finditer(text)]
        self._cut: dict[int, list[Span]] = {}

    def _at(self, place: int) -> int:
        return bisect_right(self._lines, place, key=lambda line: line.start) - 1

    def _sentences(self, number: int) -> list[Span]:
        if number not in self._cut:
            self._cut[number] = sentences(self._text, self._lines[number])
        return self._cut[number]

    def sentences_around(self, span: Span) -> Span:
        """The sentences that a span touches."""
        numbers = range(max(0, self._at(span.start)), self._at(span.end - 1) + 1)
        touched = [sentence for number in numbers for sentence in overlapping(self._sentences(number), span)]
        return Span(min(span.start, touched[0].start), max(span.end, touched[-1].end)) if touched else span

    def before(self, place: int) -> Span | None:
        """The last words of the sentence before a place, which may end the line before; None where the place opens the text."""
        end = place
        while end and self._text[end - 1].isspace():
            end -= 1
        if not end:
            return None
        last = overlapping(self._sentences(self._at(end - 1)), Span(end - 1, end))[0]
        words = [match.start() for match in _WORD.finditer(self._text, last.start, end)]
        return Span(words[-_WORDS_BEFORE:][0], end)


@lru_cache(maxsize=4)
def _lines_of(text: str) -> _Lines:
    """The lines of an article, kept while its quotes are read one after the other."""
    return _Lines(text)


def _mark(text: str, around: Span, marks: Iterable[Mark]) -> list[tuple[str, int | None]]:
    written: list[tuple[str, int | None]] = []
    at = around.start
    for span, opening, closing in sorted(marks, key=lambda mark: (mark[0].start, -mark[0].end)):
        if span.start < at:
            continue
        written += [(text[at : span.start], at), (f" {opening} ", None)]
        if closing:
            written += [(text[span.start : span.end], span.start), (f" {closing} ", None)]
        at = span.end
    written = [row for row in (*written, (text[at : around.end], at)) if row[0]]
    (first, start), (last, end) = written[0], written[-1]
    if start is None:
        written[0] = first.lstrip(), None
    if end is None:
        written[-1] = last.rstrip(), None
    return written


@dataclass(frozen=True, slots=True)
class Passage:
    """Subwords of one quote's passage, cut into stretches that fit the encoder.

    Attributes:
        stretches: Subword ids of each, start mark and separator included.
        inside: For each stretch where its subwords belong to the content.
        places: For each stretch where its subwords stand in the article; None for marks.
    """

    stretches: tuple[tuple[int, ...], ...]
    inside: tuple[tuple[bool, ...], ...]
    places: tuple[tuple[Span | None, ...], ...]

    @property
    def weights(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """What each stretch counts: by the content that it holds."""
        return np.array([0.01 + sum(inside) for inside in self.inside])


def read_passage(text: str, quote: Quote, tokenizer: Tokenizer, size: int) -> Passage:
    """Subwords of what the classifier reads of a quote.

    Args:
        text: The article.
        quote: One of its quotes.
        tokenizer: The model's, truncation and padding off.
        size: Subwords a stretch may hold.
    """
    return encode(_marked_parts(text, quote), tokenizer, size)


def encode(parts: Iterable[Part], tokenizer: Tokenizer, size: int) -> Passage:
    """Subwords of a passage's parts; a long one becomes several stretches, none of it is left out.

    Args:
        parts: Strings in stretches, each with its offset in the article, or None for marks and for words that stand in none.
        tokenizer: The model's, truncation and padding off.
        size: Subwords a stretch may hold.
    """
    from stance.tokens import boundary_ids

    start, separator = boundary_ids(tokenizer)
    opening, closing = tokenizer.token_to_id(OPENING), tokenizer.token_to_id(CLOSING)
    ids: list[int] = []
    inside: list[bool] = []
    places: list[Span | None] = []
    within = False
    for part in parts:
        encoding = tokenizer.encode(readable("".join(written for written, _ in part)), add_special_tokens=False)
        places += _places(part, encoding.offsets)
        for piece in encoding.ids:
            within = (within or piece == opening) and piece != closing
            ids.append(piece)
            inside.append(within and piece != opening)
    count = max(1, math.ceil(len(ids) / (size - 2)))
    length = math.ceil(len(ids) / count) if ids else 0
    cuts = [slice(n * length, (n + 1) * length) for n in range(count)]
    return Passage(
        tuple((start, *ids[cut], separator) for cut in cuts),
        tuple((False, *inside[cut], False) for cut in cuts),
        tuple((None, *places[cut], None) for cut in cuts),
    )


def _places(part: Part, offsets: Iterable[tuple[int, int]]) -> Iterator[Span | None]:
    """Where subwords of a part of a passage stand in the article."""
    starts = [0, *accumulate(len(written) for written, _ in part)]
    for begin, end in offsets:
        number = bisect_right(starts, begin, hi=len(part)) - 1
        at = part[number][1]
        yield None if at is None or begin == end else Span(at + begin - starts[number], at + end - starts[number])


def score_passages(model: Any, passages: Iterable[Passage], *, batch_size: int = 16) -> Iterator[np.ndarray[Any, np.dtype[np.float64]]]:
    """Calibrated probabilities of each passage's labels; of several stretches those of the mean, weighted by the content they hold."""
    from stance.classifier import shares_of

    waiting = iter(passages)
    while group := list(islice(waiting, batch_size * 16)):
        rows = [(stretch, inside) for item in group for stretch, inside in zip(item.stretches, item.inside, strict=True)]
        found = shares_of(model, rows, batch_size=batch_size)
        at = 0
        for item in group:
            count = len(item.stretches)
            mean = np.average(found[at : at + count], axis=0, weights=item.weights)
            yield model.calibrate(mean[None])[0]
            at += count


def to_stance(probabilities: Sequence[float] | np.ndarray[Any, Any], question: Question) -> Stance:
    """The stance of a row of probabilities in the order of the question's labels."""
    by_label: Mapping[str, float] = {label: round(float(p), 4) for label, p in zip(question.labels, probabilities, strict=True)}
    best = max(by_label, key=lambda label: by_label[label])
    return Stance(best, by_label[best], by_label, by_label[best] >= question.threshold)
