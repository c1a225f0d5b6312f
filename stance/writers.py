"""Who writes: the name under a letter to the editor, or in the note on its author that ends an opinion column."""

from __future__ import annotations

import re

from stance.cast import Cast
from stance.document import Span
from stance.names import Name, find_names

_LONGEST = 60
_NOTES = 3
_TOLD = re.compile(r",? (?:is|was|writes|teaches|works|serves)\b")


def writer(cast: Cast, at: int) -> str | None:
    """The name of whoever says *I* outside of all quotes.

    Args:
        cast: Everybody an article names.
        at: Where it is said.

    Returns:
        The next name that stands alone in a paragraph, as under a letter; else the one that opens a paragraph at the very end and is told
        of there. None where there is neither.
    """
    behind = cast.paragraphs[cast.paragraph(at) + 1 :]
    for span in behind:
        name = _full_name(cast.text, span) if len(span) <= _LONGEST else None
        if name and not cast.text[name.span.end : span.end].strip(" .,*–—-"):
            return name.text
    for span in reversed(behind[-_NOTES:]):
        name = _full_name(cast.text, span)
        if name and _TOLD.match(cast.text, name.span.end):
            return name.text
    return None


def _full_name(text: str, span: Span) -> Name | None:
    """The name of a person, first name and all, with which a paragraph begins."""
    name = next(iter(find_names(text, span)), None)
    opens = name is not None and not text[span.start : name.span.start].strip(' –—-*“"')
    return name if name and opens and not name.body and len(name.words) > 1 else None
