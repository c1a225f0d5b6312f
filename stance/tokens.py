"""Cuts a text of any length into words with subwords, and these into windows that an encoder can read.

A word is what the encoder's pre-tokenizer makes of a text (letters, digits and marks apart). Windows hold whole words and end at paragraphs
where they can; those that end within one overlap, and each word belongs to the window that sees most context around it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from stance.document import Span
from stance.errors import ModelError
from stance.text import paragraphs, quoted, readable

Ints = NDArray[np.int32]

CASES = 5
MARKS = 4
POSITIONS = 3
_CHUNK = 8_000
_PARAGRAPHS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, as parallel arrays.

    Attributes:
        starts, ends: Offsets of each word, code points.
        paragraph: Number of the paragraph that each word stands in.
        pieces: Subword ids of all words in a row.
        first: Index into `pieces` of each word's first subword, and one more entry for the end.
        features: What an uncased encoder cannot see, three small numbers a word: its case (none, lower, capitalised, capitals,
            mixed), quotation marks (outside, opening mark, inside, closing mark), place (paragraph's first word, after a space, glued).
    """

    starts: Ints
    ends: Ints
    paragraph: Ints
    pieces: Ints
    first: Ints
    features: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, cut: slice) -> Words:
        """Some words in a row; offsets and paragraph numbers stay those of the whole text."""
        begin, end, _ = cut.indices(len(self))
        low, high = int(self.first[begin]), int(self.first[end])
        return Words(
            self.starts[begin:end],
            self.ends[begin:end],
            self.paragraph[begin:end],
            self.pieces[low:high],
            self.first[begin : end + 1] - low,
            self.features[begin:end],
        )

    def span(self, begin: int, end: int) -> Span:
        """The span in code points from word `begin` to word `end`, exclusive."""
        return Span(int(self.starts[begin]), int(self.ends[end - 1]))

    def locate(self, span: Span) -> tuple[int, int]:
        """The words that a span touches, as a half-open range; empty where it touches none."""
        begin = int(np.searchsorted(self.ends, span.start, side="right"))
        return begin, max(begin, int(np.searchsorted(self.starts, span.end, side="left")))


@dataclass(frozen=True, slots=True)
class Window:
    """What an encoder reads in one pass.

    Attributes:
        begin, end: The words it holds.
        own_begin, own_end: The words for which it is the window that sees most context.
        pieces: Subword ids, with the start mark and a separator between paragraphs and at the end.
        heads: Position in `pieces` of each word's first subword.
        features: A row for each of `pieces`; see `Words.features`.
    """

    begin: int
    end: int
    own_begin: int
    own_end: int
    pieces: Ints
    heads: Ints
    features: NDArray[np.int8]


def read_words(text: str, tokenizer: Tokenizer) -> Words:
    """Cuts a text into words and subwords.

    Args:
        text: Any string; lone surrogates count as unknown characters.
        tokenizer: A fast tokenizer, its truncation and padding switched off.
    """
    written = readable(text)
    spans = paragraphs(text)
    chunks = [(number, chunk) for number, span in enumerate(spans) for chunk in _chunks(written, span)]
    starts: list[int] = []
    ends: list[int] = []
    owner: list[int] = []
    pieces: list[int] = []
    first: list[int] = []
    for at in range(0, len(chunks), _PARAGRAPHS_AT_ONCE):
        group = chunks[at : at + _PARAGRAPHS_AT_ONCE]
        encodings = tokenizer.encode_batch([written[c.start : c.end] for _, c in group], add_special_tokens=False)
        for (number, chunk), encoding in zip(group, encodings, strict=True):
            last = None
            for piece, (begin, end), word in zip(encoding.ids, encoding.offsets, encoding.word_ids, strict=True):
                if word != last:
                    if end <= begin:
                        continue
                    starts.append(chunk.start + begin)
                    ends.append(chunk.start + end)
                    owner.append(number)
                    first.append(len(pieces))
                    last = word
                else:
                    ends[-1] = max(ends[-1], chunk.start + end)
                pieces.append(piece)
    first.append(len(pieces))
    features = _features(text, spans, starts, ends, owner)
    return Words(_ints(starts), _ints(ends), _ints(owner), _ints(pieces), _ints(first), features)


def _ints(values: Sequence[int]) -> Ints:
    return np.asarray(values, dtype=np.int32)


def _chunks(text: str, paragraph: Span) -> Iterator[Span]:
    start = paragraph.start
    while paragraph.end - start > _CHUNK:
        cut = start + _CHUNK
        back = max(text.rfind(" ", start + 1, cut), text.rfind("\t", start + 1, cut))
        cut = back if back > start else cut
        yield Span(start, cut)
        start = cut
    if start < paragraph.end:
        yield Span(start, paragraph.end)


def _features(text: str, spans: Sequence[Span], starts: Sequence[int], ends: Sequence[int], owner: Sequence[int]) -> NDArray[np.int8]:
    features = np.zeros((len(starts), 3), dtype=np.int8)
    before = -1
    for at, (start, end) in enumerate(zip(starts, ends, strict=True)):
        features[at, 0] = _case(text[start:end])
        features[at, 2] = 0 if at == 0 or owner[at] != owner[at - 1] else 1 if start > before else 2
        before = end
    for paragraph in spans:
        for span in quoted(text, paragraph):
            begin, end = bisect_right(ends, span.start), bisect_left(starts, span.end)
            features[begin:end, 1] = 2
            if begin < end:
                features[begin, 1] = 1
                closed = end - begin > 1 and not text[starts[end - 1]].isalnum() and text[ends[end - 1] - 1] not in ".,!?…;:"
                features[end - 1, 1] = 3 if closed else features[end - 1, 1]
    return features


def _case(word: str) -> int:
    if word.islower():
        return 1
    if not word[0].isupper():
        return 4 if word.upper() != word.lower() else 0
    if len(word) > 1 and word.isupper():
        return 3
    return 2 if word[1:] == word[1:].lower() else 4


def boundary_ids(tokenizer: Tokenizer) -> tuple[int, int]:
    """Ids of a tokenizer's start mark and separator, as it puts them around a text.

    Raises:
        ModelError: It puts nothing around a text, or one mark alone.
    """
    around = tokenizer.encode("").ids
    if len(around) != 2:
        raise ModelError(f"the tokenizer puts {len(around)} marks around a text, where an encoder has one before and one behind it")
    return around[0], around[1]


def cut_windows(words: Words, size: int, overlap: int, boundaries: tuple[int, int], *, first_end: int | None = None) -> list[Window]:
    """Cuts words into overlapping windows.

    Args:
        words: The words of one text.
        size: Most subwords a window may hold, start mark and separators included.
        overlap: Subwords, at least, that a window shares with the one before it where that one ends within a paragraph. Between paragraphs
            nothing is shared: on development data that finds quotes as well, and a fifth less is read.
        boundaries: Ids of the start mark and the separator; see `boundary_ids`.
        first_end: The word before which the first window must end; lets training see the same text cut in other places.

    Returns:
        Windows in text order; every word lies in at least one, and is owned by exactly one.
    """
    count = len(words)
    lengths = np.diff(words.first)
    breaks = np.flatnonzero(np.diff(words.paragraph)) + 1
    cost = lengths.astype(np.int64).clip(max=size - 3)
    cost[breaks] += 1
    total = np.concatenate([[0], np.cumsum(cost)])
    bounds: list[tuple[int, int]] = []
    begin = 0
    while begin < count:
        end = int(np.searchsorted(total, total[begin] + size - 2, side="right")) - 1
        if first_end is not None and not bounds:
            end = min(end, max(1, first_end))
        if end < count:
            end = _last_break(breaks, (2 * begin + end) // 3, end)
        end = max(end, begin + 1)
        bounds.append((begin, end))
        if end >= count:
            break
        begin = end if _is_break(breaks, end) else max(begin + 1, int(np.searchsorted(total, total[end] - overlap, side="left")))
    return [_window(words, bounds, number, size, boundaries) for number in range(len(bounds))]


def _is_break(breaks: NDArray[np.intp], word: int) -> bool:
    at = int(np.searchsorted(breaks, word))
    return at < len(breaks) and int(breaks[at]) == word


def _last_break(breaks: NDArray[np.intp], low: int, high: int) -> int:
    """The last paragraph start in (low, high], else `high`."""
    at = int(np.searchsorted(breaks, high, side="right")) - 1
    return int(breaks[at]) if at >= 0 and breaks[at] > low else high


def _window(words: Words, bounds: Sequence[tuple[int, int]], number: int, size: int, boundaries: tuple[int, int]) -> Window:
    begin, end = bounds[number]
    start, separator = boundaries
    own_begin = begin if number == 0 else (begin + bounds[number - 1][1]) // 2
    own_end = end if number + 1 == len(bounds) else (bounds[number + 1][0] + end) // 2
    pieces: list[int] = [start]
    rows: list[NDArray[np.int8]] = [np.zeros((1, 3), np.int8)]
    heads = np.empty(end - begin, dtype=np.int32)
    for word in range(begin, end):
        if word > begin and words.paragraph[word] != words.paragraph[word - 1]:
            pieces.append(separator)
            rows.append(np.zeros((1, 3), np.int8))
        heads[word - begin] = len(pieces)
        subwords = words.pieces[words.first[word] : words.first[word + 1]][: size - 3]
        pieces.extend(subwords.tolist())
        rows.append(np.repeat(words.features[word : word + 1], len(subwords), axis=0))
    pieces.append(separator)
    rows.append(np.zeros((1, 3), np.int8))
    return Window(begin, end, own_begin, own_end, _ints(pieces), heads, np.concatenate(rows))
