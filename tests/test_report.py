import json
from pathlib import Path

import pytest

from stance.document import Document
from stance.evaluation import run
from stance.evaluation.baselines import majority, read_by_marks, similarity, words
from stance.evaluation.report import Row, errors_page, to_markdown
from stance.questions import shipped_question

QUESTION = shipped_question()


def test_a_table_has_a_column_a_system_and_a_line_a_metric() -> None:
    rows = [
        Row("seeds", "stance", "matched", 0.5, (0.4, 0.6), 80),
        Row("seeds", "marks", "matched", 0.25, (0.2, 0.3), 80),
        Row("seeds", "stance", "attribution", 0.9, (0.8, 1.0), 40),
    ]
    table = to_markdown(rows).splitlines()
    assert table[0] == "| seeds | stance | marks | n |"
    assert table[2] == "| matched | 0.500 (0.40–0.60) | 0.250 (0.20–0.30) | 80 |"
    assert table[3] == "| attribution | 0.900 (0.80–1.00) |  | 40 |"


def test_a_page_of_errors_shows_what_was_missed_and_escapes_it() -> None:
    text = "Ada Lund said <i>trade</i> & talks help. “We must talk to them now,” Bo Sand said."
    gold = read_by_marks(text)
    empty = Document.assemble(text, [])
    page = errors_page("a & b", [(gold, empty), (empty, gold)])
    assert page.count("missed") == 1
    assert page.count("spurious") == 1
    assert "a &amp; b" in page


def test_baselines_give_every_passage_a_stance() -> None:
    train = [("we must talk and trade", "engage"), ("they must be punished with sanctions", "hawkish"), ("it rained", "neutral")] * 4
    passages = ["let us talk and trade", "punished with sanctions"]
    assert [stance.label for stance in majority([*train, ("more talk", "engage")], passages, QUESTION)] == ["engage", "engage"]
    assert [stance.label for stance in words(train, passages, QUESTION)] == ["engage", "hawkish"]
    for stance in similarity(passages, QUESTION):
        assert set(stance.probabilities) == set(QUESTION.labels)
        assert sum(stance.probabilities.values()) == pytest.approx(1)


def test_the_evaluation_runs_on_what_the_clone_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STANCE_DATA", str(tmp_path / "nothing"))
    rows = run.evaluate(tmp_path / "eval")
    assert {row.set for row in rows} == {"seeds", "behaviour"}
    found = {(row.system, row.metric): row for row in rows}
    assert found["stance", "end to end"].value > found["marks + nearest name", "end to end"].value
    assert {"majority", "TF-IDF + logistic regression", "zero-shot MiniLM"} <= {row.system for row in rows}
    for row in rows:
        assert row.interval[0] <= row.value + 1e-9
        assert row.value <= row.interval[1] + 1e-9
    assert json.loads((tmp_path / "eval" / "results.json").read_text())
    assert (tmp_path / "eval" / "errors-seeds.html").is_file()
    assert (tmp_path / "eval" / "stances.png").is_file()
    failed = (tmp_path / "eval" / "behaviour.jsonl").read_text(encoding="utf-8").splitlines()
    families = [row for row in rows if row.set == "behaviour" and not row.metric.startswith("behaviour")]
    assert len(failed) == sum(row.count - (row.right or 0) for row in families)
    assert "end to end" in capsys.readouterr().out
