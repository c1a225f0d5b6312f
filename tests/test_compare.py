"""Two models beside each other: what articles can show, and what they cannot."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from stance.articles import write_article
from stance.checkpoints import find_models, locate
from stance.cli import app
from stance.document import Document
from stance.errors import CorpusError, MissingModelError
from stance.evaluation.bootstrap import counts_interval, difference_interval
from stance.evaluation.compare import Comparison, Difference, compare
from stance.training.seen import write_seen


def difference(interval: tuple[float, float], articles: int = 30, *, less: bool = False) -> Difference:
    return Difference("own", "end to end", 0.8, 0.7, interval if articles >= 6 else None, articles, 90, less)


def test_a_verdict_says_what_articles_show() -> None:
    nothing = "no difference that these articles can show"
    assert difference((-0.1, 0.2)).verdict == nothing
    assert difference((0.0, 0.0)).verdict == nothing
    assert difference((0.1, 0.2), articles=5).verdict == "5 articles; at least 6 are needed to show a difference"
    assert "| +0.100 | 90 | 1 article; at least 6 " in Comparison((difference((0.1, 0.2), articles=1),), ()).to_markdown()
    assert "| end to end, less is better |" in Comparison((difference((0.1, 0.2), less=True),), ()).to_markdown()
    assert difference((0.01, 0.2)).verdict == difference((-0.2, -0.01), less=True).verdict == "better"
    assert difference((-0.2, -0.01)).verdict == difference((0.01, 0.2), less=True).verdict == "worse"
    table = Comparison((difference((0.01, 0.2)),), ()).to_markdown().splitlines()
    assert table[0] == "| own | new | against | difference (its 95 % interval) | quotes it rests on | |"
    assert table[2] == "| end to end | 0.800 | 0.700 | +0.100 (+0.010 to +0.200) | 90 | better |"


def test_a_paired_interval_is_narrower_than_its_sides_and_holds_the_truth() -> None:
    draw = np.random.default_rng(3)
    held = 0
    for seed in range(60):
        ease = draw.uniform(0.2, 0.9, 40)
        one, other = draw.binomial(30, ease + 0.08), draw.binomial(30, ease)
        rows = [[(int(right), 30, int(right), 30) for right in side] for side in (one, other)]
        low, high = difference_interval(rows[0], rows[1], "f1", draws=400, seed=seed)
        wide = counts_interval(rows[0], "f1", draws=400, seed=seed)
        assert high - low < wide[1] - wide[0]
        held += low <= 0.08 <= high
    assert held >= 52
    assert difference_interval(rows[0], rows[0], "recall") == (0.0, 0.0)
    assert difference_interval([], [], "f1") == (0.0, 0.0)


@pytest.fixture
def articles(tmp_path: Path, seeds: list[Document]) -> Path:
    folder = tmp_path / "articles"
    for number, document in enumerate(seeds[:2]):
        write_article(replace(document, id=f"one-{number}"), folder / f"{number}.json")
    return folder


def test_a_model_by_chance_is_compared_with_the_shipped_one(tiny_quotes: Path, articles: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["evaluate", "--model", str(tiny_quotes), "--data", str(articles), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "2 articles; at least 6 are needed to show a difference" in result.stdout
    assert "keep 6 of them in a folder apart" in result.stderr
    rows = {row["metric"]: row for row in json.loads((out / "comparison.json").read_text(encoding="utf-8"))}
    assert rows["end to end"]["interval"] is None
    assert rows["end to end"]["new"] < rows["end to end"]["against"]
    assert not any(metric.startswith("stance") for metric in rows)


def test_a_model_is_no_better_than_itself(articles: Path) -> None:
    made = compare(locate("stance"), None, [articles])
    assert {row.metric for row in made.differences} >= {"stance macro-F1", "stance Brier"}
    assert all(row.new == row.against and row.interval is None for row in made.differences)


def test_articles_that_a_model_has_learnt_from_are_left_out(
    tiny_quotes: Path, articles: Path, tmp_path: Path, seeds: list[Document]
) -> None:
    folder = tmp_path / "models" / "quotes"
    folder.parent.mkdir()
    folder.symlink_to(tiny_quotes)
    try:
        write_seen(tiny_quotes, seeds[:1], seeds[1:2], seeds[:2])
        made = compare(tmp_path / "models", None, [articles])
        assert [note.partition(": ")[2] for note in made.notes[:3]] == [
            "1 of 2 articles left out, as a model has learnt from them",
            "1 of 1 articles told a model when to stop, which flatters it a little",
            "1 of 1 articles calibrated a model's probabilities, which flatters them",
        ]
        assert made.differences[0].articles == 1
        write_seen(tiny_quotes, seeds[:2], [], [])
        with pytest.raises(CorpusError, match="2 of 2 articles left out"):
            compare(tmp_path / "models", None, [articles])
    finally:
        (tiny_quotes / "articles.tsv").unlink()


def test_places_without_models_are_named(tiny_quotes: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingModelError, match="none named quotes or stance"):
        find_models(tmp_path)
    assert find_models(tiny_quotes.parent / tiny_quotes.name) == {"quotes": tiny_quotes}
    assert CliRunner().invoke(app, ["evaluate", "--against", str(tiny_quotes)]).exit_code == 2
