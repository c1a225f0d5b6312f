import json
from pathlib import Path

import pandas
import pytest
from typer.testing import CliRunner

import stance
from stance.cli import app, main

TEXT = "“We should keep talking to Beijing,” Ada Lund, the trade minister, said on Tuesday."


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def run(*arguments: object, text: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=text)
    return result.exit_code, result.stdout, result.stderr


def test_a_table_shows_speaker_and_quote(article: Path) -> None:
    status, out, _ = run("classify", article)
    assert status == 0
    assert "Ada Lund" in out
    assert "We should keep talking to Beijing" in out


def test_the_words_that_carry_a_stance_are_there_when_asked_for(article: Path) -> None:
    assert "evidence" not in json.loads(run("classify", article, "--format", "jsonl")[1])["quotes"][0]["stance"]
    status, line, _ = run("classify", article, "--explain", "--format", "jsonl")
    assert status == 0
    assert all(span["text"] in TEXT for span in json.loads(line)["quotes"][0]["stance"]["evidence"])
    assert "because of" in run("classify", article, "--explain")[1]


def test_formats_agree(article: Path, tmp_path: Path) -> None:
    _, line, _ = run("classify", article, "--format", "jsonl")
    row = json.loads(line)
    assert row["id"] == "article"
    assert row["quotes"][0]["speaker"] == "Ada Lund"
    _, whole, _ = run("classify", article, "--format", "json")
    assert json.loads(whole) == row
    for name in ("quotes.csv", "quotes.parquet"):
        assert run("classify", article, "--format", Path(name).suffix[1:], "--output", tmp_path / name)[0] == 0
    assert pandas.read_csv(tmp_path / "quotes.csv").loc[0, "speaker"] == "Ada Lund"
    assert pandas.read_parquet(tmp_path / "quotes.parquet").loc[0, "speaker"] == "Ada Lund"
    _, page, _ = run("classify", article, "--format", "html")
    assert page.lstrip().lower().startswith("<!doctype html>")


def test_standard_input_and_tables_of_articles(tmp_path: Path) -> None:
    assert "Ada Lund" in run("segment", "-", text=TEXT)[1]
    rows = [{"id": "a", "body": TEXT}, {"id": "b", "body": "Nothing was said."}]
    pandas.DataFrame(rows).to_csv(tmp_path / "in.csv", index=False)
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    for name in ("in.csv", "in.jsonl"):
        status, out, _ = run("segment", tmp_path / name, "--text-column", "body", "--format", "jsonl")
        assert status == 0
        assert [json.loads(line)["id"] for line in out.splitlines()] == ["a", "b"]


def test_a_bad_file_is_named_and_does_not_stop_the_rest(article: Path, tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("Caf\xe9".encode("latin-1"))
    (tmp_path / "broken.jsonl").write_text('{"text": "fine"}\n{"text": ')
    (tmp_path / "page.txt").write_text("<!doctype html><p>No")
    names = "latin.txt", "broken.jsonl", "page.txt", "absent.txt"
    status, out, err = run("segment", *(tmp_path / name for name in names), article, "--format", "jsonl")
    assert status == 1
    assert "Ada Lund" in out
    assert all(name in err for name in names)
    assert "broken.jsonl:2" in err
    assert "Traceback" not in err


def test_a_bad_line_or_row_is_named_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    good = json.dumps({"text": TEXT})
    (tmp_path / "in.jsonl").write_text(
        "\n".join([good, '{"text": "cut', good, json.dumps({"text": " "}), json.dumps({"text": "<html><p>No"}), good])
    )
    (tmp_path / "in.csv").write_text(f'id,text\na,\nb,"{TEXT}"\nc,"two",three\nd,"{TEXT}"\ne,"open')
    status, out, err = run("segment", tmp_path / "in.jsonl", tmp_path / "in.csv", "--format", "jsonl")
    assert status == 1
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["in-1", "in-3", "in-6", "b", "d"]
    assert all(f"in.jsonl:{number}: " in err for number in (2, 4))
    assert "in-5: " in err
    assert all(f"in.csv, row {row} (line {row + 1}): " in err for row in (1, 3, 5))


def test_texts_without_words_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("empty.txt", "blank.txt"):
        (tmp_path / name).write_text("" if name == "empty.txt" else " \n\n")
    status, _, err = run("label", tmp_path / "empty.txt", tmp_path / "blank.txt", "--out", tmp_path / "out")
    assert status == 1
    assert all(f"{name}: the text is empty" in err for name in ("empty.txt", "blank.txt"))
    assert not (tmp_path / "out").exists()


def test_the_version_is_told_and_help_names_what_is_taken() -> None:
    assert run("--version")[:2] == (0, f"stance {stance.__version__}\n")
    assert "{FILE}..." in run("label", "--help")[1]
    assert "{PLACE}..." in run("check", "--help")[1]
    assert "{files}" not in run("classify", "--help")[1]


def test_a_missing_column_lists_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"body": "x"}')
    status, _, err = run("segment", tmp_path / "in.jsonl")
    assert status == 1
    assert "'text'" in err
    assert "'body'" in err


def test_wrong_usage_is_status_two(article: Path) -> None:
    assert run("classify", article, "--format", "nonsense")[0] == 2
    assert run("classify", article, "--format", "parquet")[0] == 2
    assert run("train", "nonsense")[0] == 2


def test_check_passes_on_the_seeds_and_fixes_what_is_certain(root: Path, tmp_path: Path) -> None:
    assert run("check", root / "seeds")[0] == 0
    row = {"id": "x", "text": TEXT, "quotes": [{"content": [{"text": "“We should keep talking to Beijing,”"}]}]}
    row["quotes"][0] |= {"cue": [{"text": "said"}], "source": [{"text": "Ada Lund, the trade minister,"}]}
    row["quotes"][0] |= {"speaker": "Ada Lund", "stance": "engage", "repeats": None, "note": ""}
    path = tmp_path / "x.json"
    path.write_text(json.dumps(row))
    status, out, _ = run("check", path)
    assert status == 1
    assert "quote 0" in out
    assert run("check", "--fix", path)[0] == 0
    fixed = json.loads(path.read_text())["quotes"][0]
    assert fixed["content"][0] == {"text": "“We should keep talking to Beijing,”", "start": 0, "end": 36}
    assert fixed["kind"] == "direct"


def test_an_error_of_the_library_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["stance", "train", "quotes", "--recipe", str(tmp_path / "absent.toml")])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1
