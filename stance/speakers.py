"""Tells who is quoted: gives each quote's source one canonical name in the whole article.

What the article says of everybody it names is `cast`; whom a pronoun means, `antecedents`; how a description is read, `descriptions`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, zip_longest

from stance.antecedents import Place, Said, is_plural, person_meant, subject_before
from stance.cast import Cast, Entity
from stance.descriptions import DEFINITE, WORK, bare, core_of, crowd_word, head_of, is_crowd, is_voice, is_work, role_head, role_words, stands_for_bodies
from stance.document import Quote, Span, Speaker
from stance.names import Gender, Name, country_of, find_names, is_country, is_role, lexicon

PRONOUNS: dict[str, Gender] = {"he": "he", "him": "he", "his": "he", "himself": "he", "she": "she", "her": "she", "herself": "she"}
_FIRST = frozenset(["i", "me", "my", "we", "us", "our"])
_PLURAL = frozenset(["they", "them", "their"])
_OTHER = frozenset(["it", "its", "who", "which", "that", "one", "you", "this", "those", "these"])
_UNTOLD = frozenset(["some", "many", "others", "most", "several"])
_AWAY = re.compile(
    r"\b(?:including|like|for|from|to|with|by|in|on|about|against|near|at|under|behind|inside|outside|of)\b", re.IGNORECASE
)
_PAIR = re.compile(r"(?:(?:the|both|our|their|its)\s+)?(?:(?:two|both)\s+)?(?:leaders|presidents|men|heads of state|pair|counterparts)$", re.IGNORECASE)
_SIDES = re.compile(r"(?:(?:the|both)\s+)?(?:two\s+)?(?:sides|countries|nations|governments|parties|powers|superpowers)$", re.IGNORECASE)
_SOME = re.compile(r"(?:Some|Many|Several|Other|One|Two)\b", re.IGNORECASE)
_ISSUED = re.compile(
    r"(?:\W|In [^,]{3,40}, )*(?P<who>(?:[Tt]he )?(?!The\b|A\b|He\b|She\b|It\b)[A-Z][\w.’'-]*(?: [\w.’'-]+){0,4}?) (?:had |has |also |recently |later )*"
    r"(?:published|issued|released|ran|carried|posted|wrote|put out)\b[^.;]*$"
)
_FULLER = (
    r"(?:(?!(?:The|This|That|He|She|It|His|Her|Its|But|And|In|On|At|A|An)\b)(?:[A-Z][\w-]*|U\.S\.)(?:['’]s)?\s+)+"
    r"(?:(?!(?:and|of|to|in|for|has|have|was|is|by)\b)[a-z-]+\s+){{0,2}}{}\b(?!['’]s?\s+[a-z])"
)
_OFFICES = frozenset(role_head(office) for office in lexicon("offices"))
_FIRMS = frozenset(["company", "firm", "giant", "maker", "retailer", "carrier", "manufacturer"])
_ANY_BODY = _FIRMS | {"group", "organisation", "organization", "agency", "body"}
_RULERS = frozenset(["government", "administration", "leadership", "police", "army", "military", "authorities", "regime"])
_COMPANY = re.compile(r"\s+and\s+(?P<who>(?:his|her|its|their|other)\s+[a-z][\w’' -]*\w)$")
_SPEAKS_FOR = re.compile(r"[\w’' -]*?\b\w+ (?:for|at|of|from) (?:the )?(?P<body>[\w’'. -]+)$")
_ONE_OF = re.compile(r"one of (?=the \w+\b)", re.IGNORECASE)
_NEAR = 2
_REACH = 40
_WINDOW = 4000


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
        return [one.name if one.quote.source else self._repeated(one.quote, contents, holders) or one.name for one in self.said]

    def _content_words(self, quote: Quote) -> set[str]:
        return {word for span in quote.content for word in re.findall(r"\w{3,}", self.text[span.start : span.end].lower())}

    def _repeated(self, quote: Quote, contents: Sequence[set[str]], holders: dict[str, list[int]]) -> str | None:
        words = self._content_words(quote)
        shared: dict[int, int] = {}
        for word in words:
            for i in holders.get(word, ())[:_REACH]:
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
        if not (words.isupper() and len(words) > 1) and not self._is_surname(words, span):
            if low in PRONOUNS:
                return self._person(place, PRONOUNS[low])
            if low in _FIRST:
                return place.outer.name if place.outer else place.last.name if place.last else None
            if low in _PLURAL or low in _OTHER or low in _UNTOLD:
                return self._thing(low, place)
        return self._phrase(words, span, place)

    def _is_surname(self, words: str, span: Span) -> bool:
        """Whether *He* is somebody's family name: with a capital behind a comma, where the article names such a person."""
        within = re.search(r",[”\"“’']?\s+$", self.text[max(0, span.start - 4) : span.start])
        return words == "He" and bool(within) and any(entity.surname == "he" and not entity.body for entity in self.cast.by_name.values())

    def _phrase(self, words: str, span: Span, place: Place) -> str | None:
        """The name behind a source of more than a pronoun."""
        work = WORK.match(words)
        if work:
            role = next(role for role in ("owner", "maker", "author", "paper", "body") if work[role])
            begin = self.text.index(words, span.start)
            span, words = Span(begin + work.start(role), begin + work.end(role)), work[role]
        one_of = _ONE_OF.match(words)
        if one_of and "," not in words:
            return self._described(words[one_of.end() :], span, place)
        return self._named(span, words) or self._described(words, span, place)

    def _person(self, place: Place, gender: str) -> str | None:
        chosen = person_meant(place, gender)
        return chosen.name if chosen else None

    def _thing(self, low: str, place: Place) -> str | None:
        """Whom *they*, *it* or *who* means: the subject before, else the last speaker of that sort."""
        if low in ("who", "which", "that"):
            near = next(self.cast.named_before(place.at), None)
            if near and place.at - near.span.end <= 80:
                return near.entity.name
        plural = low in _PLURAL or low in _UNTOLD
        if plural or low in ("it", "its"):
            span = None if place.behind else subject_before(self.cast, place.at, plural)
            found = self._phrase(self.text[span.start : span.end], span, place) if span else None
            if found and (plural or not self._is_person(found)):
                return found
        if low in _UNTOLD:
            return low
        return self._last_such(low, plural, place)

    def _last_such(self, low: str, plural: bool, place: Place) -> str | None:
        """The last speaker that *they*, *it* or *you* may go with: of its number where there is one close by."""
        earlier = [one.name for one in reversed(place.said[-_REACH:]) if one.name]
        if low in ("who", "you"):
            return earlier[0] if earlier else None
        fitting = [name for name in earlier if not self._is_person(name) and is_plural(name) == plural]
        close = [name for name in earlier[:6] if name in fitting]
        others = [name for name in earlier if not self._is_person(name)]
        return next(iter([*close, *others]), None)

    def _is_person(self, name: str) -> bool:
        entity = self.cast.by_name.get(name)
        return entity is not None and not entity.body and (entity.vouched or entity.gender is not None)

    def _named(self, source: Span, words: str) -> str | None:
        """The name at a source's head: not one behind *for* or *of*; two joined by *and* are joint sources."""
        whole = bare(words)
        if country_of(whole):
            return self._country(whole)
        heads = [name for name in find_names(self.text, source) if self._is_head(name, source) and not self._is_noun(name)]
        if not heads:
            return None
        persons = [name for name in heads if not name.body]
        chosen = [one for one, two in zip_longest(persons, persons[1:]) if not self._modifies(one, two)] or heads[:1]
        joint = [chosen[0]]
        for one, two in pairwise(chosen):
            between = self.text[one.span.end : two.span.start]
            if re.search(r"\band\b|&", between) and joint[-1] is one and len(between) < 60:
                joint.append(two)
        others = _COMPANY.match(self.text, joint[-1].span.end, source.end)
        return " and ".join(dict.fromkeys([*(self._canonical(name) for name in joint), *([others["who"]] if others else [])]))

    def _is_noun(self, name: Name) -> bool:
        """Whether a word has its capital only because a sentence begins with it."""
        entity = self.cast.find(name, name.span.start)
        known = entity is not None and not (entity.plain and all(self.cast.opens_sentence(span.start) for span in entity.mentions))
        return len(name.words) == 1 and name.text[-1:] == "s" and not known and self.cast.opens_sentence(name.span.start)

    def _modifies(self, one: Name, two: Name | None) -> bool:
        """Whether a capitalised word tells whose person the next name is, as in *Voice of America Director Jane Doe*."""
        if two is None or re.search(r",|&|\band\b|\bor\b", self.text[one.span.end : two.span.start]):
            return False
        first, second = (self.cast.find(name, name.span.start) for name in (one, two))
        return (first is None or first.plain) and second is not None and not second.plain

    def _country(self, words: str) -> str:
        """A country's name: a capital stands for it where the article quotes the country too, *the Chinese* always do."""
        country = country_of(words) or words
        if is_country(words):
            return words
        known = self.countries.get(country)
        if known is None and words.endswith(("ese", "ish", "ch", "an", "ans")):
            known = country
        return known or words

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
        entity = self._namesake(name) or self.cast.find(name, name.span.start)
        words = entity.name if entity else name.text
        if country_of(words):
            return self._country(words)
        return words

    def _namesake(self, name: Name) -> Entity | None:
        """Of several persons with this surname the one who spoke last, unless another's full name has come since."""
        sharing = self.cast.matching(name) if len(name.words) == 1 else []
        for one in reversed(self.said[-_REACH:]) if len(sharing) > 1 else ():
            if one.entity in sharing:
                since = [span for other in sharing for span in other.mentions if one.quote.extent.end < span.start < name.span.start]
                return None if any(" " in self.text[span.start : span.end] for span in since) else one.entity
        return None

    def _described(self, words: str, span: Span, place: Place) -> str | None:
        """A source that names nobody: somebody in this office, a body or a source told of before, or the description itself."""
        core = core_of(words)
        head = head_of(words)
        name = bare(core)
        if is_crowd(name):
            return self.crowd
        definite = bool(DEFINITE.match(core)) and len(core.split()) <= (4 if name.islower() else 3)
        known: str | None = None
        if _PAIR.match(name):
            known = self._pair(place)
        elif _SIDES.match(name):
            known = self._sides(place)
        elif is_work(head) and not _SOME.match(words):
            known = self._author(head, place)
        elif is_role(head) and not is_plural(head) and not _SOME.match(words):
            known = self._in_office(core, head, place)
        elif definite and (stands_for_bodies(head) or head in _RULERS):
            known = self._body(name, head, place)
        elif stands_for_bodies(head) and place.paragraph <= _NEAR and not self.said:
            known = self._named_body_next(head, place)
        if known is None and definite:
            known = self._told(name, head, place)
        return known or name or None

    def _pair(self, place: Place) -> str | None:
        """The last two persons named, as *the two leaders*."""
        pair: dict[str, int] = {}
        for mention in self.cast.named_before(place.at):
            if place.paragraph - self.cast.paragraph(mention.span.start) > _NEAR:
                break
            if not mention.entity.body:
                pair.setdefault(mention.entity.name, mention.span.start)
            if len(pair) == 2:
                return " and ".join(sorted(pair, key=lambda name: pair[name]))
        return None

    def _sides(self, place: Place) -> str | None:
        """The last two countries that the text joins or names close by, as *both sides*."""
        pair: dict[str, str] = {}
        for mention in self.cast.named_before(place.at):
            name = mention.entity.name
            if is_country(name):
                pair.setdefault(country_of(name) or name, name)
            if len(pair) == 2:
                return " and ".join(reversed(pair.values()))
        return None

    def _author(self, head: str, place: Place) -> str | None:
        """Who speaks in a work: whoever published it here or was quoted from it close by, else the body quoted or named last."""
        begin = self.cast.sentences[place.sentence].start
        issued = _ISSUED.match(self.text, begin, place.at)
        if issued and (known := self._named(Span(issued.start("who"), issued.end("who")), issued["who"])):
            return known
        for one in reversed(place.said[-6:]):
            if place.paragraph - self.cast.paragraph(one.quote.extent.end - 1) > _NEAR or not one.name:
                continue
            begin = self.cast.sentences[self.cast.sentence(one.quote.extent.start)].start
            end = self.cast.sentences[self.cast.sentence(one.quote.extent.end - 1)].end
            if re.search(rf"\b{re.escape(head)}", self.text[begin : min(end, place.at)]):
                return one.name
        return self._last_body(head, place)

    def _in_office(self, core: str, head: str, place: Place) -> str | None:
        """Who holds an office: whoever has it by apposition, else the last speaker, else whoever is named next where nobody was yet."""
        indefinite = bool(re.match(r"An?\b", core, re.IGNORECASE))
        entity = self.cast.in_role(core, place.at, whole=indefinite)
        if entity:
            told = self._told(bare(core), head, place)
            return told if told and self._spoke_later(told, entity.last_before(place.at), place) else entity.name
        if is_voice(head):
            return None
        if head == "leader" and (ruler := self._ruler(core, place)):
            return ruler.name
        found = (self._last_person(core, place) if re.match("the ", core, re.IGNORECASE) else None) or self._named_next(core, place)
        if found and not indefinite:
            self.cast.appoint(self.cast.by_name[found], core)
        return found

    def _ruler(self, core: str, place: Place) -> Entity | None:
        """Whom *the American leader* means: the president or head of government of that country."""
        country = next((found for word in role_words(core) if (found := country_of(word))), None)
        offices = ("president", "prime minister", "premier", "chief executive", "chancellor")
        return next((entity for office in offices if country and (entity := self.cast.in_role(f"{country} {office}", place.at))), None)

    def _spoke_later(self, name: str, at: int, place: Place) -> bool:
        """Whether somebody described spoke after a place."""
        return next((one.quote.extent.start > at for one in reversed(place.said) if one.name == name), False)

    def _last_person(self, core: str, place: Place) -> str | None:
        for one in reversed(place.said[-_REACH:]):
            entity = one.entity
            if entity is None or entity.body or place.paragraph - self.cast.paragraph(one.quote.extent.end - 1) > _NEAR:
                continue
            return entity.name if _may_hold(entity, core) else None
        return None

    def _named_next(self, core: str, place: Place) -> str | None:
        """The first person named soon, where nobody was named before, or an article's first quote: ledes give the office first."""
        named = any(not mention.entity.body for mention in self.cast.named_before(place.at))
        if named and (self.said or place.paragraph > _NEAR):
            return None
        soon = [
            mention
            for mention in self.cast.named_after(place.at)
            if not mention.entity.body
            and len(mention.entity.words) > 1
            and self.cast.paragraph(mention.span.start) - place.paragraph <= 3
        ]
        opening = next((mention for mention in soon if mention.span.start in self.cast.openings), None)
        return opening.entity.name if opening else soon[0].entity.name if soon and not named else None

    def _told(self, name: str, head: str, place: Place) -> str | None:
        """A source told of more fully before: *the spokesman* for *Apple spokesman*, *the analysts* for the two that were named."""
        if len(name.split()) > 2:
            return None
        for one in reversed(place.said[-12:]):
            if one.name is None or not one.quote.source:
                continue
            source = self.text[one.quote.source[0].start : one.quote.source[0].end]
            if one.entity is None and head_of(one.name) == head and role_words(name) < role_words(one.name):
                return one.name
            if is_plural(head) and " and " in one.name and re.search(rf"\b{re.escape(head)}\b", source):
                return one.name
        return None

    def _body(self, name: str, head: str, place: Place) -> str | None:
        """Which body a description stands for: one with this noun in its name, one described more fully, else the one spoken of."""
        noun = head.replace("isation", "ization")
        if head not in _ANY_BODY:
            for mention in self.cast.named_before(place.at):
                lower = [word.lower().replace("isation", "ization") for word in mention.entity.words]
                if mention.entity.body and noun in lower and len(lower) > 1:
                    return mention.entity.name
            if " " not in name and (fuller := self._fuller(head, place)):
                return fuller
        return self._told(name, head, place) or self._spoken_for(head, place) or (None if head in _RULERS else self._last_body(head, place))

    def _spoken_for(self, head: str, place: Place) -> str | None:
        """The body for which somebody has just spoken: *the company* behind *bosses at Acme*."""
        for one in reversed(place.said[-3:]):
            found = _SPEAKS_FOR.match(one.name) if one.name and one.entity is None else None
            if found and (head in _ANY_BODY or head_of(found["body"]) == head):
                name = next(iter(self.cast.by_word(found["body"].split()[-1])), None)
                return name.name if name else found["body"]
        return None

    def _fuller(self, head: str, place: Place) -> str | None:
        """The fuller form that the text gave a description: *the ministry* for *Canada's justice ministry*."""
        found = list(re.finditer(_FULLER.format(re.escape(head)), self.text[max(0, place.at - _WINDOW) : place.at]))
        return bare(found[-1][0]) if found else None

    def _last_body(self, head: str, place: Place) -> str | None:
        """The body quoted last close by; else the one that the last paragraphs name most."""
        for one in reversed(place.said[-_REACH:]):
            if place.paragraph - self.cast.paragraph(one.quote.extent.end - 1) > _NEAR:
                break
            if one.entity is not None and one.entity.body and not country_of(one.entity.name):
                return one.entity.name
        best: tuple[float, str | None] = (0.0, None)
        for mention in self.cast.named_before(place.at):
            entity, gap = mention.entity, place.paragraph - self.cast.paragraph(mention.span.start)
            if gap > _NEAR:
                break
            if entity.body and not country_of(entity.name) and (not entity.plain or head in _FIRMS):
                score = len(entity.mentions) / (1 + gap)
                best = max(best, (score, entity.name), key=lambda pair: pair[0])
        return best[1]

    def _named_body_next(self, head: str, place: Place) -> str | None:
        """The body with this noun in its name that a lede gives after the description: *a committee of MPs*."""
        for mention in self.cast.named_after(place.at):
            if self.cast.paragraph(mention.span.start) - place.paragraph > _NEAR:
                break
            if mention.entity.body and head in (word.lower() for word in mention.entity.words):
                return mention.entity.name
        return None


def _may_hold(entity: Entity, office: str) -> bool:
    """Whether an office may be a person's: no two persons share one, so that whoever has another has not this one."""
    head = role_head(office)
    return not entity.roles or head in entity.roles or (head not in _OFFICES and " of " not in office)
