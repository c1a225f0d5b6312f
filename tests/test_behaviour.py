import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from stance.document import Document, Stance
from stance.errors import LabelError
from stance.evaluation.behaviour import DIRECTION, INVARIANCE, Case, behaviour_rows, read_cases, try_cases, write_failures
from stance.questions import shipped_question

LABELS = shipped_question().labels


@pytest.fixture(scope="module")
def cases(root: Path) -> list[Case]:
    return read_cases(root / "seeds" / "behaviour")


def row(family: str, number: int, test: str, words: str, stance: str = "engage", **changes: object) -> str:
    text = f"Ada Lund said {words}."
    spans = {"content": [{"start": 14, "end": len(text) - 1}], "cue": [{"start": 9, "end": 13}], "source": [{"start": 0, "end": 8}]}
    quote = {**spans, "kind": "indirect", "speaker": "Ada Lund", "stance": stance}
    return json.dumps({"family": family, "case": number, "test": test, "id": words, "text": text, "quotes": [quote]} | changes)


def by_words(documents: Sequence[Document]) -> Iterator[Document]:
    """Judges a quote by a label that stands in it, and must not see the stance that it has."""
    for document in documents:
        (quote,) = document.quotes
        assert quote.stance is None
        label = next(label for label in LABELS if label in quote.text)
        yield Document.assemble(document.text, [replace(quote, stance=Stance(label, 0.5, {label: 0.5}))], **document.metadata)


def test_there_are_enough_families_of_enough_cases(cases: list[Case]) -> None:
    families = Counter(case.family for case in cases)
    assert len(families) >= 22
    assert min(families.values()) >= 10
    assert {case.test for case in cases} == {INVARIANCE, DIRECTION}
    assert len({(case.family, case.test) for case in cases}) == len(families)


def test_every_case_is_another_text_with_a_valid_label(cases: list[Case]) -> None:
    members = [member for case in cases for member in case.members]
    assert len({member.text for member in members}) == len(members)
    assert len({member.id for member in members}) == len(members)
    assert {quote.stance.label for member in members for quote in member.quotes if quote.stance} == set(LABELS)


def test_no_two_cases_share_eight_words_in_a_row(cases: list[Case]) -> None:
    owner: dict[tuple[str, ...], tuple[str, int]] = {}
    for case in cases:
        for member in case.members:
            words = re.findall(r"\w+", member.text.lower())
            for at in range(len(words) - 7):
                name = (case.family, case.number)
                assert owner.setdefault(tuple(words[at : at + 8]), name) == name


def test_invariance_is_tried_with_every_label(cases: list[Case]) -> None:
    labels: dict[str, set[str]] = {}
    for case in cases:
        if case.test == INVARIANCE:
            labels.setdefault(case.family, set()).update(quote.stance.label for quote in case.members[0].quotes if quote.stance)
    assert len(labels) >= 10
    assert all(found == set(LABELS) for found in labels.values())


def test_a_judge_with_known_answers_gets_the_rates_that_it_earns(tmp_path: Path) -> None:
    lines = [
        row("names", 1, INVARIANCE, "engage Ada"),
        row("names", 1, INVARIANCE, "engage Bo"),
        row("names", 2, INVARIANCE, "engage Cy"),
        row("names", 2, INVARIANCE, "hawkish Di"),
        row("names", 3, INVARIANCE, "hawkish Ed"),
        row("names", 3, INVARIANCE, "hawkish Flo"),
        row("names", 4, INVARIANCE, "neutral Gus", "neutral"),
        row("names", 4, INVARIANCE, "neutral Hal", "neutral"),
        row("if", 1, DIRECTION, "hawkish", "hawkish"),
        row("if", 2, DIRECTION, "engage", "hawkish"),
        row("if", 3, DIRECTION, "neutral", "hawkish"),
        row("if", 4, DIRECTION, "neutral if", "hawkish"),
    ]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    outcomes = try_cases(read_cases(tmp_path), by_words)
    rows = {row.metric: row for row in behaviour_rows(outcomes)}
    assert {metric: row.value for metric, row in rows.items()} == {
        "names": 0.5,
        "if": 0.25,
        "behaviour, mean": 0.375,
        "behaviour, worst family": 0.25,
        "behaviour, label kept": 0.75,
    }
    assert (rows["names"].right, rows["names"].count, rows["behaviour, mean"].count) == (2, 4, 8)
    assert all(row.interval[0] <= row.value <= row.interval[1] for row in rows.values())

    write_failures(outcomes, tmp_path / "eval" / "behaviour.jsonl")
    failed = [json.loads(line) for line in (tmp_path / "eval" / "behaviour.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(one["family"], one["case"], one["kept"]) for one in failed] == [
        ("names", 2, False),
        ("names", 3, True),
        ("if", 2, True),
        ("if", 3, True),
        ("if", 4, True),
    ]
    assert [member["found"] for member in failed[0]["members"]] == ["engage", "hawkish"]
    assert failed[0]["members"][1]["text"] == "Ada Lund said hawkish Di."


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([row("names", 1, INVARIANCE, "aye")], "names, case 1: 1 members; invariance takes 2"),
        ([row("if", 2, DIRECTION, "aye"), row("if", 2, DIRECTION, "no")], "if, case 2: 2 members; direction takes 1"),
        ([row("names", 1, INVARIANCE, "aye"), row("names", 1, INVARIANCE, "no", "hawkish")], "one stance"),
        ([row("if", 1, DIRECTION, "aye", quotes=[])], "one quote"),
        ([row("if", 1, "chance", "aye")], "cases.jsonl:1: a case needs `family`"),
    ],
)
def test_a_broken_case_is_refused_by_name(tmp_path: Path, lines: list[str], message: str) -> None:
    (tmp_path / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(LabelError, match=re.escape(message)):
        read_cases(tmp_path)
