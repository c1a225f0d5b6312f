"""Which names stand at a source's head: *Jane Doe* in *Jane Doe of Acme*, both in *Jane Doe and Xi Jinping*."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise, zip_longest

from stance.cast import Cast, Entity
from stance.descriptions import bare
from stance.document import Span
from stance.names import Name, country_of, find_names, is_country, is_role
from stance.surroundings import Place

_AWAY = re.compile(r"\b(?:including|like|for|from|to|with|by|in|on|about|against|near|at|under|behind|inside|outside|of)\b", re.IGNORECASE)
_APART = re.compile(r"\b(?:for|to|from|by|with)\b")
_NOUN_BEHIND = re.compile(r"\s+(?!(?:and|who|in|of|from|at|on|himself|herself|then|also)\b)[a-z]")
_COMPANY = re.compile(r"\s+and\s+(?P<who>(?:his|her|its|their|other)\s+[a-z][\w’' -]*\w)$")
_PEOPLES = ("ese", "ish", "ch", "an", "ans")


def named(source: Span, place: Place, countries: Mapping[str, str]) -> str | None:
    """The canonical name at a source's head: not one behind *for* or *of*; two joined by *and* are joint sources.

    Args:
        source: Where the source stands.
        place: What surrounds it.
        countries: Countries that the article quotes under their own names, as they stand there, by plain name.

    Returns:
        The name, or None where the head names nobody.
    """
    cast = place.cast
    whole = bare(cast.text[source.start : source.end].strip(" ,.:;"))
    if country_of(whole):
        return _country(whole, countries)
    heads = [name for name in find_names(cast.text, source) if _is_head(cast.text, name, source) and not _is_noun(cast, name)]
    if not heads:
        return None
    persons = [name for name in heads if not name.body]
    chosen = [one for one, two in zip_longest(persons, persons[1:]) if not _modifies(cast, one, two)] or heads[:1]
    joint = [chosen[0]]
    for one, two in pairwise(chosen):
        between = cast.text[one.span.end : two.span.start]
        if re.search(r"\band\b|&", between) and joint[-1] is one and len(between) < 60:
            joint.append(two)
    others = _COMPANY.match(cast.text, joint[-1].span.end, source.end)
    return " and ".join(dict.fromkeys([*(_canonical(name, place, countries) for name in joint), *([others["who"]] if others else [])]))


def _is_head(text: str, name: Name, source: Span) -> bool:
    before = text[source.start : name.span.start].rsplit(",", 1)[-1]
    after = text[name.span.end : source.end]
    if re.match(r"['’]s?\s+\w", after) or (not name.body and _NOUN_BEHIND.match(after)):
        return False
    if name.body and re.match(r"\s+[a-z]", after):
        follows = re.match(r"\s+(?:in|of|on|for|at|and)\b", after)
        if not follows or any(is_role(word) for word in after.split()[:3]):
            return False
    return not _AWAY.search(before) or bool(not name.body and (name.role or name.title) and not _APART.search(before))


def _is_noun(cast: Cast, name: Name) -> bool:
    """Whether a plural has its capital only because a sentence begins with it."""
    if len(name.words) > 1 or name.text[-1:] != "s" or not cast.opens_sentence(name.span.start):
        return False
    entity = cast.find(name, name.span.start)
    return entity is None or (entity.plain and all(cast.opens_sentence(span.start) for span in entity.mentions[:10]))


def _modifies(cast: Cast, one: Name, two: Name | None) -> bool:
    """Whether a capitalised word tells whose person the next name is, as in *Voice of America Director Jane Doe*."""
    if two is None or re.search(r",|&|\band\b|\bor\b", cast.text[one.span.end : two.span.start]):
        return False
    first, second = (cast.find(name, name.span.start) for name in (one, two))
    return (first is None or first.plain) and second is not None and not second.plain


def _canonical(name: Name, place: Place, countries: Mapping[str, str]) -> str:
    entity = _namesake(name, place) or place.cast.find(name, name.span.start)
    words = entity.name if entity else name.text
    return _country(words, countries) if country_of(words) else words


def _country(words: str, countries: Mapping[str, str]) -> str:
    """A country's name: a capital stands for it where the article quotes the country too, *the Chinese* always do."""
    if is_country(words):
        return words
    country = country_of(words) or words
    return countries.get(country) or (country if words.endswith(_PEOPLES) else words)


def _namesake(name: Name, place: Place) -> Entity | None:
    """Of several persons with this surname the one who spoke last, unless another's full name has come since."""
    sharing = place.cast.matching(name) if len(name.words) == 1 else []
    for one in reversed(place.said) if len(sharing) > 1 else ():
        if one.entity in sharing:
            since = [span for other in sharing for span in other.between(one.quote.extent.end, name.span.start)]
            return None if any(" " in place.cast.text[span.start : span.end] for span in since) else one.entity
    return None
