"""Sums up where a speaker stands in an article from that speaker's quotes."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from stance.document import Document, Quote, SpeakerStance, Stance
from stance.questions import MIXED, Question
from stance.text import paragraphs

LIKENESS = 0.5
"""Correlation of the quotes of one speech: that of the labels (engage 1, hawkish -1) in 1,462 pairs of such quotes of `news_china/train`
and `seeds/train`; what a word model leaves unexplained of them is as alike."""


def speeches(text: str, quotes: Sequence[Quote]) -> list[int]:
    """Numbers the speeches of an article, and gives each quote the number of its own.

    A speech is a run of one speaker's quotes in which each begins in the paragraph that the one before it ends in, or in the next. A quote
    without speaker is a speech of its own.

    Args:
        text: The article.
        quotes: Its quotes in text order.
    """
    starts = [paragraph.start for paragraph in paragraphs(text)]
    open_speeches: dict[str, tuple[int, int]] = {}
    numbers: list[int] = []
    for number, quote in enumerate(quotes):
        begin, end = (bisect_right(starts, piece.start) for piece in (quote.content[0], quote.content[-1]))
        name = quote.speaker.name if quote.speaker else None
        last, speech = open_speeches.get(name, (-2, number)) if name else (-2, number)
        if begin - last > 1:
            speech = number
        if name:
            open_speeches[name] = max(end, last), speech
        numbers.append(speech)
    return numbers


def sum_up(quotes: Sequence[Quote], question: Question, speeches: Sequence[int] = ()) -> SpeakerStance | None:
    """A speaker's stance in one article; repeats count once.

    The label follows the codebook: a side with at least twice as many quotes as the other, `mixed` where both occur and neither has. The
    score is the mean over quotes of P(positive) - P(negative), each quote weighed by the confidence that it is one. Its interval is that
    of a Dirichlet posterior on the three shares under Jeffreys' prior, by its first two moments (Gelman et al., Bayesian Data Analysis,
    3rd ed., section 3.4), widened to hold the score. The posterior rests on the effective number of quotes; see `effective_number`.

    Args:
        quotes: The speaker's quotes.
        question: Which labels are the poles.
        speeches: The number of each quote's speech; each quote is one of its own when left out.

    Returns:
        None where no quote has a stance.
    """
    numbered = [row for row in zip(quotes, speeches or range(len(quotes)), strict=True) if row[0].stance is not None]
    numbered = [row for row in numbered if row[0].repeats is None] or numbered
    if not numbered:
        return None
    stances = [quote.stance for quote, _ in numbered if quote.stance is not None]
    weights = [max(quote.confidence, 1e-6) for quote, _ in numbered]
    positive, negative = (
        sum(weight * _share(stance, pole) for weight, stance in zip(weights, stances, strict=True)) / sum(weights)
        for pole in (question.positive, question.negative)
    )
    score = positive - negative
    low, high = _interval(positive, negative, effective_number(weights, [speech for _, speech in numbered]))
    labels = [stance.label for stance in stances]
    return SpeakerStance(
        _side(labels.count(question.positive), labels.count(question.negative), question),
        round(score, 4),
        (round(max(-1.0, min(low, score)), 4), round(min(1.0, max(high, score)), 4)),
    )


def effective_number(weights: Sequence[float], speeches: Sequence[int], likeness: float = LIKENESS) -> float:
    """How many quotes that are certain and independent say as much as these (Kish 1965, "Survey Sampling", sections 5.4 and 8.2).

    The variance of a mean over quotes, each of which is there with the probability of its weight, and alike within a speech.

    Args:
        weights: Probability of each quote that it is one; above 0.
        speeches: The number of each quote's speech.
        likeness: Correlation of the quotes of one speech.
    """
    held: dict[int, list[float]] = {}
    for weight, speech in zip(weights, speeches, strict=True):
        held.setdefault(speech, []).append(weight)
    shared = sum(sum(group) ** 2 - sum(weight**2 for weight in group) for group in held.values())
    return sum(weights) ** 2 / (sum(weights) + likeness * shared)


def _interval(positive: float, negative: float, number: float) -> tuple[float, float]:
    total = number + 1.5
    plus, minus = (number * positive + 0.5) / total, (number * negative + 0.5) / total
    deviation = math.sqrt((plus + minus - (plus - minus) ** 2) / (total + 1))
    return plus - minus - 1.96 * deviation, plus - minus + 1.96 * deviation


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
    quotes = [replace(quote, stance=stance) for quote, stance in zip(document.quotes, stances, strict=True)]
    held: dict[str, list[tuple[Quote, int]]] = {}
    for quote, speech in zip(quotes, speeches(document.text, quotes), strict=True):
        if quote.speaker is not None:
            held.setdefault(quote.speaker.name, []).append((quote, speech))
    summed = {name: sum_up([quote for quote, _ in rows], question, [speech for _, speech in rows]) for name, rows in held.items()}
    return Document.assemble(document.text, quotes, summed, **{**document.metadata, "target": question.target})
