from __future__ import annotations

import random
import re

import pytest

from stance.document import Document, Quote, Span, Speaker, Stance
from stance.text import kind_of, quoted
from stance.training.variation import edit, vary_marks

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
