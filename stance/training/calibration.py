"""Makes a stance model's probabilities true on held-out articles, and finds where it should say that it is not certain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from stance.classifier import StanceClassifier, shares_of, to_probabilities, to_scores
from stance.document import Document
from stance.questions import Question
from stance.training.recipe import LEAST_QUOTES, Recipe
from stance.training.stance import read_items


def calibrate(
    model: StanceClassifier, tokenizer: Tokenizer, documents: Sequence[Document], recipe: Recipe, question: Question
) -> dict[str, Any] | None:
    """Temperatures and threshold for a model, from the labelled quotes of held-out articles; None where they are too few to tell.

    Each label that comes out on top has a temperature of its own where that is often enough to tell ("top-label calibration", Gupta and
    Ramdas 2022), so that probabilities are right for each, and no label changes. The threshold is the one for the recipe's risk at these.
    """
    items = read_items(documents, tokenizer, recipe.window, question)
    if len(items) < LEAST_QUOTES:
        return None
    labels, rows = [item.label for item in items], [item.row for item in items]
    shares = shares_of(model, rows)
    model.set_temperature(fit_temperatures(to_scores(shares), labels))
    threshold = fit_threshold(model.calibrate(shares), labels, recipe.risk)
    return {"temperature": model.temperatures.tolist(), "threshold": threshold}


def fit_temperatures(scores: NDArray[np.float64], labels: Sequence[int]) -> list[float]:
    """A temperature for each label that comes out on top; that of all together where it does for fewer than 50 quotes."""
    top, right = scores.argmax(axis=1), np.asarray(labels)
    counts = np.bincount(top, minlength=scores.shape[1])
    return [
        fit_temperature(scores[chosen], right[chosen])
        for label, count in enumerate(counts)
        for chosen in [top == label if count >= LEAST_QUOTES else slice(None)]
    ]


def fit_temperature(scores: NDArray[np.float64], labels: NDArray[np.int_]) -> float:
    """The temperature that makes scores most probable on held-out labels (Guo et al. 2017), between 0.25 and 8."""
    from scipy.optimize import minimize_scalar

    def surprise(log_temperature: float) -> float:
        shares = to_probabilities(scores / np.exp(log_temperature))
        return -float(to_scores(shares)[np.arange(len(labels)), labels].mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(np.log(0.25), np.log(8)), method="bounded").x))


def fit_threshold(probabilities: NDArray[np.float64], labels: Sequence[int], risk: float) -> float:
    """The lowest probability of a label from which no more than a share `risk` of the labels is wrong.

    Selective classification by maximal probability (El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017, "Selective Classification for Deep
    Neural Networks"), without a margin for chance: on other articles the share is about that.

    Args:
        probabilities: Of held-out quotes, quotes × labels.
        labels: Their right ones.
        risk: The share that may be wrong.

    Returns:
        0 where all may be kept, 1 where none reaches the bound.
    """
    best = probabilities.max(axis=1).round(4)
    order = np.argsort(-best, kind="stable")
    risks = np.cumsum((probabilities.argmax(axis=1) != np.asarray(labels))[order]) / np.arange(1, len(order) + 1)
    last_of_ties = np.append(np.diff(best[order]) < 0, True)
    kept = np.flatnonzero((risks <= risk) & last_of_ties)
    if not len(kept):
        return 1.0
    return 0.0 if kept[-1] == len(order) - 1 else float(best[order][kept[-1]])
