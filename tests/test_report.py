import json
from dataclasses import replace
from pathlib import Path

import pytest

from stance.corpora import is_present
from stance.document import Document, Stance
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


def test_people_agree_by_articles_however_many_read_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = tmp_path / "polnear" / "train"
    readings = {
        "one_2016-01-01": ["14 20\tto act"] * 3,
        "two_2016-01-02": ["14 20\tto act", "21 26\ttoday"],
        "three_2016-01-03": ["14 20\tto act"],
    }
    for part in ("text", "attributions"):
        (split / part).mkdir(parents=True)
    for article, contents in readings.items():
        (split / "text" / f"{article}.txt").write_text("Ada Lund asks to act today.", encoding="utf-8")
        for number, content in enumerate(contents):
            lines = f"T1\tContent {content}\nT2\tCue 9 13\tasks\nE1\tAttribution:T2 Cue:T2 Content:T1\n"
            (split / "attributions" / f"{article}_000{number}.ann").write_text(lines, encoding="utf-8")
    monkeypatch.setenv("STANCE_DATA", str(tmp_path))
    matched = next(row for row in run.agreement_rows("dev") if row.metric == "matched")
    assert (matched.system, matched.value, matched.right, matched.count) == ("two annotators", 0.75, 3, 4)
    assert matched.interval == (0.0, 1.0)


@pytest.mark.skipif(not is_present("polnear/train"), reason="the corpora are not here; `make data` fetches them")
def test_people_agree_as_the_readme_says(root: Path) -> None:
    rows = {row.metric: row for row in run.agreement_rows("PolNeAR dev")}
    said = [f"{rows[name].value:.2f} ({'–'.join(f'{bound:.2f}' for bound in rows[name].interval)})" for name in ("matched", "end to end")]
    assert f"| *two human annotators*: matched; end to end | {'; '.join(said)} |" in (root / "README.md").read_text(encoding="utf-8")


def test_stances_end_to_end_count_missed_quotes_and_false_sides_of_every_article() -> None:
    read = read_by_marks("“We must talk to them now,” Bo Sand said.")
    judged = Document.assemble(read.text, [replace(quote, stance=Stance("engage")) for quote in read.quotes])
    pairs = [(judged, judged), (judged, Document.assemble(read.text, [])), (read, judged), (judged, read)]
    rows = {row.metric: row for row in run.quote_rows("own", "stance", pairs, stances=True)}
    engage = rows["stance end to end, engage"]
    assert (engage.precision, engage.recall, engage.count) == (0.5, pytest.approx(1 / 3), 3)
    assert "stance end to end, hawkish" not in rows
    assert not any(row.metric.startswith("stance") for row in run.quote_rows("own", "people", pairs))


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
