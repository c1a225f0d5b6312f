"""Intervals over articles: percentile bootstrap (Efron and Tibshirani 1993, chapter 13), articles drawn with replacement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")


def interval(items: Sequence[Item], measure: Callable[[Sequence[Item]], float], *, draws: int = 1000, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of a measure of articles.

    Args:
        items: What the measure takes, one an article.
        measure: From any multiset of articles to a number.
        draws: Resamples.
        seed: Of the resamples, so that two measures see the same ones.
    """
    if not items:
        return 0.0, 0.0
    random = np.random.default_rng(seed)
    values = [measure([items[at] for at in random.integers(len(items), size=len(items))]) for _ in range(draws)]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def counts_interval(rows: Sequence[Sequence[int]], measure: str, *, draws: int = 1000, seed: int = 0) -> tuple[float, float]:
    """The same for counts, which add up and so resample fast.

    Args:
        rows: An article a row: right found, found, right gold, gold.
        measure: `f1`, `precision` or `recall`.
        draws: Resamples.
        seed: Of the resamples.
    """
    return _bounds(_drawn(rows, measure, draws, seed)) if rows else (0.0, 0.0)


def difference_interval(
    rows: Sequence[Sequence[int]], others: Sequence[Sequence[int]], measure: str, *, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """The interval of a paired difference: the measure of `rows` less that of `others`, both on the same articles in every resample.

    Args:
        rows: An article a row, as in `counts_interval`.
        others: The counts of the other system on the same articles, in the same order.
        measure: `f1`, `precision` or `recall`.
        draws: Resamples.
        seed: Of the resamples.
    """
    return _bounds(_drawn(rows, measure, draws, seed) - _drawn(others, measure, draws, seed)) if rows else (0.0, 0.0)


def _drawn(rows: Sequence[Sequence[int]], measure: str, draws: int, seed: int) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    table = np.asarray(rows, dtype=float)
    drawn = random.multinomial(len(table), np.full(len(table), 1 / len(table)), size=draws) @ table
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.nan_to_num(drawn[:, 0] / drawn[:, 1])
        recall = np.nan_to_num(drawn[:, 2] / drawn[:, 3])
        f1 = np.nan_to_num(2 * precision * recall / (precision + recall))
    values: NDArray[np.float64] = {"precision": precision, "recall": recall, "f1": f1}[measure]
    return values


def _bounds(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
