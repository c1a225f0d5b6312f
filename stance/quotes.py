"""Makes quotes of what the tagger saw: decodes spans, links contents to cue and source, joins pieces and run-ons, tells the kind."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stance.document import Quote, Span, join_pieces
from stance.names import is_function_word
from stance.tagger import CONTENT, INNER, LAYERS, LINKS, Floats, WindowScores
from stance.text import kind_of, overlapping
from stance.tokens import Window, Words

Range = tuple[int, int]
_IMPOSSIBLE = np.float32(-1e9)
_SIDE_BY_SIDE = 64


@dataclass(frozen=True, slots=True)
class _Piece:
    """One content span with what it points to, as ranges of words; None where it points to nothing."""

    words: Range
    cue: Range | None
    source: Range | None
    scores: dict[str, float]


@dataclass(slots=True)
class _Draft:
    """A quote in the making."""

    pieces: list[_Piece] = field(default_factory=list)
    cue: Range | None = None


def decode(text: str, words: Words, windows: Sequence[Window], scores: Sequence[WindowScores], marked: Sequence[Span]) -> list[Quote]:
    """Turns the tagger's probabilities into quotes without speakers.

    Args:
        text: The text that the words stand in.
        words: All its words, or those of some paragraphs.
        windows: Windows that own every word once.
        scores: What the tagger said of each window.
        marked: What stands in quotation marks; see `text.quoted`.

    Returns:
        Quotes in text order; `confidence` is raw, between 0 and 1, and not yet calibrated.
    """
    if not len(words):
        return []
    tags = np.empty((len(words), len(LAYERS), 3), dtype=np.float32)
    for window, scored in zip(windows, scores, strict=True):
        tags[window.own_begin : window.own_end] = scored.tags[window.own_begin - window.begin : window.own_end - window.begin]
    paragraph_starts = np.concatenate([[True], np.diff(words.paragraph) != 0])
    layers = dict(zip(LAYERS, best_spans(tags, paragraph_starts), strict=True))
    owners = [window.own_begin for window in windows]
    quotes = []
    for layer in (CONTENT, INNER):
        said = [span for span in layers[LAYERS[layer]] if _has_words(text, words.span(*span))]
        pieces = [_link(span, layers, windows, scores, bisect_right(owners, span[0]) - 1) for span in said]
        if layer == INNER:
            pieces = [piece for piece in pieces if _is_told_within(piece, layers["content"])]
        made = [_finish(text, words, draft, tags[:, layer], marked) for draft in _join(text, words, pieces, marked)]
        quotes += [quote for quote in made if quote.kind != "indirect" or _says_something(quote.text)]
    return sorted(quotes, key=lambda quote: (quote.content[0], quote.content[-1]))


def _is_told_within(piece: _Piece, contents: Sequence[Range]) -> bool:
    """Whether a piece stands with its source and cue in one of the contents, and so is a quote within that quote."""
    at = bisect_right(contents, piece.words[0], key=lambda content: content[0]) - 1
    if at < 0 or contents[at] == piece.words:
        return False
    begin, end = contents[at]
    return all(part is not None and begin <= part[0] and part[1] <= end for part in (piece.words, piece.source, piece.cue))


def _has_words(text: str, span: Span) -> bool:
    return any(character.isalnum() for character in text[span.start : span.end])


def _says_something(content: str) -> bool:
    """Whether an indirect content is more than function words, such as a lone *the* whose rest was not taken for content."""
    return not all(is_function_word(word) for word in re.findall(r"\w+", content))


def best_spans(tags: Floats, paragraph_starts: NDArray[np.bool_]) -> list[list[Range]]:
    """The most probable well-formed spans of each layer (Viterbi): an inside tag follows only a begin or an inside tag of its paragraph.

    No span crosses paragraphs, so those of like length are decoded side by side.

    Args:
        tags: Log-probabilities, words × layers × (O, B, I).
        paragraph_starts: Where a word opens a paragraph; the first does.

    Returns:
        For each layer its spans, as half-open ranges of words in order.
    """
    best = np.empty(tags.shape[:2], dtype=np.int8)
    starts = np.flatnonzero(paragraph_starts)
    lengths = np.diff(starts, append=len(tags))
    order = np.argsort(lengths, kind="stable")
    for at in range(0, len(order), _SIDE_BY_SIDE):
        chosen = order[at : at + _SIDE_BY_SIDE]
        places = np.arange(lengths[chosen[-1]])[:, None]
        held = places < lengths[chosen]
        words = (starts[chosen] + places)[held]
        padded = np.empty((*held.shape, *tags.shape[1:]), dtype=np.float32)
        padded[...] = (0, _IMPOSSIBLE, _IMPOSSIBLE)
        padded[held] = tags[words]
        best[words] = _best_tags(padded)[held]
    return [_ranges(best[:, layer]) for layer in range(tags.shape[1])]


def _best_tags(tags: Floats) -> NDArray[np.int8]:
    """The best tags, words × paragraphs × layers, of paragraphs side by side, from words × paragraphs × layers × (O, B, I)."""
    outside, begin, inside = np.moveaxis(tags, -1, 0)
    into_inside = np.empty(outside.shape, dtype=np.int8)
    into_others = np.empty(outside.shape, dtype=np.int8)
    out, first, later = outside[0], begin[0], np.full_like(inside[0], _IMPOSSIBLE)
    for at in range(1, len(tags)):
        held = np.maximum(first, later)
        into_inside[at] = np.where(first >= later, 1, 2)
        into_others[at] = np.where(out >= held, 0, into_inside[at])
        reached = np.maximum(out, held)
        out, first, later = reached + outside[at], reached + begin[at], held + inside[at]
    found = np.empty(outside.shape, dtype=np.int8)
    found[-1] = np.where(out >= np.maximum(first, later), 0, np.where(first >= later, 1, 2))
    for at in range(len(tags) - 1, 0, -1):
        found[at - 1] = np.where(found[at] == 2, into_inside[at], into_others[at])
    return found


def _ranges(tags: NDArray[np.int8]) -> list[Range]:
    begins, stops = np.flatnonzero(tags == 1), np.append(np.flatnonzero(tags != 2), len(tags))
    ends = stops[np.searchsorted(stops, begins, side="right")]
    return list(zip(begins.tolist(), ends.tolist(), strict=True))


def _link(content: Range, layers: dict[str, list[Range]], windows: Sequence[Window], scores: Sequence[WindowScores], owner: int) -> _Piece:
    begin, end = content
    number = _widest(content, windows, owner)
    window, scored = windows[number], scores[number]
    linked = scored.link(begin - window.begin, min(end, window.end) - window.begin)
    chosen: dict[str, Range | None] = {}
    probabilities: dict[str, float] = {}
    for column, role in enumerate(LINKS):
        first = bisect_left(layers[role], (window.begin, 0))
        last = bisect_left(layers[role], (window.end, 0))
        candidates = layers[role][first:last]
        rows = linked[[0, *(1 + span[0] - window.begin for span in candidates)], column]
        share = np.exp(rows - rows.max())
        share /= share.sum()
        best = int(share.argmax())
        chosen[role] = candidates[best - 1] if best else None
        probabilities[role] = float(share[best])
    return _Piece(content, chosen["cue"], chosen["source"], probabilities)


def _widest(content: Range, windows: Sequence[Window], owner: int) -> int:
    """Of the window that owns a content's first word and its neighbours the one that holds the content whole, with most context."""
    near = range(max(0, owner - 1), min(len(windows), owner + 2))
    whole = [n for n in near if windows[n].begin <= content[0] and content[1] <= windows[n].end]
    return max(whole, key=lambda n: min(content[0] - windows[n].begin, windows[n].end - content[1]), default=owner)


def _join(text: str, words: Words, pieces: Sequence[_Piece], marked: Sequence[Span]) -> list[_Draft]:
    """Pieces of one cue are one quote; a piece without cue joins the quote that it runs on from, or that runs on into it."""
    drafts: list[_Draft] = []
    by_cue: dict[Range, _Draft] = {}
    last: tuple[_Piece, _Draft] | None = None
    for piece in pieces:
        draft = by_cue.get(piece.cue) if piece.cue else None
        if draft is None and last is not None:
            runs_on = _runs_on(text, words, last[0], piece)
            free = last[1].cue is None or piece.cue is None
            if free and (runs_on or (piece.cue is None and piece.source is None and _follows(text, words, last[0], piece, marked))):
                draft = last[1]
        if draft is None:
            draft = _Draft()
            drafts.append(draft)
        draft.pieces.append(piece)
        if draft.cue is None and piece.cue is not None:
            draft.cue = piece.cue
            by_cue[piece.cue] = draft
        last = (piece, draft)
    return drafts


def _runs_on(text: str, words: Words, before: _Piece, piece: _Piece) -> bool:
    """Whether `before` leaves its marks open at the end of its paragraph and `piece` opens the next one with a mark."""
    one, two = words.span(*before.words), words.span(*piece.words)
    if words.paragraph[piece.words[0]] != words.paragraph[before.words[1] - 1] + 1:
        return False
    opens = text[two.start] in "“\"‘'«„" and _opens_paragraph(words, piece)
    held = text[one.start : one.end]
    return opens and held[0] in "“\"‘'«„" and held[-1] not in "”\"’'»"


def _opens_paragraph(words: Words, piece: _Piece) -> bool:
    at = piece.words[0]
    return at == 0 or bool(words.paragraph[at] != words.paragraph[at - 1])


def _follows(text: str, words: Words, before: _Piece, piece: _Piece, marked: Sequence[Span]) -> bool:
    """Whether `piece`, in marks, opens the next paragraph after `before`, in marks too, and is no pull quote of its words."""
    one, two = words.span(*before.words), words.span(*piece.words)
    adjacent = words.paragraph[piece.words[0]] == words.paragraph[before.words[1] - 1] + 1
    in_marks = all(any(mark.start <= span.start for mark in overlapping(marked, span)) for span in (one, two))
    repeats = text[two.start + 1 : two.end - 1].rstrip(".,!?") in text[one.start : one.end]
    return bool(adjacent) and in_marks and not repeats and _opens_paragraph(words, piece)


def _uninterrupted(words: Words, pieces: Sequence[Range]) -> list[Range]:
    """The pieces of a quote, those of a paragraph between which no word stands made one."""
    joined: list[Range] = []
    for begin, end in pieces:
        if joined and joined[-1][1] == begin and words.paragraph[begin] == words.paragraph[begin - 1]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return joined


def _finish(text: str, words: Words, draft: _Draft, tags: Floats, marked: Sequence[Span]) -> Quote:
    content = tuple(words.span(*joined) for joined in _uninterrupted(words, [piece.words for piece in draft.pieces]))
    votes: dict[Range | None, float] = {}
    for piece in draft.pieces:
        votes[piece.source] = votes.get(piece.source, 0.0) + piece.scores["source"] * (1.0 if piece.source else 0.5)
    source = max(votes, key=lambda span: votes[span])
    certainty = [float(np.exp(tags[begin:end].max(axis=-1)).mean()) for begin, end in (piece.words for piece in draft.pieces)]
    edges = min(float(np.exp(tags[piece.words[0], 1])) for piece in draft.pieces)
    linked = min(piece.scores["source"] for piece in draft.pieces)
    return Quote(
        join_pieces(text, content),
        content,
        source=(words.span(*source),) if source else (),
        cue=(words.span(*draft.cue),) if draft.cue else (),
        kind=kind_of(text, content, marked),
        confidence=float(np.clip((sum(certainty) / len(certainty)) * edges * linked, 1e-6, 1 - 1e-6)),
    )
