"""Who writes: the name under a letter to the editor, or in the note on its author that ends an opinion column."""

from __future__ import annotations

import re
from bisect import bisect_right

from stance.cast import Cast
from stance.document import Span
from stance.names import Name, find_names

_LONGEST = 60
_NOTES = 3
_TOLD = re.compile(r",? (?:is|was|writes|teaches|works|serves)\b")


class Writers:
    """Those who sign in an article, found once.

    Args:
        cast: Everybody it names.
    """

    def __init__(self, cast: Cast) -> None:
        text, last = cast.text, cast.paragraphs[-_NOTES:]
        short = ((span, _full_name(text, span)) for span in cast.paragraphs if len(span) <= _LONGEST)
        self._signed = [(span.start, name.text) for span, name in short if name and not text[name.span.end : span.end].strip(" .,*–—-")]
        noted = ((span, _full_name(text, span)) for span in last)
        self._told_of = [(span.start, name.text) for span, name in noted if name and _TOLD.match(text, name.span.end)]

    def behind(self, at: int) -> str | None:
        """The name of whoever says *I* at a place outside of all quotes.

        Returns:
            The next name that stands alone in a paragraph, as under a letter; else the last one that opens a paragraph at the very end and
            is told of there. None where there is neither.
        """
        following = bisect_right(self._signed, at, key=lambda signed: signed[0])
        if following < len(self._signed):
            return self._signed[following][1]
        return next((name for start, name in reversed(self._told_of) if start > at), None)


def _full_name(text: str, span: Span) -> Name | None:
    """The name of a person, first name and all, with which a paragraph begins."""
    name = next(iter(find_names(text, span)), None)
    opens = name is not None and not text[span.start : name.span.start].strip(' –—-*“"')
    return name if name and opens and not name.body and len(name.words) > 1 else None
