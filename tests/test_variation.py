from __future__ import annotations

import random
import re
from collections.abc import Sequence

import pytest

from stance.document import Document, Quote, Span, Speaker, Stance
from stance.text import kind_of, quoted
from stance.training.variation import edit, vary_marks, wrap_quotes

TEXT = (
    "“Keep the line open,” Tess Orrin said. “Ring them weekly.”\n\n"
    'Orrin called the ban "a folly" and said the quays’ trade would go.\n\n'
    "“We shall go on,\n\n"
    "“and on and on,” added Bram Holt, who spoke of a ‘cold tide’."
)


def place(words: str) -> Span:
    return Span(TEXT.index(words), TEXT.index(words) + len(words))


def made() -> Document:
    rows = [
        (["“Keep the line open,”", "“Ring them weekly.”"], "Tess Orrin", "said", "Tess Orrin", "engage"),
        (['the ban "a folly"'], "Orrin", "called", "Tess Orrin", "engage"),
        (["the quays’ trade would go"], "Orrin", "said the", "Tess Orrin", "neutral"),
        (["“We shall go on,", "“and on and on,”"], "Bram Holt", "added", "Bram Holt", "neutral"),
    ]
    marked = quoted(TEXT)
    quotes = []
    for content, source, cue, name, label in rows:
        pieces = tuple(place(words) for words in content)
        kind = kind_of(TEXT, pieces, marked)
        quotes.append(Quote(" … ".join(content), pieces, (place(source),), (place(cue),), kind, Speaker(name), Stance(label)))
    return Document.assemble(TEXT, quotes, id="orrin", outlet="The Quay")


def bare(words: str) -> str:
    return re.sub("[“”\"‘’']", "", words)


def bare_spans(document: Document) -> list[list[str]]:
    return [
        [bare(document.text[span.start : span.end]) for span in spans]
        for quote in document.quotes
        for spans in (quote.content, quote.source, quote.cue)
    ]


@pytest.mark.parametrize("seed", range(40))
def test_spans_hold_the_same_words_whatever_the_marks(seed: int) -> None:
    varied = vary_marks(made(), random.Random(seed), kept=0)
    assert bare(varied.text) == bare(TEXT)
    assert bare_spans(varied) == bare_spans(made())
    assert varied.metadata == made().metadata
    assert [quote.stance for quote in varied.quotes] == [quote.stance for quote in made().quotes]
    assert [speaker.name for speaker in varied.speakers] == ["Tess Orrin", "Bram Holt"]
    for quote in varied.quotes:
        assert quote.text == " … ".join(varied.text[span.start : span.end] for span in quote.content)
        assert quote.kind == kind_of(varied.text, quote.content, quoted(varied.text))


def test_every_style_occurs_and_leaves_no_double_mark_of_another() -> None:
    openings = {vary_marks(made(), random.Random(seed), kept=0).text[0] for seed in range(60)}
    assert openings == {"“", '"', "‘", "'", "K"}
    for seed in range(60):
        varied = vary_marks(made(), random.Random(seed), kept=0)
        if varied.text[0] in "‘'K":
            assert not re.search('[“”"]', varied.text)


def test_marks_stay_in_their_share_of_articles() -> None:
    document = made()
    assert vary_marks(document, random.Random(1), kept=1) is document
    same = sum(vary_marks(document, random.Random(seed), kept=0.5) is document for seed in range(200))
    assert 70 <= same <= 130


def test_changed_marks_stay_in_their_content() -> None:
    varied = next(v for seed in range(60) if (v := vary_marks(made(), random.Random(seed), kept=0)).text[0] == "‘")
    first = varied.quotes[0]
    assert [varied.text[span.start : span.end] for span in first.content] == ["‘Keep the line open,’", "‘Ring them weekly.’"]
    assert first.kind == "direct"


def test_edit_moves_spans_over_longer_and_shorter_words() -> None:
    tess, line, bram = place("Tess "), place("the line"), place("Bram Holt")
    moved = edit(made(), [(bram.start, bram.end, "Bo"), (tess.start, tess.end, ""), (line.start, line.end, "every telephone line")])
    assert bare_spans(moved)[:2] == [["Keep every telephone line open,", "Ring them weekly."], ["Orrin"]]
    assert bare_spans(moved)[-2:] == [["Bo"], ["added"]]


def test_edit_drops_what_loses_its_words_and_renumbers_repeats() -> None:
    rows = [("the ban", None), ("the quays", None), ("cold", 1), ("tide", 0)]
    quotes = [Quote(words, (place(words),), repeats=repeats) for words, repeats in rows]
    ban = place("the ban")
    moved = edit(Document.assemble(TEXT, quotes), [(ban.start, ban.end, "")])
    assert [(quote.text, quote.repeats) for quote in moved.quotes] == [("the quays", None), ("cold", 0), ("tide", None)]


QUAYS = (
    "“Keep the line open,” Tess Orrin said. “Ring them weekly.”\n\n"
    'The mayor called the ban "a folly" before he left.\n\n'
    "Bram Holt asked for patience."
)
QUAYS_QUOTES = (
    (["“Keep the line open,”", "“Ring them weekly.”"], "Tess Orrin", "said"),
    (['the ban "a folly"'], "The mayor", "called"),
    (["for patience"], "Bram Holt", "asked"),
)


def quays(repeats: int | None = None) -> Document:
    def at(words: str) -> Span:
        return Span(QUAYS.index(words), QUAYS.index(words) + len(words))

    quotes = [
        Quote(
            " … ".join(content),
            tuple(map(at, content)),
            (at(source),),
            (at(cue),),
            speaker=Speaker(source),
            repeats=repeats if n == 2 else None,
        )
        for n, (content, source, cue) in enumerate(QUAYS_QUOTES)
    ]
    return Document.assemble(QUAYS, quotes)


def words_of(document: Document, spans: Sequence[Span]) -> list[str]:
    return [document.text[span.start : span.end] for span in spans]


@pytest.mark.parametrize("seed", range(20))
def test_somebody_else_reports_the_sentences_that_hold_whole_quotes(seed: int) -> None:
    wrapped = wrap_quotes(quays(), random.Random(seed), share=1)
    known = [quote for quote in wrapped.quotes if quote.speaker]
    assert [words_of(wrapped, quote.content) for quote in known] == [content for content, _, _ in QUAYS_QUOTES]
    assert [words_of(wrapped, (*quote.source, *quote.cue))[1:] for quote in known] == [[cue] for _, _, cue in QUAYS_QUOTES]
    new = [quote for quote in wrapped.quotes if not quote.speaker]
    reported = [quote.text.removeprefix("that ") for quote in new]
    assert reported == ['the mayor called the ban "a folly" before he left', "Bram Holt asked for patience"]
    assert [quote.kind for quote in new] == ["mixed", "indirect"]
    for quote, inner in zip(new, known[1:], strict=True):
        (source,), (cue,) = words_of(wrapped, quote.source), words_of(wrapped, quote.cue)
        assert f"\n\n{source} {cue} {quote.text}." in wrapped.text
        assert quote.content[0].contains(inner.extent)
    assert [quote.content[0] for quote in wrapped.quotes] == sorted(quote.content[0] for quote in wrapped.quotes)


def test_reports_keep_their_share_and_leave_the_rest_alone() -> None:
    document = quays()
    assert wrap_quotes(document, random.Random(1), share=0) is document
    added = [len(wrap_quotes(document, random.Random(seed), share=0.5).quotes) - 3 for seed in range(200)]
    assert 150 <= sum(added) <= 250


def test_repeats_point_to_the_same_quotes_when_others_come_between() -> None:
    wrapped = wrap_quotes(quays(repeats=1), random.Random(0), share=1)
    (repeat,) = [quote for quote in wrapped.quotes if quote.repeats is not None]
    assert wrapped.quotes[repeat.repeats or 0].text == 'the ban "a folly"'
