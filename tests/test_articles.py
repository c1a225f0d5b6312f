from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stance.articles import (
    check_article,
    fix_article,
    read_article,
    read_folder,
    write_article,
    write_row,
)
from stance.document import Document, Quote, Span, Speaker, Stance
from stance.errors import LabelError

TEXT = "Nora Quill said the council “should ring Beijing”.\n\nThe harbour was grey.\n\nQuill said the harbour could wait."


def span(words: str) -> dict[str, Any]:
    start = TEXT.index(words)
    return {"start": start, "end": start + len(words), "text": words}


def article(**changes: Any) -> dict[str, Any]:
    quote = {
        "content": [span("the council “should ring Beijing”")],
        "cue": [span("said")],
        "source": [span("Nora Quill")],
        "kind": "mixed",
        "speaker": "Nora Quill",
        "stance": "engage",
        "repeats": None,
        "note": "",
    }
    return {"id": "quill", "text": TEXT, "quotes": [quote | changes]}


def save(row: Any, folder: Path) -> Path:
    path = folder / "quill.json"
    path.write_text(json.dumps(row), encoding="utf-8")
    return path


def document() -> Document:
    content, source = span("the council “should ring Beijing”"), span("Nora Quill")
    later = Span(TEXT.index("the harbour could"), len(TEXT) - 1)
    quotes = [
        Quote(
            content["text"],
            (Span(content["start"], content["end"]),),
            (Span(source["start"], source["end"]),),
            kind="mixed",
            speaker=Speaker("Nora Quill"),
            stance=Stance("engage"),
        ),
        Quote("the harbour could wait", (later,), stance=Stance("neutral"), repeats=0),
    ]
    return Document.assemble(TEXT, quotes, id="quill", annotator="two readings", provenance="real")


def test_a_sound_article_has_no_problems(tmp_path: Path) -> None:
    assert check_article(save(article(), tmp_path)) == []


def test_check_lists_all_problems_with_their_places(tmp_path: Path) -> None:
    row = article(stance="dovish", speaker="", kind="shouted", repeats=0, cue=[{"start": 0, "end": 4, "text": "said"}])
    row["quotes"] += [{"content": [{"text": "Nora"}], "speaker": ["Nora", "Quill"], "kind": "direct", "stance": "engage"}, "words"]
    path = save(row, tmp_path)
    problems = check_article(path)
    said = {(problem.place, problem.message.split(" ")[0]) for problem in problems}
    first, second, third = (f"{path}: quote {n}" for n in range(3))
    assert said >= {(first, word) for word in ("stance", "no", "kind", "repeats", "cue:")}
    assert said >= {(second, "content:"), (second, "no"), (third, "not")}
    assert str(problems[0]).startswith(f"{first}: ")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"content": [{"start": 0, "end": 900, "text": "Nora"}]}, "not within the text"),
        ({"content": [{"start": 0, "end": 5, "text": "Nora "}]}, "white space at an edge"),
        ({"content": [{"start": 0, "end": 60, "text": TEXT[:60]}]}, "a line break within"),
        ({"content": [{"text": "Nora"}]}, "`stance check --fix` finds them"),
        ({"content": []}, "no content"),
        ({"content": 5}, "a span is an object"),
        ({"kind": "direct"}, "its marks make it 'mixed'"),
        ({"kind": "indirect"}, "its marks make it 'mixed'"),
        ({"speaker": ["Nora"]}, "no speaker"),
        ({"stance": None}, "stance None is none of engage, hawkish, neutral"),
        ({"repeats": 4}, "repeats 4"),
    ],
)
def test_check_says_what_is_wrong(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    assert any(expected in problem.message for problem in check_article(save(article(**changes), tmp_path)))


def test_check_finds_overlapping_quotes_of_one_speaker(tmp_path: Path) -> None:
    row = article()
    row["quotes"].append(row["quotes"][0] | {"content": [span("“should ring Beijing”")], "kind": "direct"})
    (problem,) = check_article(save(row, tmp_path))
    assert problem.message == "its content overlaps that of quote 0, by the same speaker"
    row["quotes"][1]["speaker"] = "Xi"
    assert check_article(save(row, tmp_path)) == []


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff", b'{"quotes": []}', b'{"text": "Aye."}'])
def test_check_reports_a_file_that_cannot_be_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "quill.json"
    path.write_bytes(data)
    (problem,) = check_article(path)
    assert problem.place == str(path)


def test_check_reports_a_missing_file(tmp_path: Path) -> None:
    (problem,) = check_article(tmp_path / "none.json")
    assert "No such file" in problem.message


def test_fix_fills_offsets_and_kind(tmp_path: Path) -> None:
    source = {"start": 3, "end": 13, "text": "Nora Quill"}
    row = article(content=[{"text": " the council “should ring Beijing” "}], source=[source], kind=None)
    path = save(row, tmp_path)
    mended, problems = fix_article(path)
    assert problems == []
    assert mended["quotes"][0]["content"] == [span("the council “should ring Beijing”")]
    assert mended["quotes"][0]["source"] == [span("Nora Quill")]
    assert mended["quotes"][0]["kind"] == "mixed"
    write_row(mended, path)
    assert check_article(path) == []


def test_fix_lists_the_places_of_ambiguous_text(tmp_path: Path) -> None:
    path = save(article(cue=[{"text": "said"}]), tmp_path)
    mended, (problem,) = fix_article(path)
    first, second = TEXT.index("said"), TEXT.rindex("said")
    assert problem.place == f"{path}: quote 0"
    assert "'said' stands 2 times" in problem.message
    assert f"{first} (" in problem.message
    assert f"{second} (" in problem.message
    assert mended["quotes"][0]["cue"] == [{"text": "said"}]


def test_fix_takes_the_near_one_of_several(tmp_path: Path) -> None:
    start = TEXT.rindex("said")
    mended, problems = fix_article(save(article(cue=[{"start": start - 1, "end": start + 5, "text": " said "}]), tmp_path))
    assert problems == []
    assert mended["quotes"][0]["cue"] == [{"start": start, "end": start + 4, "text": "said"}]


def test_fix_reports_text_that_is_not_there(tmp_path: Path) -> None:
    _, (problem,) = fix_article(save(article(source=[{"text": "Lord Quill"}]), tmp_path))
    assert "'Lord Quill' does not stand in the text" in problem.message


@pytest.mark.parametrize("content", [5, "words", None, {"text": "Nora"}])
def test_fix_leaves_what_is_no_list_of_spans(tmp_path: Path, content: Any) -> None:
    mended, _ = fix_article(save(article(content=content), tmp_path))
    assert mended["quotes"][0]["content"] == content


def test_written_articles_read_back(tmp_path: Path) -> None:
    write_article(document(), tmp_path / "dev" / "quill.json")
    assert read_article(tmp_path / "dev" / "quill.json") == document()
    assert list(read_folder(tmp_path)) == [document()]
    written = (tmp_path / "dev" / "quill.json").read_text(encoding="utf-8")
    assert '"speaker": "unnamed"' in written
    assert "“should ring Beijing”" in written


@pytest.mark.parametrize("words", ["\ud83d aye", "aye\r\nno", "aye\u2028no", "\x00aye"])
def test_odd_characters_survive_writing(tmp_path: Path, words: str) -> None:
    odd = Document.assemble(f"{words} said Quill", [Quote("Quill", (Span(len(words) + 6, len(words) + 11),))])
    write_article(odd, tmp_path / "odd.json")
    assert read_article(tmp_path / "odd.json") == odd


def test_reading_a_broken_article_names_file_and_quote(tmp_path: Path) -> None:
    path = save(article(source=[{"start": 0, "end": 4, "text": "Lord"}]), tmp_path)
    with pytest.raises(LabelError, match="quote 0, source: span 0–4 holds 'Nora', labelled as 'Lord'") as caught:
        read_article(path)
    assert str(path) in str(caught.value)
