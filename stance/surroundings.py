"""Where a source stands: its paragraph, sentence and marks, and the quotes before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stance.cast import Cast, Entity
from stance.descriptions import head_of, is_plural, role_words
from stance.document import Quote, Span

REACH = 40
NEAR = 2


@dataclass(frozen=True, slots=True)
class Said:
    """An earlier quote and who said it."""

    quote: Quote
    name: str | None
    entity: Entity | None = None


class Place:
    """A pronoun in its surroundings.

    Args:
        cast: Everybody the article names.
        at: Where the pronoun stands.
        quote: The quote whose source it is.
        said: The quotes before, in text order.
    """

    def __init__(self, cast: Cast, at: int, quote: Quote | None, said: Sequence[Said]) -> None:
        self.cast, self.at = cast, at
        self.sentence, self.paragraph = cast.sentence(at), cast.paragraph(at)
        self.marks = cast.marks_at(at)
        self.own = quote.content if quote else ()
        self.behind = quote is not None and quote.content[0].start < at
        said = said[-REACH:]
        self.outer = next((one for one in reversed(said) if any(span.start <= at < span.end for span in one.quote.content)), None)
        self.said = [one for one in said if one is not self.outer and one.quote.extent.start < at]
        self.last = next((one for one in reversed(self.said) if one.name), None)
        self.recent = {one.name for one in self.said[-4:]}

    def is_free(self, mention: Span) -> bool:
        """Whether a mention is the writer's, or stands in the words that the pronoun stands in too."""
        marks = self.cast.marks_at(mention.start)
        return (marks is None or marks == self.marks) and not any(span.contains(mention) for span in self.own)

    def is_reported(self, mention: Span) -> bool:
        """Whether a mention stands in what somebody else is reported to have said."""
        return any(span.contains(mention) for one in self.said[-8:] for span in one.quote.content)

    def speaker_near(self, name: str) -> bool:
        """Whether somebody spoke last, in this paragraph or the one before."""
        last = self.last
        return last is not None and last.name == name and self.paragraph - self.cast.paragraph(last.quote.extent.end - 1) <= 1

    def since(self, one: Said) -> int:
        """How many paragraphs ago somebody spoke."""
        return self.paragraph - self.cast.paragraph(one.quote.extent.end - 1)

    def told(self, name: str, head: str) -> str | None:
        """A source told of more fully before: *the spokesman* for *Apple spokesman*, *the analysts* for the two that were named.

        Args:
            name: The description, without article.
            head: Its head.
        """
        if len(name.split()) > 2:
            return None
        for one in reversed(self.said[-12:]):
            if one.name is None or not one.quote.source:
                continue
            source = self.cast.text[one.quote.source[0].start : one.quote.source[0].end]
            if one.entity is None and head_of(one.name) == head and role_words(name) < role_words(one.name):
                return one.name
            if is_plural(head) and " and " in one.name and re.search(rf"\b{re.escape(head)}\b", source):
                return one.name
        return None
