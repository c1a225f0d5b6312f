"""Reads PolNeAR: news with source–cue–content attributions as brat-like stand-off.

A split is a folder with `text/<article>.txt` and `attributions/<article>_<annotator>.ann`. A few articles have several annotators.
Newell, Margolin and Ruths (2018), "An Attribution Relations Corpus for Political News", LREC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from stance.document import Document, Quote, Span, join_pieces
from stance.errors import CorpusError
from stance.text import kind_of, paragraphs, quoted

PROVENANCE = "PolNeAR"
_ROLES = {"Source": "source", "Cue": "cue", "Content": "content"}
_ANNOTATOR = re.compile(r"^(?P<article>.+)_(?P<annotator>[0-9a-f]{4})\.ann$")


def read(split: Path | str, annotators: int | None = 1) -> Iterator[Document]:
    """Reads a split's articles in order of their names.

    Args:
        split: A folder that holds `text` and `attributions`.
        annotators: How many annotators' readings of an article to give at the most; None for all. Each reading is a document, the
            annotator in `annotator`.

    Raises:
        CorpusError: The folder does not have the layout, or a span does not hold the words that its line gives.
    """
    split = Path(split)
    if not (split / "text").is_dir() or not (split / "attributions").is_dir():
        raise CorpusError(f"{split}: not a split of PolNeAR: it needs the folders `text` and `attributions`")
    readings: dict[str, list[tuple[str, Path]]] = {}
    for path in sorted((split / "attributions").iterdir()):
        match = _ANNOTATOR.match(path.name)
        if match:
            readings.setdefault(match["article"], []).append((match["annotator"], path))
    for article, files in sorted(readings.items()):
        source = split / "text" / f"{article}.txt"
        if not source.is_file():
            raise CorpusError(f"{source}: missing, though {files[0][1].name} annotates it")
        text = _read_text(source)
        for annotator, path in files[:annotators]:
            quotes = read_attributions(text, path)
            outlet, date = [*article.split("_"), "", ""][:2]
            yield Document.assemble(text, quotes, id=article, outlet=outlet, date=date, annotator=annotator, provenance=PROVENANCE)


def read_attributions(text: str, path: Path) -> list[Quote]:
    """Reads one annotator's `.ann` file on a text: a quote for each attribution that has content, in text order.

    Raises:
        CorpusError: A line cannot be read, or a span does not hold its words.
    """
    spans: dict[str, tuple[Span, ...]] = {}
    events: list[tuple[str, list[str]]] = []
    for number, line in enumerate(_read_text(path).split("\n"), 1):
        place = f"{path}:{number}"
        fields = line.rstrip("\r").split("\t")
        if fields[0].startswith("T") and len(fields) >= 3:
            spans[fields[0]] = _read_spans(text, fields[1], fields[2], place)
        elif fields[0].startswith("E") and len(fields) >= 2:
            events.append((place, fields[1].split()))
    marked = quoted(text)
    quotes = []
    for place, parts in events:
        roles: dict[str, list[Span]] = {"source": [], "cue": [], "content": []}
        for part in parts[1:]:
            role, _, target = part.partition(":")
            key = _ROLES.get(role.rstrip("0123456789"))
            if key is None:
                continue
            if target not in spans:
                raise CorpusError(f"{place}: {role} points to {target}, which the file does not hold")
            roles[key].extend(spans[target])
        content = _by_paragraph(text, roles["content"])
        if content:
            quotes.append(
                Quote(
                    join_pieces(text, content),
                    content,
                    source=tuple(sorted(set(roles["source"]))),
                    cue=tuple(sorted(set(roles["cue"]))),
                    kind=kind_of(text, content, marked),
                )
            )
    return sorted(quotes, key=lambda quote: (quote.content[0], quote.content[-1]))


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8: {error}") from None


def _read_spans(text: str, where: str, words: str, place: str) -> tuple[Span, ...]:
    offsets = where.partition(" ")[2]
    try:
        pairs = [tuple(map(int, pair.split())) for pair in offsets.split(";")]
        spans = tuple(Span(start, end) for start, end in pairs)
    except ValueError:
        raise CorpusError(f"{place}: {where!r} is no list of spans") from None
    held = " ".join(text[span.start : span.end] for span in spans)
    if held.partition("\n")[0] != words:  # a line break within a span breaks the line that tells of it
        raise CorpusError(f"{place}: the span holds {held!r}, the line says {words!r}")
    return spans


def _by_paragraph(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Cuts spans at line breaks, as each paragraph is a piece of its own."""
    cut: set[Span] = set()
    for span in spans:
        for line in paragraphs(text[span.start : span.end]):
            cut.add(Span(span.start + line.start, span.start + line.end))
    return tuple(sorted(cut))
