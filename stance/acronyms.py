"""Short forms that a text explains, as *IPAC* for the Inter-Parliamentary Alliance on China."""

from __future__ import annotations

import re

from stance.names import POSSESSIVE, clean, is_body, is_country

_ACRONYM = re.compile(r"\(([A-Z][A-Za-z]*[A-Z]+s?)\)")
_SHORT = re.compile(r"\b(?:[A-Z]{2,6}\b(?!\.\w)|(?:[A-Z]\.){2,5})")
_PHRASE = re.compile(r"(?:U\.[SNK]\.|[A-Z][\w’'-]*)(?:\s+(?:(?:of|for|the|and|on|in)\s+){0,2}[A-Z][\w’'-]*)+")


def acronyms(text: str) -> dict[str, str]:
    """Short forms that the text explains, in brackets or by a name with these initials: short → long."""
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
    return _spelt_out(text) | found


def _spelt_out(text: str) -> dict[str, str]:
    shorts = {match[0]: match[0].replace(".", "") for match in _SHORT.finditer(text) if not is_country(match[0])}
    found: dict[str, str] = {}
    if not shorts:
        return found
    for phrase in _PHRASE.finditer(text):
        every = [word for word in re.finditer(r"(?:[A-Z]\.)+|[\w’'-]+", phrase[0]) if "." in word[0] or not word[0].isupper()]
        for words in ([word for word in every if word[0][0].isupper()], every):
            initials = [word[0].replace(".", "") if "." in word[0] else word[0][0].upper() for word in words]
            joined = "".join(initials)
            owner = [number for number, letters in enumerate(initials) for _ in letters]
            for short, letters in shorts.items():
                at = joined.find(letters)
                if at >= 0 and short not in found:
                    long = phrase[0][words[owner[at]].start() : words[owner[at + len(letters) - 1]].end()]
                    if long[0].isupper() and (len(letters) > 3 or is_body([clean(word) for word in long.split()])):
                        found[short] = POSSESSIVE.sub("", long)
    return found
