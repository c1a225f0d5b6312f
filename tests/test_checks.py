from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stance.articles import write_row
from stance.checks import check_file, fix_article
from stance.standoff import digest

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


def test_a_sound_article_has_no_problems(tmp_path: Path) -> None:
    assert check_file(save(article(), tmp_path)) == []


def test_check_lists_all_problems_with_their_places(tmp_path: Path) -> None:
    row = article(stance="dovish", speaker="", kind="shouted", repeats=0, cue=[{"start": 0, "end": 4, "text": "said"}])
    row["quotes"] += [{"content": [{"text": "Nora"}], "speaker": ["Nora", "Quill"], "kind": "direct", "stance": "engage"}, "words"]
    path = save(row, tmp_path)
    problems = check_file(path)
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
    assert any(expected in problem.message for problem in check_file(save(article(**changes), tmp_path)))


def test_check_finds_overlapping_quotes_of_one_speaker(tmp_path: Path) -> None:
    row = article()
    row["quotes"].append(row["quotes"][0] | {"content": [span("“should ring Beijing”")], "kind": "direct"})
    (problem,) = check_file(save(row, tmp_path))
    assert problem.message == "its content overlaps that of quote 0, by the same speaker"
    row["quotes"][1]["speaker"] = "Xi"
    assert check_file(save(row, tmp_path)) == []


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff", b'{"quotes": []}', b'{"text": "Aye."}'])
def test_check_reports_a_file_that_cannot_be_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "quill.json"
    path.write_bytes(data)
    (problem,) = check_file(path)
    assert problem.place == str(path)


def test_check_reports_a_missing_file(tmp_path: Path) -> None:
    (problem,) = check_file(tmp_path / "none.json")
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
    assert check_file(path) == []


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


def test_check_reads_every_line_of_a_file_of_articles(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    lines = [json.dumps(article()), "{", json.dumps(article(stance="dovish"))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    first, second = check_file(path)
    assert (first.place, first.message.split(":")[0]) == (f"{path}:2", "no JSON")
    assert second.place == f"{path}:3: quote 0"


def standoff(**changes: Any) -> dict[str, Any]:
    start = TEXT.index("should")
    spans: dict[str, Any] = {"content": [[start, start + 6]], "cue": [], "source": []}
    quote = spans | {"kind": "direct", "speaker": None, "stance": "engage", "repeats": None}
    return {"id": "quill", "split": "dev", "complete": True, "sha256": digest(TEXT), "quotes": [quote | changes]}


def test_check_joins_standoff_labels_with_their_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "news_china").mkdir()
    (tmp_path / "news_china" / "articles.jsonl").write_text(json.dumps({"id": "quill", "text": TEXT}) + "\n")
    labels = tmp_path / "news_china.jsonl"
    monkeypatch.setenv("STANCE_DATA", str(tmp_path))
    labels.write_text(json.dumps(standoff()))
    assert check_file(labels) == []
    labels.write_text(json.dumps(standoff(content=[[0, 5]], kind="indirect")))
    assert [problem.message for problem in check_file(labels)] == ["content: white space at an edge of 'Nora '"]
    labels.write_text(json.dumps(standoff() | {"sha256": digest("another text")}))
    assert "is not the one that was labelled" in check_file(labels)[0].message
    monkeypatch.setenv("STANCE_DATA", str(tmp_path / "none"))
    assert check_file(labels) == []
    labels.write_text(json.dumps(standoff(content=[[5, 5]])))
    assert "lists of [start, end]" in check_file(labels)[0].message
