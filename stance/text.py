"""Reads a text's shape: paragraphs, sentences, quotation marks. Nothing here changes a text or moves an offset."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from stance.document import Kind, Span

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+(?=[\"'“‘«(\[]*(?P<next>[^\W_]))")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Lt|Col|Capt|Sgt|Rev|Hon|St|Jr|Sr|No|vs|Jan|Feb|Aug|Sept|Oct|Nov|Dec|Inc|Corp|Ltd|Co)|\b[A-Z])\.$"
)
_OPENING_DOUBLE, _CLOSING_DOUBLE, _PLAIN_DOUBLE = "“„«", "”»", '"＂'
_SINGLE = "'‘’‛`´"
_MARKS = re.compile(f"[{_OPENING_DOUBLE}{_CLOSING_DOUBLE}{_PLAIN_DOUBLE}{_SINGLE}]")
_PLAIN_SHAPE = str.maketrans(dict.fromkeys(_OPENING_DOUBLE + _CLOSING_DOUBLE, '"') | dict.fromkeys(_SINGLE, "'"))
_EDITORIAL = re.compile(r"\[[^\[\]]*\]")
_LEADING_WORD = re.compile(r"\s*that\b", re.IGNORECASE)
_ELISION = re.compile(r"(?:tis|twas|em|cause|til|n|\d\ds)\b", re.IGNORECASE)
_LATER_CLOSE = re.compile(r"(?:(?!(?<!\w)['‘]\w).)*?[\w.,!?]['’](?!\w)", re.DOTALL)
_WORD_CHARACTER = re.compile(r"\w")


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
        head = text[start : match.start() + 1]
        if match["next"].islower():
            continue
        if match[0][0] == "." and _ABBREVIATION.search(head):
            continue
        end = match.start() + len(match[0].rstrip())
        if end > start:
            found.append(Span(start, end))
        start = match.end()
    if start < within.end:
        found.append(Span(start, within.end))
    return found


def quoted(text: str, within: Span | None = None) -> list[Span]:
    """The stretches in quotation marks, marks included; outermost ones only.

    Double and single, curly and straight marks and guillemets count; an apostrophe does not. A mark that the paragraph does not close
    reaches to the paragraph's end, as in a quote that runs on into the next one.

    Args:
        text: The text.
        within: One paragraph; the whole text when left out.
    """
    found: list[Span] = []
    for paragraph in paragraphs(text) if within is None else [within]:
        found.extend(_quoted_in_paragraph(text, paragraph))
    return found


def _quoted_in_paragraph(text: str, paragraph: Span) -> list[Span]:
    found: list[Span] = []
    opened: tuple[int, str] | None = None
    skip = -1
    for match in _MARKS.finditer(text, paragraph.start, paragraph.end):
        at, mark = match.start(), match[0]
        if at == skip:
            continue
        family = "single" if mark in _SINGLE else "double"
        if family == "single" and at + 1 < paragraph.end and text[at + 1] == mark and mark in "'`´":
            family, skip = "tick", at + 1
        if opened is None:
            if _opens(text, at, mark, family, paragraph):
                opened = (at, family)
        elif opened[1] == family and _closes(text, at, mark, family, paragraph):
            found.append(Span(opened[0], at + (2 if family == "tick" else 1)))
            opened = None
    if opened is not None and (opened[1] != "single" or opened[0] == paragraph.start or text[opened[0] - 1] in ": ,"):
        found.append(Span(opened[0], paragraph.end))
    return found


def _neighbours(text: str, at: int, width: int, paragraph: Span) -> tuple[str, str]:
    before = text[at - 1] if at > paragraph.start else " "
    after = text[at + width] if at + width < paragraph.end else " "
    return before, after


def _opens(text: str, at: int, mark: str, family: str, paragraph: Span) -> bool:
    before, after = _neighbours(text, at, 2 if family == "tick" else 1, paragraph)
    if mark in _OPENING_DOUBLE:
        return True
    if mark in _CLOSING_DOUBLE:
        return False
    if family == "single":
        if mark in "’´" or _WORD_CHARACTER.match(before) or after.isspace() or before in ')]”"':
            return False
        return mark == "‘" or not _ELISION.match(text, at + 1)
    return not after.isspace() and not before.isalnum()


def _closes(text: str, at: int, mark: str, family: str, paragraph: Span) -> bool:
    before, after = _neighbours(text, at, 2 if family == "tick" else 1, paragraph)
    if mark in _OPENING_DOUBLE:
        return False
    if family != "single":
        return mark in _CLOSING_DOUBLE or family == "tick" or not before.isspace() or after.isspace()
    if mark in "‘`" or before.isspace() or _WORD_CHARACTER.match(after):
        return False
    plural = before in "sS" and after == " " and at + 2 < paragraph.end and text[at + 2].islower()
    return not (plural and _LATER_CLOSE.match(text, at + 1, paragraph.end))


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
