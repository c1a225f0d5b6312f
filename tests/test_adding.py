"""One's own articles from raw text to a model, by the command line: label, correct, check, train, compare, use."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stance.articles import write_row
from stance.cli import app

pytestmark = pytest.mark.usefixtures("one_thread")
TEXT = "{one}, the trade minister, said on Monday that Norland should keep talking to Beijing.\n\n“They jail our people,” {two} added.\n"
NAMES = ("Ada Lund", "Bo Sand", "Tess Orrin", "Bram Holt", "Nora Quill", "Ivo Marsh")


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, f"{result.stderr}{result.exception or ''}"


def correct(path: Path, two: str) -> None:
    """What a person does: one quote more, by its words alone, and a name as annotator."""
    row = json.loads(path.read_text(encoding="utf-8"))
    row["quotes"] = [quote for quote in row["quotes"] if "jail" not in quote["content"][0]["text"]]
    added = {"content": [{"text": "They jail our people,"}], "source": [{"text": two}], "cue": [{"text": "added"}]}
    row["quotes"].append(added | {"speaker": two, "stance": "hawkish", "repeats": None, "note": ""})
    write_row(row | {"annotator": "A. Reader"}, path)


@pytest.mark.slow
def test_articles_go_from_raw_text_to_a_model(tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("raw").mkdir()
    for number, one in enumerate(NAMES):
        Path(f"raw/report-{number}.txt").write_text(TEXT.format(one=one, two=NAMES[number - 1]), encoding="utf-8")
    Path("raw/broken.txt").write_bytes(b"\xff")
    status, _, err = run("label", *sorted(Path("raw").iterdir()), "--out", "mine")
    assert status == 1
    assert "raw/broken.txt: not UTF-8" in err
    files = sorted(Path("mine").glob("*.json"))
    assert len(files) == len(NAMES)
    assert "nobody has corrected it" in run("check", "mine")[1]
    for number, path in enumerate(files):
        correct(path, NAMES[number - 1])
    Path("mine/damaged.json").write_text("{")
    status, out, _ = run("check", "mine")
    assert status == 1
    assert "mine/damaged.json: no JSON" in out
    assert "has no offsets; `stance check --fix` finds them" in out
    status, out, err = run("check", "--fix", "mine")
    assert status == 1
    assert [line for line in out.splitlines() if "damaged.json" not in line] == []
    assert '"text": "“They jail our people,”"}]' in err
    status, _, err = run("train", "--data", "mine", "--base", tiny_base, "--out", "models")
    assert status == 1, err
    assert "mine/damaged.json: no JSON" in err
    assert 'left_out = ["mine/damaged.json"]' in Path("models/stance/recipe.toml").read_text()
    assert "Left out, as damaged: `mine/damaged.json`" in Path("models/quotes/README.md").read_text()
    assert "loss on development articles after step" in err
    assert "Loss on development articles" in err
    status, out, err = run("evaluate", "--model", "models", "--data", "mine", "--out", "eval")
    assert status == 1, err
    assert "mine/damaged.json: no JSON" in err
    assert "at least 6 are needed to show a difference" in out
    assert "articles left out, as a model has learnt from them" in err
    status, out, _ = run("classify", "raw/report-0.txt", "--model", "models", "--format", "jsonl")
    assert status == 0
    assert json.loads(out)["id"] == "report-0"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--data", "mine", "--recipe", "recipe.toml"),
        ("--data", "mine", "--from", "models", "--base", "encoder"),
        ("--data", "mine", "--task", "speakers"),
        ("all",),
        ("quotes", "--base", "encoder"),
        (),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert run("train", *arguments)[0] == 2
