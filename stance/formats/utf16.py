"""Offsets in UTF-16 code units, as JavaScript counts, and in code points, as Python does."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from stance.document import Span
from stance.errors import SpanError


@dataclass(frozen=True, slots=True)
class Units:
    """Where each code point of a text begins.

    Attributes:
        starts: By code point, its offset in code units; one more for the text's end.
    """

    starts: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Units:
        """Counts a text."""
        return cls([0, *accumulate(2 if ord(character) > 0xFFFF else 1 for character in text)])

    def pair(self, span: Span) -> tuple[int, int]:
        """Start and end of a span in code units."""
        return self.starts[span.start], self.starts[span.end]

    def span(self, start: int, end: int) -> Span:
        """The span that two offsets in code units bound.

        Raises:
            SpanError: They do not lie within the text, hold nothing between them, or cut a character in two.
        """
        if not 0 <= start < end <= self.starts[-1]:
            raise SpanError(f"span {start}–{end} is not within the text of {self.starts[-1]} code units")
        points = bisect_left(self.starts, start), bisect_left(self.starts, end)
        if (self.starts[points[0]], self.starts[points[1]]) != (start, end):
            raise SpanError(f"span {start}–{end} cuts a character in two: offsets count UTF-16 code units")
        return Span(*points)
