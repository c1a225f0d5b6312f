"""Whom a pronoun means. *He* and *she*: a linear ranking of the persons named around it; *it* and *they*: the subject before it.

The ranking is a log-linear model over candidates with hand-made features (Denis and Baldridge, 2008, "Specialized models and ranking for
coreference resolution", EMNLP), trained by `stance.training.antecedents`; its weights are in `antecedents.toml`.
"""

from __future__ import annotations

import math
import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import islice

from stance.cast import Cast, Entity
from stance.descriptions import gender_of_role, head_of, is_person, is_plural
from stance.document import Span
from stance.names import country_of, is_function_word
from stance.surroundings import Place

FEATURES = (
    "same sentence", "sentence before", "two sentences before", "sentences between", "same paragraph", "paragraph before",
    "paragraphs between", "nearness", "nearest", "subject", "subject of the sentence", "subject of the sentence before",
    "opens the paragraph", "opens the paragraph before", "object", "possessive", "reported", "in marks", "last speaker",
    "last speaker, near", "recent speaker", "gender known", "vouched for", "plain", "frequency", "frequency near", "described", "after",
    "outer speaker", "outer speaker, same sentence", "behind its quote: last speaker, near", "behind its quote: same paragraph",
    "behind its quote: opens the paragraph before", "first of all", "not named outside",
    "named in its words",
)  # fmt: skip
_WEIGHTS: dict[str, float] = tomllib.loads(resources.files("stance").joinpath("antecedents.toml").read_text(encoding="utf-8"))
WEIGHTS = tuple(_WEIGHTS.get(name, 0.0) for name in FEATURES)
_FINITE = (
    r"\w+ed|says|said|told|is|was|has|had|will|would|can|could|may|might|should|does|did|made|wrote|went|took|met|sent|spoke|held|gave|put|set"
    r"|came|got|saw|led|ran|won|lost|began|kept|left"
)
_VERB = re.compile(
    r"(?:['’]s)?(?:,[^.;“”\"]{2,120},)?\s+(?:(?:also|then|later|himself|herself|now|still|never|once|often|recently|reportedly)\s+)?"
    rf"(?:{_FINITE}|\w{{2,}}s|who)\b"
)
_NO_VERB = re.compile(r"(?:['’]s)?\s+(?:as|across|towards|besides|perhaps|always|previous|this|was\s+\w+ed\b|his|its)\b")
_GOVERNOR = re.compile(
    r"\b(?:with|to|of|by|for|from|on|about|against|between|and|in|at|under|like|told|met|as|than)\s+(?:[\w.’'-]+\s+){0,4}$"
)
_CATAPHORA = re.compile(
    r"\W*(?:and |but )?(?:while|although|though|as|when|if|after|before|in|despite|since|because|even|asked|during)\b", re.I
)
_SUBJECT = re.compile(
    r"[\W_]*(?:(?:But|And|Yet|So|Still|While|Although|Though|As|When|If|Because|Since|After|Before|Once|Unless)\s+){0,2}(?:(?:However|Meanwhile|Instead|Now|Then|For|In|On|At|After|Before|Since|While|Although|Though|As|When|If)\b"
    r"[^,.;“”\"]{0,60},?\s+)??(?P<phrase>(?:(?:The|the|A|An|Some|Many|Most|Several|Other|These|Those|Both|All)\s+)?"
    r"(?:[\w’'.-]+\s+){0,5}?[\w’'.-]+)(?:,[^.;“”\"]{2,120},|\s+(?:who|that|which)\b[^.;“”\"]{2,80}?)?\s+"
    rf"(?:(?:also|then|later|now|still|already|often|both|largely|never|ever|just|recently|long|first|reportedly)\s+)?(?:{_FINITE}|say|want|see|fear|hope|believe|argue|do|are|were|have)\b"
)
_CLAUSE = re.compile(r",\s+")
_DETERMINERS = frozenset(["the", "a", "an", "some", "many", "most", "several", "other", "these", "those", "both", "all"])
_NO_SUBJECTS = frozenset(
    [
        "he",
        "she",
        "it",
        "they",
        "we",
        "i",
        "you",
        "this",
        "that",
        "these",
        "those",
        "there",
        "who",
        "what",
        "which",
        "his",
        "her",
        "their",
        "its",
    ]
)
_LEAD = 45
_RECENT = 20
_NEAR = 1500
_PARAGRAPHS = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """Whom a pronoun may mean.

    Attributes:
        name: The canonical name.
        mentions: Where the article mentions them, in text order.
        entity: Who it is among those named; None for somebody only described.
    """

    name: str
    mentions: Sequence[Span]
    entity: Entity | None = None


def candidates(place: Place, gender: str) -> list[Candidate]:
    """The persons that a pronoun of some gender may mean: those named some paragraphs before it or later in its sentence."""
    cast = place.cast
    entities: dict[int, Entity] = {}
    for mention in cast.named_before(place.at):
        if place.paragraph - cast.paragraph(mention.span.start) > _PARAGRAPHS:
            break
        entities[id(mention.entity)] = mention.entity
    for one in place.said[-4:]:
        if one.entity is not None:
            entities[id(one.entity)] = one.entity
    end = cast.sentences[place.sentence].end
    for mention in cast.named_after(place.at):
        if mention.span.start >= end:
            break
        entities.setdefault(id(mention.entity), mention.entity)
    found = [
        Candidate(entity.name, entity.mentions, entity)
        for entity in entities.values()
        if (not entity.body or (entity.plain and _may_be_person(entity.name) and not _takes_article(cast, entity)))
        and entity.gender in (None, gender)
    ]
    for one in place.said[-3:]:
        head = head_of(one.name) if one.name and one.entity is None and one.quote.source else ""
        if one.name and is_person(head) and not is_plural(one.name) and " and " not in one.name and gender_of_role(head) in (None, gender):
            found.append(Candidate(one.name, one.quote.source[:1]))
    return found


def _takes_article(cast: Cast, entity: Entity) -> bool:
    """Whether a plain name stands behind an article, as *the Guardian*."""
    return any(cast.text[max(0, span.start - 4) : span.start] in ("the ", "The ") for span in entity.mentions[:5])


def _may_be_person(word: str) -> bool:
    return not word.removesuffix("s").isupper() and not country_of(word)


def describe(place: Place, found: Sequence[Candidate], gender: str) -> list[list[float]]:
    """A row of features for each candidate, in the order of `FEATURES`."""
    cast = place.cast
    before = [_before(place.at, one.mentions) for one in found]
    free = [[span for span in mentions if place.is_free(span)] for mentions in before]
    lasts = [mentions[-1].start if mentions else -1 for mentions in free]
    order = sorted(range(len(found)), key=lambda i: -lasts[i])
    rank = {i: r for r, i in enumerate(order)}
    first = min((one.entity.mentions[0].start for one in found if one.entity), default=-1)
    openers = [_opener(place, free, place.paragraph - back) for back in (0, 1)]
    rows = []
    for i, one in enumerate(found):
        named = bool(free[i])
        last = free[i][-1] if free[i] else before[i][-1] if before[i] else None
        here = last.start if last else place.at
        sentences = max(0, place.sentence - cast.sentence(here)) if last else 3
        between = max(0, place.paragraph - cast.paragraph(here)) if last else 2
        subjects = {
            cast.sentence(span.start)
            for span in free[i][-4:]
            if place.sentence - cast.sentence(span.start) <= 1 and _is_subject(cast, span)
        }
        near = place.speaker_near(one.name)
        outer = place.outer is not None and place.outer.name == one.name
        values = {
            "same sentence": named and sentences == 0,
            "sentence before": named and sentences == 1,
            "two sentences before": named and sentences == 2,
            "sentences between": math.log1p(sentences),
            "same paragraph": named and between == 0,
            "paragraph before": named and between == 1,
            "paragraphs between": math.log1p(between),
            "nearness": 1 / (1 + rank[i]) if named else 0,
            "nearest": named and rank[i] == 0,
            "subject": named and last is not None and _is_subject(cast, last),
            "subject of the sentence": place.sentence in subjects,
            "subject of the sentence before": place.sentence - 1 in subjects,
            "opens the paragraph": openers[0] == i,
            "opens the paragraph before": openers[1] == i,
            "object": named and last is not None and bool(_GOVERNOR.search(cast.text, max(0, last.start - 60), last.start)),
            "possessive": named and last is not None and cast.text[last.end : last.end + 2] in ("'s", "’s"),
            "reported": named and last is not None and place.is_reported(last),
            "in marks": last is not None and not named,
            "last speaker": place.last is not None and place.last.name == one.name,
            "last speaker, near": near,
            "recent speaker": one.name in place.recent,
            "gender known": one.entity is not None and one.entity.gender == gender,
            "vouched for": one.entity is not None and one.entity.vouched,
            "plain": one.entity is not None and one.entity.plain,
            "frequency": math.log1p(len(one.mentions)),
            "frequency near": math.log1p(sum(span.start > place.at - _NEAR for span in before[i])),
            "described": one.entity is None,
            "after": not before[i] and bool(_CATAPHORA.match(cast.text, cast.sentences[place.sentence].start)),
            "outer speaker": outer,
            "outer speaker, same sentence": outer and place.marks is None,
            "behind its quote: last speaker, near": place.behind and near,
            "behind its quote: same paragraph": place.behind and named and between == 0,
            "behind its quote: opens the paragraph before": place.behind and openers[1] == i,
            "first of all": one.entity is not None and one.entity.mentions[0].start == first,
            "not named outside": not named,
            "named in its words": any(_is_named_in(piece, one.mentions) for piece in place.own),
        }
        rows.append([float(values[name]) for name in FEATURES])
    return rows


def person_meant(place: Place, gender: str) -> Candidate | None:
    """Whom *he* or *she* means; None where nobody comes into question."""
    found = candidates(place, gender)
    rows = describe(place, found, gender)
    scores = [sum(weight * value for weight, value in zip(WEIGHTS, row, strict=True)) for row in rows]
    return found[max(range(len(found)), key=scores.__getitem__)] if found else None


def _before(at: int, mentions: Sequence[Span]) -> Sequence[Span]:
    """The last mentions before a place."""
    end = bisect_left(mentions, at, key=lambda span: span.start)
    return mentions[max(0, end - _RECENT) : end]


def _is_named_in(stretch: Span, mentions: Sequence[Span]) -> bool:
    first = bisect_left(mentions, stretch.start, key=lambda span: span.start)
    return first < len(mentions) and mentions[first].start < stretch.end


def _opener(place: Place, free: Sequence[Sequence[Span]], paragraph: int) -> int | None:
    """Which candidate a paragraph names first."""
    if not 0 <= paragraph < len(place.cast.paragraphs):
        return None
    span = place.cast.paragraphs[paragraph]
    starts = [(next((m.start for m in mentions if span.start <= m.start < span.end), -1), i) for i, mentions in enumerate(free)]
    return min((pair for pair in starts if pair[0] >= 0), default=(0, None))[1]


def _is_subject(cast: Cast, mention: Span) -> bool:
    """Whether a mention looks like a subject: a verb follows, and no preposition governs it."""
    if _NO_VERB.match(cast.text, mention.end) or not _VERB.match(cast.text, mention.end):
        return bool(
            re.search(r"\b(?:said|says|added|wrote|told)\s+(?:[\w.’'-]+\s+){0,4}$", cast.text[max(0, mention.start - 60) : mention.start])
        )
    begin = cast.sentences[cast.sentence(mention.start)].start
    return mention.start - begin <= _LEAD or not _GOVERNOR.search(cast.text, max(begin, mention.start - 60), mention.start)


def subjects_before(cast: Cast, at: int, plural: bool) -> Iterator[Span]:
    """The subjects that *they* or *it* may go back to: those of its own sentence, then of the one before.

    Args:
        cast: Everybody the article names.
        at: Where the pronoun stands.
        plural: Whether the subject must be plural, or singular.
    """
    number = cast.sentence(at)
    for back in range(min(2, number + 1)):
        sentence = cast.sentences[number - back]
        if back and cast.marks_at(sentence.start) != cast.marks_at(at):
            break
        end = min(sentence.end, at)
        for start in (sentence.start, *(comma.end() for comma in islice(_CLAUSE.finditer(cast.text, sentence.start, end), 2))):
            found = _SUBJECT.match(cast.text, start, end)
            if found and is_plural(found["phrase"]) == plural and _may_be_subject(found["phrase"]):
                yield Span(found.start("phrase"), found.end("phrase"))


def _may_be_subject(phrase: str) -> bool:
    first = phrase.split()[0].lower()
    return first not in _NO_SUBJECTS and (first in _DETERMINERS or not is_function_word(first))
