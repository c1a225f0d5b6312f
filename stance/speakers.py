"""Tells who is quoted: gives each quote's source one canonical name in the whole article.

Everybody the article names is in `cast`. A source is a name (`heads`), a pronoun (`antecedents`) or a description (`descriptions`), of
somebody in office (`offices`) or of a body or its work (`bodies`). *I* may be who writes (`writers`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from stance.antecedents import person_meant, subjects_before
from stance.bodies import author, body_meant, body_named_next, is_body_noun, publisher, sides
from stance.cast import Cast
from stance.descriptions import (
    DEFINITE,
    WORK,
    bare,
    core_of,
    crowd_word,
    head_of,
    is_crowd,
    is_plural,
    is_work,
    stands_for_bodies,
)
from stance.document import Quote, Span, Speaker
from stance.heads import named
from stance.names import Gender, country_of, is_country, is_function_word, is_role
from stance.offices import holder, pair
from stance.surroundings import NEAR, REACH, Place, Said
from stance.writers import Writers

PRONOUNS: dict[str, Gender] = {"he": "he", "him": "he", "his": "he", "himself": "he", "she": "she", "her": "she", "herself": "she"}
_FIRST = frozenset(["i", "me", "my", "we", "us", "our"])
_WRITERS = frozenset(["i", "me", "my"])
_PLURAL = frozenset(["they", "them", "their"])
_OTHER = frozenset(["it", "its", "who", "which", "that", "one", "you", "this", "those", "these"])
_UNTOLD = frozenset(["some", "few", "many", "others", "most", "several"])
_NOBODY = frozenset(["some", "few"])
_ARTICLES = frozenset(["the", "a", "an"])
_PAIR = re.compile(
    r"(?:(?:the|both|our|their|its)\s+)?(?:(?:two|both)\s+)?(?:leaders|presidents|men|heads of state|pair|counterparts)$", re.IGNORECASE
)
_SIDES = re.compile(r"(?:(?:the|both)\s+)?(?:two\s+)?(?:sides|countries|nations|governments|parties|powers|superpowers)$", re.IGNORECASE)
_SOME = re.compile(r"(?:Some|Many|Several|Other|One|Two)\b", re.IGNORECASE)
_BEFORE_WHO = re.compile(
    r"(?:^|[^\w-])(?P<noun>(?:(?:[Tt]he|[Aa]n?|[Tt]hose|[Ss]ome|[Mm]any)\s+)?(?:(?!(?:of|for|with|by|to|from|and|or|in|on|at|about|than|as|like|among|but|are|is|was|were|the|a|an)\b)[\w-]+\s+){0,3}?(?P<head>[a-z-]+))\s+$"
)
_INDEFINITE = re.compile(r"(?:An?|Another|New)\b", re.IGNORECASE)
_ONE_OF = re.compile(r"one of (?=the \w+\b)", re.IGNORECASE)


def resolve(text: str, quotes: Sequence[Quote]) -> list[Quote]:
    """Gives each quote its speaker.

    Args:
        text: The article.
        quotes: Quotes in text order, with sources.

    Returns:
        The same quotes, each with a `Speaker` that holds a name only, or None where nobody can be named.
    """
    resolver = _Resolver(text, quotes)
    for quote in quotes:
        resolver.name(quote)
    names = resolver.names()
    return [replace(quote, speaker=Speaker(name) if name else None) for quote, name in zip(quotes, names, strict=True)]


class _Resolver:
    """Names the sources of an article's quotes, one after the other."""

    def __init__(self, text: str, quotes: Sequence[Quote]) -> None:
        self.text = text
        self.cast = Cast(text)
        self.crowd = crowd_word(text)
        self.said: list[Said] = []
        self.countries: dict[str, str] = {}
        for quote in quotes:
            for span in quote.source[:1]:
                words = bare(text[span.start : span.end])
                if is_country(words):
                    self.countries.setdefault(country_of(words) or words, words)

    @cached_property
    def writers(self) -> Writers:
        """Who signs; few articles need it."""
        return Writers(self.cast)

    def name(self, quote: Quote) -> None:
        """Names the speaker of the next quote, in `said`."""
        name = self._source(quote) if quote.source else self._follow(quote)
        entity = self.cast.by_name.get(name) if name else None
        self.said.append(Said(quote, name, entity))

    def names(self) -> list[str | None]:
        """The name behind each quote; one without source, as a headline, takes that of the quote whose words it repeats."""
        contents = [self._content_words(one.quote) for one in self.said]
        holders: dict[str, list[int]] = {}
        for i, words in enumerate(contents):
            if self.said[i].quote.source and self.said[i].name:
                for word in words:
                    holders.setdefault(word, []).append(i)
        return [
            one.name if one.quote.source else self._not_outer(one, self._repeated(one.quote, contents, holders) or one.name)
            for one in self.said
        ]

    def _not_outer(self, one: Said, name: str | None) -> str | None:
        """A name, but not that of somebody in whose words the quote stands: what one tells as another's is not one's own."""
        at = one.quote.content[0]
        holders = (other for other in self.said if other.name == name and other is not one)
        return None if any(span.contains(at) for other in holders for span in other.quote.content) else name

    def _content_words(self, quote: Quote) -> set[str]:
        return {word for span in quote.content for word in re.findall(r"\w{3,}", self.text[span.start : span.end].lower())}

    def _repeated(self, quote: Quote, contents: Sequence[set[str]], holders: dict[str, list[int]]) -> str | None:
        words = self._content_words(quote)
        shared: dict[int, int] = {}
        for word in words:
            for i in holders.get(word, ())[:REACH]:
                if not self.said[i].quote.extent.overlaps(quote.extent):
                    shared[i] = shared.get(i, 0) + 1
        best = max(shared, key=lambda i: (shared[i], -len(contents[i])), default=None)
        if best is None or shared[best] < 2 or shared[best] < 0.7 * len(words):
            return None
        return self.said[best].name

    def _follow(self, quote: Quote) -> str | None:
        """Whose a quote without source is: the last speaker's, if it is direct and stands close by."""
        if quote.kind != "direct" or not self.said:
            return None
        last = self.said[-1]
        gap = self.cast.paragraph(quote.content[0].start) - self.cast.paragraph(last.quote.content[-1].end - 1)
        return last.name if gap <= 1 else None

    def _source(self, quote: Quote) -> str | None:
        """The canonical name behind a quote's source."""
        span = quote.source[0]
        words = self.text[span.start : span.end].strip(" ,.:;")
        low = words.lower()
        place = Place(self.cast, span.start, quote, self.said)
        if family := self._family_name(words, span):
            return family
        if not (words.isupper() and len(words) > 1):
            if low in PRONOUNS:
                return self._person(place, PRONOUNS[low])
            if low in _FIRST:
                return self._first_person(low, place)
            if low in _PLURAL or low in _OTHER or low in _UNTOLD:
                return self._thing(low, place)
            if low in _ARTICLES:
                return None
        return self._phrase(words, span, place)

    def _first_person(self, low: str, place: Place) -> str | None:
        """Whom *I* or *we* means: in somebody's words that one, else who writes, else who spoke last."""
        if place.outer:
            return place.outer.name
        own = self.writers.behind(place.at) if low in _WRITERS and place.marks is None else None
        return own or (place.last.name if place.last else None)

    def _family_name(self, words: str, span: Span) -> str | None:
        """Who *He* is where it is a family name: with a capital behind a comma, if the article names such a person."""
        within = re.search(r",[”\"“’']?\s+$", self.text[max(0, span.start - 4) : span.start])
        if words != "He" or not within:
            return None
        return next((entity.name for entity in self.cast.by_word("he") if entity.surname == "he" and not entity.body), None)

    def _phrase(self, words: str, span: Span, place: Place) -> str | None:
        """The name behind a source of more than a pronoun."""
        work = WORK.match(words)
        if work:
            role = next(role for role in ("owner", "maker", "author", "paper", "body") if work[role])
            begin = self.text.index(words, span.start)
            span, words = Span(begin + work.start(role), begin + work.end(role)), work[role]
        one_of = _ONE_OF.match(words)
        if one_of and "," not in words:
            return self._described(words[one_of.end() :], place)
        return named(span, place, self.countries) or self._described(words, place)

    def _person(self, place: Place, gender: str) -> str | None:
        chosen = person_meant(place, gender)
        return chosen.name if chosen else None

    def _thing(self, low: str, place: Place) -> str | None:
        """Whom *they*, *it* or *who* means: the subject before, else the last speaker of that sort."""
        if low in ("who", "which", "that"):
            if found := self._antecedent(place):
                return found
            near = next(self.cast.named_before(place.at), None)
            if near and place.at - near.span.end <= 80:
                return near.entity.name
        plural = low in _PLURAL or low in _UNTOLD
        if plural or low in ("it", "its"):
            found = None if place.behind or low in _NOBODY else self._subject(place, plural, (True, False) if low in _PLURAL else (plural,))
            if found:
                return found
        if low in _UNTOLD:
            return None if low in _NOBODY else low
        return self._last_such(low, plural, place)

    def _subject(self, place: Place, plural: bool, numbers: Sequence[bool]) -> str | None:
        """The subject before that *they* or *it* goes back to: no single person; a body may be *they* where nothing plural is near."""
        for number in numbers:
            for span in subjects_before(self.cast, place.at, number):
                found = self._phrase(self.text[span.start : span.end], span, place)
                if found and (number or not self._is_person(found)) and (number == plural or self._is_body(found)):
                    return found
        return None

    def _is_body(self, name: str) -> bool:
        entity = self.cast.by_name.get(name)
        return bool(country_of(name)) or (entity is not None and entity.body and not entity.plain)

    def _antecedent(self, place: Place) -> str | None:
        """The description right before *who*: *voters* in *a poll of voters who*; None behind a name or a comma."""
        begin = self.cast.sentences[place.sentence].start
        found = _BEFORE_WHO.search(self.text[max(begin, place.at - 80) : place.at])
        if not found or is_function_word(found["head"]):
            return None
        start = max(begin, place.at - 80) + found.start("noun")
        span = Span(start, max(begin, place.at - 80) + found.end("noun"))
        return self._phrase(self.text[span.start : span.end], span, place)

    def _last_such(self, low: str, plural: bool, place: Place) -> str | None:
        """The last speaker that *they*, *it* or *you* may go with: of its number where there is one close by."""
        earlier = [one.name for one in reversed(place.said) if one.name]
        if low in ("who", "you"):
            return earlier[0] if earlier else None
        fitting = [name for name in earlier if not self._is_person(name) and is_plural(name) == plural]
        close = [name for name in earlier[:6] if name in fitting]
        others = [name for name in earlier if not self._is_person(name)]
        return next(iter([*close, *others]), None)

    def _is_person(self, name: str) -> bool:
        entity = self.cast.by_name.get(name)
        return entity is not None and not entity.body and (entity.vouched or entity.gender is not None)

    def _described(self, words: str, place: Place) -> str | None:
        """A source that names nobody: somebody in this office, a body or a source told of before, or the description itself."""
        core, head = core_of(words), head_of(words)
        name = bare(core)
        if is_crowd(name):
            return self.crowd
        definite = bool(DEFINITE.match(core)) and len(core.split()) <= (4 if name.islower() else 3)
        some = bool(_SOME.match(words))
        known: str | None = None
        if _PAIR.match(name):
            known = pair(place)
        elif _SIDES.match(name):
            known = sides(place)
        elif is_work(head) and not some:
            span = publisher(place)
            known = (named(span, place, self.countries) if span else None) or author(
                head, place, self.countries, indefinite=bool(_INDEFINITE.match(words))
            )
        elif is_role(head) and not is_plural(head) and not some:
            known = holder(core, head, place)
        elif definite and is_body_noun(head):
            known = body_meant(name, head, place)
        elif stands_for_bodies(head) and place.paragraph <= NEAR and not place.said:
            known = body_named_next(head, place)
        if known is None and definite:
            known = place.told(name, head)
        return known or name or None
