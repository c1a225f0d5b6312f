"""Finds who is named in a text: persons, bodies, the roles given to persons. Reads surface form only; `speakers` decides who is who."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

from stance.document import Span

Gender = Literal["he", "she"]

_LEXICON = tomllib.loads(resources.files("stance").joinpath("lexicon.toml").read_text(encoding="utf-8"))


def lexicon(name: str) -> frozenset[str]:
    """A list of the file `lexicon.toml`, by name."""
    return frozenset(_LEXICON[name].split())


def _countries() -> tuple[dict[str, str], dict[str, str]]:
    names, others = {}, {}
    for row in _LEXICON["countries"]:
        forms = row["names"].split(", ")
        names.update({form.lower(): forms[0] for form in forms})
        others.update(dict.fromkeys(row["others"].split(), forms[0]))
    return names, others


_COUNTRIES, _STANDING_FOR = _countries()


_MALE_TITLES, _FEMALE_TITLES = lexicon("male_titles"), lexicon("female_titles")
_TITLES = lexicon("titles") | _MALE_TITLES | _FEMALE_TITLES
_ROLE_HEADS = lexicon("roles")
_OFFICES = lexicon("offices")
_NOT_NAMES = lexicon("function_words")
_NATIONS = lexicon("nations")
_MODIFIERS = lexicon("modifiers") | _NATIONS
_BODY_WORDS = lexicon("bodies")
_PARTICLES = lexicon("particles")
_FEMALE, _MALE = lexicon("female_names"), lexicon("male_names")
_SURNAMES_FIRST = lexicon("surnames_first")
_LETTERS = r"(?:[^\W\d_]+[\u0300-\u036f]*)+"
_TOKEN = re.compile(rf"[A-Z]{{1,2}}-?\d+\b|(?:[A-Z]\.){{1,3}}|{_LETTERS}(?:[-\u2010\u2011'’]{_LETTERS})*\.?|[^\w\s]|\d+")
_GLUED = re.compile(r"(?:al|el|ad|as|ash|at|d|l)[-\u2010\u2011'’][A-ZÀ-Þ]")
_ARTICLE = re.compile(r"(?:al|el|ad|as|ash|at)-(?=\w)")
_SPACES = " \u00a0\u202f"
_INITIALS = re.compile(r"(?:[A-Z]\.)+")
_SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv"])
_SPELT_TITLES = {"sen": "senator", "gov": "governor", "rep": "representative", "amb": "ambassador", "gen": "general"}
_SHORTENED = frozenset(["st", "jr", "sr", "mt", "ft"])
POSSESSIVE = re.compile(r"['’]s?$")
_CONTRACTION = re.compile(r"\w+(?:n['’]t|['’](?:re|ve|ll|m|d))$", re.IGNORECASE)
_PLAIN = re.compile(r"[\w’'-]+")
_MARKS = '“”"'
_TYPEWRITTEN = str.maketrans("\u2010\u2011’", "--'")
_NICKNAME = re.compile(rf" [{_MARKS}][A-Z][\w’'-]+[{_MARKS}] +(?=[A-Z])")
_MEMBERS = re.compile(r"(?:People|Women|Men|Children)['’]s$")
_CHARGE = re.compile(
    r"\b(?:cent(?:er|re)|council|institute|commission|committee|association|department|office|alliance|foundation|fund)$", re.IGNORECASE
)
_REST = re.compile(r"\s(?:of|(?P<charge>for|on))\s(?:the\s)?[A-Z][\w-]*(?:\s(?:(?:of|and)\s(?:the\s)?)?[A-Z][\w-]*)*")


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it stands in a text.

    Attributes:
        span: Where the name itself stands, without title or role.
        words: Its words, without possessive; a nickname between others in its marks.
        title: The word of address before it, lower-case, or an empty string.
        role: Role words before it, as in *security minister Tom Tugendhat*, or an empty string.
        body: Whether it names a body, a place or a work rather than a person.
    """

    span: Span
    words: tuple[str, ...]
    title: str = ""
    role: str = ""
    body: bool = False

    @property
    def text(self) -> str:
        """The name's words, joined."""
        return " ".join(self.words)

    @property
    def gender(self) -> Gender | None:
        """What the title, or else the first name, tells; a word that may be a family name, as *Kim*, tells nothing."""
        if self.title in _MALE_TITLES:
            return "he"
        if self.title in _FEMALE_TITLES:
            return "she"
        return gender_of(self.words[0]) if len(self.words) > 1 and plain(self.words[0]) not in _SURNAMES_FIRST else None


def find_names(text: str, within: Span) -> list[Name]:
    """The names in a stretch of text, in order; a sentence's first word counts only where more capitals follow or it has a title."""
    found: list[Name] = []
    run: list[re.Match[str]] = []
    surname = -1
    for token in _TOKEN.finditer(text, within.start, within.end):
        if run and token[0] in _MARKS and (nickname := _NICKNAME.match(text, run[-1].end(), within.end)):
            surname = nickname.end()
        if run and token.start() < surname and not token[0][0].isalpha():
            continue
        capital = token[0][0].isupper() or _GLUED.match(token[0])
        if not run and (not capital or (found and token.start() < found[-1].span.end)):
            continue
        word = clean(token[0])
        adjacent = not run or token.start() <= surname or text[run[-1].end() : token.start()].strip(_SPACES) == ""
        if not adjacent:
            found.extend(_names_of_run(run, text))
            run = []
        if capital or (run and word.lower() in _PARTICLES):
            run.append(token)
            ends = token[0].endswith(".") and word.lower() not in _TITLES | _SHORTENED and not _INITIALS.fullmatch(token[0])
            if not ends and (_MEMBERS.match(token[0]) or not token[0].endswith(("'s", "’s"))):
                continue
        found.extend(_names_of_run(run, text))
        run = []
    found.extend(_names_of_run(run, text))
    return found


def clean(token: str) -> str:
    """A word without possessive and full stop; initials keep theirs."""
    word = POSSESSIVE.sub("", token)
    return word if _INITIALS.fullmatch(word) else word.rstrip(".")


def _names_of_run(run: list[re.Match[str]], text: str) -> Iterator[Name]:
    words = [token[0] if _MEMBERS.match(token[0]) and token is not run[-1] else clean(token[0]) for token in run]
    for at in range(1, len(run) - 1):
        begin, end = run[at].span()
        if text[begin - 1] in _MARKS and text[end] in _MARKS:
            words[at] = text[begin - 1 : end + 1]
    while words and (words[-1].lower() in _PARTICLES or _ends_no_name(words) or (len(words) > 2 and words[-1].lower() in _SUFFIXES)):
        run, words = run[:-1], words[:-1]
    begin, title, role_end = 0, "", 0
    for at, word in enumerate(words):
        low = word.lower().removesuffix("-elect")
        if low in _TITLES and at + 1 < len(words):
            begin, title, role_end = at + 1, low, at + 1
        elif is_role(low) and at + 1 < len(words):
            begin, role_end = at + 1, at + 1
        elif begin == at and (
            (_is_function(word, words) and not title and not _is_family_name(word, run[at], text))
            or (_is_modifier(low) and at + 1 < len(words) and not is_body(words[at:]))
        ):
            begin = at + 1
    kept = words[begin:]
    if (
        not kept
        or kept[-1].lower().removesuffix("-elect") in _OFFICES
        or (len(kept) == 1 and not title and (is_role(kept[0]) or _is_function(kept[0], words)))
    ):
        return
    first, last = run[begin], run[-1]
    if is_role(kept[-1]) and text.startswith((" of ", " for "), last.end()):
        return
    span = Span(first.start(), last.start() + len(clean(last[0])))
    before = words[:role_end] if role_end else []
    role = " ".join(
        _SPELT_TITLES.get(word.lower(), word)
        for word in before
        if word.lower() not in _NOT_NAMES and (word.lower() not in _TITLES or word.lower() in _ROLE_HEADS | _SPELT_TITLES.keys())
    )
    if not role:
        role = (begin and _office_of(text, run[0].start(), words[:begin])) or _role_before(text, run[0].start())
    body = is_body(kept) and not title
    rest = (
        _REST.match(text, span.end)
        if body
        and any(word.lower() in _BODY_WORDS for word in kept)
        and not last[0].endswith(("'s", "’s"))
        and kept[-1].lower() not in _COUNTRIES
        else None
    )
    if rest and (not rest["charge"] or _CHARGE.search(kept[-1])):
        span = Span(span.start, rest.end())
        kept += rest[0].split()
    yield Name(span, tuple(kept), title, role, body)


def _ends_no_name(words: list[str]) -> bool:
    """Whether a run's last word is none of a name: *may* is one behind a first name."""
    return _is_function(words[-1], words) and not (len(words) > 1 and (words[-2].lower() in _TITLES or gender_of(words[-2])))


def _is_function(word: str, run: list[str]) -> bool:
    """Whether a word is no part of a name; one in capitals amid others is an acronym, as *WHO* or *US*."""
    acronym = word.isupper() and len(word) > 1 and (len(run) == 1 or not all(other.isupper() for other in run))
    return (word.lower() in _NOT_NAMES and not acronym) or bool(_CONTRACTION.match(word))


def _is_family_name(word: str, token: re.Match[str], text: str) -> bool:
    """Whether *He* is a family name: it has its capital within a sentence."""
    return word == "He" and text[max(0, token.start() - 2) : token.start()].rstrip()[-1:].isalnum()


def _is_modifier(low: str) -> bool:
    return low in _MODIFIERS or low.rsplit("-", 1)[-1].removesuffix("s") in _NATIONS


def _office_of(text: str, at: int, charge: list[str]) -> str:
    """An office before its charge: *Secretary of* State Mike Pompeo."""
    before = text[max(0, at - 60) : at].removesuffix("the ").split(" ")
    if len(before) < 3 or before[-2] not in ("of", "for") or before[-1] or not is_role(before[-3]):
        return ""
    return f"{before[-3]} of {' '.join(charge)}"


def _role_before(text: str, at: int) -> str:
    """Lower-case role words right before a name: *former party leader* Iain Duncan Smith."""
    before = text[max(0, at - 80) : at]
    words = before.split(" ")[-6:-1]
    if not words or not before.endswith(" ") or words[-1].lower() not in _ROLE_HEADS:
        return ""
    for back in range(len(words) - 1, -1, -1):
        word = words[back]
        if word.lower() in _NOT_NAMES or word.endswith(("'s", "’s")) or not _PLAIN.fullmatch(word):
            return " ".join(words[back + 1 :])
    return " ".join(words)


def is_body(words: Sequence[str]) -> bool:
    """Whether a name's words are those of a body, a place or a work."""
    lower = [word.lower() for word in words]
    surname_first = lower[0] in _SURNAMES_FIRST
    return (
        sum(word not in _PARTICLES for word in lower) > 4
        or any(word in _BODY_WORDS for word in lower[surname_first:])
        or all(word in _NATIONS for word in lower)
        or any(" ".join(lower[-size:]) in _COUNTRIES for size in (1, 2))
        or lower[-1] in _STANDING_FOR
    )


@lru_cache(maxsize=4096)
def is_role(word: str) -> bool:
    """Whether a noun names an office or occupation: *minister*, *analyst*."""
    low = word.lower().rstrip(".,")
    parts = (low, *low.removesuffix("-elect").split("-")[:: low.count("-") or 1])
    return any(part in _ROLE_HEADS or (part.endswith("s") and part[:-1] in _ROLE_HEADS) for part in parts)


def country_of(words: str) -> str | None:
    """The country that some words name or stand for: *China* for *Chinese* and *Beijing*."""
    low = words.lower()
    return _COUNTRIES.get(low) or _STANDING_FOR.get(low)


def is_country(words: str) -> bool:
    """Whether some words are a country's plain name."""
    return words.lower() in _COUNTRIES


@lru_cache(maxsize=4096)
def plain(word: str) -> str:
    """A word as names are compared by: lower-case, without accents, its hyphens and apostrophes as typewritten."""
    if word.isascii():
        return word.lower()
    letters = unicodedata.normalize("NFD", word.translate(_TYPEWRITTEN).lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def plain_words(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a name for comparison, see `plain`: a nickname without its marks, an Arabic family name without its article."""
    return tuple(_ARTICLE.sub("", plain(word).strip(_MARKS)) for word in words)


def is_function_word(word: str) -> bool:
    """Whether a word is a determiner, pronoun, preposition or the like, never part of a name."""
    return word.lower() in _NOT_NAMES


def gender_of(first_name: str) -> Gender | None:
    """The pronoun that goes with a common English-language first name; None for all others."""
    low = plain(first_name)
    return "she" if low in _FEMALE else "he" if low in _MALE else None
