"""Finds the words of a quote that carry its stance."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from stance.document import Quote, Span, Stance
from stance.questions import Question
from stance.stances import Passage

_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_ERASURES = 64
_SHARE = 0.5


def with_evidence(stance: Stance, text: str, quote: Quote, passage: Passage, model: Any, question: Question) -> Stance:
    """A stance with the words of the content that carry it.

    Each word is left out in turn; how far that lowers the probability of the label is its weight (erasure: Zeiler and Fergus 2014; Li,
    Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation Erasure"). The evidence is the fewest words that
    hold half of all weight. Of a content of more than 64 words a few neighbouring ones are left out at a time.

    Args:
        stance: What the model said.
        text: The article.
        quote: The quote.
        passage: What the model read of it.
        model: The stance model.
        question: Its labels.
    """
    units = words_of(text, quote.content)
    weights = _weights(units, passage, model, question.labels.index(stance.label))
    falling = sorted((row for row in zip(weights, units, strict=True) if row[0] > 0), key=lambda row: -row[0])
    total, held = sum(weight for weight, _ in falling), 0.0
    chosen: list[Span] = []
    for weight, unit in falling:
        if held >= _SHARE * total:
            break
        held += weight
        chosen.append(unit)
    return replace(stance, evidence=_joined(text, chosen))


def words_of(text: str, content: Sequence[Span]) -> list[Span]:
    """The words of a content; runs of neighbouring words where there are many."""
    pieces = [[Span(*match.span()) for match in _WORD.finditer(text, piece.start, piece.end)] for piece in content]
    size = max(1, math.ceil(sum(map(len, pieces)) / _ERASURES))
    runs = [words[at : at + size] for words in pieces for at in range(0, len(words), size)]
    return [Span(run[0].start, run[-1].end) for run in runs]


def _weights(units: Sequence[Span], passage: Passage, model: Any, label: int) -> list[float]:
    """How far the probability of a label falls where a unit is left out."""
    from stance.classifier import Row, probabilities_of

    stretches = list(zip(passage.stretches, passage.inside, passage.places, strict=True))
    rows: list[Row] = [(pieces, inside) for pieces, inside, _ in stretches]
    changed: list[tuple[int, int]] = []
    for number, unit in enumerate(units):
        for at, (pieces, inside, places) in enumerate(stretches):
            kept = [n for n, place in enumerate(places) if place is None or not inside[n] or not place.overlaps(unit)]
            if len(kept) < len(pieces):
                changed.append((number, at))
                rows.append(([pieces[n] for n in kept], [inside[n] for n in kept]))
    found = probabilities_of(model, rows)[:, label]
    counts = passage.weights / passage.weights.sum()
    weights = np.zeros(len(units))
    for (number, at), probability in zip(changed, found[len(stretches) :], strict=True):
        weights[number] += counts[at] * (found[at] - probability)
    return [float(weight) for weight in weights]


def _joined(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans in text order; those with nothing but white space between them as one."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and not text[joined[-1].end : span.start].strip():
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return tuple(joined)
