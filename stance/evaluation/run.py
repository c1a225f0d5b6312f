"""`make eval`: reads every labelled set at hand, scores models, baselines and people, and hands the rows to the report."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from stance.corpora import data_folder, is_present, read_corpus
from stance.document import Document, Stance
from stance.evaluation import baselines
from stance.evaluation.behaviour import behaviour_rows, read_cases, try_cases, write_failures
from stance.evaluation.bootstrap import counts_interval, interval
from stance.evaluation.report import Row, write_report
from stance.evaluation.scores import ArticleScores, Counts, StanceItem, score_quotes, score_stances, without_stances
from stance.evaluation.stances import brier, calibration_error, f1_of, macro_f1
from stance.formats import polnear
from stance.pipeline import Pipeline, load
from stance.questions import Question, shipped_question
from stance.stances import passage
from stance.sums import with_stances

SETS = {"PolNeAR dev": "polnear/dev", "China news dev": "news_china/dev", "seeds": "seeds/test"}
TRAINING = (
    "news_china/train", "news_china/train/some", "congress_china/train/some", "polnear/train/some", "seeds/train", "seeds/train/some",
)  # fmt: skip
_QUOTE_METRICS = (
    ("content exact", "f1"), ("content tokens", "f1"), ("cue exact", "f1"), ("source exact", "f1"),
    ("matched", "f1"), ("end to end", "f1"), ("end to end, direct", "f1"), ("end to end, mixed", "f1"), ("end to end, indirect", "f1"),
    ("attribution", "recall"), ("speaker", "recall"), ("speaker, pronouns", "recall"),
    *((f"stance end to end, {label}", "f1") for label in shipped_question().labels),
)  # fmt: skip


def evaluate(out: Path, *, quotes: Path | None = None, stance: Path | None = None) -> list[Row]:
    """Measures models and baselines on every labelled set that is present, prints the table and writes the report.

    Args:
        out: Folder for the report.
        quotes: Directory of a quotes model; the shipped one when left out.
        stance: Directory of a stance model; the shipped one when left out.
    """
    pipeline = load(quotes=quotes, stance=stance)
    training = [pair for name in TRAINING if is_present(name) for pair in labelled_passages(read_corpus(name))]
    rows: list[Row] = []
    read: dict[str, list[tuple[Document, Document]]] = {}
    judged: list[StanceItem] = []
    for title, name in SETS.items():
        if not is_present(name):
            continue
        gold = read_corpus(name)
        has_stances = any(quote.stance for document in gold for quote in document.quotes)
        texts = [document.text for document in gold]
        found = pipeline.batch(texts) if has_stances else [pipeline.segment(text) for text in texts]
        read[title] = list(zip(gold, found, strict=True))
        rows += quote_rows(title, "stance", read[title], stances=has_stances)
        rows += quote_rows(title, "marks + nearest name", [(document, baselines.read_by_marks(document.text)) for document in gold])
        if name == "polnear/dev":
            rows += agreement_rows(title)
        if has_stances:
            made, items = stance_rows(title, pipeline, gold, training)
            rows += made
            rows += speaker_rows(title, pipeline, gold)
            judged = items or judged
    if is_present("seeds/behaviour/some"):
        outcomes = try_cases(read_cases(), pipeline.judge.judge)
        rows += behaviour_rows(outcomes)
        write_failures(outcomes, out / "behaviour.jsonl")
    write_report(out, rows, read, judged)
    return rows


def labelled_passages(documents: Iterable[Document]) -> list[tuple[str, str]]:
    """Passage and label of every labelled quote that is no repeat."""
    return [
        (baselines.bare(passage(document.text, quote)), quote.stance.label)
        for document in documents
        for quote in document.quotes
        if quote.stance and quote.repeats is None
    ]


def quote_rows(title: str, system: str, pairs: Iterable[tuple[Document, Document]], *, stances: bool = False) -> list[Row]:
    """The quote metrics of a system on a set, with intervals over articles.

    Args:
        title: The set's name.
        system: The system's.
        pairs: Each article as labelled, and as the system reads it.
        stances: Whether the set has stances and the system gives them.
    """
    return _counts_rows(title, system, [score_quotes(gold, found, stances=stances) for gold, found in pairs])


def agreement_rows(title: str) -> list[Row]:
    """The quote metrics of every two annotators against each other, with intervals over the articles that they read."""
    articles = pairs_of_annotators()
    scores = [sum((score_quotes(one, other) for one, other in pairs), ArticleScores()) for pairs in articles]
    return _counts_rows(title, "two annotators", scores)


def _counts_rows(title: str, system: str, scores: Sequence[ArticleScores]) -> list[Row]:
    return [
        counts_row(title, system, metric, measure, scores) for metric, measure in _QUOTE_METRICS if any(metric in s.counts for s in scores)
    ]


def counts_row(title: str, system: str, metric: str, measure: str, scores: Sequence[ArticleScores]) -> Row:
    """One metric that is a ratio of counts."""
    each = [score.counts.get(metric, Counts()) for score in scores]
    total = sum(each, Counts())
    bounds = counts_interval([(c.right_found, c.found, c.right_gold, c.gold) for c in each], measure)
    return Row(
        title,
        system,
        metric,
        getattr(total, measure),
        bounds,
        total.gold,
        precision=total.precision,
        recall=total.recall,
        right=total.right_gold,
    )


def pairs_of_annotators() -> list[list[tuple[Document, Document]]]:
    """Of each PolNeAR article that several annotators read, every two readings."""
    readings: dict[str, list[Document]] = {}
    for split in ("train", "dev"):
        folder = data_folder() / "polnear" / split
        if folder.is_dir():
            for document in polnear.read(folder, annotators=None):
                readings.setdefault(document.id or "", []).append(document)
    return [list(itertools.combinations(group, 2)) for group in readings.values() if len(group) > 1]


def stance_rows(
    title: str, pipeline: Pipeline, gold: Sequence[Document], training: Sequence[tuple[str, str]]
) -> tuple[list[Row], list[StanceItem]]:
    """Stance of gold quotes: the model and its baselines."""
    question = pipeline.judge.question
    systems: dict[str, Callable[[Sequence[str]], list[Stance]]] = {}
    if training:
        systems["majority"] = lambda passages: baselines.majority(training, passages, question)
        systems["TF-IDF + logistic regression"] = lambda passages: baselines.words(training, passages, question)
    systems["zero-shot MiniLM"] = lambda passages: baselines.similarity(passages, question)
    stripped = [without_stances(document) for document in gold]
    by_system = {"stance": [score_stances(one, other) for one, other in zip(gold, pipeline.judge.judge(stripped), strict=True)]}
    for system, guess in systems.items():
        by_system[system] = [score_stances(one, other) for one, other in zip(gold, guessed(stripped, guess), strict=True)]
    rows = []
    for system, articles in by_system.items():
        rows += _stance_metrics(title, system, articles, question)
    return rows, [item for article in by_system["stance"] for item in article]


def _stance_metrics(title: str, system: str, articles: Sequence[Sequence[StanceItem]], question: Question) -> list[Row]:
    measures: dict[str, Callable[[Sequence[StanceItem]], float]] = {
        "stance macro-F1": lambda items: macro_f1(items, question.labels),
        **{f"stance F1, {label}": (lambda items, label=label: f1_of(items, label)) for label in question.labels},  # type: ignore[misc]
        "stance calibration error": calibration_error,
        "stance Brier": lambda items: brier(items, question.labels),
    }
    rows = []
    for metric, measure in measures.items():
        pooled: Callable[[Sequence[Sequence[StanceItem]]], float] = lambda groups, m=measure: m([i for g in groups for i in g])  # type: ignore[misc]  # noqa: E731
        rows.append(Row(title, system, metric, pooled(articles), interval(articles, pooled, draws=300), sum(map(len, articles))))
    return rows


def guessed(documents: Sequence[Document], guess: Callable[[Sequence[str]], list[Stance]]) -> list[Document]:
    """Documents with the stances that a baseline gives their passages."""
    found = iter(guess([baselines.bare(passage(document.text, quote)) for document in documents for quote in document.quotes]))
    return [
        Document.assemble(document.text, [replace(quote, stance=next(found)) for quote in document.quotes], **document.metadata)
        for document in documents
    ]


def speaker_rows(title: str, pipeline: Pipeline, gold: Sequence[Document]) -> list[Row]:
    """Speakers' stances from gold quotes: macro-F1 of the label, and how often the 95 % interval holds the score of the gold labels."""
    question = pipeline.judge.question
    articles: list[list[StanceItem]] = []
    covered: list[list[bool]] = []
    for document, judged in zip(gold, pipeline.judge.judge([without_stances(document) for document in gold]), strict=True):
        right = with_stances(document, [quote.stance for quote in document.quotes], question)
        ours = {speaker.name: speaker.stance for speaker in judged.speakers}
        known = [(speaker.stance, ours[speaker.name]) for speaker in right.speakers]
        articles.append([StanceItem(one.label, other.label) for one, other in known if one and other])
        covered.append([other.interval[0] <= one.score <= other.interval[1] for one, other in known if one and other])
    labels = (*question.labels, "mixed")
    total = sum(map(len, articles))
    macro: Callable[[Sequence[Sequence[StanceItem]]], float] = lambda groups: macro_f1([i for g in groups for i in g], labels)  # noqa: E731
    share: Callable[[Sequence[Sequence[bool]]], float] = lambda groups: sum(map(sum, groups)) / max(1, sum(map(len, groups)))  # noqa: E731
    return [
        Row(title, "stance", "speaker stance macro-F1", macro(articles), interval(articles, macro, draws=300), total),
        Row(title, "stance", "speaker interval coverage", share(covered), interval(covered, share, draws=300), total),
    ]
