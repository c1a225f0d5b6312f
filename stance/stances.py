"""Tells where a quote stands, and sums up a speaker's quotes.

The classifier reads the sentences that a quote stands in, the content between two marks, and behind a third what the article calls the
speaker, without names of persons, so that it cannot learn who holds which opinion.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from stance.document import Document, Quote, Span, SpeakerStance, Stance
from stance.names import Name, find_names
from stance.text import sentences

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LINE_ENDS = "\n\r\u2028\u2029"
MARKS = OPENING, CLOSING, SPEAKER = "[unused1]", "[unused2]", "[unused3]"
MIXED = "mixed"
_MENTIONS = 3
_WORDS = 12
_EMPTY = frozenset(["he", "she", "they", "i", "we", "it", "who", "which", "that", "the", "a", "an", "mr", "mrs", "ms", "sir", "lord"])


@dataclass(frozen=True, slots=True)
class Question:
    """What a stance model answers; data of the model, not code.

    Attributes:
        target: What the stance is about.
        labels: All labels, in the order of the model's outputs.
        positive: The label that counts +1 in a speaker's score.
        negative: The label that counts -1.
    """

    target: str = "China"
    labels: tuple[str, ...] = ("engage", "hawkish", "neutral")
    positive: str = "engage"
    negative: str = "hawkish"

    @property
    def neutral(self) -> str:
        """The label of quotes that take no side."""
        return next(label for label in self.labels if label not in (self.positive, self.negative))


def passage(text: str, quote: Quote) -> list[str]:
    """What the classifier reads of a quote: the sentences that its content and cue stand in, content and source marked.

    Names of persons are taken out of the source. Where it says no more than a name or a pronoun, or does not stand in these sentences, what
    the article calls the speaker elsewhere stands for it: whether somebody speaks for Beijing is not in the words of the quote.

    Args:
        text: The article.
        quote: One of its quotes.

    Returns:
        A string for each run of sentences that holds content.
    """
    told = _describe(text, quote)
    marks = [*((span, OPENING, CLOSING) for span in quote.content), *((span, f"{SPEAKER} {told}", "") for span in quote.source)]
    runs: list[Span] = []
    for span in sorted((*quote.content, *quote.cue)):
        around = _sentences_around(text, span)
        if runs and text[runs[-1].end : around.start].strip() == "" and "\n" not in text[runs[-1].end : around.start]:
            runs[-1] = Span(runs[-1].start, max(runs[-1].end, around.end))
        elif not runs or around.end > runs[-1].end:
            runs.append(around)
    parts = []
    for run in runs:
        inside = sorted((mark for mark in marks if run.contains(mark[0])), key=lambda mark: (mark[0].start, -mark[0].end))
        if any(mark[1] == OPENING for mark in inside):
            parts.append(_mark(text, run, inside))
    if told and not any(SPEAKER in part for part in parts):
        parts.insert(0, f"{SPEAKER} {told}")
    return parts


def _describe(text: str, quote: Quote) -> str:
    """What an article says of a speaker, without the name: from the quote's own source, else from the longest of the others."""
    name = quote.speaker.name if quote.speaker else ""
    known = find_names(name, Span(0, len(name))) if name else []
    person = frozenset(word for found in known if _is_person(found) for word in found.words)
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


def _sentences_around(text: str, span: Span) -> Span:
    """The sentences of its line that a span touches."""
    start = max((text.rfind(mark, 0, span.start) for mark in _LINE_ENDS), default=-1) + 1
    ends = [at for mark in _LINE_ENDS if (at := text.find(mark, span.end)) >= 0]
    line = Span(start, min(ends, default=len(text)))
    touched = [sentence for sentence in sentences(text, line) if sentence.overlaps(span)]
    return Span(min(span.start, touched[0].start), max(span.end, touched[-1].end)) if touched else span


def _mark(text: str, around: Span, marks: Sequence[tuple[Span, str, str]]) -> str:
    written: list[str] = []
    at = around.start
    for span, opening, closing in marks:
        if span.start < at:
            continue
        written.append(text[at : span.start])
        written.append(f" {opening} {text[span.start : span.end]} {closing} " if closing else f" {opening} ")
        at = span.end
    return "".join([*written, text[at : around.end]]).strip()


@dataclass(frozen=True, slots=True)
class Passage:
    """Subwords of one quote's passage, cut into stretches that fit the encoder.

    Attributes:
        stretches: Subword ids of each, start mark and separator included.
        inside: For each stretch where its subwords belong to the content.
    """

    stretches: tuple[tuple[int, ...], ...]
    inside: tuple[tuple[bool, ...], ...]


def read_passage(text: str, quote: Quote, tokenizer: Tokenizer, size: int) -> Passage:
    """Subwords of what the classifier reads of a quote; a long one becomes several stretches, none of it is left out.

    Args:
        text: The article.
        quote: One of its quotes.
        tokenizer: The model's, truncation and padding off.
        size: Subwords a stretch may hold.
    """
    from stance.tokens import boundary_ids

    start, separator = boundary_ids(tokenizer)
    opening, closing = tokenizer.token_to_id(OPENING), tokenizer.token_to_id(CLOSING)
    ids: list[int] = []
    inside: list[bool] = []
    within = False
    for part in passage(text, quote):
        readable = part.encode("utf-8", "replace").decode("utf-8")
        for piece in tokenizer.encode(readable, add_special_tokens=False).ids:
            within = (within or piece == opening) and piece != closing
            ids.append(piece)
            inside.append(within and piece != opening)
    count = max(1, math.ceil(len(ids) / (size - 2)))
    length = math.ceil(len(ids) / count) if ids else 0
    cuts = [slice(n * length, (n + 1) * length) for n in range(count)]
    return Passage(tuple((start, *ids[cut], separator) for cut in cuts), tuple((False, *inside[cut], False) for cut in cuts))


def sum_up(quotes: Sequence[Quote], question: Question) -> SpeakerStance | None:
    """A speaker's stance in one article; repeats count once.

    The label follows the codebook: a side with at least twice as many quotes as the other, `mixed` where both occur and neither
    has. The score is the mean over quotes of P(positive) - P(negative). Its interval is that of a Dirichlet posterior on the
    three shares under Jeffreys' prior, by its first two moments (Gelman et al., Bayesian Data Analysis, 3rd ed., section 3.4),
    widened to hold the score.

    Args:
        quotes: The speaker's quotes.
        question: Which labels are the poles.

    Returns:
        None where no quote has a stance.
    """
    counted = [quote.stance for quote in quotes if quote.stance is not None and quote.repeats is None]
    if not counted:
        counted = [quote.stance for quote in quotes if quote.stance is not None]
    if not counted:
        return None
    positive = sum(_share(stance, question.positive) for stance in counted)
    negative = sum(_share(stance, question.negative) for stance in counted)
    score = (positive - negative) / len(counted)
    total = len(counted) + 1.5
    plus, minus = (positive + 0.5) / total, (negative + 0.5) / total
    deviation = math.sqrt((plus + minus - (plus - minus) ** 2) / (total + 1))
    low, high = plus - minus - 1.96 * deviation, plus - minus + 1.96 * deviation
    labels = [stance.label for stance in counted]
    return SpeakerStance(
        _side(labels.count(question.positive), labels.count(question.negative), question),
        round(score, 4),
        (round(max(-1.0, min(low, score)), 4), round(min(1.0, max(high, score)), 4)),
    )


def _share(stance: Stance, label: str) -> float:
    return stance.probabilities.get(label, 0.0) if stance.probabilities else float(stance.label == label)


def _side(positive: int, negative: int, question: Question) -> str:
    if not positive and not negative:
        return question.neutral
    if positive >= 2 * negative:
        return question.positive
    return question.negative if negative >= 2 * positive else MIXED


def with_stances(document: Document, stances: Sequence[Stance | None], question: Question) -> Document:
    """A document whose quotes have these stances, and whose speakers are summed up."""
    from dataclasses import replace

    quotes = [replace(quote, stance=stance) for quote, stance in zip(document.quotes, stances, strict=True)]
    held: dict[str, list[Quote]] = {}
    for quote in quotes:
        if quote.speaker is not None:
            held.setdefault(quote.speaker.name, []).append(quote)
    summed = {name: sum_up(group, question) for name, group in held.items()}
    return Document.assemble(document.text, quotes, summed, **{**document.metadata, "target": question.target})


def score_passages(model: Any, passages: Iterable[Passage], *, batch_size: int = 16) -> Iterator[np.ndarray[Any, np.dtype[np.float64]]]:
    """Calibrated probabilities of each passage's labels; of several stretches the mean, weighted by the content they hold."""
    from stance.classifier import probabilities_of

    waiting = iter(passages)
    while group := list(islice(waiting, batch_size * 16)):
        rows = [(stretch, inside) for item in group for stretch, inside in zip(item.stretches, item.inside, strict=True)]
        found = probabilities_of(model, rows, batch_size=batch_size)
        at = 0
        for item in group:
            count = len(item.stretches)
            weights = np.array([0.01 + sum(inside) for inside in item.inside])
            yield np.average(found[at : at + count], axis=0, weights=weights)
            at += count


def to_stance(probabilities: Sequence[float] | np.ndarray[Any, Any], question: Question) -> Stance:
    """The stance of a row of probabilities in the order of the question's labels."""
    by_label: Mapping[str, float] = {label: round(float(p), 4) for label, p in zip(question.labels, probabilities, strict=True)}
    best = max(by_label, key=lambda label: by_label[label])
    return Stance(best, by_label[best], by_label)
