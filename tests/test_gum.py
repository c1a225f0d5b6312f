from __future__ import annotations

import os
from pathlib import Path

import pytest

from stance.document import Span
from stance.errors import CorpusError
from stance.formats import gum

FOLDER = Path(os.environ.get("STANCE_DATA") or "data") / "gum"
GENRES = {"bio": 20, "court": 9, "interview": 19, "news": 24, "speech": 15}
CORPORA = [(None, {"news": 1}, 5), *([(FOLDER, GENRES, 23786)] if (FOLDER / "dep").is_dir() else [])]
HEAD = ["# newdoc id = GUM_news_ferry", "# global.Entity = GRP-etype-infstat-minspan-identity", "# meta::genre = news"]


def word(number: int | str, form: str, misc: str = "_") -> str:
    return "\t".join([str(number), form, *["_"] * 7, misc])


FIRST = [
    "# newpar",
    "# sent_id = GUM_news_ferry-1",
    "# text = Ada Finch's ferry won't sail (yet).",
    word("1", "Ada", "Entity=(2-object-new-4(1-person-new-1,2-Ada%2DMay_Finch"),
    word("2-3", "Finch's"),
    word("2", "Finch"),
    word("3", "'s", "Entity=1)"),
    word("4", "ferry", "Entity=2)"),
    word("5-6", "won't"),
    word("5", "will"),
    word("6", "not"),
    word("7", "sail"),
    word("8", "(", "SpaceAfter=No"),
    word("9", "yet", "Entity=(3-time-new-1)|SpaceAfter=No"),
    word("10", ")", "SpaceAfter=No"),
    word("11", "."),
]
SECOND = [
    "# speaker = AdaFinch",
    word("1", "I", "Entity=(1-person-giv-1)"),
    word("2", "wait", "SpaceAfter=No"),
    word("2.1", "wait", "CopyOf=2"),
    word("3", ".", "SpaceAfter=No"),
]
THIRD = ["# newpar", word("1", "She", "Entity=(1-person-giv-1)"), word("2", "waits"), word("3", ".")]


def write(folder: Path, *sentences: list[str], name: str = "GUM_news_ferry") -> Path:
    (folder / "dep").mkdir(exist_ok=True)
    path = folder / "dep" / f"{name}.conllu"
    path.write_text("\n\n".join("\n".join(lines) for lines in sentences) + "\n\n", encoding="utf-8")
    return path


def read_one(folder: Path, *sentences: list[str]) -> gum.Coreference:
    write(folder, HEAD + sentences[0], *sentences[1:])
    (document,) = gum.read(folder)
    return document


def test_text_is_rebuilt_from_tokens_sentences_and_paragraphs(tmp_path: Path) -> None:
    document = read_one(tmp_path, FIRST, SECOND, THIRD)
    assert document.text == "Ada Finch's ferry won't sail (yet). I wait.\n\nShe waits ."
    assert (document.id, document.genre) == ("GUM_news_ferry", "news")
    assert [document.text[s.span.start : s.span.end] for s in document.sentences] == [
        "Ada Finch's ferry won't sail (yet).",
        "I wait.",
        "She waits .",
    ]
    assert [sentence.speaker for sentence in document.sentences] == [None, "AdaFinch", None]


def test_mentions_hold_their_words_entity_type_head_and_identity(tmp_path: Path) -> None:
    document = read_one(tmp_path, FIRST, SECOND, THIRD)
    found = [(document.text[m.span.start : m.span.end], m.entity, m.type, m.head, m.identity) for m in document.mentions]
    assert found == [
        ("Ada Finch's ferry", "2", "object", "ferry", None),
        ("Ada Finch's", "1", "person", "Ada Finch", "Ada-May_Finch"),
        ("yet", "3", "time", "yet", None),
        ("I", "1", "person", "I", None),
        ("She", "1", "person", "She", None),
    ]
    assert all(mention.pieces == (mention.span,) for mention in document.mentions)


def test_a_mention_within_a_token_covers_its_own_letters_where_they_are_its_own(tmp_path: Path) -> None:
    rows = [
        word("1-2", "Vane's"), word("1", "Vane", "Entity=(1-person-new-1)"), word("2", "'s"),
        word("3-4", "won't"), word("3", "will"), word("4", "not", "Entity=(2-abstract-new-1)"),
    ]  # fmt: skip
    document = read_one(tmp_path, rows)
    assert [document.text[m.span.start : m.span.end] for m in document.mentions] == ["Vane", "won't"]


def test_space_after_a_multi_word_token_is_its_own(tmp_path: Path) -> None:
    rows = [word("1-2", "Vane's", "SpaceAfter=No"), word("1", "Vane"), word("2", "'s"), word("3", ",")]
    assert read_one(tmp_path, rows).text == "Vane's,"


def test_brackets_of_one_entity_nest(tmp_path: Path) -> None:
    rows = [
        word(1, "Monday", "Entity=(7-time-new-1"),
        word(2, "1", "Entity=(7-time-new-1"),
        word(3, "May", "Entity=(8-time-new-1)7)7)"),
    ]
    document = read_one(tmp_path, rows)
    found = [(document.text[m.span.start : m.span.end], m.entity) for m in document.mentions]
    assert found == [("Monday 1 May", "7"), ("1 May", "7"), ("May", "8")]


def test_a_discontinuous_mention_keeps_its_pieces(tmp_path: Path) -> None:
    rows = [
        word(1, "old", "Entity=(4[1/2]-person-new-2"),
        word(2, "sailors", "Entity=4[1/2])"),
        word(3, "and"),
        word(4, "ashore", "Entity=(4[2/2]-person-new-2)"),
    ]
    document = read_one(tmp_path, rows)
    assert document.mentions == (gum.Mention(Span(0, 22), "4", "person", "sailors", None, (Span(0, 11), Span(16, 22))),)


def test_one_file_may_hold_several_documents(tmp_path: Path) -> None:
    write(tmp_path, HEAD + SECOND, ["# newdoc id = GUM_court_tug", *THIRD])
    found = [(document.id, document.genre, document.text) for document in gum.read(tmp_path)]
    assert found == [("GUM_news_ferry", "news", "I wait."), ("GUM_court_tug", "court", "She waits .")]


def test_genres_choose_documents(tmp_path: Path) -> None:
    write(tmp_path, HEAD + SECOND)
    write(tmp_path, ["# newdoc id = GUM_court_tug", HEAD[1], *THIRD], name="GUM_court_tug")
    assert [d.id for d in gum.read(tmp_path)] == ["GUM_court_tug", "GUM_news_ferry"]
    assert [d.id for d in gum.read(str(tmp_path / "dep"), ["news"])] == ["GUM_news_ferry"]
    with pytest.raises(CorpusError, match="no document of genre vlog"):
        list(gum.read(tmp_path, ["news", "vlog"]))


@pytest.mark.parametrize(
    ("rows", "line", "reason"),
    [
        ([word(1, "Vane", "Entity=(1-person-new-1"), word(2, "left")], 4, "(1 opens and is not closed"),
        ([word(1, "Vane"), word(2, "left", "Entity=1)")], 5, "1) closes what no bracket"),
        ([word(1, "Vane", "Entity=(1-person-new-1)"), word(2, "left", "Entity=1)")], 5, "1) closes what no bracket"),
        ([word(1, "Vane", "Entity=(1-person-new-1)(")], 4, "broken brackets"),
        ([word(1, "Vane", "Entity=1-person")], 4, "broken brackets"),
        ([word(1, "Vane", "Entity=(1)")], 4, "has no type"),
        ([word(1, "Vane", "Entity=(1-person-new-2)")], 4, "the head 2 is not within the 1 words"),
        ([word(1, "Vane", "Entity=(1-person-new-x)")], 4, "the head x is not within"),
        ([word(1, "Vane", "Entity=(1[2/2]-person-new-1)")], 4, "out of turn"),
        ([word(1, "Vane", "Entity=(1[1/2]-person-new-1)")], 4, "not all parts of 1[1/2]"),
        ([word(1, "Vane"), "2\tleft"], 5, "2 columns, not 10"),
        ([word(1, "Vane"), word(3, "left")], 5, "word '3', where word 2 should stand"),
        ([word(1, "Vane"), word("x", "left")], 5, "word 'x', where word 2 should stand"),
        ([word("1-2", "Vane's"), word(1, "Vane")], 5, 'word 2 of "Vane\'s" is missing'),
        ([word(1, "")], 4, "a word without letters"),
        ([word(1, "Vane"), word("1.1", "left", "Entity=(1-event-new-1)")], 5, "an empty node holds a mention"),
        (["# text = Vane left", word(1, "Vane"), word(2, "stayed")], 1, "the tokens make 'Vane stayed', `# text` says 'Vane left'"),
        (["# sent_id = 1"], 1, "a sentence without words"),
    ],
)
def test_a_broken_line_names_its_file_and_number(tmp_path: Path, rows: list[str], line: int, reason: str) -> None:
    path = write(tmp_path, HEAD + rows)
    with pytest.raises(CorpusError) as caught:
        list(gum.read(tmp_path))
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert reason in str(caught.value)


def test_lines_are_counted_over_sentences(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + SECOND, [*THIRD, word(5, "late")])
    with pytest.raises(CorpusError) as caught:
        list(gum.read(tmp_path))
    assert str(caught.value).startswith(f"{path}:{len(HEAD) + len(SECOND) + 1 + len(THIRD) + 1}: ")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (THIRD, "before any `# newdoc id`"),
        ([HEAD[0], *THIRD], "no `# global.Entity`"),
        ([HEAD[0], "# global.Entity = GRP-infstat", *THIRD], "no `# global.Entity`"),
        (["# newdoc id = ferry", HEAD[1], *THIRD], "names no genre"),
        ([""], "no sentences"),
    ],
)
def test_a_file_without_its_header_is_refused(tmp_path: Path, lines: list[str], reason: str) -> None:
    path = write(tmp_path, lines)
    with pytest.raises(CorpusError) as caught:
        list(gum.read(tmp_path))
    assert str(caught.value).startswith(f"{path}:1: ")
    assert reason in str(caught.value)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "GUM_news_ferry.conllu").write_bytes(b"# newdoc id = \xff")
    with pytest.raises(CorpusError, match=r"GUM_news_ferry\.conllu: not UTF-8"):
        list(gum.read(tmp_path))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="not GUM's folder"):
        list(gum.read(tmp_path))


def test_splits_are_read_from_beside_dep(tmp_path: Path) -> None:
    (tmp_path / "dep").mkdir()
    lines = ["# Splits", "", "  * nothing", "", "## dev", "", "  * GUM_news_ferry", "## train", "  * GUM_court_tug", "  * GUM_bio_vane"]
    (tmp_path / "splits.md").write_bytes("\r\n".join(lines).encode())
    expected = {"dev": ("GUM_news_ferry",), "train": ("GUM_court_tug", "GUM_bio_vane")}
    assert gum.read_splits(tmp_path) == expected
    assert gum.read_splits(tmp_path / "dep") == expected


def test_missing_or_empty_splits_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no `splits\.md`"):
        gum.read_splits(tmp_path)
    (tmp_path / "splits.md").write_text("# Splits\n")
    with pytest.raises(CorpusError, match="no headings"):
        gum.read_splits(tmp_path)


@pytest.mark.parametrize(("folder", "genres", "mentions"), CORPORA)
def test_a_whole_corpus_is_read(tmp_path: Path, folder: Path | None, genres: dict[str, int], mentions: int) -> None:
    if folder is None:
        folder = tmp_path
        write(folder, HEAD + FIRST, SECOND, THIRD)
        (folder / "splits.md").write_text("## dev\n  * GUM_news_ferry\n")
    documents = list(gum.read(folder))
    assert {genre: sum(d.genre == genre for d in documents) for genre in genres} == genres
    assert len(documents) == sum(genres.values())
    assert sum(len(document.mentions) for document in documents) == mentions
    listed = {name for names in gum.read_splits(folder).values() for name in names}
    assert {document.id for document in documents} <= listed
