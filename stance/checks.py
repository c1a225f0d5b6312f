"""Checks labelled articles: all that is wrong, not the first thing alone. A message says what to do; `repairs` mends what is certain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.articles import ROLES, load_row, split_file
from stance.corpora import is_present, read_texts
from stance.document import KINDS, METADATA, UNNAMED, Span
from stance.drafts import is_uncorrected
from stance.errors import LabelError, StanceError
from stance.keys import ARTICLE, QUOTE, SPAN, odd_date, odd_keys
from stance.places import find_spans, find_words, lost_words, rows_of
from stance.questions import Question, shipped_question
from stance.rows import no_speaker, no_string
from stance.standoff import digest, is_standoff, join_text
from stance.text import kind_of, overlapping, quoted

ERROR, WARNING = "error", "warning"
_SEVERAL = 5
_PLACE = re.compile(r"(?P<file>.*?)(?::(?P<line>\d+))?(?:: quote (?P<quote>\d+))?(?:, \w+)?", re.DOTALL)
_OPENING, _CLOSING = "“„«‘\"'＂`", "”»’\"'＂´"
_FIX = "`stance check --fix`"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a labelled article.

    Attributes:
        place: File, line of a file of lines, and quote where there is one; quotes are counted from 0.
        message: What is wrong and what to do.
        level: `error`; or `warning`, where it may be meant.
    """

    place: str
    message: str
    level: str = ERROR

    def __str__(self) -> str:
        return f"{self.place}: {'warning: ' if self.level == WARNING else ''}{self.message}"

    def to_row(self) -> dict[str, Any]:
        """File, line of a file of lines, and quote, counted from 0, each or None; level and message."""
        parts = _PLACE.fullmatch(self.place)
        found: dict[str, str | None] = parts.groupdict() if parts else {"file": self.place}
        numbers = {name: int(found[name] or 0) if found.get(name) else None for name in ("line", "quote")}
        return {"file": found["file"], **numbers, "level": self.level, "message": self.message}


def check_files(paths: Iterable[Path], question: Question | None = None) -> list[Problem]:
    """Lists what is wrong with labelled files, each by itself and one beside another: no id and no text may stand twice."""
    seen: dict[tuple[str, str], str] = {}
    return [problem for path in paths for problem in check_file(path, question, seen)]


def check_file(path: Path, question: Question | None = None, seen: dict[tuple[str, str], str] | None = None) -> list[Problem]:
    """Lists what is wrong with the labelled articles of a file.

    Stand-off labels are checked against their texts where those are at hand, else for their form.

    Args:
        path: A `.json` or `.jsonl` file.
        question: What the stances answer; the shipped question when left out.
        seen: Where each id and text stood in the files checked before; this file's are added.
    """
    try:
        parts = split_file(path)
    except LabelError as error:
        return [Problem(error.place, error.reason)]
    seen = {} if seen is None else seen
    question = question or shipped_question()
    texts: Mapping[str, str] | None = None
    problems: list[Problem] = []
    for place, data in parts:
        try:
            row = load_row(data, place)
            problems.extend(_check_twins(row, place, seen))
            if is_standoff(row):
                texts = (read_texts(path.stem) if is_present(f"{path.stem}/train/some") else {}) if texts is None else texts
                row = join_text(row, texts.get(str(row["id"])), place)
                if row["text"] is None or _is_for_speakers(row):
                    continue
        except LabelError as error:
            problems.append(Problem(error.place, error.reason))
        except StanceError as error:
            return [*problems, Problem(place, str(error))]
        else:
            problems.extend(_check_target(row, place, question))
            problems.extend(Problem(f"{place}{where}", message, level) for where, message, level in _check_row(row, question.labels))
    return problems


def _is_for_speakers(row: Mapping[str, Any]) -> bool:
    """Whether stand-off labels are of speakers alone: the spans are then the corpus's own, and no quote has a stance."""
    return not any("stance" in quote for quote in row["quotes"])


def _check_twins(row: Mapping[str, Any], place: str, seen: dict[tuple[str, str], str]) -> Iterator[Problem]:
    text, name = row.get("text"), row.get("id")
    total = digest(text) if isinstance(text, str) else row.get("sha256")
    first = seen.setdefault(("text", str(total)), place) if total else place
    if first != place:
        yield Problem(place, f"the same text as {first}; keep one of the two")
    elif isinstance(name, str) and (first := seen.setdefault(("id", name), place)) != place:
        yield Problem(place, f"the same `id` {name!r} as {first}; give one of the two another")


def _check_target(row: Mapping[str, Any], place: str, question: Question) -> Iterator[Problem]:
    if row.get("target") not in (None, question.target):
        yield Problem(place, f"`target` is {row['target']!r}, the question is about {question.target!r}; label the stances towards that")


def _check_row(row: Mapping[str, Any], labels: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    text, quotes = row.get("text"), row.get("quotes")
    if not isinstance(text, str) or not text.strip():
        yield "", "no `text`; put the article there, exactly as it was printed", ERROR
        return
    if not isinstance(quotes, list):
        yield "", "no `quotes`; give an empty list where nobody is quoted", ERROR
        return
    if not str(row.get("id") or "").strip():
        yield "", "no `id`; give a name that no other article has, such as the file's", ERROR
    yield from (("", message, ERROR) for key in METADATA if (message := no_string(row, key)))
    yield from (("", message, WARNING) for message in (*odd_keys(row, ARTICLE), odd_date(row)) if message)
    stale = _stale(text, quotes)
    if stale:
        yield "", stale[0], ERROR
    if is_uncorrected(row.get("annotator")):
        yield "", "`annotator` says that nobody has corrected it yet; when you have, put your name there", WARNING
    marked = quoted(text)
    pieces = [_sound_pieces(text, quote) for quote in quotes]
    held: dict[str, list[tuple[int, Span]]] = {}
    for number, quote in enumerate(quotes):
        place = f": quote {number}"
        if not isinstance(quote, dict):
            yield place, "not an object; a quote needs `content`, `cue`, `source`, `kind`, `speaker` and `stance`", ERROR
            continue
        spans, problems = _check_spans(text, quote, stale[1] if stale else len(text))
        yield from ((place, message, WARNING) for message in _odd_keys(quote))
        problems += _check_fields(quote, number, len(quotes), labels)
        if row.get("complete", True):
            problems += _check_crossings(text, spans)
        others = [piece for n, group in enumerate(pieces) if n != number for piece in group]
        problems += [(f"content: {message}", ERROR) for piece in spans["content"] if (message := _bare(text, piece, marked, others))]
        yield from ((place, message, level) for message, level in problems)
        if not spans["content"] or len(spans["content"]) < len(quote["content"]):
            continue
        if spans["content"] != sorted(spans["content"]):
            yield place, "the pieces of its content are not in the order of the text; put them so", WARNING
        expected = kind_of(text, sorted(spans["content"]), marked)
        if quote.get("kind") in KINDS and not kind_fits(quote["kind"], expected):
            yield place, f"kind is {quote['kind']!r}, but its marks make it {expected!r}; write that, or let {_FIX} do so", ERROR
        speaker = str(quote.get("speaker") or UNNAMED)
        for other, span in held.get(speaker, []):
            if speaker != UNNAMED and any(span.overlaps(piece) for piece in spans["content"]):
                yield place, f"its content overlaps that of quote {other}, by the same speaker; leave the words in one of them", ERROR
                break
        held.setdefault(speaker, []).extend((number, piece) for piece in spans["content"])


def kind_fits(kind: str, expected: str) -> bool:
    """Whether a kind agrees with the marks; text that lost its marks in copying may be `direct` without any."""
    return kind == expected or (kind == "direct" and expected == "indirect")


def _check_fields(quote: Mapping[str, Any], number: int, count: int, labels: Sequence[str]) -> list[tuple[str, str]]:
    problems = []
    stance = quote.get("stance")
    label = stance.get("label") if isinstance(stance, dict) else stance
    if label not in labels:
        problems.append(f"stance {label!r} is none of {', '.join(labels)}; write one of them")
    speaker = quote.get("speaker")
    if not (isinstance(speaker, str) and speaker.strip()):
        problems.append(no_speaker(speaker))
    if note := no_string(quote, "note"):
        problems.append(note)
    if quote.get("kind") not in KINDS:
        problems.append(f"kind {quote.get('kind')!r} is none of {', '.join(KINDS)}; write one of them, or let {_FIX} do so")
    repeats = quote.get("repeats")
    if repeats is not None and (not isinstance(repeats, int) or not 0 <= repeats < count or repeats == number):
        problems.append(f"repeats {repeats!r}, which is no other quote of 0 to {count - 1}; give that quote's number, or null")
    return [(problem, ERROR) for problem in problems]


def _check_crossings(text: str, spans: Mapping[str, Sequence[Span]]) -> list[tuple[str, str]]:
    """Sources and cues in their own quote's content; in another quote's content they are nested, which is fine."""
    problems = []
    for role in ("source", "cue"):
        for span in spans[role]:
            words = repr(text[span.start : span.end][:60])
            for piece in spans["content"]:
                if piece.overlaps(span) and piece.contains(span) and piece != span:
                    message = f"{role}: {words} stands within its own quote's content; cut the content there, unless it is meant so"
                    problems.append((message, WARNING))
                elif piece.overlaps(span):
                    problems.append((f"{role}: {words} overlaps its own quote's content; let one end where the other begins", ERROR))
    return problems


def _odd_keys(quote: Mapping[str, Any]) -> Iterator[str]:
    yield from odd_keys(quote, QUOTE)
    for role in ROLES:
        for row in rows_of(quote, role):
            yield from (f"{role}: {message}" for message in odd_keys(row, SPAN)) if isinstance(row, dict) else ()


def _stale(text: str, quotes: Iterable[Any]) -> tuple[str, int] | None:
    """Says that a text was changed behind the labelling, and from where on: from there all spans, several, hold other words than theirs."""
    rows = [
        (row["start"], number, text[row["start"] : row["end"]] == row.get("text"))
        for number, quote in enumerate(quotes)
        for role in ROLES
        for row in rows_of(quote, role)
        if isinstance(row, dict) and isinstance(row.get("start"), int) and isinstance(row.get("end"), int)
    ]
    first = min(((start, number) for start, number, sound in rows if not sound), default=None)
    count = sum(not sound for _, _, sound in rows)
    if first is None or count < _SEVERAL or any(sound for start, _, sound in rows if start >= first[0]):
        return None
    said = f"{count} spans, all from code point {first[0]} (quote {first[1]}) on, hold other words than theirs; was the `text` changed? "
    return f"{said}Put back the text that was labelled, or let {_FIX} find the words again", first[0]


def _check_spans(text: str, quote: Mapping[str, Any], stale: int) -> tuple[dict[str, list[Span]], list[tuple[str, str]]]:
    """The sound spans of a quote, and what is wrong with the others, those apart that begin where the text was changed or behind."""
    spans: dict[str, list[Span]] = {role: [] for role in ROLES}
    problems: list[tuple[str, str]] = []
    found = find_spans(text, quote)
    for role in ROLES:
        rows = quote.get(role, [])
        for number, row in enumerate(rows if isinstance(rows, list) else [rows]):
            span, problem = check_span(text, row, found.get((role, number)))
            if problem and not (isinstance(row, dict) and isinstance(row.get("start"), int) and row["start"] >= stale and "end" in row):
                problems.append((f"{role}: {problem}", ERROR))
            if span:
                spans[role].append(span)
    if not quote.get("content"):
        problems.append(("no content; say what is quoted, or take the quote out", ERROR))
    return spans, problems


def _sound_pieces(text: str, quote: Any) -> list[Span]:
    rows = quote.get("content") if isinstance(quote, dict) else None
    return [span for span in (check_span(text, row)[0] for row in rows) if span] if isinstance(rows, list) else []


def check_span(text: str, row: Any, found: Span | None = None) -> tuple[Span | None, str | None]:
    """A labelled span, if it is sound, else what is wrong with it; `found` is where its words stand without doubt."""
    if not isinstance(row, dict):
        return None, f'a span is an object, as {{"text": "the words"}}, with `start` and `end` where you know them, not {row!r}'
    start, end, words = row.get("start"), row.get("end"), row.get("text")
    if end is None and (start is None or isinstance(start, int)) and isinstance(words, str) and words.strip():
        lost = lost_words(text, words.strip(), find_words(text, words.strip()))
        return None, f"{words!r} has no {'offsets' if start is None else '`end`'}; {_FIX} finds them" if found else lost
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(text):
        return None, f"span {start}–{end} is not within the text of {len(text)} code points; give its words as `text`, and {_FIX}"
    held = text[start:end]
    if not isinstance(words, str) or held != words:
        advice = f"where the words stand once, {_FIX} finds them"
        if isinstance(words, str) and words.strip() not in text:
            advice = lost_words(text, words.strip(), ())
        return None, f"span {start}–{end} holds {held!r}, labelled as {words!r}; {advice}"
    if held != held.strip():
        return None, f"white space at an edge of {held!r}; {_FIX} takes it off"
    if len(held.splitlines()) > 1:
        return None, f"a line break within {held[:60]!r}; make each paragraph a piece of its own"
    return Span(start, end), None


def with_marks(text: str, piece: Span, marked: Sequence[Span], others: Iterable[Span]) -> Span:
    """A content piece with the marks right before and behind it, where it fills them and they are in no other content.

    Args:
        text: The article.
        piece: What is quoted.
        marked: What `quoted` gives for the text.
        others: Content of the other quotes; a quote within another leaves that one's marks alone.
    """
    start, end = piece.start, piece.end
    for mark in overlapping(marked, piece):
        behind = text[end : mark.end]
        closes = behind[-1:] in _CLOSING and not re.search(r"[\w\s]", behind)
        if mark.start < piece.start - 1 or not (closes or end >= mark.end):
            continue
        start = mark.start if text[mark.start] in _OPENING else start
        end = max(end, mark.end)
    start = min(start, piece.start)
    taken = [Span(at, at + 1) for at in (start, end - 1) if not piece.start <= at < piece.end]
    return piece if any(other.contains(mark) for other in others for mark in taken) else Span(start, end)


def _bare(text: str, piece: Span, marked: Sequence[Span], others: Sequence[Span]) -> str | None:
    whole = with_marks(text, piece, marked, others)
    return None if whole == piece else f"{text[piece.start : piece.end][:60]!r} leaves out its quotation marks; {_FIX} takes them in"
