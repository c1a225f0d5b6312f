"""Finds who is named in a text: persons, bodies, the roles given to persons. Reads surface form only; `speakers` decides who is who."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from stance.document import Span

Gender = Literal["he", "she"]

_LEXICON = tomllib.loads(resources.files("stance").joinpath("lexicon.toml").read_text(encoding="utf-8"))


def lexicon(name: str) -> frozenset[str]:
    """A list of the file `lexicon.toml`, by name."""
    return frozenset(_LEXICON[name].split())


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
_TOKEN = re.compile(r"(?:[A-Z]\.){1,3}|[^\W\d_]+(?:[-'’][^\W\d_]+)*\.?|[^\w\s]|\d+")
_INITIALS = re.compile(r"(?:[A-Z]\.)+")
_ACRONYM = re.compile(r"\(([A-Z][A-Za-z]*[A-Z]+s?)\)")
_POSSESSIVE = re.compile(r"['’]s?$")


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it stands in a text.

    Attributes:
        span: Where the name itself stands, without title or role.
        words: Its words, without possessive.
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
        """What the title, or else the first name, tells."""
        if self.title in _MALE_TITLES:
            return "he"
        if self.title in _FEMALE_TITLES:
            return "she"
        return gender_of(self.words[0]) if len(self.words) > 1 else None


def find_names(text: str, within: Span) -> list[Name]:
    """The names in a stretch of text, in order; a sentence's first word counts only where more capitals follow or it has a title."""
    found: list[Name] = []
    run: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text, within.start, within.end):
        word = _clean(token[0])
        adjacent = not run or text[run[-1].end() : token.start()].strip(" \u00a0") == ""
        if not adjacent:
            found.extend(_names_of_run(run, text))
            run = []
        if word[:1].isupper() or (run and word.lower() in _PARTICLES):
            run.append(token)
            ends = token[0].endswith(".") and word.lower() not in _TITLES and len(word) > 2 and not _INITIALS.fullmatch(token[0])
            if not ends and not token[0].endswith(("'s", "’s", "s'", "s’")):
                continue
        found.extend(_names_of_run(run, text))
        run = []
    found.extend(_names_of_run(run, text))
    return found


def _clean(token: str) -> str:
    word = _POSSESSIVE.sub("", token)
    return word if _INITIALS.fullmatch(word) else word.rstrip(".")


def _names_of_run(run: list[re.Match[str]], text: str) -> Iterator[Name]:
    words = [_clean(token[0]) for token in run]
    while words and words[-1].lower() in _PARTICLES | _NOT_NAMES:
        run, words = run[:-1], words[:-1]
    begin, title, role_end = 0, "", 0
    for at, word in enumerate(words):
        low = word.lower().removesuffix("-elect")
        if low in _TITLES and at + 1 < len(words):
            begin, title, role_end = at + 1, low, at + 1
        elif low in _ROLE_HEADS and at + 1 < len(words):
            begin, role_end = at + 1, at + 1
        elif begin == at and (low in _NOT_NAMES or (_is_modifier(low) and at + 1 < len(words) and not _is_body(words[at:]))):
            begin = at + 1
    kept = words[begin:]
    if not kept or kept[-1].lower() in _OFFICES or (len(kept) == 1 and kept[0].lower() in _NOT_NAMES | _ROLE_HEADS):
        return
    first, last = run[begin], run[-1]
    span = Span(first.start(), last.start() + len(_clean(last[0])))
    before = words[:role_end] if role_end else []
    role = " ".join(
        word for word in before if word.lower() not in _NOT_NAMES and (word.lower() not in _TITLES or word.lower() in _ROLE_HEADS)
    )
    if not role:
        role = _role_before(text, run[0].start())
    yield Name(span, tuple(kept), title, role, _is_body(kept) and not title)


def _is_modifier(low: str) -> bool:
    return low in _MODIFIERS or low.rsplit("-", 1)[-1].removesuffix("s") in _NATIONS


def _role_before(text: str, at: int) -> str:
    """Lower-case role words right before a name: *former party leader* Iain Duncan Smith."""
    head = re.search(r"((?:[\w’'-]+ ){0,4}[\w-]+) $", text[max(0, at - 80) : at])
    if not head:
        return ""
    words = head[1].split()
    if words[-1].lower() not in _ROLE_HEADS:
        return ""
    for back in range(len(words) - 1, -1, -1):
        if words[back].lower() in _NOT_NAMES or words[back].endswith(("'s", "’s")):
            return " ".join(words[back + 1 :])
    return " ".join(words)


def _is_body(words: list[str]) -> bool:
    lower = [word.lower() for word in words]
    return len(words) > 4 or any(word in _BODY_WORDS for word in lower) or all(word in _NATIONS for word in lower)


def is_role(word: str) -> bool:
    """Whether a noun names an office or occupation: *minister*, *analyst*."""
    low = word.lower().rstrip(".,")
    return low in _ROLE_HEADS or (low.endswith("s") and low[:-1] in _ROLE_HEADS)


def is_function_word(word: str) -> bool:
    """Whether a word is a determiner, pronoun, preposition or the like, never part of a name."""
    return word.lower() in _NOT_NAMES


def acronyms(text: str) -> dict[str, str]:
    """Short forms that the text explains, as `Inter-Parliamentary Alliance on China (IPAC)`: short → long."""
    found: dict[str, str] = {}
    for match in _ACRONYM.finditer(text):
        letters = match[1].rstrip("s")
        words = list(re.finditer(r"[\w’'.]+", text[max(0, match.start() - 120) : match.start()]))
        for count in range(min(len(words), len(letters) + 4), 0, -1):
            tail = words[-count:]
            initials = "".join(word[0][0] for word in tail if word[0][0].isupper())
            if initials == letters.upper() and tail[0][0][0].isupper():
                found[match[1]] = text[max(0, match.start() - 120) + tail[0].start() : match.start()].strip()
                break
    return found


def gender_of(first_name: str) -> Gender | None:
    """The pronoun that goes with a common English-language first name; None for all others."""
    low = first_name.lower()
    return "she" if low in _FEMALE else "he" if low in _MALE else None
