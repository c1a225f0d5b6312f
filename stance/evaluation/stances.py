"""Measures of stance: macro-F1, calibration error, Brier score, risk and coverage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stance.evaluation.scores import StanceItem


def macro_f1(items: Sequence[StanceItem], labels: Sequence[str]) -> float:
    """Mean over labels of F1; a label that neither the gold nor the model knows here is left out."""
    scores = [f1_of(items, label) for label in labels if any(label in (item.gold, item.found) for item in items)]
    return float(np.mean(scores)) if scores else 0.0


def f1_of(items: Sequence[StanceItem], label: str) -> float:
    """F1 of one label."""
    right = sum(item.gold == item.found == label for item in items)
    total = sum(item.gold == label for item in items) + sum(item.found == label for item in items)
    return 2 * right / total if total else 0.0


def calibration_error(items: Sequence[StanceItem], bins: int = 10) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over bins of equal size (Nguyen and O'Connor 2015, EMNLP)."""
    if not items:
        return 0.0
    confidence = np.array([max(item.probabilities.values(), default=1.0) for item in items])
    right = np.array([item.gold == item.found for item in items], dtype=float)
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(bins, len(items)))
    return float(sum(len(part) * abs(confidence[part].mean() - right[part].mean()) for part in parts) / len(items))


def brier(items: Sequence[StanceItem], labels: Sequence[str]) -> float:
    """Mean squared distance of the probabilities from the gold label, 0 to 2 (Brier 1950)."""
    rows = [sum((item.probabilities.get(label, 0.0) - (item.gold == label)) ** 2 for label in labels) for item in items]
    return float(np.mean(rows)) if rows else 0.0


def risk_coverage(items: Sequence[StanceItem]) -> list[tuple[float, float]]:
    """For each share of items kept, the surest first, the share of them that is wrong (El-Yaniv and Wiener 2010, JMLR)."""
    order = sorted(items, key=lambda item: -max(item.probabilities.values(), default=1.0))
    wrong = np.cumsum([item.gold != item.found for item in order])
    return [((n + 1) / len(order), float(wrong[n]) / (n + 1)) for n in range(len(order))]
