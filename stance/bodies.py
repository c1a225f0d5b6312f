"""Which body a description stands for, and who speaks in a work."""

from __future__ import annotations

import re

from stance.descriptions import bare, head_of, stands_for_bodies
from stance.document import Span
from stance.names import country_of, is_country
from stance.surroundings import NEAR, Place

_ISSUED = re.compile(
    r"(?:\W|In [^,]{3,40}, )*(?P<who>(?:[Tt]he )?(?!The\b|A\b|He\b|She\b|It\b)[A-Z][\w.’'-]*(?: [\w.’'-]+){0,4}?)"
    r" (?:had |has |also |recently |later )*"
    r"(?:published|issued|released|ran|carried|posted|wrote|put out)\b[^.;]*$"
)
_FULLER = (
    r"(?:(?!(?:The|This|That|He|She|It|His|Her|Its|But|And|In|On|At|A|An)\b)(?:[A-Z][\w-]*|U\.S\.)(?:['’]s)?\s+)+"
    r"(?:(?!(?:and|of|to|in|for|has|have|was|is|by)\b)[a-z-]+\s+){{0,2}}{}\b(?!['’]s?\s+[a-z])"
)
_FIRMS = frozenset(["company", "firm", "giant", "maker", "retailer", "carrier", "manufacturer"])
_ANY_BODY = _FIRMS | {"group", "organisation", "organization", "agency", "body"}
_RULERS = frozenset(["government", "administration", "leadership", "police", "army", "military", "authorities", "regime"])
_SPEAKS_FOR = re.compile(r"[\w’' -]*?\b\w+ (?:for|at|of|from) (?:the )?(?P<body>[\w’'. -]+)$")
_WINDOW = 4000


def publisher(place: Place) -> Span | None:
    """Where the sentence says who published the work that it then quotes: *The Times* in *The Times ran an article saying …*."""
    issued = _ISSUED.match(place.cast.text, place.cast.sentences[place.sentence].start, place.at)
    return Span(issued.start("who"), issued.end("who")) if issued else None


def author(head: str, place: Place) -> str | None:
    """Who speaks in a work: whoever was quoted from it close by, else the body quoted or named last."""
    for one in reversed(place.said[-6:]):
        if place.since(one) > NEAR or not one.name:
            continue
        begin = place.cast.sentences[place.cast.sentence(one.quote.extent.start)].start
        end = place.cast.sentences[place.cast.sentence(one.quote.extent.end - 1)].end
        if re.search(rf"\b{re.escape(head)}", place.cast.text[begin : min(end, place.at)]):
            return one.name
    return _last_body(head, place)


def is_body_noun(head: str) -> bool:
    """Whether a noun stands for a body told of before: *the group*, *the administration*."""
    return stands_for_bodies(head) or head in _RULERS


def body_meant(name: str, head: str, place: Place) -> str | None:
    """Which body a description stands for: one with this noun in its name, one described more fully, else the one spoken of."""
    noun = head.replace("isation", "ization")
    if head not in _ANY_BODY:
        for mention in place.cast.named_before(place.at):
            lower = [word.lower().replace("isation", "ization") for word in mention.entity.words]
            if mention.entity.body and noun in lower and len(lower) > 1:
                return mention.entity.name
        if " " not in name and (fuller := _fuller(head, place)):
            return fuller
    return place.told(name, head) or _spoken_for(head, place) or (None if head in _RULERS else _last_body(head, place))


def _fuller(head: str, place: Place) -> str | None:
    """The fuller form that the text gave a description: *the ministry* for *Canada's justice ministry*."""
    found = list(re.finditer(_FULLER.format(re.escape(head)), place.cast.text[max(0, place.at - _WINDOW) : place.at]))
    return bare(found[-1][0]) if found else None


def _spoken_for(head: str, place: Place) -> str | None:
    """The body for which somebody has just spoken: *the company* behind *bosses at Acme*."""
    for one in reversed(place.said[-3:]):
        found = _SPEAKS_FOR.match(one.name) if one.name and one.entity is None else None
        if found and (head in _ANY_BODY or head_of(found["body"]) == head):
            name = next(iter(place.cast.by_word(found["body"].split()[-1])), None)
            return name.name if name else found["body"]
    return None


def _last_body(head: str, place: Place) -> str | None:
    """The body quoted last close by; else the one that the last paragraphs name most."""
    for one in reversed(place.said):
        if place.since(one) > NEAR:
            break
        if one.entity is not None and one.entity.body and not country_of(one.entity.name):
            return one.entity.name
    best: tuple[float, str | None] = (0.0, None)
    for mention in place.cast.named_before(place.at):
        entity, gap = mention.entity, place.paragraph - place.cast.paragraph(mention.span.start)
        if gap > NEAR:
            break
        if entity.body and not country_of(entity.name) and (not entity.plain or head in _FIRMS):
            score = len(entity.mentions) / (1 + gap)
            best = max(best, (score, entity.name), key=lambda pair: pair[0])
    return best[1]


def body_named_next(head: str, place: Place) -> str | None:
    """The body with this noun in its name that a lede gives after the description: *a committee of MPs*."""
    for mention in place.cast.named_after(place.at):
        if place.cast.paragraph(mention.span.start) - place.paragraph > NEAR:
            break
        if mention.entity.body and head in (word.lower() for word in mention.entity.words):
            return mention.entity.name
    return None


def sides(place: Place) -> str | None:
    """The last two countries that the text joins or names close by, as *both sides*."""
    pair: dict[str, str] = {}
    for mention in place.cast.named_before(place.at):
        name = mention.entity.name
        if is_country(name):
            pair.setdefault(country_of(name) or name, name)
        if len(pair) == 2:
            return " and ".join(reversed(pair.values()))
    return None
