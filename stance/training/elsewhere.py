"""Quotes about China told of another country, of which the same words take no side: what is asked is not in the verbs alone.

Counterfactual augmentation (Kaushik, Hovy and Lipton 2020, "Learning the Difference that Makes a Difference with Counterfactually-Augmented
Data"), by rule: the label of what nothing but the country made a side is known without reading it again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from stance.errors import TrainingError
from stance.questions import Question, shipped_question
from stance.training.teacher import Strings

_HOME = ("China", "Chinese", "Beijing", "Xi Jinping", "Xi", "CHINA")
_AWAY = (
    ("India", "Indian", "Delhi", "Narendra Modi", "Modi", "INDIA"),
    ("Brazil", "Brazilian", "Brasília", "Lula da Silva", "Lula", "BRAZIL"),
    ("Turkey", "Turkish", "Ankara", "Tayyip Erdogan", "Erdogan", "TURKEY"),
    ("Vietnam", "Vietnamese", "Hanoi", "To Lam", "Lam", "VIETNAM"),
    ("Mexico", "Mexican", "Mexico City", "Claudia Sheinbaum", "Sheinbaum", "MEXICO"),
    ("Japan", "Japanese", "Tokyo", "Shinzo Abe", "Abe", "JAPAN"),
    ("Germany", "German", "Berlin", "Angela Merkel", "Merkel", "GERMANY"),
    ("Nigeria", "Nigerian", "Abuja", "Muhammadu Buhari", "Buhari", "NIGERIA"),
    ("Indonesia", "Indonesian", "Jakarta", "Joko Widodo", "Widodo", "INDONESIA"),
    ("Canada", "Canadian", "Ottawa", "Justin Trudeau", "Trudeau", "CANADA"),
    ("Norway", "Norwegian", "Oslo", "Erna Solberg", "Solberg", "NORWAY"),
    ("Iran", "Iranian", "Tehran", "Hassan Rouhani", "Rouhani", "IRAN"),
)
_WORDS = re.compile(rf"\b(?:{'|'.join(_HOME)})\b")
_BOUND = re.compile(
    r"South China Sea|Great Wall|\b(?:Taiwan|Taipei|Tsai|Hong ?Kong|Carrie Lam|Xinjiang|U[iy]gh?ur|Tibet|Dalai|Huawei|ZTE|TikTok|WeChat|Alibaba|Tencent"
    r"|Hikvision|Tiananmen|Shanghai|Wuhan|Shenzhen|Guang|Macau|mainland|Communist|Politburo|Sino|yuan|renminbi|PRC|CCP|CPC|Falun|Mao|Deng"
    r"|Confucius|virus|coronavirus|Asia)",
    re.IGNORECASE,
)


def move(labelled: Sequence[tuple[Strings, int]], question: Question, count: int, draw: random.Random) -> list[tuple[Strings, int]]:
    """Passages that take a side, drawn by chance and told of another country, as neutral ones.

    Those that name what only China has are left out, and those that do not name China: what makes them a side stays.

    Args:
        labelled: Passages with the indices of their labels.
        question: What the labels answer.
        count: How many are made, at most.
        draw: Source of chance.

    Raises:
        TrainingError: The question is about something else than China.
    """
    if question != shipped_question():
        raise TrainingError(f"no passage about {question.target!r} can be told of another country: a stage's `elsewhere` is for China")
    neutral = question.labels.index(question.neutral)
    fitting = [strings for strings, label in labelled if label != neutral and _can_move(" ".join(strings))]
    return [(_moved(strings, draw.choice(_AWAY)), neutral) for strings in draw.sample(fitting, min(count, len(fitting)))]


def _can_move(passage: str) -> bool:
    return _WORDS.search(passage) is not None and _BOUND.search(passage) is None


def _moved(strings: Strings, away: Sequence[str]) -> list[str]:
    names = dict(zip(_HOME, away, strict=True))
    return [_WORDS.sub(lambda match: names[match[0]], string) for string in strings]
