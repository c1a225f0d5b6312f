"""The types of a result: `Span`, `Quote`, `Speaker`, `Stance`, `SpeakerStance`, `Document`.

All are immutable. Nothing here changes a text: spans are `[start, end)` offsets in code points of `Document.text`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from stance.errors import SpanError
from stance.files import to_json

if TYPE_CHECKING:
    import pandas

Kind = Literal["direct", "mixed", "indirect"]
KINDS: tuple[Kind, ...] = get_args(Kind)
UNNAMED = "unnamed"
PIECE_JOINT = " … "

METADATA = ("id", "title", "outlet", "date", "url", "target", "annotator", "provenance")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a text.

    Attributes:
        start: Offset of the first code point.
        end: Offset behind the last code point; greater than `start`.

    Raises:
        SpanError: The span is empty, reversed or begins before the text.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise SpanError(f"no span runs from {self.start} to {self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def overlaps(self, other: Span) -> bool:
        """Whether the two share at least one code point."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: Span) -> bool:
        """Whether `other` lies within this span, edges included."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Stance:
    """Where one quote stands.

    Attributes:
        label: The most probable label.
        probability: Calibrated probability of `label`; 1 for a label that a person gave.
        probabilities: Probability of each label, adding up to 1, in the order positive, negative, neutral; empty for a label that a person
            gave.
        certain: Whether `probability` reaches the model's threshold; where not, the model does not know, which `neutral` does not mean.
        evidence: The words of the content that carry the label, in text order; empty where they were not asked for.
    """

    label: str
    probability: float = 1.0
    probabilities: Mapping[str, float] = field(default_factory=dict, hash=False)
    certain: bool = True
    evidence: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeakerStance:
    """Where a speaker stands in one article, summed up over that speaker's quotes.

    Attributes:
        label: A stance label, or `mixed`.
        score: From -1 (every quote has the negative label, such as hawkish) to +1 (every quote the positive one, such as engage).
        interval: Bounds of the score's 95 % interval.
    """

    label: str
    score: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Someone who is quoted, under one name in the whole article.

    Attributes:
        name: The fullest form that the article gives, without title.
        mentions: Where quotes name this speaker as their source, in text order.
        stance: The sum over the speaker's quotes; None before stances are known.
        quotes: The speaker's quotes in text order. Quotes and speakers refer to each other, so they are left out of comparison.
    """

    name: str
    mentions: tuple[Span, ...] = ()
    stance: SpeakerStance | None = None
    quotes: tuple[Quote, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Quote:
    """One content by one source.

    Attributes:
        text: The pieces of the content, joined by ` … `.
        content: What is said, in one or more pieces, in text order; quotation marks belong to it.
        source: The words that name who speaks; empty where that place names nobody.
        cue: The words that make it an attribution; may be empty.
        kind: `direct`, `mixed` or `indirect`: all, part or none of the content stands in quotation marks.
        speaker: Who is quoted; None where the article does not tell.
        stance: Where the quote stands; None before it is classified.
        confidence: Calibrated probability, 0 to 1, that this is an attributed quote; 1 where a person labelled it.
        repeats: Position in `Document.quotes` of the quote that this one repeats (a headline, a pull quote), or None.
        note: An annotator's remark.
    """

    text: str
    content: tuple[Span, ...]
    source: tuple[Span, ...] = ()
    cue: tuple[Span, ...] = ()
    kind: Kind = "indirect"
    speaker: Speaker | None = None
    stance: Stance | None = None
    confidence: float = 1.0
    repeats: int | None = None
    note: str = ""

    @property
    def extent(self) -> Span:
        """From the first code point to the last of content, source and cue."""
        parts = (*self.content, *self.source, *self.cue)
        return Span(min(part.start for part in parts), max(part.end for part in parts))


@dataclass(frozen=True, slots=True)
class Document:
    """An article and what was found in it.

    Build one with `Document.assemble` or `Document.from_dict`, which tie speakers to their quotes.

    Attributes:
        text: The article, exactly as given.
        quotes: In text order of their first content piece.
        speakers: By number of quotes, most first; ties in order of first quote.
        id, title, outlet, date, url, target, annotator, provenance: What is known about the article, or None.
    """

    text: str
    quotes: tuple[Quote, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    id: str | None = None
    title: str | None = None
    outlet: str | None = None
    date: str | None = None
    url: str | None = None
    target: str | None = None
    annotator: str | None = None
    provenance: str | None = None

    @classmethod
    def assemble(
        cls, text: str, quotes: Iterable[Quote], speakers: Mapping[str, SpeakerStance | None] | None = None, /, **metadata: str | None
    ) -> Document:
        """Makes a document from quotes whose `speaker` has the right name, and ties both together.

        Args:
            text: The article.
            quotes: Quotes in text order. Only the name of their `speaker` is read; one Speaker a name is made anew.
            speakers: Stance of each speaker by name, where known.
            **metadata: `id`, `title` and the other fields about the article.
        """
        given = tuple(quotes)
        stances = speakers or {}
        rows: dict[str, list[int]] = {}
        for position, quote in enumerate(given):
            if quote.speaker is not None:
                rows.setdefault(quote.speaker.name, []).append(position)
        made = {
            name: Speaker(name, tuple(sorted({span for i in held for span in given[i].source})), stances.get(name))
            for name, held in rows.items()
        }
        tied = tuple(quote if quote.speaker is None else replace(quote, speaker=made[quote.speaker.name]) for quote in given)
        for name, held in rows.items():
            object.__setattr__(made[name], "quotes", tuple(tied[i] for i in held))
        order = sorted(made.values(), key=lambda speaker: (-len(speaker.quotes), rows[speaker.name][0]))
        return cls(text, tied, tuple(order), **metadata)

    @property
    def metadata(self) -> dict[str, str | None]:
        """The fields about the article, by name."""
        return {key: getattr(self, key) for key in METADATA}

    def to_dict(self) -> dict[str, Any]:
        """The document as a labelled article: plain lists, strings and numbers, each span with its text."""
        from stance import rows

        return rows.write(self)

    @classmethod
    def from_dict(cls, row: Mapping[str, Any], place: str = "") -> Document:
        """Reads a labelled article, or what `to_dict` wrote.

        Args:
            row: The dictionary. A quote needs `content`; every span needs `start` and `end`, and its `text` is checked where given.
            place: Where the dictionary comes from, for messages.

        Raises:
            LabelError: A key is missing or of the wrong type, a label is unknown, or a span does not hold its text.
        """
        from stance import rows

        return rows.read(row, place)

    def to_json(self, indent: int | None = None) -> str:
        """The dictionary as JSON text. Lone surrogates, which no file can hold, are escaped."""
        return to_json(self.to_dict(), indent)

    @classmethod
    def from_json(cls, data: str | bytes, place: str = "") -> Document:
        """Reads what `to_json` wrote.

        Raises:
            LabelError: The data is no JSON object, has a key twice, or breaks the format.
        """
        from stance import articles

        return cls.from_dict(articles.load_row(data, place), place)

    def to_pandas(self) -> pandas.DataFrame:
        """A row a quote: who, how, stance, words and offsets; and a column `p_LABEL` for each label's probability.

        Lone surrogates, which no table can hold, are U+FFFD in it.
        """
        import pandas

        from stance import rows
        from stance.text import readable

        flat = [rows.flatten(self, position) for position in range(len(self.quotes))]
        flat = [{key: readable(value) if isinstance(value, str) else value for key, value in row.items()} for row in flat]
        labels = sorted({key for row in flat for key in row if key.startswith("p_")})
        return pandas.DataFrame(flat, columns=[*rows.COLUMNS, *labels])

    def to_html(self, *, page: bool = True) -> str:
        """The article with its quotes marked, and its speakers beside.

        Args:
            page: A whole page; else the fragment that a notebook shows.
        """
        from stance.render import page as pages

        return pages.render([self]) if page else pages.render_fragment(self)

    def _repr_html_(self) -> str:
        return self.to_html(page=False)


def join_pieces(text: str, spans: Sequence[Span]) -> str:
    """The words of several spans, joined by ` … `."""
    return PIECE_JOINT.join(text[span.start : span.end] for span in spans)
