"""Reads a text's shape: paragraphs, sentences, quotation marks. Nothing here changes a text or moves an offset."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from stance.document import Kind, Span

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’»)\]]*\s+(?=[\"'“‘«(\[]*(?P<next>[^\W_]))")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Lt|Col|Capt|Sgt|Rev|Hon|St|Jr|Sr|No|vs|Jan|Feb|Aug|Sept|Oct|Nov|Dec|Inc|Corp|Ltd|Co)|\b[A-Z])\.$"
)
_LONGEST_ABBREVIATION = len("Sept.")
_OPENING_DOUBLE, _CLOSING_DOUBLE, _PLAIN_DOUBLE = "“„«", "”»", '"＂'
_CLOSED_BY_OPENING = {"“": ("low",), "„": (), "«": ("reversed",)}
_SINGLE = "'‘’‛`´"
_MARKS = re.compile(f"''|``|´´|[{_OPENING_DOUBLE}{_CLOSING_DOUBLE}{_PLAIN_DOUBLE}{_SINGLE}]")
_PLAIN_SHAPE = str.maketrans(dict.fromkeys(_OPENING_DOUBLE + _CLOSING_DOUBLE, '"') | dict.fromkeys(_SINGLE, "'"))
_EDITORIAL = re.compile(r"\[[^\[\]]*\]")
_LEADING_WORD = re.compile(r"\s*that\b", re.IGNORECASE)
_ELISION = re.compile(r"(?:(?:tis|twas|em|cause|til|bout|n|t)\b|\d\d(?![.,]?\d))", re.IGNORECASE)
_APOSTROPHE = re.compile(r"n['’]|(?<=\.['‘])s\b", re.IGNORECASE)
_LATER_CLOSE = re.compile(r"(?:(?!(?<!\w)['‘]\w).)*?[\w.,!?]['’](?!\w)", re.DOTALL)
_WORD_CHARACTER = re.compile(r"\w")
_SURROGATE = re.compile("[\ud800-\udfff]")


def readable(text: str) -> str:
    """A text of the same length with U+FFFD for its lone surrogates, which are no characters."""
    return _SURROGATE.sub("\ufffd", text)


def paragraphs(text: str) -> list[Span]:
    """The lines that hold more than white space, without the white space at their edges."""
    found = []
    for line in _LINE.finditer(text):
        stripped = line[0].strip()
        if stripped:
            start = line.start() + line[0].index(stripped[0])
            found.append(Span(start, start + len(stripped)))
    return found


def sentences(text: str, within: Span) -> list[Span]:
    """The sentences of one paragraph, from full stops and capitals; abbreviations and initials end none."""
    found, start = [], within.start
    for match in _SENTENCE_END.finditer(text, within.start, within.end):
        if match["next"].islower() or _ends_abbreviation(text, match.start(), start):
            continue
        end = match.start() + len(match[0].rstrip())
        if end > start:
            found.append(Span(start, end))
        start = match.end()
    if start < within.end:
        found.append(Span(start, within.end))
    return found


def _ends_abbreviation(text: str, at: int, start: int) -> bool:
    end = at + 1
    return _ABBREVIATION.search(text, max(start, end - _LONGEST_ABBREVIATION), end) is not None


def quoted(text: str, within: Span | None = None) -> list[Span]:
    """The stretches in quotation marks, marks included; outermost ones only.

    Double and single, curly, low and straight marks and guillemets count; an apostrophe, and the mark of a year or a word cut short, does
    not. A mark that the paragraph does not close reaches to the paragraph's end, as in a quote that runs on into the next one; a single
    one only where it opens the paragraph or a sentence, or follows a colon or comma, and »…« must be closed.

    Args:
        text: The text.
        within: One paragraph; the whole text when left out.
    """
    found: list[Span] = []
    for paragraph in paragraphs(text) if within is None else [within]:
        found.extend(_quoted_in_paragraph(text, paragraph))
    return found


class _Mark(NamedTuple):
    """A quotation mark or apostrophe: its place, the family that it may open, and the families that it may close."""

    start: int
    end: int
    opens: str | None
    closes: tuple[str, ...]


def _quoted_in_paragraph(text: str, paragraph: Span) -> list[Span]:
    found: list[Span] = []
    end = paragraph.start
    marks = [_read_mark(match) for match in _MARKS.finditer(text, paragraph.start, paragraph.end)]
    for mark, closing in zip(marks, _closing_marks(marks), strict=True):
        if mark.opens and mark.start >= end and (closing or _runs_on(text, mark, paragraph)):
            end = closing.end if closing else paragraph.end
            found.append(Span(mark.start, end))
    return found


def _closing_marks(marks: Sequence[_Mark]) -> list[_Mark | None]:
    """The mark that closes each one; what looks like an elision has none where another mark opens before."""
    found: list[_Mark | None] = []
    nearest: dict[str | None, _Mark] = {}
    for mark in reversed(marks):
        found.append(nearest.get(mark.opens))
        if mark.opens:
            nearest.pop("elision", None)
        nearest.update(dict.fromkeys(mark.closes, mark))
    return found[::-1]


def _runs_on(text: str, mark: _Mark, paragraph: Span) -> bool:
    """Whether a mark that nothing closes opens a quote that the next paragraph goes on with."""
    if mark.opens != "single":
        return mark.opens in ("double", "low", "tick")
    at = mark.start
    while at > paragraph.start and text[at - 1].isspace():
        at -= 1
    return at == paragraph.start or text[at - 1] in (":,.!?…" if at < mark.start else ":,")


def _read_mark(match: re.Match[str]) -> _Mark:
    before = match.string[match.start() - 1] if match.start() > match.pos else " "
    after = match.string[match.end()] if match.end() < match.endpos else " "
    return _Mark(match.start(), match.end(), _opens(match, before, after), _closes(match, before, after))


def _opens(match: re.Match[str], before: str, after: str) -> str | None:
    mark, text, end = match[0], match.string, match.end()
    if mark in _OPENING_DOUBLE:
        return "low" if mark == "„" else "double"
    if mark in _SINGLE:
        glued = mark in "’´" or _WORD_CHARACTER.match(before) or after.isspace() or before in ')]”"'
        if glued or _APOSTROPHE.match(text, end, match.endpos):
            return None
        return "elision" if _ELISION.match(text, end, match.endpos) else "single"
    if mark == "”" or after.isspace() or before.isalnum():
        return None
    return "reversed" if mark == "»" else "tick" if len(mark) == 2 else "double"


def _closes(match: re.Match[str], before: str, after: str) -> tuple[str, ...]:
    mark, text, end = match[0], match.string, match.end()
    if mark in _SINGLE:
        if mark in "‘`" or before.isspace() or _WORD_CHARACTER.match(after):
            return ()
        plural = before in "sS" and after == " "
        if plural and text[end + 1 : end + 2].islower() and _LATER_CLOSE.match(text, end, match.endpos):
            return ()
        return ("single",) if plural else ("single", "elision")
    if len(mark) == 2:
        return ("tick",)
    if mark in _OPENING_DOUBLE:
        return () if before.isspace() or after.isalnum() else _CLOSED_BY_OPENING[mark]
    return ("double", "low") if mark in _CLOSING_DOUBLE or not before.isspace() or after.isspace() else ()


def with_plain_marks(text: str) -> str:
    """A text of the same length with its quotation marks as a typewriter has them, straight."""
    return text.translate(_PLAIN_SHAPE)


def overlapping(spans: Sequence[Span], place: Span) -> Sequence[Span]:
    """Those of some spans, in order and apart, that share a code point with `place`."""
    low = bisect_right(spans, place.start, key=lambda span: span.end)
    return spans[low : bisect_left(spans, place.end, key=lambda span: span.start)]


def marked_share(text: str, content: Sequence[Span], marked: Sequence[Span]) -> float:
    """The share of a content's letters and digits that stand in quotation marks; a leading *that* and bracketed words are left out."""
    inside = total = 0
    for number, piece in enumerate(content):
        ignored = [Span(piece.start + m.start(), piece.start + m.end()) for m in _EDITORIAL.finditer(text[piece.start : piece.end])]
        leading = _LEADING_WORD.match(text, piece.start, piece.end) if number == 0 else None
        if leading:
            ignored.append(Span(leading.start(), leading.end()))
        places = (piece, *overlapping(marked, piece))
        kept = [_letters(text, piece, place) - sum(_letters(text, place, one) for one in ignored) for place in places]
        total += kept[0]
        inside += sum(kept[1:])
    return inside / total if total else 0.0


def _letters(text: str, one: Span, other: Span) -> int:
    """How many letters and digits two spans share."""
    return sum(map(str.isalnum, text[max(one.start, other.start) : min(one.end, other.end)]))


def kind_of(text: str, content: Sequence[Span], marked: Sequence[Span]) -> Kind:
    """`direct`, `mixed` or `indirect`: all, part or none of a content stands in quotation marks.

    Args:
        text: The text.
        content: The content's pieces.
        marked: What `quoted` gives for the text, in its order.
    """
    share = marked_share(text, content, marked)
    return "direct" if share >= 0.999 else "mixed" if share > 0 else "indirect"
