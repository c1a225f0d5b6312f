from __future__ import annotations

import pytest

from stance.document import Span
from stance.text import kind_of, overlapping, paragraphs, quoted, sentences


def held(text: str, spans: list[Span]) -> list[str]:
    return [text[span.start : span.end] for span in spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ships docked.\r\n\r\nCranes swung.\r\n", ["Ships docked.", "Cranes swung."]),
        ("Ships docked.\u2028Cranes swung.\u2029Tea was served.", ["Ships docked.", "Cranes swung.", "Tea was served."]),
        ("\xa0 Ships\xa0docked.\xa0\n \xa0 \n\tCranes swung. ", ["Ships\xa0docked.", "Cranes swung."]),
        ("a\x85b\x0cc\x0bd", ["a", "b", "c", "d"]),
        ("", []),
        (" \xa0\r\n", []),
    ],
)
def test_paragraphs_are_lines_without_white_edges(text: str, expected: list[str]) -> None:
    assert held(text, paragraphs(text)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["Mr. Dunmore met Lt. Col. J. Ferris on the quay.", "It rained."],
        ["“Not now!” she said.", "“Perhaps in June?”", "He shrugged."],
        ["The U.S. envoy flew home.", "In 2021 he came back."],
        ["Tea came at 5 p.m. on the dot.", "(Nobody drank it.)", "‘Odd,’ said Mrs. Vane."],
        ["The mayor left.", "Élodie Marchand stayed.", "Ömer Aksoy did too."],
        ["Prices rose 4.5 per cent… then fell.", "Why?"],
        ["no full stop at all"],
    ],
)
def test_sentences_end_at_full_stops_but_not_after_abbreviations(expected: list[str]) -> None:
    text = " ".join(expected)
    assert held(text, sentences(text, Span(0, len(text)))) == expected


def test_sentences_stay_within_their_paragraph() -> None:
    text = "Before. Ships docked. Cranes swung. After."
    within = Span(8, 35)
    assert held(text, sentences(text, within)) == ["Ships docked.", "Cranes swung."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He told peers “talk first” and “listen second”.", ["“talk first”", "“listen second”"]),
        ('"Never," she said. "Not once."', ['"Never,"', '"Not once."']),
        ("He told peers ‘talk first’ and left.", ["‘talk first’"]),
        ("He said ‘it’s the dockers’ choice and we won’t blink’ at noon.", ["‘it’s the dockers’ choice and we won’t blink’"]),
        ("‘We want the unions’ plan to work,’ he said.", ["‘We want the unions’ plan to work,’"]),
        ("He said 'it's our job to talk' and left.", ["'it's our job to talk'"]),
        ("'We don't want the unions' plan,' she said.", ["'We don't want the unions' plan,'"]),
        ("‘Workers’ and ‘bosses’ agreed.", ["‘Workers’", "‘bosses’"]),
        ("Il a dit « parlons » hier, puis «adieu».", ["« parlons »", "«adieu»"]),
        ("“She told me ‘no deal’ twice,” he said.", ["“She told me ‘no deal’ twice,”"]),
        ("‘She told me “no deal” twice,’ he said.", ["‘She told me “no deal” twice,’"]),
        ("She said—“go”—twice (‘aye’).", ["“go”", "‘aye’"]),
        ("“We go on\n“and on and on”", ["“We go on", "“and on and on”"]),
        ('"We go on\r\n"and on"', ['"We go on', '"and on"']),
        ("He said: ‘We go on", ["‘We go on"]),
        ("“An open mark", ["“An open mark"]),
        ("A stray” closing mark and another ’ here", []),
        ("The dockers’ plan and the voters’ choice", []),
        ("A door 6'2\" tall, from the '90s or the ’80s", []),
        ('A 12" pizza and a 9" pie', []),
        ('A 50" screen, she said “big”.', ["“big”"]),
        ("‘The '90s were better,’ she said.", ["‘The '90s were better,’"]),
        ("rock 'n' roll", []),
        ("", []),
    ],
)
def test_quoted_finds_the_outermost_marks(text: str, expected: list[str]) -> None:
    assert held(text, quoted(text)) == expected


def test_quoted_within_one_paragraph_looks_at_no_other() -> None:
    text = "“One,” he said.\n“Two,” she said."
    assert held(text, quoted(text, Span(16, len(text)))) == ["“Two,”"]


@pytest.mark.parametrize(
    "fragment", ["“comfortable chit chat over tea and biscuits”", "“would not be a show of strength”", "“get real”", "“appeasing”"]
)
def test_quoted_finds_the_marks_of_a_real_sentence(fragment: str) -> None:
    text = f"The Foreign Secretary’s critics spoke of {fragment}, he’d heard."
    assert held(text, quoted(text)) == [fragment]


@pytest.mark.parametrize(
    ("text", "content", "expected"),
    [
        ("He said “talk first” at noon.", "“talk first”", "direct"),
        ("He said that “talk comes first” at noon.", "that “talk comes first”", "direct"),
        ("He said “[Beijing] comes first” at noon.", "“[Beijing] comes first”", "direct"),
        ("He called [the plan] “mad” at noon.", "[the plan] “mad”", "direct"),
        ("He said talk “comes first” at noon.", "talk “comes first”", "mixed"),
        ("He said that talk comes first at noon.", "that talk comes first", "indirect"),
        ("He said the dockers’ talk came first.", "the dockers’ talk came first", "indirect"),
    ],
)
def test_kind_follows_the_marks(text: str, content: str, expected: str) -> None:
    piece = Span(text.index(content), text.index(content) + len(content))
    assert kind_of(text, [piece], quoted(text)) == expected


def test_kind_of_pieces_counts_them_together() -> None:
    text = "“Aye,” he said, and that it would be done. “Soon.”"
    aye, done, soon = (Span(text.index(words), text.index(words) + len(words)) for words in ("“Aye,”", "that it would be done", "“Soon.”"))
    assert kind_of(text, [aye, soon], quoted(text)) == "direct"
    assert kind_of(text, [aye, done, soon], quoted(text)) == "mixed"


def test_overlapping_gives_spans_that_share_a_code_point() -> None:
    spans = [Span(0, 3), Span(5, 8), Span(10, 12)]
    assert list(overlapping(spans, Span(3, 6))) == [Span(5, 8)]
    assert list(overlapping(spans, Span(2, 11))) == spans
    assert list(overlapping(spans, Span(3, 5))) == []
