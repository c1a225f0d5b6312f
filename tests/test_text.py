from __future__ import annotations

from collections.abc import Callable
from time import process_time

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
        ["On Sept. 3 Capt. Orr and A. Bligh sailed.", "Nobody waved......", "Wait.", "A. Bligh did?!", "Aye."],
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("In the ‘90s, she said, “we had nothing” and then sat down.", ["“we had nothing”"]),
        ('In the \'96 race, he told us "we won" and left.', ['"we won"']),
        ("Manifesto ‘08 made him. He said the party must listen.", []),
        ('"We wait," said Anna in \'t Hout, who chairs it. "It\'s a gamble."', ['"We wait,"', '"It\'s a gamble."']),
        ("The '96 vote split the dockers' union and the Liberals' Senate group.", []),
        ("And how ‘bout the headline “Crane strikes the mayors’ car”?", ["“Crane strikes the mayors’ car”"]),
        ("The U.S.'s envoy said \"no\" to the dockers' plan.", ['"no"']),
        ("FLASHBACK: '89 march did not sink the harbour's shares", []),
        ("'90s music' is what he called it.", ["'90s music'"]),
        ("‘30 years of talk were enough,’ she said. ‘’Tis time.’", ["‘30 years of talk were enough,’", "‘’Tis time.’"]),
        ("'Cause we can,' she said.", ["'Cause we can,'"]),
        ("He said ‘10,000 dockers said “no” to him’ at noon.", ["‘10,000 dockers said “no” to him’"]),
    ],
)
def test_years_and_words_cut_short_open_a_quote_only_where_a_mark_closes_it(text: str, expected: list[str]) -> None:
    assert held(text, quoted(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He called the term ‘sea fever” wrong, and added: “Stop.”", ["“Stop.”"]),
        ("The ‘Ohana group said it would sail.", []),
        ("‘We go on, he said.", ["‘We go on, he said."]),
        ("  ‘We go on", ["‘We go on"]),
        ("She said, ‘we go on", ["‘we go on"]),
        ("He sat down. ‘We go on.", ["‘We go on."]),
        ("The U.S.'s envoy went on", []),
    ],
)
def test_a_single_mark_left_open_counts_where_a_quote_can_begin(text: str, expected: list[str]) -> None:
    assert held(text, quoted(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("„Ja“, sagte er. „Nein“, sagte sie.", ["„Ja“", "„Nein“"]),
        ("„Tak”, powiedziała, i „nie”.", ["„Tak”", "„nie”"]),
        ("Er sagte: „Wir warten", ["„Wir warten"]),
        ("»Ja«, sagte er, und (»Nein«).", ["»Ja«", "»Nein«"]),
        ("«Oui», dit-il, puis « non », puis «peut-être».", ["«Oui»", "« non »", "«peut-être»"]),
        ("Read more »here, he said “now”.", ["“now”"]),
        ("“One “two” three” and “four”", ["“One “two”", "“four”"]),
    ],
)
def test_low_marks_and_guillemets_that_point_inwards_close(text: str, expected: list[str]) -> None:
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


def _sentences_of(text: str) -> list[Span]:
    return sentences(text, Span(0, len(text)))


def _seconds(read: Callable[[str], list[Span]], text: str) -> float:
    """The least of a few, so that what else the machine does counts little."""
    taken = []
    for _ in range(5):
        begin = process_time()
        read(text)
        taken.append(process_time() - begin)
    return min(taken)


@pytest.mark.parametrize(
    ("read", "part"),
    [(_sentences_of, "A. "), (_sentences_of, "."), (_sentences_of, "No! (A) "), (quoted, "‘a "), (quoted, "‘s' a "), (quoted, "'90 ")],
)
def test_eight_times_the_text_takes_about_eight_times_as_long(read: Callable[[str], list[Span]], part: str) -> None:
    assert _seconds(read, part * 4000) < 24 * _seconds(read, part * 500)
