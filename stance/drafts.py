"""The models' own reading of articles as labelled files, for a person to correct, and a list of what to look at first."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from stance import __version__
from stance.articles import load_row, split_file, write_article
from stance.document import Document, Stance
from stance.errors import LabelError

UNCORRECTED = "uncorrected"
WORKLIST = "worklist"
COLUMNS = ("file", "quote", "start", "confidence", "probability", "stance", "speaker", "text")
_LONGEST = 80
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A quote that a model found, for the work list.

    Attributes:
        file: Name of the labelled file.
        quote: Its number there, counted from 0.
        start: Where it begins in the text, which stays true when quotes are taken out.
        confidence: Calibrated probability that it is an attributed quote.
        probability: Calibrated probability of its stance.
        stance: That stance.
        speaker: Who is quoted.
        text: The quote, on one line.
    """

    file: str
    quote: int
    start: int
    confidence: float
    probability: float
    stance: str
    speaker: str
    text: str


def draft_of(document: Document) -> Document:
    """A model's reading as a person's labels to be: plain stances, with how sure the model was kept in each note."""
    quotes = [
        replace(
            quote,
            stance=Stance(quote.stance.label) if quote.stance else None,
            confidence=1.0,
            note=f"model: quote {quote.confidence:.2f}"
            + (f", {quote.stance.label} {quote.stance.probability:.2f}" if quote.stance else ""),
        )
        for quote in document.quotes
    ]
    metadata = document.metadata | {"annotator": f"stance {__version__}, {UNCORRECTED}"}
    return Document.assemble(document.text, quotes, **metadata)


def is_uncorrected(annotator: object) -> bool:
    """Whether an article's `annotator` says that nobody has gone over the model's reading yet."""
    return isinstance(annotator, str) and annotator.startswith("stance ") and annotator.endswith(UNCORRECTED)


def doubts_of(document: Document, file: str) -> list[Doubt]:
    """The quotes of a reading, for the work list."""
    return [
        Doubt(
            file,
            number,
            quote.content[0].start,
            quote.confidence,
            quote.stance.probability if quote.stance else 0.0,
            quote.stance.label if quote.stance else "",
            quote.speaker.name if quote.speaker else "",
            " ".join(quote.text.split()),
        )
        for number, quote in enumerate(document.quotes)
    ]


def write_draft(document: Document, folder: Path) -> tuple[Path, bool]:
    """Writes a model's reading as a labelled file named by the article's id, and overwrites nothing.

    A file of that name with the same text is kept as it is; with another text, the article gets a number behind its name and id.

    Args:
        document: What the pipeline gave.
        folder: Where labelled files go.

    Returns:
        The article's file, and whether it was written now.
    """
    name = safe_name(document.id or "article")
    number = 1
    while True:
        stem = name if number == 1 else f"{name}-{number}"
        path = folder / f"{stem}.json"
        if not path.exists():
            named = document.id or stem
            write_article(replace(draft_of(document), id=named if number == 1 else f"{named}-{number}"), path)
            return path, True
        if _text_of(path) == document.text:
            return path, False
        number += 1


def _text_of(path: Path) -> object:
    try:
        ((place, data),) = split_file(path)
        return load_row(data, place).get("text")
    except LabelError:
        return None


def safe_name(words: str) -> str:
    """A file name that every system takes, made from an id: letters, digits, `-`, `_` and `.`, without accents, not too long."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", words) if not unicodedata.combining(letter))
    name = re.sub(r"[^\w.]+", "-", plain, flags=re.ASCII).strip("-.")[:_LONGEST].rstrip("-.") or "article"
    return f"article-{name}" if _RESERVED.match(name.partition(".")[0]) else name


def write_worklist(doubts: Iterable[Doubt], folder: Path) -> Path:
    """Writes quotes as tab-separated rows, those first of which the model is least sure, and overwrites no list.

    How sure it is, is the lower of two probabilities: that it is a quote, and that it has this stance.

    Returns:
        `worklist.tsv`, or the first of `worklist-2.tsv` and so on that was free.
    """
    number = 1
    while (path := folder / (f"{WORKLIST}.tsv" if number == 1 else f"{WORKLIST}-{number}.tsv")).exists():
        number += 1
    rows = sorted(doubts, key=lambda doubt: (min(doubt.confidence, doubt.probability), doubt.file, doubt.quote))
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(doubt, column) for column in COLUMNS] for doubt in rows)
    return path
