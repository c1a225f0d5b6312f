"""Odd texts give right offsets or nothing, never a traceback from below."""

import resource
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stance
from stance.document import Document
from stance.pipeline import Pipeline

QUOTE = "“We should keep talking to Beijing,” Ada Lund, the trade minister, said on Tuesday."


def check_spans(document: Document) -> None:
    """Every span lies in the text, holds something and survives the round trip."""
    for quote in document.quotes:
        for span in (*quote.content, *quote.source, *quote.cue):
            assert 0 <= span.start < span.end <= len(document.text)
            assert document.text[span.start : span.end].strip()
        assert quote.text == " … ".join(document.text[span.start : span.end] for span in quote.content)
    assert Document.from_json(document.to_json()) == document


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "\x00", "\ud800", "…", "🙂", "\u200f\u202e", "”", "“", "'", "\r\n"])
def test_texts_without_words_have_no_quotes(pipeline: Pipeline, text: str) -> None:
    document = pipeline(text)
    assert document.text == text
    assert document.quotes == ()
    assert document.speakers == ()


def test_a_text_without_quotes_has_none(pipeline: Pipeline) -> None:
    text = "The river rose by two metres overnight. Roads were closed, and the bridge at Ludlow was shut to lorries.\n\nTrains ran late."
    assert pipeline(text).quotes == ()


@pytest.mark.parametrize(
    "text",
    [
        QUOTE.replace(" ", "\x00 ", 3),
        QUOTE.replace("Ada", "A\ud800da"),
        "\u200f" + QUOTE + "\u200e",
        "🙂🇬🇧 " + QUOTE + " 🙂",
        QUOTE + "\r\n\r\n" + QUOTE.replace("Ada", "Eva") + "\r\n",
        QUOTE.replace("”", ""),
        QUOTE.replace("“", ""),
        "““" + QUOTE,
        QUOTE.replace("“", '"').replace("”", '"'),
        QUOTE.replace("“", "‘").replace("”", "’"),
        QUOTE.replace(" ", "\u00a0"),
        "\x07\x1b[31m" + QUOTE,
        "We <b>agree</b> &amp; " + QUOTE,
    ],
    ids=["nul", "surrogate", "rtl", "emoji", "crlf", "unclosed", "unopened", "doubled", "straight", "single", "nbsp", "control", "tags"],
)
def test_odd_characters_leave_the_quote_where_it_stands(pipeline: Pipeline, text: str) -> None:
    document = pipeline(text)
    check_spans(document)
    assert any("talking to" in quote.text.replace("\u00a0", " ").replace("\x00", "") for quote in document.quotes)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.text(max_size=12), st.sampled_from([QUOTE, "“", "”", "'", "\n\n", "he said", "\r", "\u2028"])), max_size=12))
def test_any_text_gives_sound_spans(pipeline: Pipeline, parts: list[str]) -> None:
    text = " ".join(["x", *parts])
    check_spans(pipeline(text))


def test_a_text_longer_than_a_section_is_read_to_its_end(pipeline: Pipeline) -> None:
    filler = "The river rose by two metres overnight and the roads to the north were closed to lorries for a week. " * 20 + "\n\n"
    text = filler * 105 + QUOTE
    assert len(text.split()) > 40_000
    document = pipeline.segment(text)
    check_spans(document)
    assert document.quotes[-1].text == "“We should keep talking to Beijing,”"


def test_a_text_of_five_megabytes_goes_through_in_bounded_memory(tiny_quotes: Path) -> None:
    text = (QUOTE + " ") * 20 + "\n\n"
    text *= 5_000_000 // len(text.encode()) + 1
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    document = stance.load(quotes=tiny_quotes).segment(text)
    assert document.text is text
    assert all(quote.content[-1].end <= len(text) for quote in document.quotes)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 3000
