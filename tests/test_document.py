from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from typing import Any

import pytest

from stance.document import METADATA, Document, Quote, Span, Speaker, SpeakerStance, Stance
from stance.errors import LabelError, SpanError, StanceError

TEXT = (
    "Dame Harriet Pell said the port deal “must be torn up”.\n\n"
    "“Trade keeps the lamps lit,” Owen Sayle said. “Ask any docker.”\n\n"
    "Sayle added that he would fly to Ningbo in May."
)


def place(words: str, text: str = TEXT) -> Span:
    return Span(text.index(words), text.index(words) + len(words))


def made() -> Document:
    pell, sayle = Speaker("Harriet Pell"), Speaker("Owen Sayle")
    quotes = [
        Quote(
            "the port deal “must be torn up”",
            (place("the port deal “must be torn up”"),),
            (place("Dame Harriet Pell"),),
            (place("said"),),
            "mixed",
            pell,
            Stance("hawkish", 0.8, {"engage": 0.05, "hawkish": 0.8, "neutral": 0.15}),
            confidence=0.97,
        ),
        Quote(
            "“Trade keeps the lamps lit,” … “Ask any docker.”",
            (place("“Trade keeps the lamps lit,”"), place("“Ask any docker.”")),
            (place("Owen Sayle"),),
            kind="direct",
            speaker=sayle,
            stance=Stance("engage"),
        ),
        Quote(
            "that he would fly to Ningbo in May",
            (place("that he would fly to Ningbo in May"),),
            (Span(TEXT.index("Sayle added"), TEXT.index("Sayle added") + 5),),
            (place("added"),),
            speaker=sayle,
            repeats=1,
            note="diary",
        ),
    ]
    stances = {"Owen Sayle": SpeakerStance("engage", 0.6, (0.1, 0.9))}
    return Document.assemble(TEXT, quotes, stances, id="pell", title="Port row", outlet="The Quay", date="2024-02-01")


def row(**changes: Any) -> dict[str, Any]:
    content = place("“Trade keeps the lamps lit,”")
    quote = {"content": [{"start": content.start, "end": content.end, "text": "“Trade keeps the lamps lit,”"}], "kind": "direct"}
    return {"text": TEXT, "quotes": [{"content": [{"start": 0, "end": 4}]}, quote | changes]}


def test_dictionary_round_trip_keeps_everything() -> None:
    document = made()
    again = Document.from_dict(document.to_dict())
    assert again == document
    assert again.to_dict() == document.to_dict()
    assert again.quotes[0].stance == document.quotes[0].stance
    assert again.speakers[0].stance == SpeakerStance("engage", 0.6, (0.1, 0.9))


def test_stance_with_probability_alone_survives() -> None:
    document = Document.assemble(TEXT, [Quote("Dame", (Span(0, 4),), stance=Stance("engage", 0.7))])
    assert Document.from_dict(document.to_dict()) == document


def test_an_uncertain_stance_survives_and_a_file_that_does_not_say_is_certain() -> None:
    stances = Stance("neutral", 0.4, {"neutral": 0.4, "engage": 0.35, "hawkish": 0.25}, certain=False), Stance("neutral", certain=False)
    document = Document.assemble(TEXT, [Quote(TEXT[n], (Span(n, n + 1),), stance=stance) for n, stance in enumerate(stances)])
    written = document.to_dict()
    assert Document.from_dict(written) == document
    assert list(document.to_pandas()["certain"]) == [False, False]
    for row in written["quotes"]:
        del row["stance"]["certain"]
    assert all(quote.stance and quote.stance.certain for quote in Document.from_dict(written).quotes)
    assert "certain" not in made().to_dict()["quotes"][0]["stance"]


def test_evidence_is_written_with_its_words_and_checked_when_read() -> None:
    spans = place("Trade"), place("lamps lit")
    stance = Stance("engage", 0.9, {"engage": 0.9, "hawkish": 0.05, "neutral": 0.05}, evidence=spans)
    document = Document.assemble(TEXT, [Quote("“Trade keeps the lamps lit,”", (place("“Trade keeps the lamps lit,”"),), stance=stance)])
    written = document.to_dict()
    assert written["quotes"][0]["stance"]["evidence"][1]["text"] == "lamps lit"
    assert Document.from_json(document.to_json()) == document
    assert document.to_pandas().loc[0, "evidence"] == "Trade … lamps lit"
    written["quotes"][0]["stance"]["evidence"][0]["text"] = "Tirade"
    with pytest.raises(LabelError, match="evidence: span 58–63 holds"):
        Document.from_dict(written)


@pytest.mark.parametrize("indent", [None, 2])
def test_json_round_trip_from_text_and_bytes(indent: int | None) -> None:
    document = made()
    written = document.to_json(indent)
    assert "“must be torn up”" in written
    assert Document.from_json(written) == document
    assert Document.from_json(written.encode()) == document


def test_lone_surrogates_are_escaped_and_come_back() -> None:
    document = Document.assemble("She said \ud83d aye.", [Quote("\ud83d aye", (Span(9, 14),))])
    data = document.to_json().encode()
    assert b"\\ud83d" in data
    assert Document.from_json(data) == document


@pytest.mark.parametrize("remake", [copy.deepcopy, lambda document: pickle.loads(pickle.dumps(document))])
def test_copies_keep_quotes_and_speakers_tied(remake: Any) -> None:
    again = remake(made())
    assert again == made()
    assert again.quotes[0].speaker.quotes == (again.quotes[0],)
    assert again.quotes[0].speaker.quotes[0] is again.quotes[0]


def test_pandas_gives_one_row_a_quote() -> None:
    frame = made().to_pandas()
    assert list(frame["quote"]) == [0, 1, 2]
    assert list(frame["speaker"]) == ["Harriet Pell", "Owen Sayle", "Owen Sayle"]
    assert list(frame["stance"])[:2] == ["hawkish", "engage"]
    assert list(frame["stance"].isna()) == [False, False, True]
    assert list(frame["kind"]) == ["mixed", "direct", "indirect"]
    assert frame.loc[0, "p_neutral"] == 0.15
    assert frame.loc[1, "text"] == "“Trade keeps the lamps lit,” … “Ask any docker.”"
    assert TEXT[frame.loc[1, "start"] : frame.loc[1, "end"]] == "“Trade keeps the lamps lit,” Owen Sayle said. “Ask any docker.”"
    assert set(frame["id"]) == {"pell"}


def test_pandas_without_quotes_has_the_columns() -> None:
    frame = Document("Nothing was said.").to_pandas()
    assert len(frame) == 0
    assert {"id", "quote", "speaker", "stance", "start", "end"} <= set(frame.columns)


def test_speakers_hold_their_quotes_and_come_by_number() -> None:
    document = made()
    assert [speaker.name for speaker in document.speakers] == ["Owen Sayle", "Harriet Pell"]
    sayle = document.speakers[0]
    assert sayle.quotes == document.quotes[1:]
    assert all(quote.speaker is sayle for quote in sayle.quotes)
    assert [TEXT[span.start : span.end] for span in sayle.mentions] == ["Owen Sayle", "Sayle"]


def test_speakers_with_equal_numbers_come_in_order_of_first_quote() -> None:
    quotes = [Quote(TEXT[n], (Span(n, n + 1),), speaker=Speaker(name)) for n, name in enumerate(["Zed", "Abe", "Abe", "Zed", "Moll"])]
    assert [speaker.name for speaker in Document.assemble(TEXT, quotes).speakers] == ["Zed", "Abe", "Moll"]


def test_extent_runs_over_all_parts() -> None:
    assert made().quotes[0].extent == Span(0, TEXT.index(".\n"))


def test_unnamed_is_no_speaker() -> None:
    document = Document.from_dict(row(speaker="unnamed"))
    assert document.quotes[1].speaker is None
    assert document.speakers == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"content": [{"start": 0, "end": 4, "text": "Lord"}]}, "span 0–4 holds 'Dame', labelled as 'Lord'"),
        ({"content": [{"start": 0, "end": 9999}]}, f"span 0–9999 is not within the text of {len(TEXT)} code points"),
        ({"content": [{"start": 4, "end": 4}]}, "span 4–4 is not within"),
        ({"content": [{"start": -3, "end": 4}]}, "span -3–4 is not within"),
        ({"content": [{"text": "Dame"}]}, "without whole numbers"),
        ({"content": "Dame"}, "not a list of spans"),
        ({"content": []}, "no content"),
        ({"kind": "shouted"}, "kind 'shouted' is none of direct, mixed, indirect"),
        ({"speaker": " "}, "speaker is ' '"),
        ({"speaker": 7}, "speaker is 7"),
        ({"repeats": 2}, "repeats 2"),
        ({"stance": {"probability": 1}}, "a stance is a label or an object"),
        ({"stance": {"label": "engage", "probability": "high"}}, "probability is 'high'"),
        ({"stance": {"label": "engage", "probabilities": {"engage": 3}}}, "engage is 3"),
        ({"stance": {"label": "engage", "probabilities": 0.5}}, "probabilities are"),
        ({"stance": {"label": "engage", "certain": "no"}}, "certain is 'no'"),
        ({"confidence": None}, "confidence is None"),
        ({"note": 5}, "note is 5; give a string"),
        ({"note": False}, "note is False; give a string"),
    ],
)
def test_label_error_names_file_quote_and_difference(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(LabelError) as caught:
        Document.from_dict(row(**changes), "quay.json")
    assert caught.value.place.startswith("quay.json: quote 1")
    assert reason in caught.value.reason
    assert str(caught.value) == f"{caught.value.place}: {caught.value.reason}"
    assert isinstance(caught.value, StanceError)


@pytest.mark.parametrize("given", [{}, {"text": None}, {"text": ["a"]}])
def test_missing_text_is_a_label_error(given: dict[str, Any]) -> None:
    with pytest.raises(LabelError, match=r"^quay\.json: no `text`"):
        Document.from_dict(given, "quay.json")


@pytest.mark.parametrize("speakers", [["Owen Sayle"], [{"stance": None}], [{"name": "Sayle", "stance": {"label": "engage"}}], 3])
def test_broken_speakers_are_a_label_error(speakers: Any) -> None:
    with pytest.raises(LabelError, match=r"^quay\.json: `speakers`"):
        Document.from_dict(row() | {"speakers": speakers}, "quay.json")


@pytest.mark.parametrize("quotes", [{}, "none", None])
def test_quotes_that_are_no_list_are_a_label_error(quotes: Any) -> None:
    with pytest.raises(LabelError, match="`quotes` is not a list"):
        Document.from_dict({"text": TEXT, "quotes": quotes})


@pytest.mark.parametrize("key", METADATA)
@pytest.mark.parametrize("value", [7, 20240531, False, ["x"], {}])
def test_what_is_known_of_an_article_is_a_string_or_null(key: str, value: Any) -> None:
    with pytest.raises(LabelError) as caught:
        Document.from_dict({"text": TEXT, key: value}, "quay.json")
    assert caught.value.place == "quay.json"
    assert caught.value.reason.startswith(f"{key} is {value!r}; give a string")
    assert Document.from_dict({"text": TEXT, key: None}) == Document(TEXT)


@pytest.mark.parametrize("data", ['{"text": "Aye.", "note": 1, "note": [2]}', b'{"quotes": [{"note": "", "kind": "x", "note": [2]}]}'])
def test_a_key_that_stands_twice_is_a_label_error(data: str | bytes) -> None:
    with pytest.raises(LabelError) as caught:
        Document.from_json(data, "quay.json")
    assert str(caught.value) == "quay.json: key 'note' stands twice, the last time with [2]; leave one"


@pytest.mark.parametrize("data", ["{", "[1]", b"\xff\xfe", '"text"', "[" * 200_000])
def test_json_that_is_no_object_is_a_label_error(data: str | bytes) -> None:
    with pytest.raises(LabelError, match="JSON"):
        Document.from_json(data)


@pytest.mark.parametrize(
    ("value", "name"),
    [(made(), "text"), (made().quotes[0], "kind"), (made().speakers[0], "name"), (Span(0, 1), "end"), (Stance("engage"), "label")],
)
def test_results_cannot_be_changed(value: Any, name: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, "other")


@pytest.mark.parametrize(("start", "end"), [(3, 3), (5, 2), (-1, 4), (-4, -1)])
def test_spans_that_hold_nothing_are_refused(start: int, end: int) -> None:
    with pytest.raises(SpanError, match=f"from {start} to {end}"):
        Span(start, end)


def test_spans_compare_overlap_and_contain() -> None:
    assert len(Span(2, 7)) == 5
    assert Span(1, 9) < Span(2, 3) < Span(2, 4)
    assert Span(0, 3).overlaps(Span(2, 5))
    assert not Span(0, 3).overlaps(Span(3, 5))
    assert Span(0, 5).contains(Span(0, 5))
    assert not Span(0, 5).contains(Span(4, 6))


def test_dictionary_is_plain_json_and_spans_hold_their_words() -> None:
    written = json.loads(json.dumps(made().to_dict()))
    assert written["quotes"][0]["cue"] == [{"start": 18, "end": 22, "text": "said"}]
    assert written["quotes"][1]["stance"] == "engage"
    assert written["quotes"][0]["stance"]["probabilities"]["hawkish"] == 0.8
    assert "confidence" not in written["quotes"][1]
