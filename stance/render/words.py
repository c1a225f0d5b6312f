"""Documents in words, as page and terminal show them: heading and summary, stances, scores, and which side a label is on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from stance.document import Document, SpeakerStance, Stance
from stance.questions import MIXED, shipped_question

NO_STANCE = "no stance"
UNCERTAIN = "uncertain"
NO_QUOTES = "No attributed quotes in this article: nobody is quoted, or nobody is named as saying it."
SIDES = ("positive", "negative", "neutral")

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SIGNS = str.maketrans("-", "−")


def sides_of(document: Document) -> dict[str, str]:
    """Which side each label of a document is on.

    Args:
        document: Its labels are those of the model that read it; of the shipped question where no model has.

    Returns:
        `positive`, `negative`, `neutral` and `mixed`, in this order, each by its label.
    """
    shares: list[Mapping[str, float]] = [quote.stance.probabilities for quote in document.quotes if quote.stance]
    labels = next((tuple(share) for share in shares if len(share) == len(SIDES)), shipped_question().labels)
    return {**dict(zip(labels, SIDES, strict=True)), MIXED: MIXED}


def readable(text: str) -> str:
    """Text that can be shown and written anywhere, on one line.

    Args:
        text: Any string.

    Returns:
        The text with U+FFFD for each lone surrogate and control character; a space for those that are white space.
    """
    return _UNPRINTABLE.sub(lambda match: " " if match[0].isspace() else "\ufffd", text)


def percentage(probability: float) -> str:
    """A probability in whole per cent; what is not certain never reads `100%`."""
    return ">99%" if 0.995 <= probability < 1 else f"{probability:.0%}"


def signed(score: float) -> str:
    """A score with its sign and two decimals."""
    return "0.00" if abs(score) < 0.005 else f"{score:+.2f}".translate(_SIGNS)


def interval_words(stance: SpeakerStance) -> str:
    """The bounds of a speaker's score."""
    return f"{signed(stance.interval[0])} to {signed(stance.interval[1])}"


def stance_words(stance: Stance | None) -> str:
    """A stance with its probability, which a label that a person gave has not, and a word where the model is not certain."""
    return NO_STANCE if stance is None else " ".join(filter(None, (stance.label, chance(stance))))


def counted(number: int, noun: str) -> str:
    """A number and its noun, in the plural where needed."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def heading(document: Document) -> tuple[str, str]:
    """What stands above a document.

    Args:
        document: The article.

    Returns:
        Its title, or what can stand for one; outlet and date where known, else an empty string.
    """
    return document.title or document.id or "Untitled article", " · ".join(filter(None, (document.outlet, _long_date(document.date))))


def summary(document: Document) -> str:
    """How many quotes and speakers a document has, and what the stances are about."""
    if not document.quotes:
        return NO_QUOTES
    words = f"{counted(len(document.quotes), 'quote')}, {counted(len(document.speakers), 'named speaker')}"
    aimed = document.target and any(quote.stance for quote in document.quotes)
    return f"{words}; stance towards {document.target}" if aimed else words


def chance(stance: Stance) -> str:
    """The probability of a stance, and a word where the model is not certain."""
    known = percentage(stance.probability) if stance.probabilities or stance.probability != 1 else ""
    return known if stance.certain else f"{known}, {UNCERTAIN}".removeprefix(", ")


def _long_date(written: str | None) -> str | None:
    try:
        day = date.fromisoformat(written or "")
    except ValueError:
        return written
    return f"{day.day} {day:%B} {day.year}"
