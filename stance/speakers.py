"""Tells who is quoted: gives each quote's source one canonical name in the whole article.

Rules on surface form: names and surnames, titles, roles given to persons by apposition, pronouns by gender and nearness, follow-on quotes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from stance.document import Quote, Span, Speaker
from stance.names import Gender, Name, acronyms, find_names, is_function_word, is_role, lexicon
from stance.text import paragraphs

_SINGULAR = {"he": "he", "him": "he", "his": "he", "himself": "he", "she": "she", "her": "she", "herself": "she"}
_FIRST = frozenset(["i", "me", "my", "we", "us", "our"])
_PLURAL = frozenset(["they", "them", "their"])
_OTHER = frozenset(["it", "its", "who", "which", "that", "one", "you", "this", "those", "these"])
_ARTICLE = re.compile(r"^(?:the|a|an|his|her|its|their|our|my)\s+", re.IGNORECASE)
_TAIL = re.compile(r"\s*(?:,|\(|\b(?:who|which|that|whose|where|when|while|including|speaking|according)\b).*$", re.DOTALL)
_AWAY = re.compile(
    r"\b(?:including|like|for|from|to|with|by|in|on|about|against|and|near|at|under|behind|inside|outside|of)\b", re.IGNORECASE
)
_WORKS = "report|statement|study|paper|survey|release|analysis|editorial|remarks|comments|words|speech|tweet|tweets|letter|data|figures"
_WORK = re.compile(
    rf"^(?:(?P<owner>.+?)['’]s?\s+(?:[\w-]+\s+){{0,3}}(?:{_WORKS})\b|(?:The|the|An?|a)\s+(?P<maker>[A-Z]\S*(?:\s[A-Z]\S*)*)\s(?:{_WORKS})\b"
    rf"|(?:\w+\s+){{1,3}}(?:{_WORKS})\b.{{0,40}}?\b(?:by|from)\s+(?P<author>.+)$)"
)
_DEFINITE = re.compile(r"(?:the|this|that|its|his|her)\b", re.IGNORECASE)
_SOME = re.compile(r"(?:Some|Many|Several|Other|One|Two)\b", re.IGNORECASE)
_APPOSITION = re.compile(r"\s*,\s+(?:who is |who |then |now )?(?:the |an? |his |her )?(?P<role>[^,.;:“”\"()]{3,80})[,.;]")
_REACH = 40
_SURNAME_FIRST = lexicon("surnames_first")
_BODY_WORDS = lexicon("bodies")
_BODY_NOUNS = lexicon("body_nouns")


@dataclass(slots=True)
class _Entity:
    """Somebody or some body that the article names."""

    words: tuple[str, ...]
    body: bool
    gender: Gender | None = None
    places: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        return " ".join(self.words)

    @property
    def surname(self) -> str:
        return (self.words[0] if _surname_first(self.words) else self.words[-1]).lower()


def resolve(text: str, quotes: Sequence[Quote]) -> list[Quote]:
    """Gives each quote its speaker.

    Args:
        text: The article.
        quotes: Quotes in text order, with sources.

    Returns:
        The same quotes, each with a `Speaker` that holds a name only, or None where nobody can be named.
    """
    cast = _Cast(text)
    resolved: list[Quote] = []
    for quote in quotes:
        name = cast.name_source(quote, resolved)
        resolved.append(replace(quote, speaker=Speaker(name) if name else None))
    return resolved


class _Cast:
    """Everybody an article names, with what it says of their gender and roles."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.by_word: dict[str, list[_Entity]] = {}
        self.by_name: dict[str, _Entity] = {}
        self.by_role: dict[str, dict[tuple[frozenset[str], str], _Entity]] = {}
        spans = paragraphs(text)
        self.paragraph_starts = [span.start for span in spans]
        self.long_forms = acronyms(text)
        names = [name for span in spans for name in find_names(text, span)]
        self.openings = set(self.paragraph_starts)
        for name in sorted(names, key=lambda name: -len(name.words)):
            self._enter(name, name.span.start in self.openings)
        self.mentions = sorted(((place, entity) for entity in self.by_name.values() for place in entity.places), key=lambda pair: pair[0])
        self.mention_places = [place for place, _ in self.mentions]
        for entity in self.by_name.values():
            entity.places.sort()
        self._settle_genders()

    def _enter(self, name: Name, opens_paragraph: bool) -> None:
        entity = self.find(name, name.span.start)
        if entity is None:
            plain = len(name.words) == 1 and not name.title and not name.role
            if plain and opens_paragraph:
                return
            entity = _Entity(name.words, name.body or plain)
            self.by_name.setdefault(entity.name, entity)
            for word in {word.lower() for word in name.words}:
                self.by_word.setdefault(word, []).append(entity)
        entity.places.append(name.span.start)
        entity.gender = entity.gender or name.gender
        if not entity.body:
            for role in self._roles(name):
                self.by_role.setdefault(_head_of(role), {})[frozenset(_role_words(role)), entity.name] = entity

    def _roles(self, name: Name) -> list[str]:
        apposition = None if name.body else _APPOSITION.match(self.text, name.span.end)
        told = [name.role, apposition["role"] if apposition else ""]
        return [role for role in told if any(is_role(word) for word in role.split())]

    def _settle_genders(self) -> None:
        """Persons of unknown gender take that of the pronouns that follow their name before anybody else's."""
        starts = [place for place, entity in self.mentions if not entity.body]
        for entity in self.by_name.values():
            if entity.gender or entity.body:
                continue
            votes = {"he": 0, "she": 0}
            for place in entity.places:
                at = bisect_left(starts, place + 1)
                until = min(starts[at] if at < len(starts) else len(self.text), place + 250)
                pronoun = re.search(r"\b(he|his|him|she|her)\b", self.text[place:until])
                if pronoun:
                    votes[_SINGULAR[pronoun[1]]] += 1
            if votes["he"] != votes["she"]:
                entity.gender = "he" if votes["he"] > votes["she"] else "she"

    def find(self, name: Name, at: int) -> _Entity | None:
        """Whom a name means: the same words, words of a longer name, or a surname; of several the one named last before `at`."""
        words = tuple(word.lower() for word in name.words)
        matching = [entity for entity in self.by_word.get(words[-1], []) if _means(words, name, entity)]
        if len(matching) > 1 and name.gender:
            matching = [entity for entity in matching if entity.gender in (None, name.gender)] or matching
        return max(matching, key=lambda entity: _last_before(entity.places, at), default=None)

    def _named_before(self, at: int) -> Iterator[tuple[int, _Entity]]:
        """Who was named before `at`, the nearest first."""
        for index in range(bisect_left(self.mention_places, at) - 1, max(-1, bisect_left(self.mention_places, at) - _REACH), -1):
            yield self.mentions[index]

    def name_source(self, quote: Quote, before: Sequence[Quote]) -> str | None:
        """The canonical name behind a quote's source."""
        if not quote.source:
            return self._follow(quote, before)
        span = quote.source[0]
        words = self.text[span.start : span.end].strip(" ,.:;")
        low = words.lower()
        outer = self._outer(quote, before)
        if low in _SINGULAR:
            return self._pronoun(_SINGULAR[low], span.start, before)
        if low in _FIRST or low in _OTHER or low in _PLURAL:
            return self._anaphor(low, quote, before, outer)
        work = _WORK.match(words)
        if work:
            role = next(role for role in ("owner", "maker", "author") if work[role])
            span = Span(self.text.index(words, span.start) + work.start(role), self.text.index(words, span.start) + work.end(role))
            words = work[role]
        return self._named(span) or self._described(words, span, before)

    def _outer(self, quote: Quote, before: Sequence[Quote]) -> Quote | None:
        place = quote.source[0] if quote.source else quote.content[0]
        return next((q for q in reversed(before[-_REACH:]) if any(piece.contains(place) for piece in q.content)), None)

    def _follow(self, quote: Quote, before: Sequence[Quote]) -> str | None:
        """Whose a quote without source is: the last speaker's, if it is direct and stands close by."""
        if quote.kind != "direct" or not before:
            return None
        last = before[-1]
        gap = self._paragraph(quote.content[0].start) - self._paragraph(last.content[-1].end - 1)
        return last.speaker.name if last.speaker and gap <= 1 else None

    def _paragraph(self, at: int) -> int:
        return bisect_left(self.paragraph_starts, at + 1)

    def _pronoun(self, gender: str, at: int, before: Sequence[Quote]) -> str | None:
        """The nearest fitting person: whom the paragraph names first, else the last speaker, else the last person named."""
        opening = self.paragraph_starts[self._paragraph(at) - 1]
        fitting = [(place, entity) for place, entity in self._named_before(at) if not entity.body and entity.gender in (None, gender)]
        here = [entity for place, entity in fitting if place >= opening]
        if here:
            return here[-1].name
        for quote in reversed(before[-_REACH:]):
            entity = self._entity_of(quote)
            near = self._paragraph(at) - self._paragraph(quote.extent.start) <= 3
            if quote.source and near and entity is not None and not entity.body and entity.gender in (None, gender):
                return entity.name
        return fitting[0][1].name if fitting else self._named_next(at, gender)

    def _entity_of(self, quote: Quote) -> _Entity | None:
        return self.by_name.get(quote.speaker.name) if quote.speaker else None

    def _anaphor(self, low: str, quote: Quote, before: Sequence[Quote], outer: Quote | None) -> str | None:
        """Whom *I*, *we*, *they*, *it* or *who* means: the speaker whose words these are, else the last speaker of that sort."""
        if outer is not None and low in _FIRST:
            return outer.speaker.name if outer.speaker else None
        place = quote.source[0].start
        if low in ("who", "which"):
            near = next(self._named_before(place), None)
            if near and place - near[0] <= 80:
                return near[1].name
        for earlier in reversed(before[-_REACH:]):
            if earlier is outer or earlier.speaker is None:
                continue
            entity = self._entity_of(earlier)
            person = entity is not None and not entity.body
            if low in _FIRST or person == (low in ("who", "you")):
                return earlier.speaker.name
        return None

    def _named(self, source: Span) -> str | None:
        """The name at a source's head: not one behind *for* or *of*; two joined by *and* are joint sources."""
        names = find_names(self.text, source)
        heads = [name for name in names if self._is_head(name, source)]
        if not heads:
            return None
        persons = [name for name in heads if not name.body]
        chosen = persons or heads[:1]
        joint = [chosen[0]]
        for one, two in pairwise(chosen):
            between = self.text[one.span.end : two.span.start]
            if re.search(r"\band\b|&", between) and joint[-1] is one and len(between) < 60:
                joint.append(two)
        return " and ".join(dict.fromkeys(self._canonical(name) for name in joint))

    def _is_head(self, name: Name, source: Span) -> bool:
        between = self.text[source.start : name.span.start]
        before = between.rsplit(",", 1)[-1]
        after = self.text[name.span.end : source.end]
        if not name.body and re.match(r"\s+(?!and\b|who\b|in\b|of\b|from\b|at\b|on\b|himself\b|herself\b|then\b|also\b)[a-z]", after):
            return False
        if re.match(r"['’]s?\s+\w", after) or (name.body and re.match(r"\s+[a-z]+", after) and any(is_role(w) for w in after.split()[:3])):
            return False
        if name.body and re.match(r"\s+[a-z][\w-]*", after) and not re.match(r"\s+(?:in|of|on|for|at|and)\b", after):
            return False
        return not _AWAY.search(before) or bool(
            not name.body and (name.role or name.title) and not re.search(r"\b(?:for|to|from|by|with)\b", before)
        )

    def _canonical(self, name: Name) -> str:
        entity = self.find(name, name.span.start)
        words = entity.name if entity else name.text
        return self.long_forms.get(words, words)

    def _described(self, words: str, span: Span, before: Sequence[Quote]) -> str | None:
        """A source that names nobody: somebody known by this role, a body named before, or the description itself without article."""
        core = _TAIL.sub("", words) or words
        nouns = re.split(r"\s+(?:of|for|at|in|from|to|on)\s+", core)[0].split()
        head = nouns[-1].lower() if nouns else ""
        known: str | None = None
        if is_role(head) and not head.endswith(("men", "s")) and not _SOME.match(words):
            known = self._in_office(core, head, span.start, before)
        elif head in _BODY_NOUNS and _DEFINITE.match(core) and len(core.split()) <= 3:
            known = self._last_body(span.start, before)
        return known or _ARTICLE.sub("", core).strip(" ,;:'’\"“”") or None

    def _in_office(self, core: str, head: str, at: int, before: Sequence[Quote]) -> str | None:
        """Who holds an office: whoever has it by apposition, else the last speaker, else whoever is named next where nobody was yet."""
        definite = _DEFINITE.match(core) or not re.match(r"An?\b", core, re.IGNORECASE)
        entity = self._by_role(core, at) if definite else None
        if entity:
            return entity.name
        if _is_voice(head):
            return None
        return (self._last_person(at, before) if re.match("the ", core, re.IGNORECASE) else None) or self._named_next(at)

    def _named_next(self, at: int, gender: str | None = None) -> str | None:
        """The first fitting person named soon after `at`, where none was named before: ledes give the office first, then the name."""

        def fits(entity: _Entity) -> bool:
            return not entity.body and (gender is None or entity.gender in (None, gender))

        if any(fits(entity) for _, entity in self._named_before(at)):
            return None
        first = bisect_left(self.mention_places, at)
        soon = [
            (place, entity)
            for place, entity in self.mentions[first : first + _REACH]
            if fits(entity) and len(entity.words) > 1 and self._paragraph(place) - self._paragraph(at) <= 3
        ]
        opening = next((entity for place, entity in soon if place in self.openings), None)
        return opening.name if opening else soon[0][1].name if soon else None

    def _by_role(self, description: str, at: int) -> _Entity | None:
        """The person whose roles share most words with a description, its head noun among them."""
        wanted = _role_words(description)
        best: tuple[float, int] = (0.0, 0)
        chosen: _Entity | None = None
        for (words, _), entity in self.by_role.get(_head_of(description), {}).items():
            score = (len(wanted & words) - 0.5 * len(wanted - words), _last_before(entity.places, at))
            if score > best:
                best, chosen = score, entity
        return chosen

    def _last_body(self, at: int, before: Sequence[Quote]) -> str | None:
        """The body quoted last close by; else the one named last in this paragraph or the one before."""
        for quote in reversed(before[-_REACH:]):
            entity = self._entity_of(quote)
            if entity is not None and entity.body and self._paragraph(at) - self._paragraph(quote.extent.end - 1) <= 2:
                return entity.name
        for place, entity in self._named_before(at):
            if self._paragraph(at) - self._paragraph(place) > 1:
                break
            if entity.body and any(word.lower() in _BODY_WORDS for word in entity.words):
                return entity.name
        return None

    def _last_person(self, at: int, before: Sequence[Quote]) -> str | None:
        for quote in reversed(before[-_REACH:]):
            entity = self._entity_of(quote)
            if entity is not None and not entity.body and self._paragraph(at) - self._paragraph(quote.extent.end - 1) <= 2:
                return entity.name
        return None


def _is_voice(head: str) -> bool:
    """Whether a role speaks for others, and so is not a named person's by default."""
    return _stem(head.lower()) in {
        "spokesman",
        "spokeswoman",
        "spokesperson",
        "official",
        "officer",
        "source",
        "expert",
        "analyst",
        "lawyer",
    }


def _surname_first(words: Sequence[str]) -> bool:
    return 2 <= len(words) <= 3 and words[0].lower() in _SURNAME_FIRST and words[-1].lower() not in _SURNAME_FIRST - {"he", "lu", "wei"}


def _means(words: tuple[str, ...], name: Name, entity: _Entity) -> bool:
    known = tuple(word.lower() for word in entity.words)
    if words == known:
        return True
    if name.body != entity.body and len(words) > 1:
        return False
    if len(words) == 1 and not entity.body:
        return words[0] == entity.surname or (name.title in ("sir", "dame") and words[0] == known[0])
    if len(words) > 1 and not entity.body and words[-1] == known[-1]:
        return words[0] == known[0] or (len(words[0]) > 2 and known[0].startswith(words[0][:3])) or set(words) <= set(known)
    return False


def _last_before(places: Sequence[int], at: int) -> int:
    index = bisect_left(places, at + 1)
    return places[index - 1] if index else -1


_SAME_ROLE = {
    "chair": "chair",
    "chairs": "chair",
    "chairman": "chair",
    "chairwoman": "chair",
    "chairperson": "chair",
    "leads": "leader",
    "heads": "head",
    "secretary": "minister",
    "minister": "minister",
}


def _stem(word: str) -> str:
    return _SAME_ROLE.get(word, word)


def _head_of(description: str) -> str:
    core = re.split(r"\s+(?:of|for|at|in|from|to|on)\s+", description.lower())[0]
    return next((_stem(word) for word in reversed(re.findall(r"[\w-]+", core)) if is_role(word)), "")


def _role_words(description: str) -> set[str]:
    return {_stem(word) for word in re.findall(r"[\w-]+", description.lower()) if not is_function_word(word) and (len(word) > 1)}
