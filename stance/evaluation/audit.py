"""`make audit`: counts the labelled quotes, and looks for leaks, short cuts and doubtful labels."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stance.corpora import is_present, read_corpus
from stance.document import Document, Quote
from stance.evaluation.baselines import bare, word_model
from stance.evaluation.run import TRAINING
from stance.names import find_names
from stance.stances import passage
from stance.text import paragraphs

RUN = 12
HELD_OUT = ("news_china/dev", "seeds/test")
SOURCES = (*TRAINING, *HELD_OUT)
_LEAST = 12
_ALONE = 0.95
_DOUBTFUL = 0.08


@dataclass(frozen=True, slots=True)
class Labelled:
    """One quote with a stance, and where it stands.

    Attributes:
        source: Name of its corpus.
        document: Its article.
        quote: The quote.
        words: What a classifier reads of it, without marks.
    """

    source: str
    document: Document
    quote: Quote
    words: str

    @property
    def label(self) -> str:
        """Its stance."""
        return self.quote.stance.label if self.quote.stance else ""


def labelled(names: Iterable[str] = SOURCES) -> list[Labelled]:
    """Every quote with a stance of the corpora that are present."""
    return [
        Labelled(name, document, quote, bare(passage(document.text, quote)))
        for name in names
        if is_present(name)
        for document in read_corpus(name)
        for quote in document.quotes
        if quote.stance
    ]


def runs(texts: Iterable[str], length: int = RUN) -> set[tuple[str, ...]]:
    """All runs of so many words in some texts, lower-cased."""
    found: set[tuple[str, ...]] = set()
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        found |= {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}
    return found


def leaks(held_out: Sequence[Document], training: Sequence[Document]) -> list[str]:
    """Ids of training articles that share twelve words in a row with a held-out one."""
    kept = runs(document.text for document in held_out)
    return sorted({document.id or "" for document in training if runs([document.text]) & kept})


def names_of(item: Labelled) -> str:
    """The people named in a passage and in its source, and its outlet, as single tokens: all that a model must not judge by.

    Places and bodies are left out: whether a sentence names China is part of what the labels mean.
    """
    source = " ".join(item.document.text[span.start : span.end] for span in item.quote.source)
    text = f"{item.words}\n{source}"
    names = [name.text for span in paragraphs(text) for name in find_names(text, span) if not name.body]
    return " ".join(re.sub(r"\W+", "_", name) for name in [*names, f"outlet {item.document.outlet}"])


def fold_by_article(items: Sequence[Labelled], folds: int = 5) -> list[int]:
    """A fold for each quote; those of one article, or of one pair of passages, are together."""
    groups = {key: number for number, key in enumerate(sorted({_group(item) for item in items}))}
    return [groups[_group(item)] % folds for item in items]


def _group(item: Labelled) -> str:
    name = item.document.id or ""
    return name.rpartition("-")[0] if item.source.endswith("/some") and name.startswith("pair-") else name


def held_out_shares(texts: Sequence[str], labels: Sequence[str], folds: Sequence[int]) -> tuple[list[str], np.ndarray[Any, Any]]:
    """Probabilities of each label by TF-IDF and logistic regression that did not see the text's article, and the labels' order."""
    order = sorted(set(labels))
    shares = np.zeros((len(texts), len(order)))
    for fold in set(folds):
        kept = [at for at, other in enumerate(folds) if other != fold]
        left = [at for at, other in enumerate(folds) if other == fold]
        model = word_model().fit([texts[at] for at in kept], [labels[at] for at in kept])
        columns = [order.index(label) for label in model.classes_]
        shares[np.ix_(left, columns)] = model.predict_proba([texts[at] for at in left])
    return order, shares


def names_alone(training: Sequence[Labelled], held_out: Sequence[Labelled]) -> tuple[float, float]:
    """How often people and outlets alone give the right label of held-out quotes, and how often the most frequent label does."""
    labels = [item.label for item in held_out]
    model = word_model().fit([names_of(item) for item in training], [item.label for item in training])
    shares = model.predict_proba([names_of(item) for item in held_out])
    return accuracy(list(model.classes_), shares, labels), Counter(labels).most_common(1)[0][1] / len(labels)


def accuracy(order: Sequence[str], shares: np.ndarray[Any, Any], labels: Sequence[str]) -> float:
    """Share of labels that are the most probable ones."""
    return float(np.mean([order[int(row.argmax())] == label for row, label in zip(shares, labels, strict=True)]))


def words_alone(items: Sequence[Labelled], least: int = _LEAST, alone: float = _ALONE) -> list[tuple[str, str, int]]:
    """Words that stand in many quotes of one class and hardly any of another: word, class, how often."""
    counts: dict[str, Counter[str]] = {}
    for item in items:
        for word in set(re.findall(r"[a-z]{3,}", item.words.lower())):
            counts.setdefault(word, Counter())[item.label] += 1
    found = [(word, *count.most_common(1)[0]) for word, count in counts.items() if sum(count.values()) >= least]
    return sorted((row for row in found if row[2] / sum(counts[row[0]].values()) >= alone and row[1] != "neutral"), key=lambda row: -row[2])


def doubtful(items: Sequence[Labelled], below: float = _DOUBTFUL) -> list[tuple[float, Labelled]]:
    """Quotes whose label words alone find improbable, the least probable first (Northcutt et al. 2021, "Confident Learning")."""
    labels = [item.label for item in items]
    order, shares = held_out_shares([item.words for item in items], labels, fold_by_article(items))
    given = [float(row[order.index(label)]) for row, label in zip(shares, labels, strict=True)]
    return sorted(((share, item) for share, item in zip(given, items, strict=True) if share < below), key=lambda pair: pair[0])


def count(items: Sequence[Labelled]) -> str:
    """Counts as a Markdown table: a line a corpus; then by kind, year and outlet."""
    labels = sorted({item.label for item in items})
    lines = ["| | articles | " + " | ".join(labels) + " | all |", "| --- |" + " --- |" * (len(labels) + 2)]
    for name in (*dict.fromkeys(item.source for item in items), "in all"):
        group = [item for item in items if name in (item.source, "in all")]
        by_label = Counter(item.label for item in group)
        articles = len({(item.source, item.document.id) for item in group})
        lines.append(f"| `{name}` | {articles} | " + " | ".join(str(by_label[label]) for label in labels) + f" | {len(group)} |")
    kinds: list[str] = [item.quote.kind for item in items]
    years = [(item.document.date or "none")[:4] for item in items]
    outlets = [item.document.outlet or "none" for item in items]
    for title, values in (("kind", kinds), ("year", years), ("outlet", outlets)):
        lines += ["", f"By {title}: " + ", ".join(f"{value} {number}" for value, number in Counter(values).most_common(40)) + "."]
    return "\n".join(lines)


def audit(out: Path = Path("build/audit")) -> None:
    """Prints counts, leaks and short cuts, and writes the doubtful labels to `doubtful.jsonl`, to be read again."""
    items = labelled()
    print(count(items), end="\n\n")
    by_source = {name: list({item.document.id: item.document for item in items if item.source == name}.values()) for name in SOURCES}
    for held_out, training in itertools.product(HELD_OUT, SOURCES):
        found = leaks(by_source[held_out], by_source[training]) if training != held_out else []
        if found:
            print(f"LEAK: {training} shares {RUN} words in a row with {held_out}: {', '.join(found)}")
    training_items = [item for item in items if item.source not in HELD_OUT]
    labels = [item.label for item in training_items]
    shares = held_out_shares([names_of(item) for item in training_items], labels, fold_by_article(training_items))
    majority = Counter(labels).most_common(1)[0][1] / len(labels)
    print(f"people and outlets alone: {accuracy(*shares, labels):.3f} right in five folds by article; the majority class {majority:.3f}")
    development = [item for item in items if item.source == "news_china/dev"]
    if development:
        print("the same on the development articles: {:.3f}; the majority class {:.3f}".format(*names_alone(training_items, development)))
    print(
        "words that go with one class: " + (", ".join(f"{word} ({label}, {n})" for word, label, n in words_alone(training_items)) or "none")
    )
    rows = doubtful(training_items)
    out.mkdir(parents=True, exist_ok=True)
    with (out / "doubtful.jsonl").open("w", encoding="utf-8") as file:
        for share, item in rows:
            place = {"source": item.source, "id": item.document.id, "start": item.quote.content[0].start, "label": item.label}
            file.write(json.dumps({**place, "probability": round(share, 4), "passage": item.words}, ensure_ascii=False) + "\n")
    print(f"doubtful labels: {len(rows)} of {len(training_items)}, in {out / 'doubtful.jsonl'}")


if __name__ == "__main__":
    audit()
