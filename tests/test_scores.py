import pytest

from stance.document import Document, Quote, Span, Speaker, Stance, join_pieces
from stance.evaluation.baselines import read_by_marks
from stance.evaluation.bootstrap import counts_interval, interval
from stance.evaluation.scores import Counts, StanceItem, match_contents, same_name, score_quotes
from stance.evaluation.stances import brier, calibration_error, macro_f1, risk_coverage

TEXT = "Ada Lund said trade with China helps everybody. “It is time to talk,” she added. Bo Sand disagreed."


def document(*rows: tuple[str, str, str | None]) -> Document:
    quotes = []
    for content, source, name in rows:
        spans = (Span(TEXT.index(content), TEXT.index(content) + len(content)),)
        named = (Span(TEXT.index(source), TEXT.index(source) + len(source)),) if source else ()
        quotes.append(Quote(join_pieces(TEXT, spans), spans, source=named, speaker=Speaker(name) if name else None))
    return Document.assemble(TEXT, quotes)


GOLD = document(("trade with China helps everybody", "Ada Lund", "Ada Lund"), ("“It is time to talk,”", "she", "Ada Lund"))


def test_a_perfect_reading_scores_one_everywhere() -> None:
    counts = score_quotes(GOLD, GOLD).counts
    assert counts["matched"].f1 == counts["end to end"].f1 == counts["content exact"].f1 == counts["speaker"].recall == 1.0


def test_half_of_the_words_make_a_match_and_less_does_not() -> None:
    near = document(("with China helps", "Ada Lund", "Ada Lund"))
    far = document(("trade with", "Ada Lund", "Ada Lund"))
    assert match_contents(GOLD, near) == [(0, 0)]
    assert match_contents(GOLD, far) == []
    assert score_quotes(GOLD, near).counts["content exact"].f1 == 0


def test_a_wrong_source_is_a_match_but_not_right_end_to_end() -> None:
    found = document(("trade with China helps everybody", "Bo Sand", "Bo Sand"), ("“It is time to talk,”", "", None))
    counts = score_quotes(GOLD, found).counts
    assert counts["matched"].f1 == 1.0
    assert counts["end to end"].f1 == 0.0
    assert counts["speaker"].recall == 0.0


def test_one_found_content_answers_one_gold_content() -> None:
    twice = document(*[("trade with China helps everybody", "Ada Lund", "Ada Lund")] * 2)
    assert score_quotes(GOLD, twice).counts["matched"] == Counts(1, 2, 1, 2)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("James Cleverly", "Mr Cleverly", True),
        ("Sir Iain Duncan Smith", "iain duncan smith", True),
        ("the Foreign Office", "Foreign Office", True),
        ("China’s foreign ministry", "China foreign ministry", True),
        ("James Cleverly", "James Heappey", False),
        ("Foreign Office", "Home Office", False),
        ("The", "A", False),
    ],
)
def test_names_agree_without_case_titles_and_articles(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same


def test_counts_add_up_and_intervals_hold_the_figure() -> None:
    rows = [(8, 10, 8, 12), (3, 4, 3, 3), (0, 2, 0, 4)]
    total = sum((Counts(*row) for row in rows), Counts())
    assert total == Counts(11, 16, 11, 19)
    low, high = counts_interval(rows, "f1")
    assert low < total.f1 < high
    assert interval([1.0, 2.0, 3.0], lambda items: sum(items) / len(items))[0] >= 1.0
    assert counts_interval([], "f1") == (0.0, 0.0)


def test_stance_measures_against_values_worked_by_hand() -> None:
    items = [
        StanceItem("engage", "engage", {"engage": 0.8, "hawkish": 0.2}),
        StanceItem("hawkish", "engage", {"engage": 0.6, "hawkish": 0.4}),
    ]
    assert macro_f1(items, ["engage", "hawkish", "neutral"]) == pytest.approx((2 / 3 + 0) / 2)
    assert brier(items, ["engage", "hawkish"]) == pytest.approx((0.08 + 0.72) / 2)
    assert calibration_error(items, bins=2) == pytest.approx((0.2 + 0.6) / 2)
    assert risk_coverage(items) == [(0.5, 0.0), (1.0, 0.5)]


def test_the_baseline_finds_what_stands_in_marks() -> None:
    (quote,) = read_by_marks(TEXT).quotes
    assert quote.text == "“It is time to talk,”"
    assert quote.stance is None
    assert Stance("engage").probability == 1.0
