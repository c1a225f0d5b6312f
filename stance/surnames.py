"""Which word of a name is the family name, and what else a person may go by: another of the words, or that one misspelt."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stance.names import lexicon

_SURNAMES_FIRST, _PARTICLES = lexicon("surnames_first"), lexicon("particles")
_ONSET, _END = ("|".join(sorted(lexicon(name))) for name in ("syllable_onsets", "syllable_ends"))
_SILENT_E = r"[aeiouln][bcdfgklmnprstw]e"
_GIVEN = re.compile(rf"(?:{_ONSET})?(?:{_END})(?:(?:{_ONSET})(?:{_END})(?<!{_SILENT_E}))?")


def surname_at(words: Sequence[str]) -> int:
    """Where the family name stands in a name: first in *Xi Jinping*, second in *Chris Tang Ping-keung*, else last, as in *Kim Darroch*.

    Args:
        words: The name's words as `stance.names.plain_words` gives them.
    """
    if is_surname_first(words):
        return 0
    return 1 if len(words) > 2 and "-" in words[-1] and is_surname_first(words[1:]) else len(words) - 1


def is_surname_first(words: Sequence[str]) -> bool:
    """Whether a name, its words plain, begins with the family name, as Chinese and Korean ones do."""
    return 2 <= len(words) <= 3 and words[0] in _SURNAMES_FIRST and ("-" in words[1] or bool(_GIVEN.fullmatch(words[1])))


def other_name(words: Sequence[str]) -> str | None:
    """What a person may go by instead: *Yin* in *Yi Yin*, if the family name is last after all, *Lula* in *Luiz Inácio Lula da Silva*."""
    if len(words) == 2 and is_surname_first(words):
        return words[-1]
    particle = next((at for at, word in enumerate(words) if at > 1 and (word in _PARTICLES or word.startswith(("d'", "l'")))), None)
    return words[particle - 1] if particle else None


def sound(surname: str) -> str:
    """What misspellings of a surname share: its first letter and the consonants after it; empty for short names, which are too alike."""
    low = surname.lower()
    bones = low[:1] + re.sub(r"[aeiouy]|(\w)(?=\1)", "", low[1:])
    return bones if len(bones) >= 4 and len(low) >= 6 else ""


def is_misspelt(one: str, other: str) -> bool:
    """Whether two words are the same but for one letter, at most, that is wrong, missing or too many."""
    short, long = sorted((one, other), key=len)
    at = next((at for at, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]
