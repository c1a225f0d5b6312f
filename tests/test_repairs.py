"""`stance check --fix` mends what is certain, shows it, and leaves all else alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stance.checks import check_file
from stance.cli import app
from stance.repairs import fix_file, fix_row

TEXT = "Nora Quill said the council “should ring Beijing”.\n\nThe harbour was grey.\n\nQuill said the harbour could wait. “We will.”"


def span(words: str) -> dict[str, Any]:
    start = TEXT.index(words)
    return {"start": start, "end": start + len(words), "text": words}


def article(**changes: Any) -> dict[str, Any]:
    quote = {"content": [span("the council “should ring Beijing”")], "cue": [span("said")], "source": [span("Nora Quill")]}
    quote |= {"kind": "mixed", "speaker": "Nora Quill", "stance": "engage", "repeats": None, "note": ""}
    return {"id": "quill", "text": TEXT, "quotes": [quote | changes]}


def fixed(**changes: Any) -> dict[str, Any]:
    quote: dict[str, Any] = fix_row(article(**changes))["quotes"][0]
    return quote


def save(row: Any, folder: Path) -> Path:
    path = folder / "quill.json"
    path.write_text(json.dumps(row), encoding="utf-8")
    return path


def test_fix_fills_offsets_and_kind(tmp_path: Path) -> None:
    source = {"start": 3, "end": 13, "text": "Nora Quill"}
    path = save(article(content=[{"text": " the council “should ring Beijing” "}], source=[source], kind=None), tmp_path)
    (repair,) = fix_file(path)
    quote = repair.after["quotes"][0]
    assert (quote["content"], quote["source"]) == ([span("the council “should ring Beijing”")], [span("Nora Quill")])
    assert quote["kind"] == "mixed"
    assert check_file(path) == []
    assert fix_file(path) == []


def test_fix_leaves_ambiguous_and_absent_words() -> None:
    assert fixed(cue=[{"text": "said"}])["cue"] == [span("said")]
    assert fixed(cue=[{"text": "said"}], content=[])["cue"] == [{"text": "said"}]
    assert fixed(source=[{"text": "Lord Quill"}])["source"] == [{"text": "Lord Quill"}]


def test_fix_takes_the_near_one_of_several() -> None:
    start = TEXT.rindex("said")
    near = [{"start": start - 1, "end": start + 5, "text": " sai d "}, {"start": start - 1, "end": start + 2, "text": "said"}]
    assert fixed(cue=near)["cue"] == [near[0], {"start": start, "end": start + 4, "text": "said"}]


def test_words_within_longer_ones_are_not_taken() -> None:
    assert fixed(cue=[{"text": "could"}])["cue"] == [span("could")]
    assert fixed(source=[{"text": "Quil"}])["source"] == [{"text": "Quil"}]
    assert fixed(source=[{"text": "grey"}])["source"] == [span("grey")]


@pytest.mark.parametrize(
    ("words", "expected", "kind"),
    [
        ("should ring Beijing", "“should ring Beijing”", "direct"),
        ("the council “should ring Beijing", "the council “should ring Beijing”", "mixed"),
        ("We will", "“We will.”", "direct"),
        ("ring Beijing", "ring Beijing", "direct"),
    ],
)
def test_fix_takes_in_marks_that_were_left_out(words: str, expected: str, kind: str) -> None:
    quote = fixed(content=[span(words)], kind=None)
    assert (quote["content"], quote["kind"]) == ([span(expected)], kind)


def test_marks_of_another_quote_are_left_to_it() -> None:
    text = "“Vance promised peace,” Nora Quill said."
    rows = [{"content": [{"text": words}]} for words in ("peace", "Vance promised peace")]
    inner, outer = fix_row({"text": text, "quotes": rows})["quotes"]
    assert outer["content"][0]["text"] == "“Vance promised peace,”"
    assert inner["content"][0]["text"] == "peace"


def test_a_kind_follows_the_marks_but_lost_marks_may_be_meant() -> None:
    assert fixed(kind="direct")["kind"] == "mixed"
    assert fixed(kind="shouted")["kind"] == "mixed"
    assert fixed(content=[span("the harbour could wait")], kind="direct")["kind"] == "direct"


@pytest.mark.parametrize("content", [5, "words", None, {"text": "Nora"}, [7], [{"text": 3}], []])
def test_fix_leaves_what_it_does_not_understand(tmp_path: Path, content: Any) -> None:
    row = article(content=content, kind=None) | {"quotes": [*article(content=content, kind=None)["quotes"], "words", None]}
    path = save(row, tmp_path)
    assert fix_file(path) == []
    assert json.loads(path.read_text(encoding="utf-8")) == row


def test_a_file_of_lines_is_mended_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    sound = json.dumps(article(), indent=None, ensure_ascii=True)
    broken = json.dumps(article(kind="direct") | {"id": "two", "text": TEXT})
    lines = [sound, "{", "", broken, '{"sha256": "00", "quotes": 7}', "[1]"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (repair,) = fix_file(path)
    assert repair.place == f"{path}:4"
    written = path.read_text(encoding="utf-8").split("\n")
    assert [written[n] for n in (0, 1, 2, 4, 5, 6)] == [*(lines[n] for n in (0, 1, 2, 4, 5)), ""]
    assert json.loads(written[3])["quotes"][0]["kind"] == "mixed"


@pytest.mark.parametrize("key", ["quotes", "content"])
def test_fix_takes_out_no_half_of_a_key_that_stands_twice(tmp_path: Path, key: str) -> None:
    path = save(article(kind="direct"), tmp_path)
    path.write_text(path.read_text().replace(f'"{key}": ', f'"{key}": [], "{key}": '), encoding="utf-8")
    held = path.read_bytes()
    assert fix_file(path) == []
    assert path.read_bytes() == held
    (problem,) = check_file(path)
    assert (problem.place, problem.message.split(",")[0]) == (str(path), f"key '{key}' stands twice")


def test_fix_mends_what_a_link_leads_to(tmp_path: Path) -> None:
    path = save(article(kind="direct"), tmp_path)
    path.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    assert len(fix_file(link)) == 1
    assert link.is_symlink()
    assert json.loads(path.read_text(encoding="utf-8"))["quotes"][0]["kind"] == "mixed"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_mended_line_with_a_lone_surrogate_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    text = f"{TEXT}\n\nA torn sign: \ud83d"
    path.write_text(json.dumps(article(kind="direct") | {"text": text}) + "\n", encoding="utf-8")
    assert len(fix_file(path)) == 1
    row = json.loads(path.read_text(encoding="utf-8"))
    assert (row["text"], row["quotes"][0]["kind"]) == (text, "mixed")
    assert check_file(path) == []


def test_fix_shows_a_diff_on_stderr_and_damaged_files_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff{")
    (tmp_path / "b.json").mkdir()
    (tmp_path / "c.json").write_text("[" * 100_000)
    save(article(kind="direct"), tmp_path)
    result = CliRunner().invoke(app, ["check", "--fix", str(tmp_path)])
    assert result.exit_code == 1
    assert '-      "kind": "direct",' in result.stderr
    assert '+      "kind": "mixed",' in result.stderr
    assert article()["text"] not in result.stderr
    assert "quill.json" not in result.stdout
    assert all(f"{name}.json: " in result.stdout for name in "abc")
    assert "4 files, 3 problems" in result.stderr


def test_problems_come_as_json_and_an_empty_folder_is_said(tmp_path: Path) -> None:
    path = save(article(stance="dovish"), tmp_path)
    result = CliRunner().invoke(app, ["check", "--json", str(path)])
    (problem,) = json.loads(result.stdout)
    assert (problem["file"], problem["line"], problem["quote"], problem["level"]) == (str(path), None, 0, "error")
    (tmp_path / "none").mkdir()
    result = CliRunner().invoke(app, ["check", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "no .json or .jsonl file" in result.stderr


def test_a_mark_of_the_byte_order_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "quill.json"
    path.write_text(json.dumps(article()), encoding="utf-8-sig")
    assert check_file(path) == []
