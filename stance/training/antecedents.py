"""Trains the ranking of whom *he* and *she* mean: `python -m stance.training.antecedents` writes `stance/antecedents.toml`.

It learns from the pronouns that are sources in the labelled articles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stance.antecedents import FEATURES, candidates, describe
from stance.cast import Cast
from stance.corpora import read_corpus
from stance.document import Document
from stance.evaluation.scores import same_name
from stance.speakers import PRONOUNS, resolve
from stance.surroundings import Place, Said

TUNED_ON = ("news_china/train", "seeds/train")
PENALTY = 0.5


@dataclass(frozen=True, slots=True)
class Item:
    """A pronoun: a row of features for each candidate, and which of them are right."""

    document: str
    rows: NDArray[np.float64]
    right: NDArray[np.bool_]


def labelled_items(documents: Sequence[Document]) -> Iterator[Item]:
    """The pronouns among the sources of labelled articles; the quotes before have their right speakers."""
    for document in documents:
        cast = Cast(document.text)
        said: list[Said] = []
        found = resolve(document.text, [replace(quote, speaker=None) for quote in document.quotes])
        for quote, guess in zip(document.quotes, found, strict=True):
            gold = quote.speaker.name if quote.speaker else None
            words = document.text[quote.source[0].start : quote.source[0].end].lower() if quote.source else ""
            if gold and words in PRONOUNS:
                yield from _item(document.id or "", Place(cast, quote.source[0].start, quote, said), PRONOUNS[words], gold)
            guessed = guess.speaker.name if guess.speaker else None
            name = guessed if gold and guessed and same_name(gold, guessed) else gold
            said.append(Said(quote, name, cast.by_name.get(name) if name else None))


def _item(document: str, place: Place, gender: str, gold: str) -> Iterator[Item]:
    found = candidates(place, gender)
    right = np.array([same_name(one.name, gold) for one in found], dtype=bool)
    if right.any() and not right.all():
        yield Item(document, np.array(describe(place, found, gender)), right)


def fit(items: Sequence[Item], penalty: float = PENALTY) -> NDArray[np.float64]:
    """The weights that make the right candidates likely: a softmax over each pronoun's candidates, with a penalty on squared weights."""
    from scipy.optimize import minimize

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = penalty * float(weights @ weights), 2 * penalty * weights
        for item in items:
            scores = item.rows @ weights
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            right = np.where(item.right, shares, 0.0)
            total -= float(np.log(right.sum() + 1e-12))
            gradient = gradient + ((shares - right / (right.sum() + 1e-12)) @ item.rows)
        return total, gradient

    found: NDArray[np.float64] = minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B").x
    return found


def accuracy(items: Sequence[Item], weights: NDArray[np.float64]) -> list[bool]:
    """Whether the likeliest candidate of each pronoun is right."""
    return [bool(item.right[int(np.argmax(item.rows @ weights))]) for item in items]


def cross_validate(items: Sequence[Item], folds: int = 5, penalty: float = PENALTY) -> float:
    """Share of pronouns that are right where each fold of articles is judged by weights learnt from the rest."""
    documents = sorted({item.document for item in items})
    right: list[bool] = []
    for fold in range(folds):
        held = set(documents[fold::folds])
        weights = fit([item for item in items if item.document not in held], penalty)
        right += accuracy([item for item in items if item.document in held], weights)
    return sum(right) / len(right)


def main(out: Path = Path("stance/antecedents.toml")) -> None:
    """Trains on all items, prints the accuracy on folds, and writes the weights."""
    items = [item for name in TUNED_ON for item in labelled_items(read_corpus(name))]
    print(f"{len(items)} pronouns; right on folds by article: {cross_validate(items):.3f}")
    weights = fit(items)
    lines = [f'"{name}" = {weight:.3f}' for name, weight in zip(FEATURES, weights, strict=True)]
    head = "# Weights of the ranking in antecedents.py, written by stance.training.antecedents."
    out.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
