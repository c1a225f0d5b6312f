"""What can go wrong, as a tree: every exception here derives from `StanceError` and says what and where."""

from __future__ import annotations

__all__ = [
    "CorpusError",
    "DamagedModelError",
    "EstimateError",
    "InputError",
    "LabelError",
    "MarkupError",
    "MissingExtraError",
    "MissingModelError",
    "ModelError",
    "QuestionError",
    "SpanError",
    "StanceError",
    "TrainingError",
]


class StanceError(Exception):
    """Base of everything that this library raises on purpose, wrong types (`TypeError`) apart."""


class InputError(StanceError):
    """A text or a file of texts cannot be read as what it was given as."""


class MarkupError(InputError):
    """A text is an HTML page, not an article's plain text."""


class SpanError(StanceError, ValueError):
    """A span lies outside its text, is empty, or does not hold the words that it is said to hold."""


class LabelError(StanceError):
    """A labelled article breaks its format.

    Attributes:
        place: File, and quote where there is one, as `path: quote 3`.
        reason: What is wrong there.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place = place
        self.reason = reason


class QuestionError(StanceError):
    """A question is not told as it must be, or a model answers another one."""


class CorpusError(StanceError):
    """A corpus' directory or file does not have the layout that its reader expects."""


class ModelError(StanceError):
    """A model directory cannot be used."""


class MissingModelError(ModelError):
    """No model, or not all of its files, stands at the place looked in."""


class DamagedModelError(ModelError):
    """A model's file does not have the checksum, the names or the shapes that its manifest and config give."""


class MissingExtraError(StanceError, ImportError):
    """An optional package is needed for what was asked; the message names the extra that installs it."""


class TrainingError(StanceError):
    """A training run cannot start or go on as its recipe says."""


class EstimateError(StanceError):
    """Shares cannot be estimated from the corpus and the sample that were given."""
