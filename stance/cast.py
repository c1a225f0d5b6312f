"""Everybody an article names: persons and bodies with their gender, roles and mentions. `speakers` tells which of them is quoted."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from stance.acronyms import acronyms
from stance.descriptions import role_head, role_words
from stance.document import Span
from stance.names import Gender, Name, find_names, is_country, is_role, plain_words
from stance.surnames import is_misspelt, is_surname_first, other_name, sound, surname_at
from stance.text import paragraphs, quoted, sentences

REACH = 40
_APPOSITION = re.compile(r"\s*,\s+(?:who is |who |then |now )?(?:the |an? |his |her )?(?P<role>[^,.;:“”\"()]{3,80})[,.;]")
_LATER_ROLE = re.compile(r",?\s+(?:is|was|who is|who was)\s+(?:the |an? )(?P<role>[^,.;:“”\"()]{3,80})[,.;]")
_ROLE_FIRST = re.compile(r"\b(?:[Tt]he|[Ii]ts|[Hh]is|[Hh]er|[Tt]heir|[’']s)\s+(?P<role>[^,.;:“”\"()]{3,60}),\s+(?:[A-Z]\w+\.?\s+)?\Z")
_PRONOUN = re.compile(r"\b(he|his|him|she|her)\b")
_GENDER: dict[str, Gender] = {"he": "he", "his": "he", "him": "he", "she": "she", "her": "she"}
_ADMINISTRATION = re.compile(r"\b([A-Z][\w’-]+) [Aa]dministration\b")
_PAST = frozenset(["former", "ex"])
_RANKS = frozenset(["Senior", "Top", "Fellow"])


@dataclass(slots=True, eq=False)
class Entity:
    """Somebody or some body that an article names.

    Attributes:
        words: The fullest form of the name.
        body: Whether it is a body, a place or a work rather than a person.
        plain: Whether nothing but a single capitalised word is known of it.
        gender: The pronoun that goes with it, where the article tells.
        vouched: Whether a title, a role or a first name shows it to be a person.
        roles: The heads of the roles that the article gives to a person.
        countries: The countries that these roles name.
        mentions: Where it is named, in text order.
        in_full: How often by more than one word.
        known: The words for comparison, see `plain_words`.
    """

    words: tuple[str, ...]
    body: bool
    plain: bool = False
    gender: Gender | None = None
    vouched: bool = False
    roles: set[str] = field(default_factory=set)
    countries: set[str] = field(default_factory=set)
    mentions: list[Span] = field(default_factory=list)
    in_full: int = 0
    known: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.known = plain_words(self.words)

    @property
    def name(self) -> str:
        """The fullest form of the name, joined."""
        return " ".join(self.words)

    @property
    def surname(self) -> str:
        """The family name, plain."""
        return self.known[surname_at(self.known)]

    def last_before(self, at: int) -> int:
        """Where it was named last at or before a place; -1 where it was not."""
        index = bisect_right(self.mentions, at, key=lambda span: span.start)
        return self.mentions[index - 1].start if index else -1

    def between(self, start: int, end: int) -> Sequence[Span]:
        """Its mentions from one place to another."""
        first, last = (bisect_left(self.mentions, at, key=lambda span: span.start) for at in (start, end))
        return self.mentions[first:last]


class Mention(NamedTuple):
    """One place where the article names an entity."""

    span: Span
    entity: Entity


class Cast:
    """Everybody an article names, and where its paragraphs, sentences and marks stand.

    Args:
        text: The article.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.by_name: dict[str, Entity] = {}
        self._by_word: dict[str, list[Entity]] = {}
        self._by_sound: dict[str, list[Entity]] = {}
        self._by_role: dict[str, dict[tuple[frozenset[str], str], Entity]] = {}
        self.paragraphs = paragraphs(text)
        self.sentences = [sentence for span in self.paragraphs for sentence in sentences(text, span)]
        self._marked = quoted(text)
        self.openings = {span.start for span in self.paragraphs}
        self.long_forms = acronyms(text)
        lines = [span for span in self.paragraphs if not _is_capitals(text[span.start : span.end])]
        names = self._without_openers([name for span in lines for name in find_names(text, span)])
        for name in sorted(names, key=lambda name: -len(name.words)):
            self._enter(name)
        for entity in self.by_name.values():
            entity.mentions.sort()
        self.mentions = sorted(
            (Mention(span, entity) for entity in self.by_name.values() for span in entity.mentions), key=lambda mention: mention.span
        )
        self._settle_genders()
        self._settle_president()

    def paragraph(self, at: int) -> int:
        """The number of the paragraph that a place lies in."""
        return bisect_right(self.paragraphs, at, key=lambda span: span.start) - 1

    def sentence(self, at: int) -> int:
        """The number of the sentence that a place lies in."""
        return bisect_right(self.sentences, at, key=lambda span: span.start) - 1

    def opens_sentence(self, at: int) -> bool:
        """Whether a sentence or a quote begins at a place, article aside."""
        begin = self.sentences[self.sentence(at)].start
        return self.text[begin:at].strip(" “”\"‘'’") in ("", "The", "A", "An")

    def marks_at(self, at: int) -> Span | None:
        """The stretch in quotation marks that a place lies in."""
        index = bisect_right(self._marked, at, key=lambda span: span.start) - 1
        return self._marked[index] if index >= 0 and at < self._marked[index].end else None

    def named_before(self, at: int) -> Iterator[Mention]:
        """Who was named before a place, the nearest first; a few only."""
        end = bisect_left(self.mentions, at, key=lambda mention: mention.span.start)
        yield from reversed(self.mentions[max(0, end - REACH) : end])

    def named_after(self, at: int) -> Sequence[Mention]:
        """Who is named from a place on, the nearest first; a few only."""
        first = bisect_left(self.mentions, at, key=lambda mention: mention.span.start)
        return self.mentions[first : first + REACH]

    def find(self, name: Name, at: int) -> Entity | None:
        """Whom a name means: the same words, words of a longer name, or a surname, even misspelt; of several the one last named before."""
        long = self.long_forms.get(name.text)
        if long is not None and long in self.by_name:
            return self.by_name[long]
        matching = self.matching(name)
        if not matching and len(name.words) == 1:
            matching = self._likely(name)
        return max(matching, key=lambda entity: self._nearness(entity, at), default=None)

    def _nearness(self, entity: Entity, at: int) -> tuple[bool, int, int]:
        """How near to mind somebody is: named in this paragraph, often named in full, named last."""
        last = entity.last_before(at)
        return last >= 0 and self.paragraph(last) == self.paragraph(at), entity.in_full, last

    def matching(self, name: Name) -> list[Entity]:
        """All whom a name may mean."""
        words = plain_words(name.words)
        matching = [entity for entity in self._by_word.get(words[-1], []) if _means(words, name, entity)]
        if len(matching) > 1 and name.gender:
            matching = [entity for entity in matching if entity.gender in (None, name.gender)] or matching
        return matching

    def _likely(self, name: Name) -> list[Entity]:
        """All persons whom a word may mean that is nobody's family name as it stands: it is misspelt, or a name they go by instead."""
        word = plain_words(name.words)[0]
        misspelt = [entity for entity in self._by_sound.get(sound(word), ()) if is_misspelt(word, entity.surname)]
        others = [one for one in self.by_word(word) if word == other_name(one.known) and not (one.body or name.body)]
        return [entity for entity in misspelt or others if not name.gender or entity.gender in (None, name.gender)]

    def by_word(self, word: str) -> list[Entity]:
        """All in whose names a word stands."""
        return self._by_word.get(plain_words([word])[0], [])

    def in_role(self, description: str, at: int, *, whole: bool = False) -> Entity | None:
        """The person whose roles share most words with a description, its head noun among them.

        Args:
            description: As *the Tory chair*.
            at: Where it stands; of equals the person named last before it is meant.
            whole: Whether the person's role must have every word of the description, and the description two at least.
        """
        wanted = role_words(description)
        best: tuple[float, int] = (0.0, 0)
        chosen: Entity | None = None
        held = self._by_role.get(role_head(description), {})
        for (words, _), entity in held.items():
            if whole and (len(wanted) < 2 or not wanted <= words):
                continue
            missing, more = wanted - words, words - wanted - _PAST
            score = len(wanted & words) - 0.5 * len(missing) - 0.6 * len(entity.countries - wanted) - 0.6 * bool(missing and more)
            if (score, entity.last_before(at)) > best:
                best, chosen = (score, entity.last_before(at)), entity
        return chosen

    def appoint(self, entity: Entity, role: str) -> None:
        """Notes that a person holds an office."""
        entity.roles.add(role_head(role))
        words = frozenset(role_words(role))
        entity.countries.update(word for word in words if is_country(word))
        self._by_role.setdefault(role_head(role), {})[words, entity.name] = entity

    def _without_openers(self, names: Sequence[Name]) -> list[Name]:
        """Names without the word that only opens their sentence, as *Add* in *Add Jane Doe* or *Senior* in *Senior Doe aides*.

        The rest must be a name elsewhere, or somebody's surname.
        """
        known = {name.words for name in names}
        surnames = {name.words[-1:] for name in names if len(name.words) > 1 and name.words[0] not in _RANKS}

        def only_opens(name: Name) -> bool:
            rest = name.words[1:]
            named = rest in known if len(rest) > 1 else name.words[0] in _RANKS and rest in surnames
            return named and not name.body and self.opens_sentence(name.span.start)

        return [
            replace(name, span=Span(self.text.index(name.words[1], name.span.start), name.span.end), words=name.words[1:])
            if only_opens(name)
            else name
            for name in names
        ]

    def _enter(self, name: Name) -> None:
        entity = self.find(name, name.span.start)
        if entity is None:
            plain = len(name.words) == 1 and not name.title and not name.role
            opens = name.span.start in self.openings or self.text[name.span.start - 1] in '“‘"'
            if plain and opens and not self.text[name.span.end :].startswith(("'s ", "’s ")):
                return
            long = self.long_forms.get(name.text)
            words = tuple(long.split()) if long else name.words
            entity = Entity(words, name.body or plain, plain and not long)
            self.by_name.setdefault(entity.name, entity)
            for word in {*plain_words(name.words), *entity.known}:
                self._by_word.setdefault(word, []).append(entity)
            if not entity.body and (heard := sound(entity.surname)):
                self._by_sound.setdefault(heard, []).append(entity)
        entity.mentions.append(name.span)
        entity.in_full += len(name.words) > 1
        entity.gender = entity.gender or name.gender
        if not entity.body:
            roles = self._roles(name)
            entity.vouched = entity.vouched or bool(name.title or roles or name.gender or is_surname_first(plain_words(name.words)))
            for role in roles:
                self.appoint(entity, role)

    def _roles(self, name: Name) -> list[str]:
        told = [name.role]
        if not name.body:
            before = _ROLE_FIRST.search(self.text, max(0, name.span.start - 100), name.span.start)
            told += [before["role"]] if before else []
            told += [match["role"] for pattern in (_APPOSITION, _LATER_ROLE) if (match := pattern.match(self.text, name.span.end))]
        return [role for role in told if any(is_role(word) for word in role.split())]

    def _settle_president(self) -> None:
        """Whose administration an article names most is president."""
        counts = Counter(match[1].lower() for match in _ADMINISTRATION.finditer(self.text))
        for word, _ in counts.most_common():
            persons = [
                one for one in self.by_word(word) if one.surname == word and (not one.body or one.plain) and not is_country(one.name)
            ]
            if persons:
                self.appoint(max(persons, key=lambda one: len(one.mentions)), "president")
                return

    def _settle_genders(self) -> None:
        """Persons of unknown gender take that of the pronouns that follow their name before anybody else's."""
        starts = [mention.span.start for mention in self.mentions if not mention.entity.body]
        for entity in self.by_name.values():
            if entity.gender or entity.body:
                continue
            votes: dict[Gender, int] = {"he": 0, "she": 0}
            for mention in entity.mentions:
                at = bisect_right(starts, mention.start)
                until = min(starts[at] if at < len(starts) else len(self.text), mention.start + 250)
                pronoun = _PRONOUN.search(self.text, mention.start, until)
                if pronoun:
                    votes[_GENDER[pronoun[1]]] += 1
            if votes["he"] != votes["she"]:
                entity.gender = "he" if votes["he"] > votes["she"] else "she"


def _is_capitals(line: str) -> bool:
    """Whether a line of several words is all in capitals, as headings and prompts are."""
    return line.isupper() and line.count(" ") > 2


def _means(words: tuple[str, ...], name: Name, entity: Entity) -> bool:
    known = entity.known
    if words == known:
        return True
    if name.body != entity.body and len(words) > 1:
        return False
    if len(words) == 1 and entity.body:
        return name.body and words[0] == known[-1] and not is_country(words[0])
    if len(words) == 1:
        return words[0] == entity.surname or (name.title in ("sir", "dame") and words[0] == known[0])
    if entity.body or words[-1] not in (known[-1], entity.surname):
        return False
    alike = words[0] == known[0] or (len(words[0]) > 2 and known[0].startswith(words[0][:3]))
    return (alike and words[-1] == known[-1]) or set(words) <= set(known)
