"""Where the spans of a labelled quote stand that a person told by their words alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stance.articles import ROLES
from stance.document import Span
from stance.text import overlapping, paragraphs, sentences, with_plain_marks

_NEAR = 2
_LISTED = 12
_AROUND = 24


def find_words(text: str, words: str) -> list[int]:
    """Where some words stand in a text, not within longer words unless they stand nowhere else."""
    places = [match.start() for match in re.finditer(f"(?={re.escape(words)})", text)]
    return [at for at in places if _is_whole(text, at, at + len(words))] or places


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a stretch neither begins nor ends within a word."""
    return not (_joined(text, start) or _joined(text, end))


def _joined(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def find_spans(text: str, quote: Mapping[str, Any]) -> dict[tuple[str, int], Span]:
    """Finds the spans of a quote, by role and number; those that the text leaves in doubt are missing.

    A span stands where its offsets say, if its words stand there; else where they stand alone, or alone close to its `start`. Words of a
    content piece that stand several times are looked for in the paragraphs of the quote's other spans, and must stand there once. Those of
    a cue or source are taken outside the content: the one place in a sentence that holds content, else in a paragraph that does; of
    several the nearest, if the next is more than twice as far.

    Args:
        text: The article.
        quote: Its dictionary.
    """
    spans = {(role, n): span for role in ROLES for n, span in enumerate(rows_of(quote, role))}
    found: dict[tuple[str, int], Span] = {}
    doubtful: dict[tuple[str, int], list[Span]] = {}
    for key, row in spans.items():
        places = _places(text, row)
        if len(places) == 1:
            found[key] = places[0]
        elif places:
            doubtful[key] = places
    around = _holding(paragraphs(text), found.values())
    for key, places in doubtful.items():
        near = [place for place in places if overlapping(around, place)]
        if key[0] == "content" and len(near) == 1:
            found[key] = near[0]
    content = [span for (role, _), span in found.items() if role == "content"]
    for key, places in doubtful.items():
        if key[0] != "content" and content:
            nearest = _nearest(text, places, content)
            found |= {key: nearest} if nearest else {}
    return found


def rows_of(quote: Any, role: str) -> list[Any]:
    """What stands as the spans of a role, sound or not; none where the quote is no dictionary or the role no list."""
    rows = quote.get(role) if isinstance(quote, dict) else None
    return rows if isinstance(rows, list) else []


def _places(text: str, row: Any) -> list[Span]:
    """Where a span can stand: several places are a doubt."""
    if not isinstance(row, dict):
        return []
    start, end, words = row.get("start"), row.get("end"), row.get("text")
    if words is None and isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text):
        words = text[start:end]
    if not isinstance(words, str) or not words.strip():
        return []
    bare = words.strip()
    if isinstance(start, int) and isinstance(end, int) and start >= 0 and text[start:end] == words:
        places = [start + words.index(bare)]
    else:
        places = find_words(text, bare)
        if len(places) > 1 and isinstance(start, int):
            places = [place for place in places if abs(place - start) <= _NEAR]
        if len(places) > 1 and not _is_whole(text, places[0], places[0] + len(bare)):
            places = []
    return [Span(place, place + len(bare)) for place in places]


def _holding(stretches: Iterable[Span], spans: Iterable[Span]) -> list[Span]:
    held = sorted(spans, key=lambda span: span.start)
    return [stretch for stretch in stretches if any(stretch.overlaps(span) for span in held)]


def _nearest(text: str, places: Sequence[Span], content: Sequence[Span]) -> Span | None:
    outside = [place for place in places if not any(place.overlaps(piece) for piece in content)]
    holding = _holding(paragraphs(text), content)
    within = _holding([sentence for paragraph in holding for sentence in sentences(text, paragraph)], content)
    near: list[Span] = outside
    for stretches in (within, holding):
        inside = [place for place in outside if overlapping(stretches, place)]
        if inside:
            near = inside
            break
    ranked = sorted((min(max(piece.start - place.end, place.start - piece.end) for piece in content), place) for place in near)
    if not ranked or (len(ranked) > 1 and ranked[1][0] <= 2 * ranked[0][0]):
        return None
    return ranked[0][1]


def lost_words(text: str, words: str, places: Sequence[int]) -> str:
    """Says that words stand nowhere, or at which places, with the number of each one's paragraph, counted from 1."""
    if not places:
        alike = _alike(text, words)
        return f"{words!r} does not stand in the text; {f'did you mean {alike!r}?' if alike else 'copy the words from it'}"
    lines = paragraphs(text)
    listed = []
    for place in places[:_LISTED]:
        number, line = next((n, line) for n, line in enumerate(lines, 1) if line.start <= place < line.end)
        shown = text[max(line.start, place - _AROUND) : min(line.end, place + len(words) + _AROUND)]
        listed.append(f"{place} (paragraph {number}, {shown!r})")
    more = f" and {len(places) - _LISTED} more" if len(places) > _LISTED else ""
    return f"{words!r} stands {len(places)} times, none clearly nearest to the content; give its `start`: {', '.join(listed)}{more}"


def _alike(text: str, words: str) -> str | None:
    """What stands at one place and differs from some words in capitals and the shape of marks alone."""
    plain, wanted = (with_plain_marks(part).upper() for part in (text, words))
    at = plain.find(wanted)
    if len(plain) != len(text) or at < 0 or plain.find(wanted, at + 1) >= 0:
        return None
    return text[at : at + len(wanted)]
