"""Two models on the same articles: both figures, the paired difference, and what these articles can show of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from stance.checkpoints import TYPES, find_models, held_question, locate
from stance.corpora import is_present, name_of, read_corpus
from stance.document import Document
from stance.errors import CorpusError, QuestionError
from stance.estimates import LEAST_ARTICLES
from stance.evaluation.baselines import majority
from stance.evaluation.bootstrap import difference_interval, interval
from stance.evaluation.run import SETS, guessed, labelled_passages
from stance.evaluation.scores import Counts, StanceItem, score_quotes, score_stances, without_stances
from stance.evaluation.stances import brier, calibration_error, f1_of, macro_f1
from stance.pipeline import Judge, Reader
from stance.standoff import digest
from stance.training.seen import SPLITS, read_seen

_COUNTED = (
    ("matched", "f1"), ("end to end", "f1"), ("end to end, direct", "f1"), ("end to end, mixed", "f1"), ("end to end, indirect", "f1"),
    ("content exact", "f1"), ("attribution", "recall"), ("speaker", "recall"),
)  # fmt: skip
_NOTHING = "no difference that these articles can show"
_FLATTERY = (
    "told a model when to stop, which flatters it a little",
    "calibrated a model's probabilities, which flatters them",
    "were read by a model without their labels, which flatters it a little",
)
_APART = (
    f"with few articles of your own: keep {LEAST_ARTICLES} of them in a folder apart, train on the others, and evaluate on that folder; "
    "then train on all"
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of two models.

    Attributes:
        set: The labelled set.
        metric: What is measured.
        new, against: The figures.
        interval: Bootstrap 95 % interval over articles of `new - against`; None where there are too few articles for one.
        articles: How many articles there are.
        count: Gold items the figures rest on.
        less_is_better: Whether a lower figure is the better one.
    """

    set: str
    metric: str
    new: float
    against: float
    interval: tuple[float, float] | None
    articles: int
    count: int
    less_is_better: bool = False

    @property
    def verdict(self) -> str:
        """What the articles show, in words; of fewer than six no interval can (0.5 to the fifth is more than 1 in 40)."""
        if self.interval is None:
            said = "1 article" if self.articles == 1 else f"{self.articles} articles"
            return f"{said}; at least {LEAST_ARTICLES} are needed to show a difference"
        if self.interval[0] <= 0 <= self.interval[1]:
            return _NOTHING
        return "better" if (self.interval[0] > 0) != self.less_is_better else "worse"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found.

    Attributes:
        differences: A row a set and measure.
        notes: What a reader has to know: articles left out, or used to tell when to stop or to calibrate.
    """

    differences: tuple[Difference, ...]
    notes: tuple[str, ...]

    def to_markdown(self) -> str:
        """The table: both figures, the difference with its interval, and the verdict."""
        lines = []
        for title in dict.fromkeys(row.set for row in self.differences):
            lines += [f"| {title} | new | against | difference (its 95 % interval) | quotes it rests on | |", "| --- |" + " --- |" * 5]
            for row in self.differences:
                if row.set == title:
                    gap = f"{row.new - row.against:+.3f}"
                    gap += f" ({row.interval[0]:+.3f} to {row.interval[1]:+.3f})" if row.interval else ""
                    name = row.metric + (", less is better" if row.less_is_better else "")
                    lines.append(f"| {name} | {row.new:.3f} | {row.against:.3f} | {gap} | {row.count} | {row.verdict} |")
            lines.append("")
        return "\n".join(lines).rstrip()


def compare(
    new: Path, against: Path | None = None, data: Sequence[Path] = (), out: Path | None = None, left_out: Collection[str] = ()
) -> Comparison:
    """Measures two models, or pairs of models, on the same articles; of each task that the new ones are for.

    Articles that either of two models has learnt from are left out, as far as the models' directories tell.

    Args:
        new: A model directory, or a folder that holds `quotes/` or `stance/` or both.
        against: The same; the shipped models when left out.
        data: Files or folders of labelled articles; the sets of `make eval` that are at hand when left out.
        out: Folder for `comparison.json` and `comparison.md`; none are written when left out.
        left_out: What of the data is damaged, see `stance.articles.damage`.

    A stance model of another question than the shipped one is compared, where `against` is left out, with the most frequent label.

    Raises:
        MissingModelError: A place holds no model, or none of a task that the new one is for.
        CorpusError: There is no labelled article to compare on.
        QuestionError: Two stance models answer different questions.
    """
    ours = find_models(new)
    theirs = find_models(against) if against else {task: locate(task) for task in TYPES}
    sets = {str(place): name_of(place) for place in data} or {title: name for title, name in SETS.items() if is_present(name)}
    rows: list[Difference] = []
    notes: list[str] = []
    for task, folder in ours.items():
        if task not in theirs:
            notes.append(f"{against} holds no model of {task}: not compared")
            continue
        other: Path | None = theirs[task]
        if task == "stance" and not against and held_question(folder) != held_question(theirs[task]):
            notes.append("stance: the shipped model answers another question: compared with the most frequent label of these articles")
            other = None
        for title, name in sets.items():
            kept = _unseen(read_corpus(name, without=left_out), title, task, [place for place in (folder, other) if place], notes)
            kept = _to_the_point(kept, title, folder, notes) if task == "stance" else kept
            if kept and task == "stance":
                rows += _compare_stances(title, folder, other, kept)
            elif kept:
                rows += _compare_quotes(title, folder, theirs[task], kept)
    if not rows:
        raise CorpusError("; ".join(["nothing to compare on", *notes]))
    if any(row.interval is None for row in rows):
        notes.append(_APART)
    made = Comparison(tuple(rows), tuple(notes))
    if out:
        out.mkdir(parents=True, exist_ok=True)
        (out / "comparison.md").write_text(made.to_markdown() + "\n", encoding="utf-8")
        (out / "comparison.json").write_text(json.dumps([asdict(row) | {"verdict": row.verdict} for row in rows], indent=1) + "\n", "utf-8")
    return made


def _unseen(gold: Sequence[Document], title: str, task: str, folders: Sequence[Path], notes: list[str]) -> list[Document]:
    learnt, told, fitted, read = (frozenset[str]().union(*(read_seen(folder, split) for folder in folders)) for split in SPLITS)
    kept = [document for document in gold if digest(document.text) not in learnt]
    if len(kept) < len(gold):
        notes.append(f"{title}, {task}: {len(gold) - len(kept)} of {len(gold)} articles left out, as a model has learnt from them")
    for sums, flattery in zip((told, fitted, read), _FLATTERY, strict=True):
        if count := sum(digest(document.text) in sums for document in kept):
            notes.append(f"{title}, {task}: {count} of {len(kept)} articles {flattery}")
    return kept


def _to_the_point(gold: Sequence[Document], title: str, folder: Path, notes: list[str]) -> list[Document]:
    target = held_question(folder).target
    kept = [document for document in gold if document.target in (None, target)]
    if len(kept) < len(gold):
        notes.append(f"{title}, stance: {len(gold) - len(kept)} of {len(gold)} articles left out, as they are not about {target!r}")
    return kept


def _compare_quotes(title: str, new: Path, against: Path, gold: Sequence[Document]) -> list[Difference]:
    ours, theirs = ([score_quotes(one, other) for one, other in zip(gold, _read(folder, gold), strict=True)] for folder in (new, against))
    rows = []
    for metric, measure in _COUNTED:
        one, other = ([score.counts.get(metric, Counts()) for score in scores] for scores in (ours, theirs))
        total, total_other = sum(one, Counts()), sum(other, Counts())
        if total.gold or total_other.gold:
            bounds = difference_interval(_rows(one), _rows(other), measure) if len(gold) >= LEAST_ARTICLES else None
            figures = getattr(total, measure), getattr(total_other, measure)
            rows.append(Difference(title, metric, *figures, bounds, len(gold), total.gold))
    return rows


def _read(folder: Path, gold: Sequence[Document]) -> list[Document]:
    texts = [document.text for document in gold]
    return [Document.assemble(text, quotes) for text, quotes in zip(texts, Reader(folder).read(texts), strict=True)]


def _rows(counts: Sequence[Counts]) -> list[tuple[int, int, int, int]]:
    return [(count.right_found, count.found, count.right_gold, count.gold) for count in counts]


def _compare_stances(title: str, new: Path, against: Path | None, gold: Sequence[Document]) -> list[Difference]:
    question = held_question(new)
    labels = question.labels
    if against and held_question(against) != question:
        raise QuestionError(f"{new}: answers another question than {against}: the two cannot be compared")
    stripped = [without_stances(document) for document in gold]
    known = labelled_passages(gold)
    systems = (
        Judge(new).judge(stripped),
        Judge(against).judge(stripped) if against else guessed(stripped, lambda passages: majority(known, passages, question)),
    )
    judged = [[score_stances(one, other) for one, other in zip(gold, found, strict=True)] for found in systems]
    pairs = [pair for pair in zip(*judged, strict=True) if pair[0]]
    measures: Mapping[str, Callable[[Sequence[StanceItem]], float]] = {
        "stance macro-F1": lambda items: macro_f1(items, labels),
        **{f"stance F1, {label}": (lambda items, label=label: f1_of(items, label)) for label in labels},  # type: ignore[misc]
        "stance calibration error": calibration_error,
        "stance Brier": lambda items: brier(items, labels),
    }
    return [
        _stance_difference(title, metric, measure, pairs, less_is_better=metric.endswith(("error", "Brier")))
        for metric, measure in measures.items()
        if pairs
    ]


Pair = tuple[Sequence[StanceItem], Sequence[StanceItem]]


def _stance_difference(
    title: str, metric: str, measure: Callable[[Sequence[StanceItem]], float], pairs: Sequence[Pair], *, less_is_better: bool
) -> Difference:
    def side(chosen: Sequence[Pair], at: int) -> float:
        return measure([item for pair in chosen for item in pair[at]])

    enough = len(pairs) >= LEAST_ARTICLES
    bounds = interval(pairs, lambda chosen: side(chosen, 0) - side(chosen, 1), draws=500) if enough else None
    count = sum(len(pair[0]) for pair in pairs)
    return Difference(title, metric, side(pairs, 0), side(pairs, 1), bounds, len(pairs), count, less_is_better)
