from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from quill import TEXT, article, save, span

from stance.checks import Problem, check_file, check_files
from stance.standoff import digest


def test_a_sound_article_has_no_problems(tmp_path: Path) -> None:
    assert check_file(save(article(), tmp_path)) == []


def test_check_lists_all_problems_with_their_places(tmp_path: Path) -> None:
    row = article(stance="dovish", speaker="", kind="shouted", repeats=0, cue=[{"start": 0, "end": 4, "text": "said"}])
    row["quotes"] += [{"content": [{"text": "Nora"}], "speaker": ["Nora", "Quill"], "kind": "direct", "stance": "engage"}, "words"]
    path = save(row, tmp_path)
    problems = check_file(path)
    said = {(problem.place, problem.message.split(" ")[0]) for problem in problems}
    first, second, third = (f"{path}: quote {n}" for n in range(3))
    assert said >= {(first, word) for word in ("stance", "speaker", "kind", "repeats", "cue:")}
    assert said >= {(second, "content:"), (second, "speaker"), (third, "not")}
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
        ({"speaker": ["Nora"]}, "speaker is ['Nora']; give a name, or 'unnamed' where nobody can be named"),
        ({"stance": None}, "stance None is none of engage, hawkish, neutral"),
        ({"repeats": 4}, "repeats 4"),
        ({"note": 4}, "note is 4; give a string"),
    ],
)
def test_check_says_what_is_wrong(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    assert any(expected in problem.message for problem in check_file(save(article(**changes), tmp_path)))


def test_check_finds_overlapping_quotes_of_one_speaker(tmp_path: Path) -> None:
    row = article()
    row["quotes"].append(row["quotes"][0] | {"content": [span("“should ring Beijing”")], "kind": "direct"})
    (problem,) = check_file(save(row, tmp_path))
    assert problem.message.startswith("its content overlaps that of quote 0, by the same speaker; ")
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


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"content": [{"text": "the"}], "cue": [], "source": []},
            "'the' stands 2 times, none clearly nearest to the content; give its `start`: ",
        ),
        ({"content": [{"text": "the"}], "cue": [], "source": []}, "(paragraph 3, 'Quill said the harbour could wait.')"),
        ({"cue": [{"text": "said"}]}, "'said' has no offsets; `stance check --fix` finds them"),
        ({"cue": [{"start": 11, "text": "said"}]}, "'said' has no `end`; `stance check --fix` finds them"),
        ({"source": [{"text": "Lord Quill"}]}, "does not stand in the text; copy the words"),
        ({"source": [{"text": "nora quill"}]}, "does not stand in the text; did you mean 'Nora Quill'?"),
        ({"content": [{"text": 'the council "should ring Beijing"'}]}, "did you mean 'the council “should ring Beijing”'?"),
        ({"source": [span("Nora Quill") | {"text": "nora Quill"}]}, "does not stand in the text; did you mean 'Nora Quill'?"),
        ({"content": [span("should ring Beijing")], "kind": "direct"}, "leaves out its quotation marks"),
        ({"content": [span("the council “should ring Beijing")]}, "leaves out its quotation marks"),
        ({"cue": [span("said the council")]}, "cue: 'said the council' overlaps its own quote's content"),
        ({"source": [span("the council “should ring Beijing”")]}, "overlaps its own quote's content"),
    ],
)
def test_check_says_what_to_do(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    problems = check_file(save(article(**changes), tmp_path))
    assert any(expected in problem.message and problem.level == "error" for problem in problems)


def test_check_only_warns_of_what_may_be_meant(tmp_path: Path) -> None:
    row = article(source=[span("the council")]) | {"annotator": "stance 0.1.0, uncorrected"}
    problems = check_file(save(row, tmp_path))
    assert [problem.level for problem in problems] == ["warning", "warning"]
    assert "nobody has corrected it" in problems[0].message
    assert "stands within its own quote's content" in problems[1].message


def test_a_quote_within_another_is_no_problem(tmp_path: Path) -> None:
    text = "“Vance promised peace,” Nora Quill said."
    outer = {"content": [text[:23]], "cue": ["said"], "source": ["Nora Quill"], "speaker": "Nora Quill", "kind": "direct"}
    inner = {"content": ["peace,"], "cue": ["promised"], "source": ["Vance"], "speaker": "Vance", "kind": "direct"}
    quotes = [{key: spans_in(text, value) if isinstance(value, list) else value for key, value in row.items()} for row in (outer, inner)]
    row = {"id": "quill", "text": text, "quotes": [quote | {"stance": "neutral"} for quote in quotes]}
    assert check_file(save(row, tmp_path)) == []


def spans_in(text: str, words: list[str]) -> list[dict[str, Any]]:
    return [{"start": text.index(word), "end": text.index(word) + len(word), "text": word} for word in words]


def test_an_article_needs_an_id(tmp_path: Path) -> None:
    (problem,) = check_file(save(article() | {"id": " "}, tmp_path))
    assert problem.message.startswith("no `id`; give")
    problems = check_file(save(article() | {"id": 7, "outlet": ["The Quay"]}, tmp_path))
    assert [problem.message.split(";")[0] for problem in problems] == ["id is 7", "outlet is ['The Quay']"]


def test_articles_that_stand_twice_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANCE_DATA", str(tmp_path / "none"))
    rows = {"a": article(), "b": article() | {"id": "b"}, "c": article() | {"text": TEXT + "\n"}}
    for name, row in rows.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(row), encoding="utf-8")
    (tmp_path / "d.jsonl").write_text(json.dumps(standoff() | {"id": "d"}), encoding="utf-8")
    problems = check_files([tmp_path / name for name in ("a.json", "b.json", "c.json", "d.jsonl")])
    first = tmp_path / "a.json"
    assert [str(problem) for problem in problems] == [
        f"{tmp_path / 'b.json'}: the same text as {first}; keep one of the two",
        f"{tmp_path / 'c.json'}: the same `id` 'quill' as {first}; give one of the two another",
        f"{tmp_path / 'd.jsonl'}:1: the same text as {first}; keep one of the two",
    ]


def test_check_reads_every_line_of_a_file_of_articles(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    other = article(stance="dovish") | {"id": "other", "text": TEXT + " "}
    lines = [json.dumps(article()), "{", json.dumps(other)]
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
    assert [problem.message.split(";")[0] for problem in check_file(labels)] == ["content: white space at an edge of 'Nora '"]
    labels.write_text(json.dumps(standoff() | {"sha256": digest("another text")}))
    assert "is not the one that was labelled" in check_file(labels)[0].message
    monkeypatch.setenv("STANCE_DATA", str(tmp_path / "none"))
    assert check_file(labels) == []
    labels.write_text(json.dumps(standoff(content=[[5, 5]])))
    assert "lists of [start, end]" in check_file(labels)[0].message


def test_standoff_labels_of_speakers_alone_need_no_stance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "polnear" / "dev" / "text").mkdir(parents=True)
    (tmp_path / "polnear" / "train" / "text").mkdir(parents=True)
    (tmp_path / "polnear" / "dev" / "text" / "quill.txt").write_text(TEXT, encoding="utf-8")
    monkeypatch.setenv("STANCE_DATA", str(tmp_path))
    row = standoff()
    del row["quotes"][0]["stance"]
    labels = tmp_path / "polnear.jsonl"
    labels.write_text(json.dumps(row))
    assert check_file(labels) == []
    labels.write_text(json.dumps(row | {"quotes": [*row["quotes"], standoff(stance=None)["quotes"][0]]}))
    assert any("stance None" in problem.message for problem in check_file(labels))


def test_check_warns_of_what_no_reader_looks_at(tmp_path: Path) -> None:
    row = article(stnce="engage", source=[span("Nora Quill") | {"txt": "Nora"}]) | {
        "headline": "Harbour",
        "annotater": "me",
        "date": "Monday",
    }
    row["quotes"][0]["content"] = [span("“should ring Beijing”"), span("the council")]
    problems = check_file(save(row, tmp_path))
    said = [problem.message for problem in problems]
    assert {problem.level for problem in problems} == {"warning"}
    assert said[0] == "`headline` is no key that is read"
    assert "`annotater` is no key that is read; did you mean `annotator`?" in said
    assert "`stnce` is no key that is read; did you mean `stance`?" in said
    assert "source: `txt` is no key that is read; did you mean `text`?" in said
    assert any("`date` is 'Monday'" in message for message in said)
    assert any("not in the order of the text" in message for message in said)
    assert check_file(save(article() | {"date": "2024-05-31"}, tmp_path)) == []


def test_a_changed_text_is_one_problem(tmp_path: Path) -> None:
    row, at = article(), TEXT.rindex("Quill said")
    cue, source = {"start": at + 6, "end": at + 10, "text": "said"}, {"start": at, "end": at + 5, "text": "Quill"}
    later = {"content": [span("the harbour could wait")], "cue": [cue], "source": [source], "kind": "indirect"}
    row["quotes"].append(row["quotes"][0] | later)
    assert check_file(save(row, tmp_path)) == []
    changed = row | {"text": TEXT.replace("said", "has said", 1)}
    (problem,) = check_file(save(changed, tmp_path))
    assert problem.place == str(tmp_path / "quill.json")
    assert problem.message.startswith("5 spans, all from code point 11 (quote 0) on, hold other words than theirs; was the `text` changed?")


def test_a_problem_has_file_line_and_quote_apart() -> None:
    assert Problem("a/b.jsonl:3: quote 12", "x").to_row() == {"file": "a/b.jsonl", "line": 3, "quote": 12, "level": "error", "message": "x"}
    assert (
        Problem("a: quote.json", "x").to_row() | {"file": "a: quote.json", "line": None, "quote": None}
        == Problem("a: quote.json", "x").to_row()
    )
