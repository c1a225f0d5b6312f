from __future__ import annotations

import os
from pathlib import Path

import pytest

from stance.document import Document
from stance.errors import CorpusError
from stance.formats import polnear

TEXT = (
    "Harbour chief Ines Vole warned that “cranes will rust”.\n"
    "“We must sell,” Vole said, “or close.”\n"
    "The yard was reported to be idle.\n"
    "“Tide turns\n"
    "and so do we,” sang Mr Vole.\n"
)
NAME = "quay_2024-02-01_cranes-to-ri"
DEV = Path(os.environ.get("STANCE_DATA") or "data") / "polnear" / "dev"
SPLITS = [(None, 1, 2), *([(DEV, 84, 2192)] if DEV.is_dir() else [])]


def mark(number: int, role: str, *words: str) -> str:
    places = [(TEXT.index(piece), TEXT.index(piece) + len(piece)) for piece in words]
    held = " ".join(words).partition("\n")[0]
    return f"T{number}\t{role} {';'.join(f'{start} {end}' for start, end in places)}\t{held}"


def write(folder: Path, readings: dict[str, list[str]]) -> Path:
    for part in ("text", "attributions"):
        (folder / part).mkdir()
    (folder / "text" / f"{NAME}.txt").write_bytes(TEXT.encode())
    for annotator, lines in readings.items():
        (folder / "attributions" / f"{NAME}_{annotator}.ann").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


WARNING = [
    mark(1, "Source", "Harbour chief Ines Vole"),
    mark(2, "Cue", "warned"),
    mark(3, "Content", "that “cranes will rust”"),
    mark(4, "Attribution", "warned"),
    "E1\tAttribution:T4 Cue:T2 Source:T1 Content:T3",
]
SALE = [
    mark(5, "Content", "“We must sell,”"),
    mark(6, "Cue", "said"),
    mark(7, "Content", "“or close.”"),
    mark(8, "Source", "Vole"),
    "E2\tAttribution:T6 Content:T5 Cue:T6 Source:T8 Content2:T7",
]


def words(document: Document, number: int) -> tuple[list[str], list[str], list[str]]:
    quote = document.quotes[number]
    content, source, cue = ([document.text[s.start : s.end] for s in spans] for spans in (quote.content, quote.source, quote.cue))
    return content, source, cue


def test_articles_hold_their_attributions_in_text_order(tmp_path: Path) -> None:
    (document,) = polnear.read(write(tmp_path, {"0a1f": SALE + WARNING}))
    assert (document.id, document.outlet, document.date, document.annotator) == (NAME, "quay", "2024-02-01", "0a1f")
    assert document.text == TEXT
    assert words(document, 0) == (["that “cranes will rust”"], ["Harbour chief Ines Vole"], ["warned"])
    assert document.quotes[0].kind == "direct"


def test_numbered_roles_are_pieces_of_one_quote(tmp_path: Path) -> None:
    (document,) = polnear.read(write(tmp_path, {"0a1f": SALE}))
    assert len(document.quotes) == 1
    assert words(document, 0)[0] == ["“We must sell,”", "“or close.”"]
    assert document.quotes[0].text == "“We must sell,” … “or close.”"


def test_discontinuous_spans_are_pieces_of_one_quote(tmp_path: Path) -> None:
    lines = [mark(1, "Content", "“We must sell,”", "“or close.”"), mark(2, "Cue", "said"), "E1\tAttribution:T2 Content:T1 Cue:T2"]
    (document,) = polnear.read(write(tmp_path, {"0a1f": lines}))
    assert words(document, 0) == (["“We must sell,”", "“or close.”"], [], ["said"])


def test_an_attribution_without_source_has_an_empty_source(tmp_path: Path) -> None:
    lines = [
        mark(1, "Attribution-no-source", "was reported"),
        mark(2, "Cue", "was reported"),
        mark(3, "Content", "to be idle"),
        "E1\tAttribution-no-source:T1 Cue:T2 Content:T3",
    ]
    (document,) = polnear.read(write(tmp_path, {"0a1f": lines}))
    assert words(document, 0) == (["to be idle"], [], ["was reported"])
    assert document.quotes[0].kind == "indirect"
    assert document.speakers == ()


def test_a_content_over_a_line_break_becomes_pieces(tmp_path: Path) -> None:
    content = mark(1, "Content", "“Tide turns\nand so do we,”")
    lines = [content, "and so do we,”", mark(2, "Cue", "sang"), "E1\tAttribution:T2 Content:T1 Cue:T2"]
    (document,) = polnear.read(write(tmp_path, {"0a1f": lines}))
    assert words(document, 0)[0] == ["“Tide turns", "and so do we,”"]


def test_an_attribution_without_content_is_no_quote(tmp_path: Path) -> None:
    (document,) = polnear.read(write(tmp_path, {"0a1f": [mark(1, "Cue", "said"), "E1\tAttribution:T1 Cue:T1"]}))
    assert document.quotes == ()


def test_annotators_give_readings_of_the_same_article(tmp_path: Path) -> None:
    split = write(tmp_path, {"0a1f": WARNING, "7c22": SALE, "ffff": WARNING + SALE})
    assert [(d.annotator, len(d.quotes)) for d in polnear.read(split)] == [("0a1f", 1)]
    assert [(d.annotator, len(d.quotes)) for d in polnear.read(split, annotators=2)] == [("0a1f", 1), ("7c22", 1)]
    assert [(d.annotator, len(d.quotes)) for d in polnear.read(split, annotators=None)] == [("0a1f", 1), ("7c22", 1), ("ffff", 2)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("T9\tContent 0 7\tQuayside", "the span holds 'Harbour', the line says 'Quayside'"),
        ("T9\tContent 0 9000\tHarbour", "the line says 'Harbour'"),
        ("T9\tContent 7 7\t", "is no list of spans"),
        ("T9\tContent 0\tHarbour", "is no list of spans"),
        ("T9\tContent nought seven\tHarbour", "is no list of spans"),
        ("E9\tAttribution:T4 Content:T77", "Content points to T77"),
    ],
)
def test_a_broken_line_names_its_file_and_number(tmp_path: Path, line: str, reason: str) -> None:
    split = write(tmp_path, {"0a1f": [*WARNING, line]})
    with pytest.raises(CorpusError) as caught:
        list(polnear.read(split))
    assert str(caught.value).startswith(f"{split / 'attributions' / f'{NAME}_0a1f.ann'}:{len(WARNING) + 1}: ")
    assert reason in str(caught.value)


def test_a_missing_text_is_named(tmp_path: Path) -> None:
    split = write(tmp_path, {"0a1f": WARNING})
    (split / "text" / f"{NAME}.txt").unlink()
    with pytest.raises(CorpusError, match=rf"{NAME}\.txt: missing"):
        list(polnear.read(split))


@pytest.mark.parametrize("part", ["text", "attributions"])
def test_bytes_that_are_no_text_are_named(tmp_path: Path, part: str) -> None:
    split = write(tmp_path, {"0a1f": WARNING})
    (path,) = (split / part).iterdir()
    path.write_bytes(b"T1\tCue 0 1\t\xff")
    with pytest.raises(CorpusError, match="not UTF-8") as caught:
        list(polnear.read(split))
    assert str(path) in str(caught.value)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="not a split of PolNeAR"):
        list(polnear.read(str(tmp_path)))


@pytest.mark.parametrize(("folder", "articles", "quotes"), SPLITS)
def test_a_whole_split_is_read(tmp_path: Path, folder: Path | None, articles: int, quotes: int) -> None:
    documents = list(polnear.read(folder or write(tmp_path, {"0a1f": WARNING + SALE})))
    assert len(documents) == articles
    assert sum(len(document.quotes) for document in documents) == quotes
    assert all("\n" not in piece for document in documents for quote in document.quotes for piece in quote.text.split(" … "))
