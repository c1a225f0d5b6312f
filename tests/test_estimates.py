"""Simulated corpora with known shares and known error rates: what is counted is off, what is corrected is not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import stance
from stance.document import Document, Quote, Span, Speaker, Stance
from stance.errors import EstimateError, StanceError
from stance.estimates import Estimates, Method, estimate

LABELS = ("engage", "hawkish", "neutral")
TRUE = np.array([0.2, 0.5, 0.3])
ERRORS = np.array([[0.6, 0.25, 0.15], [0.05, 0.9, 0.05], [0.1, 0.1, 0.8]])
Pair = tuple[Document, Document]


def article(labels: list[str], repeats: int | None = None, **metadata: str) -> Document:
    quotes = [
        Quote(label, (Span(2 * n, 2 * n + 1),), speaker=Speaker(f"Speaker {n % 2}"), stance=Stance(label)) for n, label in enumerate(labels)
    ]
    if repeats is not None:
        quotes.append(Quote("r", (Span(98, 99),), stance=Stance(labels[repeats]), repeats=repeats))
    return Document.assemble("x" * 100, quotes, **metadata)


def articles(random: np.random.Generator, count: int, shares: np.ndarray[Any, Any] = TRUE, **metadata: str) -> list[Pair]:
    """Articles with their true labels and the model's; those of one article lean to one side, as a real one's do."""
    made = []
    for own in random.dirichlet(6 * shares, size=count):
        true = random.choice(3, p=own, size=random.integers(1, 7))
        found = [random.choice(3, p=ERRORS[label]) for label in true]
        made.append((article([LABELS[n] for n in true], **metadata), article([LABELS[n] for n in found], **metadata)))
    return made


def shares_of(found: Estimates, group: object = None) -> dict[str, float]:
    return {share.label: share.share for share in found.shares if share.group == group}


def test_what_is_counted_is_off_and_what_is_corrected_is_not() -> None:
    random = np.random.default_rng(1)
    made = articles(random, 4000)
    corpus, sample = [judged for _, judged in made], made[:1200]
    expected = dict(zip(LABELS, TRUE @ ERRORS, strict=True))
    assert shares_of(estimate(corpus, draws=1)) == pytest.approx(expected, abs=0.02)
    assert abs(expected["hawkish"] - 0.5) > 0.02
    assert abs(expected["engage"] - 0.2) > 0.02
    methods: tuple[Method, ...] = ("matrix", "difference")
    for method in methods:
        found = shares_of(estimate(corpus, sample, method=method, draws=1))
        assert found == pytest.approx(dict(zip(LABELS, TRUE, strict=True)), abs=0.025)
        assert sum(found.values()) == pytest.approx(1)


def test_the_matrix_carries_over_to_a_corpus_with_other_shares_and_the_difference_does_not() -> None:
    random = np.random.default_rng(2)
    other = np.array([0.6, 0.1, 0.3])
    corpus, sample = [judged for _, judged in articles(random, 3000, other)], articles(random, 1500)
    assert shares_of(estimate(corpus, sample, method="matrix", draws=1))["engage"] == pytest.approx(0.6, abs=0.04)
    assert shares_of(estimate(corpus, sample, method="difference", draws=1))["engage"] < 0.5


def test_intervals_of_what_is_corrected_cover_the_truth_about_as_often_as_they_say() -> None:
    held: dict[Method, list[list[bool]]] = {"count": [], "matrix": [], "difference": []}
    for seed in range(100):
        made = articles(np.random.default_rng(seed), 400)
        for method, rows in held.items():
            found = estimate([judged for _, judged in made[100:]], made[:100], method=method, draws=200, seed=seed)
            rows.append([share.interval[0] <= true <= share.interval[1] for share, true in zip(found.shares, TRUE, strict=True)])
    coverage = {method: np.mean(rows, axis=0) for method, rows in held.items()}
    assert coverage["count"].min() < 0.6
    for method in ("matrix", "difference"):
        assert coverage[method].min() >= 0.9
        assert 0.92 <= coverage[method].mean() <= 0.985


def test_groups_are_estimated_apart_and_each_by_its_own_part_of_a_sample_by_chance() -> None:
    random = np.random.default_rng(3)
    dove, hawk = np.array([0.7, 0.1, 0.2]), np.array([0.1, 0.7, 0.2])
    made = [*articles(random, 900, dove, outlet="Dove"), *articles(random, 900, hawk, outlet="Hawk")]
    sample = [*made[:400], *made[900:1300]]
    methods: tuple[Method, ...] = ("matrix", "difference")
    for method in methods:
        found = estimate((judged for _, judged in made), sample, by="outlet", method=method, draws=50)
        assert [share.group for share in found.shares] == ["Dove"] * 3 + ["Hawk"] * 3
        assert shares_of(found, "Dove")["engage"] == pytest.approx(0.7, abs=0.05)
        assert shares_of(found, "Hawk")["hawkish"] == pytest.approx(0.7, abs=0.05)
        assert all(share.articles == 900 for share in found.shares)


def test_shares_among_some_labels_add_up_to_one() -> None:
    corpus = [article(["engage", "hawkish", "hawkish", "neutral"], outlet="Times"), article(["hawkish", "neutral"], repeats=0)]
    found = estimate(corpus, among=("engage", "hawkish"))
    assert shares_of(found) == {"engage": 0.25, "hawkish": 0.75}
    quiet = estimate([*corpus, article(["neutral"], outlet="Quiet")], by="outlet", among=("engage", "hawkish"))
    assert np.isnan(next(share.share for share in quiet.shares if share.group == "Quiet"))
    assert shares_of(quiet, "Times")["hawkish"] == pytest.approx(2 / 3)
    assert quiet.left_out == 2


def test_repeats_count_once_and_every_result_says_what_it_rests_on() -> None:
    found = estimate([article(["engage", "hawkish"], repeats=1), article(["engage"])] * 3)
    assert shares_of(found) == {"engage": pytest.approx(2 / 3), "hawkish": pytest.approx(1 / 3)}
    assert (found.shares[0].quotes, found.shares[0].articles, found.shares[0].labelled) == (9, 6, 0)
    frame = found.to_pandas()
    assert list(frame.columns) == ["group", "label", "share", "low", "high", "quotes", "articles", "labelled"]
    assert (frame["low"] <= frame["share"]).all()
    assert (frame["share"] <= frame["high"]).all()


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("year", ["2023", "2024"]),
        ("month", ["2023-05", "2024-01"]),
        ("speaker", ["Speaker 0", "Speaker 1"]),
        (lambda document, quote: (document.outlet, len(quote.text)), [("Post", 6), ("Post", 7), ("Times", 6)]),
    ],
)
def test_any_function_of_document_and_quote_groups(by: Any, groups: list[object]) -> None:
    corpus = [
        article(["engage", "hawkish"], outlet="Post", date="2024-01-31"),
        article(["engage"], outlet="Times", date="2023-05-02"),
    ]
    found = estimate(corpus, by=by, draws=1)
    assert list(dict.fromkeys(share.group for share in found.shares)) == groups


def test_groups_that_lack_a_part_have_their_place_in_the_order() -> None:
    corpus = [
        article(["engage"], outlet="Times", date="2024-01-31"),
        article(["engage"], date="2024-01-31"),
        article(["engage"], outlet="Post", date="2024-01-31"),
    ]
    found = estimate(corpus, by=lambda document, quote: ((document.outlet, quote.kind), document.date), draws=1)
    assert [share.group for share in found.shares] == [((outlet, "indirect"), "2024-01-31") for outlet in (None, "Post", "Times")]


def test_a_group_may_be_a_speaker_who_refers_to_quotes_that_refer_back() -> None:
    document = article(["engage", "hawkish"])
    frame = estimate([document], by=lambda document, quote: quote.speaker).to_pandas()
    assert document.quotes[0].speaker is not None
    assert document.quotes[0].speaker.quotes[0].speaker == document.quotes[0].speaker
    assert frame["group"].map(lambda speaker: speaker.name).tolist() == ["Speaker 0"] * 2 + ["Speaker 1"] * 2


@pytest.mark.parametrize("method", ["count", "matrix", "difference"])
@pytest.mark.parametrize("least", ["group", "sample"])
def test_an_interval_takes_six_articles_and_a_share_does_not(method: Method, least: str) -> None:
    made = articles(np.random.default_rng(5), 40)
    for count, enough in ((5, False), (6, True)):
        corpus, sample = (made[:count], made) if least == "group" else (made, made[:count])
        once, again = (estimate([judged for _, judged in corpus], sample, method=method, draws=20) for _ in range(2))
        assert sum(shares_of(once).values()) == pytest.approx(1)
        assert once == again
        known = enough or (method, least) == ("count", "sample")
        assert [np.isnan(share.interval).tolist() for share in once.shares] == [[not known] * 2] * 3
        assert once.to_pandas()[["low", "high"]].notna().all(axis=None) == known


def test_an_interval_takes_six_articles_of_each_group_and_of_its_part_of_the_sample() -> None:
    random = np.random.default_rng(6)
    few, many = articles(random, 5, outlet="Few"), articles(random, 20, outlet="Many")
    corpus = [judged for _, judged in [*few, *many]]
    known = {share.group for share in estimate(corpus, by="outlet").shares if not np.isnan(share.interval).any()}
    assert known == {"Many"}
    parts = estimate(corpus * 2, [*few, *many], by="outlet", method="difference")
    assert {share.group for share in parts.shares if not np.isnan(share.interval).any()} == {"Many"}
    whole = estimate(corpus * 2, [*few, *many], by="outlet", method="matrix")
    assert not any(np.isnan(share.interval).any() for share in whole.shares)


def test_articles_without_any_of_the_labels_to_share_among_make_no_interval() -> None:
    quiet, sides = [article(["neutral", "neutral"])] * 30, [article(["engage"]), article(["hawkish", "neutral"])] * 3
    few, enough = (estimate([*quiet, *sides[:count]], among=("engage", "hawkish")) for count in (5, 6))
    assert shares_of(few)["engage"] == pytest.approx(3 / 5)
    assert all(np.isnan(share.interval).all() for share in few.shares)
    assert all(share.interval[0] < share.share < share.interval[1] for share in enough.shares)


def test_the_same_seed_gives_the_same_intervals() -> None:
    made = articles(np.random.default_rng(4), 60)
    once, again, other = (estimate([judged for _, judged in made], made, method="matrix", seed=seed) for seed in (1, 1, 2))
    assert once == again
    assert once != other


SAMPLE = [(article(["engage", "hawkish"]), article(["engage", "hawkish"]))] * 3


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: estimate([]), "classify the articles first"),
        (lambda: estimate([article(["engage"])], method="guess"), "no method 'guess'"),  # type: ignore[arg-type]
        (lambda: estimate([article(["engage"])], by="weather"), "no grouping 'weather'"),
        (lambda: estimate([article(["engage"])], among=["engage", "dovish"]), "'dovish'"),
        (lambda: estimate([article(["engage"])], method="matrix"), "the sample holds fewer than 2 articles"),
        (lambda: estimate([article(["neutral"])], SAMPLE, method="matrix"), "no quote of the sample is labelled neutral"),
        (lambda: estimate([article(["engage"], outlet="Post")], SAMPLE, by="outlet", method="difference"), "sample of 'Post'"),
        (
            lambda: estimate([article(["engage"])], [(article(["engage", "hawkish"]), article(["engage"] * 2))] * 2, method="matrix"),
            "does not tell the labels apart",
        ),
        (lambda: estimate([article(["engage"])], [(article(["engage"]), article(["engage", "hawkish"]))]), "not hold the same quotes"),
    ],
)
def test_what_cannot_be_estimated_is_said_plainly(call: Callable[[], Estimates], reason: str) -> None:
    with pytest.raises(EstimateError, match=reason) as caught:
        call()
    assert isinstance(caught.value, StanceError)


def test_wrong_types_are_type_errors() -> None:
    with pytest.raises(TypeError, match="iterable of documents"):
        estimate(article(["engage"]))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="pairs of documents"):
        estimate([article(["engage"])], [article(["engage"])])  # type: ignore[list-item]


def test_the_package_offers_it() -> None:
    assert stance.estimate is estimate
