"""Checks labelled articles, all that is wrong and not the first thing alone; mends what is certain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.articles import LABELS, ROLES, load_row, split_file
from stance.corpora import is_present, read_texts
from stance.document import KINDS, UNNAMED, Span
from stance.errors import LabelError
from stance.standoff import is_standoff, join_text
from stance.text import kind_of, quoted


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a labelled article.

    Attributes:
        place: File, and quote where there is one.
        message: What is wrong and what to do.
    """

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def check_file(path: Path, labels: Sequence[str] = LABELS) -> list[Problem]:
    """Lists what is wrong with the labelled articles of a file.

    Stand-off labels are checked against their texts where those are at hand, else for their form.

    Args:
        path: A `.json` or `.jsonl` file.
        labels: The stance labels that may stand.
    """
    try:
        parts = split_file(path)
    except LabelError as error:
        return [Problem(error.place, error.reason)]
    texts: Mapping[str, str] | None = None
    problems: list[Problem] = []
    for place, data in parts:
        try:
            row = load_row(data, place)
            if is_standoff(row):
                texts = (read_texts(path.stem) if is_present(f"{path.stem}/train/some") else {}) if texts is None else texts
                row = join_text(row, texts.get(str(row["id"])), place)
                if row["text"] is None:
                    continue
        except LabelError as error:
            problems.append(Problem(error.place, error.reason))
        else:
            problems.extend(Problem(f"{place}{where}", message) for where, message in _check_row(row, labels))
    return problems


def _check_row(row: Mapping[str, Any], labels: Sequence[str]) -> Iterator[tuple[str, str]]:
    text, quotes = row.get("text"), row.get("quotes")
    if not isinstance(text, str) or not text.strip():
        yield "", "no `text`"
        return
    if not isinstance(quotes, list):
        yield "", "no `quotes`; give an empty list where nobody is quoted"
        return
    marked = quoted(text)
    held: dict[str, list[tuple[int, Span]]] = {}
    for number, quote in enumerate(quotes):
        place = f": quote {number}"
        if not isinstance(quote, dict):
            yield place, "not an object"
            continue
        spans, problems = _check_spans(text, quote)
        yield from ((place, problem) for problem in problems)
        yield from ((place, problem) for problem in _check_fields(quote, number, len(quotes), labels))
        if problems or not spans["content"]:
            continue
        expected = kind_of(text, spans["content"], marked)
        if quote.get("kind") != expected and not (quote.get("kind") == "direct" and expected == "indirect"):
            yield place, f"kind is {quote.get('kind')!r}, but its marks make it {expected!r}"
        speaker = str(quote.get("speaker") or UNNAMED)
        for other, span in held.get(speaker, []):
            if speaker != UNNAMED and any(span.overlaps(piece) for piece in spans["content"]):
                yield place, f"its content overlaps that of quote {other}, by the same speaker"
                break
        held.setdefault(speaker, []).extend((number, piece) for piece in spans["content"])


def _check_fields(quote: Mapping[str, Any], number: int, count: int, labels: Sequence[str]) -> Iterator[str]:
    stance = quote.get("stance")
    label = stance.get("label") if isinstance(stance, dict) else stance
    if label not in labels:
        yield f"stance {label!r} is none of {', '.join(labels)}"
    speaker = quote.get("speaker")
    if not (isinstance(speaker, str) and speaker.strip()):
        yield f"no speaker; write {UNNAMED!r} where nobody can be named"
    if quote.get("kind") not in KINDS:
        yield f"kind {quote.get('kind')!r} is none of {', '.join(KINDS)}"
    repeats = quote.get("repeats")
    if repeats is not None and (not isinstance(repeats, int) or not 0 <= repeats < count or repeats == number):
        yield f"repeats {repeats!r}, which is no other quote of 0 to {count - 1}"


def _check_spans(text: str, quote: Mapping[str, Any]) -> tuple[dict[str, list[Span]], list[str]]:
    spans: dict[str, list[Span]] = {role: [] for role in ROLES}
    problems: list[str] = []
    for role in ROLES:
        rows = quote.get(role, [])
        for row in rows if isinstance(rows, list) else [rows]:
            span, problem = _check_span(text, row)
            if problem:
                problems.append(f"{role}: {problem}")
            if span:
                spans[role].append(span)
    if not quote.get("content"):
        problems.append("no content")
    return spans, problems


def _check_span(text: str, row: Any) -> tuple[Span | None, str | None]:
    if not isinstance(row, dict):
        return None, f"a span is an object with `start`, `end` and `text`, not {row!r}"
    start, end, words = row.get("start"), row.get("end"), row.get("text")
    if start is None and end is None and isinstance(words, str):
        return None, f"{words!r} has no offsets; `stance check --fix` finds them"
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
        return None, f"span {start}–{end} is not within the text of {len(text)} code points"
    held = text[start:end]
    if not isinstance(words, str) or held != words:
        return None, f"span {start}–{end} holds {held!r}, labelled as {words!r}"
    if held != held.strip():
        return None, f"white space at an edge of {held!r}"
    if len(held.splitlines()) > 1:
        return None, f"a line break within {held[:60]!r}; make each paragraph a piece of its own"
    return Span(start, end), None


def fix_article(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    """Mends what is certain: offsets left out or wrong where the span's text stands once, white space at edges, a missing kind.

    Returns:
        The mended dictionary, not yet written, and what could not be mended.

    Raises:
        LabelError: The file cannot be read at all.
    """
    ((_, data),) = split_file(path)
    row = load_row(data, str(path))
    text = row.get("text")
    problems: list[Problem] = []
    if not isinstance(text, str) or not isinstance(row.get("quotes"), list):
        return row, check_file(path)
    marked = quoted(text)
    for number, quote in enumerate(row["quotes"]):
        if not isinstance(quote, dict):
            continue
        for role in ROLES:
            for span in _listed(quote.get(role)):
                message = _fix_span(text, span) if isinstance(span, dict) else None
                if message:
                    problems.append(Problem(f"{path}: quote {number}", f"{role}: {message}"))
        pieces = [span for span in (_check_span(text, item)[0] for item in _listed(quote.get("content"))) if span]
        if pieces and quote.get("kind") is None:
            quote["kind"] = kind_of(text, pieces, marked)
    return row, problems


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _fix_span(text: str, span: dict[str, Any]) -> str | None:
    words = span.get("text")
    if not isinstance(words, str) or not words.strip():
        return f"a span without `text` cannot be found: {span!r}"
    start, end = span.get("start"), span.get("end")
    if isinstance(start, int) and isinstance(end, int) and text[start:end] == words and words == words.strip():
        return None
    words = words.strip()
    places = []
    at = text.find(words)
    while at >= 0:
        places.append(at)
        at = text.find(words, at + 1)
    if not places:
        return f"{words!r} does not stand in the text"
    if len(places) > 1:
        near = [place for place in places if isinstance(start, int) and abs(place - start) <= 2]
        if len(near) != 1:
            listed = ", ".join(f"{place} ({text[max(0, place - 20) : place + len(words) + 20]!r})" for place in places[:6])
            return f"{words!r} stands {len(places)} times; give `start` and `end`: {listed}"
        places = near
    span["start"], span["end"], span["text"] = places[0], places[0] + len(words), words
    return None
