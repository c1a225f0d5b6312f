"""What a stance model answers: a target, and the labels with their meanings. Data, which `question.toml` holds for the shipped model."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from stance.errors import QuestionError

MIXED = "mixed"
_NAMES = ("positive", "negative", "neutral")
_KEYS = {"target", "meanings", *_NAMES}


@dataclass(frozen=True, slots=True)
class Question:
    """What a stance model answers.

    Attributes:
        target: What the stance is about.
        positive: The label that counts +1 in a speaker's score.
        negative: The label that counts -1.
        neutral: The label of quotes that take no side.
        meanings: Of each label a sentence that somebody with that stance would say.
        threshold: The probability from which a label is certain; it is of the model, so that questions are compared without it.
    """

    target: str
    positive: str
    negative: str
    neutral: str
    meanings: Mapping[str, str] = field(default_factory=dict, compare=False)
    threshold: float = field(default=0.0, compare=False)

    @property
    def labels(self) -> tuple[str, str, str]:
        """All labels, in the order of the model's outputs and of `Stance.probabilities`."""
        return self.positive, self.negative, self.neutral

    def to_row(self) -> dict[str, Any]:
        """The question as a model's config, a recipe and `question.toml` hold it."""
        return {"target": self.target, **{name: getattr(self, name) for name in _NAMES}, "meanings": dict(self.meanings)}


def question_of(row: Any, place: str, threshold: float = 0.0) -> Question:
    """The question that a table tells.

    Args:
        row: A table of `target`, `positive`, `negative` and `neutral`, and in it one of `meanings`.
        place: For messages.
        threshold: Of the model that answers it.

    Raises:
        QuestionError: It is no table; something is missing, unknown or no name; two labels are the same; or a meaning is of no label.
    """
    if not isinstance(row, Mapping):
        raise QuestionError(f"{place}: a question is a table, not {row!r}")
    names = {name: row.get(name) for name in ("target", *_NAMES)}
    for name, value in names.items():
        if not isinstance(value, str) or not value.strip() or value != value.strip():
            raise QuestionError(
                f"{place}: {name} = {value!r}: a question needs `target`, {', '.join(_NAMES)}, each a name without space around it"
            )
    labels = [row[name] for name in _NAMES]
    if len({*labels, MIXED}) <= len(labels):
        raise QuestionError(
            f"{place}: labels {', '.join(labels)}: they must differ, and none may be {MIXED!r}, which a speaker's sum can be"
        )
    meanings = row.get("meanings", {})
    if not isinstance(meanings, Mapping) or meanings.keys() - set(labels) or not all(isinstance(value, str) for value in meanings.values()):
        raise QuestionError(f"{place}: `meanings` must be a table of sentences for {', '.join(labels)}")
    if row.keys() - _KEYS:
        raise QuestionError(f"{place}: no question has {', '.join(sorted(row.keys() - _KEYS))}")
    positive, negative, neutral = labels
    return Question(row["target"], positive, negative, neutral, dict(meanings), threshold)


def read_question(path: Path) -> Question:
    """Reads a question from a TOML file.

    Raises:
        QuestionError: The file cannot be read, is no TOML, or breaks the format.
    """
    try:
        row = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise QuestionError(f"{path}: no question: {error}") from None
    return question_of(row, str(path))


@cache
def shipped_question() -> Question:
    """The question that the shipped stance model answers."""
    return question_of(tomllib.loads(files("stance").joinpath("question.toml").read_text("utf-8")), "question.toml")
