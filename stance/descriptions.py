"""Reads sources that name nobody: their head, the office they describe, the work whose author speaks in it."""

from __future__ import annotations

import re
from collections import Counter

from stance.names import country_of, is_function_word, is_role, lexicon

_OF = re.compile(r"\s+(?:of|for|at|in|from|to|on|with|by|behind|within|against|about|near)\s+")
_WORD = re.compile(r"[\w.-]*\w")
_ARTICLE = re.compile(r"^(?:the|a|an|his|her|its|their|our|my|this|that|these|those)\s+", re.IGNORECASE)
_TAIL = re.compile(r"\s*(?:,(?!\d)|\(|\b(?:who|which|that|whose|where|when|while|including|speaking|according)\b).*$", re.DOTALL)
_FAMILIAR = re.compile(r"\s+(?:close|familiar|briefed|aware)\b.*$", re.DOTALL)
_PLACE = re.compile(r"\s+there$")
_WORKS = (
    "report|statement|study|paper|survey|release|analysis|editorial|remarks|comments|words|speech|tweet|tweets|letter|data|figures|article"
    "|column|commentary|blog|post|lawsuit|complaint|indictment|document|documents|memo|op-ed|website|poll|notice|story|note|research|filing|filings"
    "|ad|ads|advert|suit|commercial|disclosures|strategy|email|emails|transcript|resolution|bulletin|book|findings|reports|video|message|manifesto|motion|investigation|inquiry"
)
WORK = re.compile(
    rf"^(?:(?P<owner>.+?)['’]s?\s+(?:[\w-]+\s+){{0,3}}(?:{_WORKS})\b|(?:(?:The|the|An?|a)\s+)?(?P<maker>(?!(?:The|An?|This|That|His|Her|Its|Their|Our|One|Another|New)\b)[A-Z]\S*(?:\s[A-Z]\S*)*)\s(?:{_WORKS})\b"
    rf"|(?:[\w-]+\s+){{1,3}}(?:{_WORKS})\b.{{0,40}}?\b(?:by|from)\s+(?P<author>.+)$"
    rf"|(?:[\w-]+\s+){{1,3}}(?:{_WORKS})\s+(?:published\s+)?in\s+(?P<paper>(?:the\s+)?[A-Z].+)$"
    rf"|(?P<body>(?:[\w.-]+\s+){{0,3}}(?:government|university|bank|ministry|department|committee|police|company|court|council|campaign|media|customs|intelligence|prosecution|network|agency))(?:['’]s)?(?:\s(?:news|press))?\s(?:{_WORKS})\b)"
)
DEFINITE = re.compile(r"(?:the|this|that|its|his|her|our|their)\b", re.IGNORECASE)
_MANY = frozenset(["police", "people", "both"])
_WORK_NOUNS = frozenset(_WORKS.split("|"))
_VOICES = frozenset(["spokesman", "spokeswoman", "spokesperson", "official", "officer", "source", "expert", "analyst", "lawyer"])
_CROWD = re.compile(r"protesters|demonstrators|protestors", re.IGNORECASE)
_MARCHES = re.compile(
    r"(?:(?:mostly|mass|peaceful|street|huge|pro-democracy|anti-government)\s+)*(?:protests|demonstrations|marches|rallies)$", re.IGNORECASE
)
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
    "spokeswoman": "spokesman",
    "spokesperson": "spokesman",
    "envoy": "ambassador",
    "mp": "mp",
    "president-elect": "president",
}


def core_of(words: str) -> str:
    """A description without what hangs on it: *the senior aide, who asked …* → *the senior aide*."""
    return _PLACE.sub("", _TAIL.sub("", words)) or words


def bare(words: str) -> str:
    """A description without article and marks at its edges."""
    return _ARTICLE.sub("", words).strip(" ,;:'’\"“”")


def head_of(words: str) -> str:
    """The noun that a description is about, lower-case: the last word before *of*, *for* or the like."""
    nouns = _OF.split(_FAMILIAR.sub("", core_of(words)))[0].split()
    return re.sub(r"['’]s?$", "", nouns[-1].lower()) if nouns else ""


def crowd_word(text: str) -> str:
    """What an article calls those who protest, most of all."""
    counts = Counter(match[0].lower() for match in _CROWD.finditer(text))
    return max(counts, key=lambda word: (counts[word], word == "protesters"), default="")


def is_crowd(name: str) -> bool:
    """Whether a bare description is of those who protest, *demonstrators* or the like."""
    return _CROWD.fullmatch(name) is not None or _MARCHES.match(name) is not None


def is_plural(phrase: str) -> bool:
    """Whether a noun phrase is plural: its head by its ending, or joined by *and*."""
    head = head_of(phrase)
    if country_of(bare(phrase)) or head == "nations":
        return False
    return " and " in phrase or head in _MANY or (head.endswith("s") and not head.endswith(("ss", "us", "is")))


def is_work(head: str) -> bool:
    """Whether a noun names something written or said, which speaks for its author."""
    return head in _WORK_NOUNS


def is_voice(head: str) -> bool:
    """Whether a role speaks for others, and so is not a named person's by default."""
    return _stem(head.removesuffix("s")) in _VOICES


def role_head(description: str) -> str:
    """The office in a description, in a form that its variants share: *minister* for *Trade Secretary*."""
    core = _OF.split(description.lower())[0]
    return next((_stem(word) for word in reversed(_WORD.findall(core)) if is_role(word)), "")


def role_words(description: str) -> set[str]:
    """What a description says of an office: its words but function words, in forms that variants share."""
    return {_stem(word) for word in _WORD.findall(description.lower()) if not is_function_word(word) and len(word) > 1}


def is_person(head: str) -> bool:
    """Whether a noun describes a person: an office, an occupation or a word like *resident*."""
    return is_role(head) or head in lexicon("persons")


def gender_of_role(head: str) -> str | None:
    """The pronoun that goes with a role, where the word tells."""
    if head.endswith(("woman", "girl", "mother", "actress")):
        return "she"
    return "he" if head.endswith(("man", "father")) else None


def stands_for_bodies(head: str) -> bool:
    """Whether a noun stands for a body or its work: *the group*, *the agency*."""
    return head in lexicon("body_nouns")


def _stem(word: str) -> str:
    return country_of(word) or _SAME_ROLE.get(word, word)
