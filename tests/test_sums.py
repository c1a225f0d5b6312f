from dataclasses import replace

import numpy as np
import pytest

from stance.document import Document, Quote, Span, Speaker, Stance
from stance.questions import shipped_question
from stance.sums import LIKENESS, effective_number, speeches, sum_up, with_stances

QUESTION = shipped_question()


def labelled(*labels: str, repeats: int | None = None) -> list[Quote]:
    return [Quote(label, (Span(n, n + 1),), stance=Stance(label), repeats=repeats) for n, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["engage"], "engage"),
        (["engage", "engage", "hawkish"], "engage"),
        (["engage", "hawkish"], "mixed"),
        (["engage", "engage", "engage", "hawkish", "hawkish"], "mixed"),
        (["neutral", "hawkish"], "hawkish"),
        (["neutral", "neutral"], "neutral"),
    ],
)
def test_a_speakers_label_follows_the_codebook(labels: list[str], expected: str) -> None:
    found = sum_up(labelled(*labels), QUESTION)
    assert found is not None
    assert found.label == expected


def test_a_speakers_score_lies_in_its_interval_which_narrows_with_more_quotes() -> None:
    few, many = sum_up(labelled("engage", "engage"), QUESTION), sum_up(labelled(*["engage"] * 40), QUESTION)
    assert few is not None
    assert many is not None
    assert few.score == many.score == 1.0
    assert -1 <= few.interval[0] <= few.score <= few.interval[1] <= 1
    assert many.interval[0] > few.interval[0]


def test_repeats_count_once() -> None:
    quotes = [*labelled("engage"), *labelled("hawkish"), *labelled("hawkish", repeats=1)]
    found = sum_up(quotes, QUESTION)
    assert found is not None
    assert found.label == "mixed"
    assert sum_up([], QUESTION) is None


def test_a_doubtful_quote_weighs_less_than_a_sure_one() -> None:
    sure, doubtful = labelled("engage", "hawkish")
    found = sum_up([sure, replace(doubtful, confidence=0.25)], QUESTION)
    equal = sum_up([sure, doubtful], QUESTION)
    assert found is not None
    assert equal is not None
    assert found.score == pytest.approx(0.6)
    assert equal.score == 0
    assert found.label == equal.label == "mixed"
    alone, never = sum_up([sure], QUESTION), sum_up([replace(sure, confidence=0.0)], QUESTION)
    assert alone is not None
    assert never is not None
    assert never.interval[0] < alone.interval[0]


def test_the_effective_number_counts_sure_and_independent_quotes() -> None:
    assert effective_number([1, 1, 1], [0, 1, 2]) == 3
    assert effective_number([0.5, 0.5], [0, 1]) == 1
    assert effective_number([1, 1, 1], [0, 0, 0], likeness=1) == 1
    assert effective_number([1, 1, 1], [0, 0, 0], likeness=0) == 3
    assert 1 < effective_number([1] * 50, [0] * 50) <= 1 / LIKENESS
    assert effective_number([1, 1, 1], [0, 0, 1]) > effective_number([1, 1, 1], [0, 0, 0])


TEXT = "“One,” Ada said. “Two,” she said.\n\n“Three,” said Bo.\n\n“Four,” Ada said.\n\nIt rained.\n\nNobody spoke.\n\n“Five,” she said."


def test_a_speech_goes_on_in_the_same_and_the_next_paragraph() -> None:
    def quote(name: str | None, *words: str) -> Quote:
        pieces = tuple(Span(TEXT.index(word), TEXT.index(word) + len(word)) for word in words)
        return Quote("", pieces, speaker=Speaker(name) if name else None)

    apart = [quote("Ada", "One"), quote("Ada", "Two"), quote("Bo", "Three"), quote("Ada", "Four"), quote("Ada", "Five")]
    assert speeches(TEXT, apart) == [0, 0, 2, 3, 4]
    assert speeches(TEXT, [quote("Ada", "One"), quote("Ada", "Three")]) == [0, 0]
    assert speeches(TEXT, [quote("Ada", "Two", "Three"), quote("Ada", "Four")]) == [0, 0]
    assert speeches(TEXT, [quote(None, "One"), quote(None, "Two")]) == [0, 1]


def test_quotes_of_one_speech_say_less_than_as_many_of_several() -> None:
    def document(text: str) -> Document:
        quotes = [Quote("x", (Span(at, at + 1),), speaker=Speaker("Ada")) for at, letter in enumerate(text) if letter == "x"]
        return Document.assemble(text, quotes)

    together, apart = (
        with_stances(document(text), [Stance("hawkish")] * 4, QUESTION).speakers[0].stance
        for text in ("x x x x", "x\n-\n-\nx\n-\n-\nx\n-\n-\nx")
    )
    assert together is not None
    assert apart is not None
    assert together.score == apart.score == -1
    assert together.interval[1] > apart.interval[1]


def test_the_interval_covers_what_a_speaker_holds_where_the_quotes_of_a_speech_are_alike() -> None:
    random = np.random.default_rng(0)
    covered: dict[str, list[bool]] = {"speeches": [], "as if independent": []}
    for shares in random.dirichlet([1, 1, 1], size=1500):
        labels: list[str] = []
        numbers: list[int] = []
        for speech in range(random.integers(1, 5)):
            own = random.dirichlet(shares * (1 / LIKENESS - 1) + 1e-9)
            count = int(random.integers(1, 9))
            labels += random.choice(QUESTION.labels, p=own, size=count).tolist()
            numbers += [speech] * count
        for name, given in (("speeches", numbers), ("as if independent", [])):
            found = sum_up(labelled(*labels), QUESTION, given)
            assert found is not None
            covered[name].append(found.interval[0] <= shares[0] - shares[1] <= found.interval[1])
    assert np.mean(covered["speeches"]) == pytest.approx(0.95, abs=0.02)
    assert np.mean(covered["as if independent"]) < 0.9
