"""Shares of stances over a corpus, corrected for the model's errors, with intervals.

Labels that are right four times in five do not add up to shares that are right: what the model takes for `hawkish` too often stays too
often however large the corpus. A sample of labelled quotes corrects that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from stance.document import Document, Quote
from stance.errors import EstimateError

if TYPE_CHECKING:
    import pandas

Floats = NDArray[np.float64]
Method = Literal["count", "matrix", "difference"]
METHODS: tuple[Method, ...] = get_args(Method)
Key = Callable[[Document, Quote], Hashable]
Tally = dict[Hashable, list[Counter[Any]]]

LEAST_ARTICLES = 6
"""Articles that a bootstrap interval needs: of fewer it is far too narrow, and of one it has no width at all."""
_LEAST_LABELLED = 2
_LEAST_TOLD_APART = 0.05
_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """The share of one label in one group.

    Attributes:
        group: What the key gave; None where the whole corpus is one group.
        label: The label.
        share: 0 to 1; not a number where `among` leaves nothing to share.
        interval: Bounds of the 95 % interval; not numbers where it would rest on fewer than six articles, see `estimate`.
        quotes: Quotes of the group.
        articles: Articles they stand in.
        labelled: Labelled quotes that correct the share.
    """

    group: Hashable
    label: str
    share: float
    interval: tuple[float, float]
    quotes: int
    articles: int
    labelled: int


@dataclass(frozen=True, slots=True)
class Estimates:
    """What `estimate` found.

    Attributes:
        method: `count`, `matrix` or `difference`.
        shares: An `Estimate` a group and label, groups in order.
        left_out: Quotes for which the key gave None.
    """

    method: Method
    shares: tuple[Estimate, ...]
    left_out: int = 0

    def to_pandas(self) -> pandas.DataFrame:
        """A row a group and label: share, bounds, and what it rests on."""
        import pandas

        columns = ["group", "label", "share", "low", "high", "quotes", "articles", "labelled"]
        rows = [(one.group, one.label, one.share, *one.interval, one.quotes, one.articles, one.labelled) for one in self.shares]
        return pandas.DataFrame(rows, columns=columns)


def estimate(
    documents: Iterable[Document],
    sample: Iterable[tuple[Document, Document]] = (),
    *,
    by: Key | str | None = None,
    among: Sequence[str] | None = None,
    method: Method = "count",
    draws: int = 1000,
    seed: int = 0,
) -> Estimates:
    """Shares of each label among the quotes of a corpus, or of groups of them. Repeats count once.

    `count` counts the model's labels, errors and all.

    `matrix` asks which shares the model would turn into those that it counted, by its error rates in the sample: the adjusted count (Forman
    2005, "Counting Positives Accurately Despite Inaccurate Classification"; Hopkins and King 2010, "A Method of Automated Nonparametric
    Content Analysis"; Buonaccorsi 2010, "Measurement Error", chapter 2). The sample may come from elsewhere, as long as the model errs on a
    label as often there as in every group.

    `difference` adds to the counted share the mean difference of label and model in the group's part of the sample: the difference
    estimator of survey sampling (Särndal, Swensson and Wretman 1992, section 6.3), as in prediction-powered inference (Angelopoulos et al.
    2023) and design-based supervised learning (Egami et al. 2023). It assumes nothing of the model's errors, but the sample's articles must
    be drawn from the corpus by chance.

    Intervals are percentile bootstrap (Efron and Tibshirani 1993, chapter 13), articles of the group and of the sample drawn apart, which
    is a little wide where the sample is a large part of the corpus. There is none, but a pair of not-a-numbers, where fewer than six
    articles of the group hold quotes of the labels to share among, or where fewer than six labelled articles correct them: for `matrix` of
    the sample, for `difference` of the group's part of it. Shares outside 0 to 1 are moved to the nearest ones that add up to 1 (Duchi et
    al. 2008).

    Args:
        documents: Classified articles; each is read once and not held.
        sample: Pairs: an article as a person labelled it, and the same quotes as the model judged them, which `stance.classify` gives.
        by: Groups quotes: a function of document and quote, None leaving a quote out; or `outlet`, `speaker`, `kind`, `year`, `month`.
        among: Labels to share among, as `("engage", "hawkish")`; all when left out.
        method: `count`, `matrix` or `difference`.
        draws: Resamples.
        seed: Of the resamples.

    Raises:
        TypeError: One document instead of several, or a sample that does not hold pairs.
        EstimateError: The corpus or the sample does not hold what the method needs; the message says what.
    """
    if method not in METHODS:
        raise EstimateError(f"no method {method!r}; there are {', '.join(METHODS)}")
    key = _key(by)
    corpus, pairs = _tally(_found(documents), key), _tally(_compared(sample), key if method == "difference" else _whole)
    left_out = sum(sum(counts.values()) for counts in corpus.pop(None, ())) if by is not None else 0
    if not corpus:
        raise EstimateError("no quote of the corpus has a stance and a group: classify the articles first, and look at the key")
    labels = _labels(corpus, pairs)
    chosen = labels if among is None else tuple(among)
    if unknown := [label for label in chosen if label not in labels]:
        raise EstimateError(f"no quote is labelled {', '.join(map(repr, unknown))}; the labels are {', '.join(labels)}")
    if method != "count":
        _check_sample(pairs, corpus, labels, method)
    shares: list[Estimate] = []
    for group in sorted(corpus, key=_order):
        random = np.random.default_rng(seed)
        held = pairs[group if method == "difference" else None] if method != "count" else []
        resamples = draws if _suffice(corpus[group], held, chosen) else 0
        counts = _resampled(_table(corpus[group], labels), resamples, random)
        matrices = _resampled(_table(held, [(gold, found) for gold in labels for found in labels]), resamples, random)
        found = _corrected(method, counts, matrices.reshape(-1, len(labels), len(labels)))
        size = int(counts[0].sum()), len(corpus[group]), int(matrices[0].sum())
        shares += _described(group, found[:, [labels.index(label) for label in chosen]], chosen, size)
    return Estimates(method, tuple(shares), left_out)


def _key(by: Key | str | None) -> Key:
    if by is None:
        return _whole
    if callable(by):
        return by
    if by not in _KEYS:
        raise EstimateError(f"no grouping {by!r}; give a function of document and quote, or one of {', '.join(_KEYS)}")
    return _KEYS[by]


def _whole(document: Document, quote: Quote) -> Hashable:
    return None


def _day(document: Document) -> date | None:
    try:
        return date.fromisoformat(document.date or "")
    except ValueError:
        return None


_KEYS: dict[str, Key] = {
    "outlet": lambda document, quote: document.outlet,
    "speaker": lambda document, quote: quote.speaker and quote.speaker.name,
    "kind": lambda document, quote: quote.kind,
    "year": lambda document, quote: (day := _day(document)) and f"{day:%Y}",
    "month": lambda document, quote: (day := _day(document)) and f"{day:%Y-%m}",
}


def _found(documents: Iterable[Document]) -> Iterator[Iterator[tuple[Document, Quote, Hashable]]]:
    """Of each article its quotes with their labels."""
    if isinstance(documents, (str, bytes, Document)):
        raise TypeError(f"a corpus is an iterable of documents, not one {type(documents).__name__}")
    for document in documents:
        yield ((document, quote, quote.stance.label) for quote in document.quotes if quote.stance and quote.repeats is None)


def _compared(sample: Iterable[tuple[Document, Document]]) -> Iterator[Iterator[tuple[Document, Quote, Hashable]]]:
    """Of each labelled article its quotes, with pairs of a person's label and the model's."""
    for pair in sample:
        if not isinstance(pair, tuple) or [type(one) for one in pair] != [Document, Document]:
            raise TypeError("a sample holds pairs of documents: the article as labelled, and as the model judged it")
        labelled, judged = pair
        if [quote.content for quote in labelled.quotes] != [quote.content for quote in judged.quotes]:
            raise EstimateError(f"sample article {labelled.id!r}: the labelled article and the judged one do not hold the same quotes")
        yield (
            (judged, other, (one.stance.label, other.stance.label))
            for one, other in zip(labelled.quotes, judged.quotes, strict=True)
            if one.stance and other.stance and one.repeats is None
        )


def _tally(articles: Iterable[Iterable[tuple[Document, Quote, Hashable]]], key: Key) -> Tally:
    """For each group its articles' counts of labels, or of pairs of labels."""
    groups: Tally = {}
    for article in articles:
        counts: dict[Hashable, Counter[Any]] = {}
        for document, quote, label in article:
            counts.setdefault(key(document, quote), Counter())[label] += 1
        for group, counter in counts.items():
            groups.setdefault(group, []).append(counter)
    return groups


def _labels(corpus: Tally, pairs: Tally) -> tuple[str, ...]:
    found = {label for articles in corpus.values() for counts in articles for label in counts}
    return tuple(sorted(found | {label for articles in pairs.values() for counts in articles for pair in counts for label in pair}))


def _order(group: Hashable) -> tuple[str, Any]:
    if isinstance(group, tuple):
        return type(group).__name__, tuple(_order(part) for part in group)
    return type(group).__name__, group if isinstance(group, (str, int, float, date)) else str(group)


def _check_sample(pairs: Tally, corpus: Tally, labels: Sequence[str], method: Method) -> None:
    needed = corpus if method == "difference" else {None: None}
    if lacking := [group for group in needed if len(pairs.get(group, ())) < _LEAST_LABELLED]:
        which = "the sample" if lacking == [None] else f"the sample of {', '.join(map(repr, sorted(lacking, key=_order)[:5]))}"
        raise EstimateError(f"{which} holds fewer than {_LEAST_LABELLED} articles with labelled quotes; label more, or join groups")
    if method == "matrix":
        total = _table(pairs[None], [(gold, found) for gold in labels for found in labels]).sum(axis=0).reshape(len(labels), -1)
        if absent := [label for label, row in zip(labels, total, strict=True) if not row.any()]:
            raise EstimateError(f"no quote of the sample is labelled {', '.join(absent)}, so that the model's errors there are not known")
        if np.linalg.svd(total / total.sum(axis=1, keepdims=True), compute_uv=False)[-1] < _LEAST_TOLD_APART:
            raise EstimateError("the model does not tell the labels apart in the sample, so that counts cannot be corrected by its errors")


def _suffice(articles: Sequence[Counter[Any]], held: Sequence[Counter[Any]], chosen: Sequence[str]) -> bool:
    """Whether there are articles enough for an interval: of a group with quotes of the chosen labels, and of a sample if one is held."""
    sharing = sum(any(counts[label] for label in chosen) for counts in articles)
    return sharing >= LEAST_ARTICLES and (not held or len(held) >= LEAST_ARTICLES)


def _table(articles: Sequence[Counter[Any]], columns: Sequence[Hashable]) -> Floats:
    return np.array([[counts[column] for column in columns] for counts in articles], dtype=float).reshape(len(articles), len(columns))


def _resampled(table: Floats, draws: int, random: np.random.Generator) -> Floats:
    """Sums of a table's rows: of all in the first row, then of as many drawn with replacement."""
    count = len(table)
    if not count:
        return np.zeros((1 + draws, table.shape[1]))
    block = max(1, _CELLS_AT_ONCE // count)
    sizes = [min(block, draws - at) for at in range(0, draws, block)]
    sums = [random.multinomial(count, np.full(count, 1 / count), size=size) @ table for size in sizes]
    return np.concatenate([table.sum(axis=0, keepdims=True), *sums])


def _corrected(method: Method, counts: Floats, matrices: Floats) -> Floats:
    """Shares of labels, draws × labels, from the model's counts and the sample's, draws × labels given × labels found."""
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    if method == "count":
        return shares
    if method == "difference":
        differences = matrices.sum(axis=2) - matrices.sum(axis=1)
        return _nearest_shares(shares + differences / matrices.sum(axis=(1, 2))[:, None])
    totals = matrices.sum(axis=2, keepdims=True)
    whole = matrices[:1] / totals[:1]
    rates = np.where(totals > 0, matrices / np.maximum(totals, 1), whole)
    return _nearest_shares(np.einsum("dgf,df->dg", np.linalg.pinv(rates.transpose(0, 2, 1), rcond=1e-3), shares))


def _nearest_shares(rows: Floats) -> Floats:
    """The nearest rows of numbers from 0 to 1 that add up to 1."""
    falling = -np.sort(-rows, axis=1)
    over = np.cumsum(falling, axis=1) - 1
    kept = (falling > over / np.arange(1, rows.shape[1] + 1)).sum(axis=1, keepdims=True)
    nearest: Floats = np.maximum(rows - np.take_along_axis(over, kept - 1, axis=1) / kept, 0.0)
    return nearest


def _described(group: Hashable, found: Floats, labels: Sequence[str], size: tuple[int, int, int]) -> Iterator[Estimate]:
    totals = found.sum(axis=1, keepdims=True)
    shares = np.divide(found, totals, out=np.full_like(found, np.nan), where=totals > 0)
    for column, label in enumerate(labels):
        known = shares[1:, column][~np.isnan(shares[1:, column])]
        low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
        yield Estimate(group, label, float(shares[0, column]), (float(low), float(high)), *size)
