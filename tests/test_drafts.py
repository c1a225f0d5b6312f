"""`stance label` writes files that a person can correct, and never over anybody's work."""

import csv
import json
from pathlib import Path

import pandas
import pytest
from typer.testing import CliRunner

from stance.articles import read_articles
from stance.checks import check_file
from stance.cli import app
from stance.document import Document, Quote, Span, Speaker, Stance
from stance.drafts import Doubt, doubts_of, draft_of, is_uncorrected, safe_name, write_draft, write_worklist

TEXT = "“We should keep talking to Beijing,” Ada Lund said.\n\nBo Sand called for sanctions on Chinese officials.\n"


def reading(name: str = "quay", text: str = TEXT) -> Document:
    stance = Stance("engage", 0.8, {"engage": 0.8, "hawkish": 0.1, "neutral": 0.1})
    first = Quote(text[:36], (Span(0, 36),), (Span(37, 45),), (Span(46, 50),), "direct", Speaker("Ada Lund"), stance, 0.9)
    at = text.find("sanctions")
    second = Quote(text[at : at + 9], (Span(at, at + 9),), kind="indirect", stance=Stance("hawkish", 0.6, {"hawkish": 0.6}), confidence=0.4)
    return Document.assemble(text, [first, second], id=name)


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stderr


def test_label_reads_every_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "quay.txt").write_text(TEXT, encoding="utf-8")
    rows = [{"id": "a/1", "body": TEXT, "outlet": "The Quay"}, {"id": "a:1", "body": "“Aye,” Ada Lund said."}]
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    pandas.DataFrame([{"body": "“Nay,” Bo Sand said."}]).to_csv(tmp_path / "table.csv", index=False)
    pandas.DataFrame([{"body": "“Perhaps,” Bo Sand said."}]).to_parquet(tmp_path / "column.parquet")
    out = tmp_path / "out"
    assert run("label", tmp_path / "quay.txt", "--out", out)[0] == 0
    status, err = run(
        "label", *(tmp_path / name for name in ("rows.jsonl", "table.csv", "column.parquet")), "--text-column", "body", "--out", out
    )
    assert status == 0, err
    assert {path.name for path in out.glob("*.json")} == {"quay.json", "a-1.json", "a-1-2.json", "table-1.json", "column-1.json"}
    (article,) = read_articles(out / "a-1.json")
    assert (article.text, article.id, article.outlet) == (TEXT, "a/1", "The Quay")
    assert is_uncorrected(article.annotator)
    starts = [quote.content[0].start for quote in article.quotes]
    assert len(starts) >= 2
    assert starts == sorted(starts)
    assert {row["file"] for row in csv.DictReader((out / "worklist.tsv").open(), delimiter="\t")} == {"quay.json"}
    assert len(list(csv.DictReader((out / "worklist-2.tsv").open(), delimiter="\t"))) >= 5


def test_label_keeps_what_is_there_and_names_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "quay.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(b"Caf\xe9")
    out = tmp_path / "out"
    status, err = run("label", tmp_path / "latin.txt", tmp_path / "quay.txt", "--out", out)
    assert (status, (out / "quay.json").exists()) == (1, True)
    assert "latin.txt" in err
    row = json.loads((out / "quay.json").read_text(encoding="utf-8")) | {"annotator": "a person"}
    (out / "quay.json").write_text(json.dumps(row), encoding="utf-8")
    held = (out / "quay.json").read_bytes()
    status, err = run("label", tmp_path / "quay.txt", "--out", out)
    assert (status, (out / "quay.json").read_bytes()) == (1, held)
    assert "quay.json: kept" in err
    assert len(list(out.iterdir())) == 2


def test_a_draft_has_plain_stances_and_passes_the_check(tmp_path: Path) -> None:
    path, new = write_draft(reading(), tmp_path)
    assert new
    quotes = json.loads(path.read_text(encoding="utf-8"))["quotes"]
    assert [quote["stance"] for quote in quotes] == ["engage", "hawkish"]
    assert quotes[0]["note"] == "model: quote 0.90, engage 0.80"
    assert quotes[1]["speaker"] == "unnamed"
    assert all("confidence" not in quote for quote in quotes)
    assert [problem for problem in check_file(path) if problem.level == "error"] == []
    assert draft_of(reading()).quotes[0].confidence == 1


def test_articles_of_one_name_do_not_collide(tmp_path: Path) -> None:
    one, _ = write_draft(reading("quay"), tmp_path)
    two, new = write_draft(reading("quay", TEXT + "More."), tmp_path)
    assert new
    assert [path.name for path in (one, two)] == ["quay.json", "quay-2.json"]
    assert [json.loads(path.read_text(encoding="utf-8"))["id"] for path in (one, two)] == ["quay", "quay-2"]
    assert write_draft(reading("quay", TEXT + "More."), tmp_path) == (two, False)
    one.write_bytes(b"{")
    assert write_draft(reading("quay"), tmp_path)[0].name == "quay-3.json"
    assert one.read_bytes() == b"{"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("Zoë’s visit: day 1", "Zoe-s-visit-day-1"),
        ("北京", "article"),
        ("", "article"),
        ("nul.txt", "article-nul.txt"),
        ("x" * 300, "x" * 80),
    ],
)
def test_names_of_files_are_safe(name: str, expected: str) -> None:
    assert safe_name(name) == expected


def test_the_work_list_begins_with_the_least_sure(tmp_path: Path) -> None:
    path = write_worklist(doubts_of(reading(), "quay.json"), tmp_path)
    first, second = csv.DictReader(path.open(encoding="utf-8"), delimiter="\t")
    assert (first["quote"], first["confidence"], first["probability"], first["text"]) == ("1", "0.4", "0.6", "sanctions")
    assert (first["start"], second["start"]) == (str(TEXT.index("sanctions")), "0")
    assert second["speaker"] == "Ada Lund"
    assert write_worklist([], tmp_path).name == "worklist-2.tsv"


def test_an_unsure_stance_stands_before_a_surer_quote(tmp_path: Path) -> None:
    doubts = [Doubt("quay.json", n, n, *sure, "engage", "Ada Lund", "Aye") for n, sure in enumerate([(0.6, 0.9), (0.99, 0.35), (0.5, 0.5)])]
    rows = csv.DictReader(write_worklist(doubts, tmp_path).open(encoding="utf-8"), delimiter="\t")
    assert [row["quote"] for row in rows] == ["1", "2", "0"]
