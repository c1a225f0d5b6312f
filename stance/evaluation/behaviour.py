"""Behaviour tests of the stance model: families of small cases, each about one thing (Ribeiro et al. 2020, "Beyond Accuracy", ACL).

A case of *invariance* has two members that differ in something that must not matter; one of *direction* has one member, whose label a
turn of phrase decides. They stand in `seeds/behaviour`, a family a file, and are for measuring only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.articles import article_paths, load_row, split_file
from stance.document import Document
from stance.errors import LabelError
from stance.evaluation.bootstrap import interval
from stance.evaluation.report import Row
from stance.evaluation.scores import StanceItem, score_stances, without_stances

FOLDER = Path("seeds/behaviour")
INVARIANCE, DIRECTION = "invariance", "direction"
MEMBERS = {INVARIANCE: 2, DIRECTION: 1}
TITLE = "behaviour"


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a family.

    Attributes:
        family: What is tried.
        number: Its place in the family.
        test: `invariance` or `direction`.
        members: Articles of one quote each, labelled alike.
    """

    family: str
    number: int
    test: str
    members: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case, and for each member its label beside the model's."""

    case: Case
    items: tuple[StanceItem, ...]

    @property
    def kept(self) -> bool:
        """Whether all members got one label, right or wrong."""
        return len({item.found for item in self.items}) == 1

    @property
    def passed(self) -> bool:
        """Whether all members got the label that is expected."""
        return all(item.found == item.gold for item in self.items)


def read_cases(folder: Path = FOLDER) -> list[Case]:
    """Reads the cases below a folder.

    Raises:
        LabelError: A row is no labelled article or no case, or a case has the wrong number of members, of quotes or of labels.
    """
    members: dict[tuple[str, int, str], list[Document]] = {}
    for path in article_paths([folder]):
        for place, data in split_file(path):
            row = load_row(data, place)
            family, number, test = row.get("family"), row.get("case"), row.get("test")
            if not isinstance(family, str) or not isinstance(number, int) or test not in MEMBERS:
                raise LabelError(place, f"a case needs `family`, a whole number as `case`, and as `test` one of {', '.join(MEMBERS)}")
            members.setdefault((family, number, test), []).append(Document.from_dict(row, place))
    return [_checked(Case(family, number, test, tuple(found))) for (family, number, test), found in members.items()]


def _checked(case: Case) -> Case:
    place = f"{case.family}, case {case.number}"
    if len(case.members) != MEMBERS[case.test]:
        raise LabelError(place, f"{len(case.members)} members; {case.test} takes {MEMBERS[case.test]}")
    stances = [quote.stance for member in case.members for quote in member.quotes]
    if len(stances) != len(case.members) or None in stances or len(set(stances)) != 1:
        raise LabelError(place, "each member needs one quote, and all of these one stance")
    return case


def try_cases(cases: Sequence[Case], judge: Callable[[Sequence[Document]], Iterable[Document]]) -> list[Outcome]:
    """Has a model judge the quotes of some cases, which it gets without their stances.

    Args:
        cases: As `read_cases` gives them.
        judge: Such as `Pipeline.judge.judge`.
    """
    judged = iter(judge([without_stances(member) for case in cases for member in case.members]))
    return [Outcome(case, tuple(item for member in case.members for item in score_stances(member, next(judged)))) for case in cases]


def behaviour_rows(outcomes: Sequence[Outcome], system: str = "stance") -> list[Row]:
    """Share of cases passed: a row a family, with an interval over its cases; then the mean over families and the worst of them.

    The interval of the mean is over families; that of the worst is the family's own. `behaviour, label kept` is the share of cases of
    invariance whose members got one label, be it the wrong one.
    """
    families: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        families.setdefault(outcome.case.family, []).append(outcome)
    rows = [_share(name, system, [outcome.passed for outcome in group]) for name, group in families.items()]
    worst = min(rows, key=lambda row: row.value)
    rates = [row.value for row in rows]
    kept = [outcome.kept for outcome in outcomes if outcome.case.test == INVARIANCE]
    return [
        *rows,
        Row(TITLE, system, "behaviour, mean", _mean(rates), interval(rates, _mean), len(outcomes)),
        Row(TITLE, system, "behaviour, worst family", worst.value, worst.interval, worst.count),
        *([_share("behaviour, label kept", system, kept)] if kept else []),
    ]


def _share(metric: str, system: str, passed: Sequence[bool]) -> Row:
    return Row(TITLE, system, metric, _mean(passed), interval(passed, _mean), len(passed), right=sum(passed))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def write_failures(outcomes: Iterable[Outcome], path: Path) -> None:
    """Writes the cases that were not passed as JSONL: what was expected, and each member's text, content and stance."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for outcome in outcomes:
            if not outcome.passed:
                file.write(json.dumps(_failure(outcome), ensure_ascii=False) + "\n")


def _failure(outcome: Outcome) -> dict[str, Any]:
    case = outcome.case
    members = [
        {
            "id": member.id,
            "found": item.found,
            "probabilities": item.probabilities,
            "text": member.text,
            "content": member.quotes[0].text,
        }
        for member, item in zip(case.members, outcome.items, strict=True)
    ]
    row = {"family": case.family, "case": case.number, "test": case.test, "expected": outcome.items[0].gold}
    return {**row, "kept": outcome.kept, "members": members}
