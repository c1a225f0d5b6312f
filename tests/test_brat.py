"""brat stand-off: how it looks, what people may write into it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from stance.conversion import read, write
from stance.document import Document, Quote, Span, Speaker, Stance
from stance.errors import LabelError
from stance.formats import brat
from stance.formats.brat_annotations import read_annotations

TEXT = "🙂 “Ring Beijing,” Nora Quill said. “And trade.”\n\nShe warned that the port is lost."


def span(words: str) -> Span:
    return Span(TEXT.index(words), TEXT.index(words) + len(words))


def offsets(words: str) -> str:
    return f"{span(words).start} {span(words).end}"


def document() -> Document:
    quill, model = Speaker("Nora Quill"), Stance("engage", 0.75, {"engage": 0.75, "hawkish": 0.25})
    quotes = [
        Quote("", (span("“Ring Beijing,”"), span("“And trade.”")), (span("Nora Quill"),), (span("said"),), "direct", quill, model, 0.5),
        Quote("", (span("Ring"),), (span("Nora Quill"),), stance=Stance("for it"), repeats=0, note="two\nlines"),
    ]
    return Document.from_dict(Document.assemble(TEXT, quotes, id="quill", title="Ring").to_dict())


EVENT = [f"T1\tQuote {offsets('Ring Beijing')}\tRing Beijing", f"T2\tSource {offsets('Nora Quill')}\tNora Quill", "E1\tQuote:T1 Source:T2"]


def parse(*lines: str) -> Document:
    return read_annotations(TEXT, "\n".join(lines) + "\n", "quill", "quill.ann")


def test_lines_are_those_of_brat() -> None:
    lines = brat.write_annotations(document()).split("\n")
    assert lines[:6] == [
        "T1\tQuote 2 17;35 47\t“Ring Beijing,” “And trade.”",
        "T2\tCue 29 33\tsaid",
        "T3\tSource 18 28\tNora Quill",
        "T4\tQuote 3 7\tRing",
        "E1\tQuote:T1 Cue:T2 Source:T3",
        "E2\tQuote:T4 Source:T3 Repeats:E1",
    ]
    assert "A2\tStance E1 engage" in lines
    assert "A4\tStance E2 for%20it" in lines
    assert any(line.endswith('AnnotatorNotes E2\t"two\\nlines"') for line in lines)
    assert all(line[0] in "TEA#" for line in lines[:-1])


def test_span_lines_hold_no_line_breaks() -> None:
    text = "a\r\nb\u2028c\td\x85e"
    broken = Document.assemble(text, [Quote("", (Span(0, len(text)),))])
    written = brat.write_annotations(broken)
    assert written.startswith(f"T1\tQuote 0 {len(text)}\ta  b c d e\n")
    assert len(written.splitlines()) == written.count("\n")


def test_the_configuration_names_every_type_and_label() -> None:
    conf = brat.annotation_conf(["engage", "for it"])
    assert "Value:engage|for%20it" in conf
    assert "Value:direct|mixed|indirect" in conf
    assert {line.split("\t")[0] for line in conf.split("\n")} >= {"[entities]", "Cue", "Source", "[events]", "Quote", "Kind", "Stance"}


def test_what_people_write_is_read() -> None:
    found = parse(
        *EVENT[:2],
        f"T3\tSource {offsets('She')}\tShe",
        f"T4\tQuote {offsets('that the port is lost')}\tthat the port is lost",
        "E7\tQuote:T4 Source:T3",
        "E9\tQuote:T1 Source2:T2",
        "A1\tStance E9 engage",
        "#1\tSpeaker E9\tNora Quill",
        '#2\tAnnotatorNotes E9\t"Ring" is odd',
        "#3\tAnnotatorNotes E9\tsee above",
        "",
    )
    first, second = found.quotes
    assert (first.text, first.kind, first.source) == ("Ring Beijing", "direct", (span("Nora Quill"),))
    assert first.speaker is not None
    assert (first.speaker.name, first.stance, first.note) == ("Nora Quill", Stance("engage"), '"Ring" is odd\nsee above')
    assert (second.text, second.kind, second.speaker, second.stance) == ("that the port is lost", "indirect", None, None)
    assert found.id == "quill"


def test_a_changed_label_takes_the_numbers_with_it_and_an_added_quote_falls_into_place(tmp_path: Path) -> None:
    write([document()], "brat", tmp_path)
    path = tmp_path / "quill.ann"
    changed = path.read_text(encoding="utf-8").replace("Stance E1 engage", "Stance E1 hawkish")
    path.write_text(changed + f"T9\tQuote {offsets('🙂')}\t🙂\nE9\tQuote:T9\n", encoding="utf-8")
    (found,) = read([path])
    assert isinstance(found, Document)
    assert [quote.text for quote in found.quotes] == ["🙂", "“Ring Beijing,” … “And trade.”", "Ring"]
    assert found.quotes[1].stance == Stance("hawkish")
    assert [quote.repeats for quote in found.quotes] == [None, None, 1]


@pytest.mark.parametrize(
    ("lines", "place", "reason"),
    [
        ([*EVENT, f"T3\tCue {offsets('said')}\tsaid"], "quill.ann, T3", "this Cue is tied to no quote"),
        ([*EVENT, "T3\tCue 29 33\tsand"], "quill.ann:4", "span 29 33 holds 'said', labelled as 'sand'"),
        ([*EVENT, "T3\tCue 29 999\tsaid"], "quill.ann:4", "not within the text"),
        ([*EVENT, "T3\tCue 33 29\tsaid"], "quill.ann:4", "no list of spans"),
        ([*EVENT, "T3\tVerb 29 33\tsaid"], "quill.ann:4", "type 'Verb'"),
        ([*EVENT, "R1\tSaid Arg1:T1 Arg2:T2"], "quill.ann:4", "draw quotes as events"),
        ([*EVENT, "E2\tQuote:T5"], "quill.ann, E2", "Quote:T5 is no Quote of this file"),
        ([*EVENT, "E2\tSource:T2"], "quill.ann, E2", "without the content"),
        ([*EVENT, "E2\tQuote:T2"], "quill.ann, E2", "Quote:T2 is no Quote"),
        ([*EVENT, "E2\tQuote:T1 Repeats:E8"], "quill.ann, E2", "Repeats:E8 is no quote"),
        ([*EVENT, "E2\tQuote:T1 Repeats:E1 Repeats2:E2"], "quill.ann, E2", "repeats several"),
        ([*EVENT, "#1\tSpeaker T1\tQuill"], "quill.ann, T1", "said of it, but it is no quote"),
        ([*EVENT, "#1\tSpeaker E1\tA", "#2\tSpeaker E1\tB"], "quill.ann:5", "a second Speaker for E1"),
        ([*EVENT, "#1\tReading E1\t[1]"], "quill.ann, E1", "no JSON object"),
        ([*EVENT, "#1\tArticle document\t{"], "quill.ann", "no JSON"),
        ([*EVENT, "#1\tReading E1\t" + "[" * 200_000], "quill.ann, E1", "no JSON"),
        ([*EVENT, '#1\tReading E1\t{"stance": null, "stance": null}'], "quill.ann, E1", "key 'stance' stands twice"),
        ([*EVENT, "A1\tKind E1 loud"], "quill.ann: quote 0", "kind 'loud'"),
        ([*EVENT, "nonsense"], "quill.ann:4", "no span, event, attribute or note"),
    ],
)
def test_what_cannot_be_read_names_line_or_mark(lines: list[str], place: str, reason: str) -> None:
    with pytest.raises(LabelError) as caught:
        parse(*lines)
    assert caught.value.place == place
    assert reason in caught.value.reason
