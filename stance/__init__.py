"""Reads news articles and says who said what, and where they stand.

`classify` gives a `Document` with quotes, speakers and stances; `segment` the same without stances; `load` a `Pipeline` for many articles;
`estimate` the shares of stances over all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stance import errors
from stance.document import Document, Quote, Span, Speaker, SpeakerStance, Stance

if TYPE_CHECKING:
    from stance.estimates import Estimate, Estimates, estimate
    from stance.pipeline import Pipeline, load

__all__ = [
    "Document",
    "Estimate",
    "Estimates",
    "Pipeline",
    "Quote",
    "Span",
    "Speaker",
    "SpeakerStance",
    "Stance",
    "__version__",
    "classify",
    "errors",
    "estimate",
    "load",
    "segment",
]

__version__ = "0.1.0"

_LAZY = {"Estimate": "estimates", "Estimates": "estimates", "estimate": "estimates", "Pipeline": "pipeline", "load": "pipeline"}


def classify(record: str | Document, *, explain: bool = False) -> Document:
    """Finds an article's quotes and speakers and tells where they stand, with the shipped models.

    Args:
        record: The article's text; or a `Document` whose quotes are to be classified.
        explain: Look for the words that carry each stance (`Stance.evidence`); takes several times as long.

    Raises:
        TypeError: Neither a string nor a `Document`.
        stance.errors.StanceError: The text or a model cannot be used; the message says what and where.
    """
    from stance.pipeline import shared

    return shared()(record, explain=explain)


def segment(text: str) -> Document:
    """Finds an article's quotes and speakers, without stances, with the shipped quotes model.

    Args:
        text: The article.

    Raises:
        TypeError: Not a string.
        stance.errors.StanceError: The text or the model cannot be used; the message says what and where.
    """
    from stance.pipeline import shared

    return shared().segment(text)


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"stance.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
