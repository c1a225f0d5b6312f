"""Counts of what is right, article by article. Counts add up, so that any set of articles, and any resample of one, has its scores."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from stance.document import KINDS, Document, Quote, Span
from stance.names import lexicon

MATCH = 0.5
ROLES = ("content", "cue", "source")
_WORD = re.compile(r"\w+|[^\w\s]")
_TITLES = lexicon("titles") | lexicon("male_titles") | lexicon("female_titles") | {"the", "a", "an", "chancellor", "minister", "secretary"}

Match = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of the found and how many of the gold items are right.

    Attributes:
        right_found, found: Of the items found.
        right_gold, gold: Of the items in the labels.
    """

    right_found: int = 0
    found: int = 0
    right_gold: int = 0
    gold: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.right_found + other.right_found,
            self.found + other.found,
            self.right_gold + other.right_gold,
            self.gold + other.gold,
        )

    @property
    def precision(self) -> float:
        """Share of the found that is right; 0 where nothing is found."""
        return self.right_found / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold that is found; 0 where there is none."""
        return self.right_gold / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class StanceItem:
    """One gold quote with what a model says of it: its label, and the probability of each label."""

    gold: str
    found: str
    probabilities: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArticleScores:
    """One article's counts by metric. Those of several readings of an article add up to one article's.

    Attributes:
        counts: By name of the metric; those on quotes also by kind, as `end to end, direct`.
    """

    counts: dict[str, Counts] = field(default_factory=dict)

    def __add__(self, other: ArticleScores) -> ArticleScores:
        metrics = self.counts | other.counts
        return ArticleScores({metric: self.counts.get(metric, Counts()) + other.counts.get(metric, Counts()) for metric in metrics})


def score_quotes(gold: Document, found: Document, *, stances: bool = False) -> ArticleScores:
    """Scores found quotes against gold ones, by the metrics of the design's section on evaluation.

    A content counts as found where it shares at least half of its words with a gold one (Jaccard); one found content answers one gold
    content. It is right end to end where its source overlaps the gold source too, or both are empty.

    Args:
        gold: The labelled article.
        found: The same text, read by a model.
        stances: Whether to count stances end to end. It holds for a whole set: in one with stances, an article without any on one side
            counts as much as others.
    """
    counts: dict[str, Counts] = {}
    for role in ROLES:
        counts[f"{role} exact"] = _exact(_spans(gold, role), _spans(found, role))
        counts[f"{role} tokens"] = _tokens(gold.text, _spans(gold, role), _spans(found, role))
    matches = match_contents(gold, found)
    sourced = [pair for pair in matches if same_source(gold.quotes[pair[0]], found.quotes[pair[1]])]
    counts |= _by_kind("matched", gold, found, matches)
    counts |= _by_kind("end to end", gold, found, sourced)
    counts["attribution"] = Counts(right_gold=len(sourced), gold=len(matches))
    if any(quote.speaker for quote in gold.quotes):
        named = sum(same_speaker(gold.quotes[g], found.quotes[f]) for g, f in matches)
        counts["speaker"] = Counts(right_gold=named, gold=len(matches))
        pronouns = [(g, f) for g, f in matches if _is_pronoun(gold, gold.quotes[g])]
        counts["speaker, pronouns"] = Counts(
            right_gold=sum(same_speaker(gold.quotes[g], found.quotes[f]) for g, f in pronouns), gold=len(pronouns)
        )
    if stances:
        counts |= _stances_end_to_end(gold, found, matches)
    return ArticleScores(counts)


def score_stances(gold: Document, judged: Document) -> tuple[StanceItem, ...]:
    """Pairs the stances of a labelled article's quotes with those that a model gave the same quotes; repeats are left out."""
    return tuple(
        StanceItem(one.stance.label, other.stance.label, dict(other.stance.probabilities))
        for one, other in zip(gold.quotes, judged.quotes, strict=True)
        if one.stance and other.stance and one.repeats is None
    )


def without_stances(document: Document) -> Document:
    """A labelled article without its stances, as a model would be given it."""
    return Document.assemble(document.text, [replace(quote, stance=None) for quote in document.quotes], **document.metadata)


def match_contents(gold: Document, found: Document) -> list[Match]:
    """Pairs of positions (gold, found) whose contents share at least half of their words, the most alike first, each used once."""
    ours = [_words(gold.text, quote.content) for quote in gold.quotes]
    theirs = [_words(found.text, quote.content) for quote in found.quotes]
    owners: dict[int, list[int]] = {}
    for f, words in enumerate(theirs):
        for word in words:
            owners.setdefault(word, []).append(f)
    candidates = []
    for g, words in enumerate(ours):
        for f in {f for word in words for f in owners.get(word, ())}:
            alike = len(words & theirs[f]) / len(words | theirs[f])
            if alike >= MATCH:
                candidates.append((-alike, g, f))
    matches: list[Match] = []
    used_gold: set[int] = set()
    used_found: set[int] = set()
    for _, g, f in sorted(candidates):
        if g not in used_gold and f not in used_found:
            used_gold.add(g)
            used_found.add(f)
            matches.append((g, f))
    return sorted(matches)


def same_source(gold: Quote, found: Quote) -> bool:
    """Whether two sources overlap, or both are empty."""
    if not gold.source or not found.source:
        return not gold.source and not found.source
    return any(one.overlaps(other) for one in gold.source for other in found.source)


def same_speaker(gold: Quote, found: Quote) -> bool:
    """Whether two quotes have one speaker; see `same_name`."""
    if gold.speaker is None or found.speaker is None:
        return gold.speaker is found.speaker
    return same_name(gold.speaker.name, found.speaker.name)


def same_name(one: str, other: str) -> bool:
    """Whether two names agree: case and titles aside, the words of one are among the other's."""
    ours, theirs = _name_words(one), _name_words(other)
    return bool(ours and theirs) and (ours <= theirs or theirs <= ours)


def _name_words(name: str) -> frozenset[str]:
    words = re.findall(r"[\w-]+", re.sub(r"['’]s?\b", "", name.casefold()))
    return frozenset(word for word in words if word not in _TITLES) or frozenset(words)


def _is_pronoun(document: Document, quote: Quote) -> bool:
    return len(quote.source) == 1 and document.text[quote.source[0].start : quote.source[0].end].lower() in {
        "he",
        "she",
        "they",
        "i",
        "we",
        "it",
    }


def _spans(document: Document, role: str) -> set[Span]:
    return {span for quote in document.quotes for span in getattr(quote, role)}


def _words(text: str, spans: Iterable[Span]) -> set[int]:
    return {match.start() for span in spans for match in _WORD.finditer(text, span.start, span.end)}


def _exact(gold: set[Span], found: set[Span]) -> Counts:
    right = len(gold & found)
    return Counts(right, len(found), right, len(gold))


def _tokens(text: str, gold: set[Span], found: set[Span]) -> Counts:
    ours, theirs = _words(text, gold), _words(text, found)
    right = len(ours & theirs)
    return Counts(right, len(theirs), right, len(ours))


def _by_kind(metric: str, gold: Document, found: Document, matches: Sequence[Match]) -> dict[str, Counts]:
    counts = {metric: Counts(len(matches), len(found.quotes), len(matches), len(gold.quotes))}
    for kind in KINDS:
        counts[f"{metric}, {kind}"] = Counts(
            sum(found.quotes[f].kind == kind for _, f in matches),
            sum(quote.kind == kind for quote in found.quotes),
            sum(gold.quotes[g].kind == kind for g, _ in matches),
            sum(quote.kind == kind for quote in gold.quotes),
        )
    return counts


def _stances_end_to_end(gold: Document, found: Document, matches: Sequence[Match]) -> dict[str, Counts]:
    ours = [quote.stance.label if quote.stance else None for quote in gold.quotes]
    theirs = [quote.stance.label if quote.stance else None for quote in found.quotes]
    labels = sorted({label for label in (*ours, *theirs) if label})
    right = [ours[g] for g, f in matches if ours[g] == theirs[f]]
    return {
        f"stance end to end, {label}": Counts(right.count(label), theirs.count(label), right.count(label), ours.count(label))
        for label in labels
    }
