"""Which body a description stands for, and who speaks in a work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from stance.descriptions import bare, head_of, stands_for_bodies
from stance.document import Span
from stance.heads import named
from stance.names import country_of, is_country
from stance.surroundings import NEAR, Place, Said

_ISSUED = re.compile(
    r"(?:\W|In [^,]{3,40}, )*(?P<who>(?:[Tt]he )?(?!The\b|A\b|He\b|She\b|It\b)[A-Z][\w.’'-]*(?: [\w.’'-]+){0,4}?)"
    r" (?:had |has |also |recently |later )*"
    r"(?:published|issued|released|ran|run|carried|posted|wrote|put out)\b[^.;]*$"
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
_TRIED = 8
_CHARGED = frozenset(["ministry", "department", "committee", "commission", "bureau", "office", "court", "council", "agency"])
_CHARGES = frozenset(["indictment", "complaint", "charges"])
_PROPER = (
    r"(?P<who>(?:[Tt]he\s)?(?!(?:The|A|An|In|On|This|That|His|Her|Its|Their)\b)[A-Z][\w.&’'-]*"
    r"(?:\s(?:(?:of|for|and|on|the|in)\s){0,2}[A-Z][\w.&’'-]*)*(?:\s(?:officials|researchers|scientists|economists|campaign|ministry|government))?)"
)
_BY = re.compile(rf"[^.;“”\"]{{0,50}}?\b(?:by|from)\s{_PROPER}")
_MADE = re.compile(
    rf"{_PROPER}(?:['’]s)?(?:\s(?:has|had|have|also|recently|later|earlier|on\s[A-Z]\w+))*"
    r"\s(?:(?:said in|wrote in|released|published|issued|filed|unveiled|posted|ran|run|aired|launched|carried|put out|produced)\b"
    r"[^.;“”\"]{0,60}"
    r"|(?:[a-z-]+\s)?)$"
)


def publisher(place: Place) -> Span | None:
    """Where the sentence says who published the work that it then quotes: *The Times* in *The Times ran an article saying …*."""
    issued = _ISSUED.match(place.cast.text, place.cast.sentences[place.sentence].start, place.at)
    return Span(issued.start("who"), issued.end("who")) if issued else None


def author(head: str, place: Place, countries: Mapping[str, str], *, indefinite: bool = False) -> str | None:
    """Who speaks in a work: whoever was quoted from it close by, else who made it, else the body quoted or named last.

    Args:
        head: The noun for the work.
        place: Where it stands.
        countries: See `heads.named`.
        indefinite: Whether the work is new, so that it is nobody's who was quoted before.
    """
    noun = re.compile(rf"\b{re.escape(head.removesuffix('s'))}s?\b", re.IGNORECASE)
    if indefinite and (made := _maker(noun, place, countries, place.cast.sentences[place.sentence])):
        return made
    for one in reversed(place.said[-6:]):
        if place.since(one) <= NEAR and one.name and _is_from(noun, one, place):
            return one.name
    if indefinite:
        return _last_quoted(place)
    if made := _maker(noun, place, countries, Span(max(0, place.at - _WINDOW), place.at + _WINDOW // 2)):
        return made
    if head in _CHARGES and re.search(r"\bprosecutors\b", place.cast.text):
        return "prosecutors"
    return _last_body(head, place)


def _is_from(noun: re.Pattern[str], one: Said, place: Place) -> bool:
    """Whether a quote's sentence names the work outside of what is quoted."""
    text, content = place.cast.text, one.quote.content
    begin = place.cast.sentences[place.cast.sentence(one.quote.extent.start)].start
    end = min(place.cast.sentences[place.cast.sentence(one.quote.extent.end - 1)].end, place.at)
    return bool(noun.search(text, begin, max(begin, content[0].start)) or noun.search(text, min(end, content[-1].end), end))


def _maker(noun: re.Pattern[str], place: Place, countries: Mapping[str, str], within: Span) -> str | None:
    """Who the article says made a work: *Acme* where *Acme released a survey* or *the survey by Acme* stands nearest before, else after."""
    text, at = place.cast.text, place.at
    before = [*noun.finditer(text, within.start, at)][::-1][:_TRIED]
    after = [*islice(noun.finditer(text, at, within.end), _TRIED)]
    for found in (*after[:1], *before, *after[1:]):
        start = max(0, found.start() - 140)
        by = _BY.match(text, found.end())
        issued = _MADE.search(text[start : found.start()])
        spans = [Span(by.start("who"), by.end("who"))] if by else []
        spans += [Span(start + issued.start("who"), start + issued.end("who"))] if issued else []
        name = next((name for span in spans if (name := named(span, place, countries)) and not country_of(name)), None)
        if name:
            return name
    return None


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
    told = place.told(name, head) or _spoken_for(head, place)
    return told or (None if head in _RULERS or (" " in name and head in _CHARGED) else _last_body(head, place))


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


def _last_quoted(place: Place) -> str | None:
    """The body quoted last close by."""
    for one in reversed(place.said):
        if place.since(one) > NEAR:
            break
        if one.entity is not None and one.entity.body and not country_of(one.entity.name):
            return one.entity.name
    return None


def _last_body(head: str, place: Place) -> str | None:
    """The body quoted last close by; else the one that the last paragraphs name most."""
    if quoted := _last_quoted(place):
        return quoted
    best: tuple[float, str | None] = (0.0, None)
    for mention in place.cast.named_before(place.at):
        entity, gap = mention.entity, place.paragraph - place.cast.paragraph(mention.span.start)
        if gap > NEAR:
            break
        if entity.body and not country_of(entity.name) and not entity.roles and (not entity.plain or head in _FIRMS):
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
