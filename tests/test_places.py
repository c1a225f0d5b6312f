"""Spans told by words alone: found where one place is clearly meant, left in doubt elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from stance.places import find_spans, find_words, lost_words
from stance.repairs import fix_row

TEXT = (
    "Lund said the ferry was late. “The quay is full,” Lund said. “The crews are tired,” Sand said.\n"
    "The mayor met Lund, who said: “We wait.” Nobody else spoke of Lund.\n"
    "Holt said the ferry, said to be new, was late.\n"
)


def found(content: list[str], cue: str, source: str) -> dict[str, list[Any]]:
    quote: dict[str, Any] = {role: [{"text": words}] for role, words in (("cue", cue), ("source", source))}
    quote["content"] = [{"text": words} for words in content]
    (mended,) = fix_row({"text": TEXT, "quotes": [quote]})["quotes"]
    return {role: [span.get("start") for span in mended[role]] for role in ("content", "cue", "source")}


@pytest.mark.parametrize(
    ("content", "cue", "source"),
    [
        ("“The quay is full,”", TEXT.index("said. “The crews"), TEXT.index("Lund said. “The crews")),
        ("“The crews are tired,”", TEXT.index("said.\n"), TEXT.index("Sand")),
        ("“We wait.”", TEXT.index("said: "), TEXT.index("Lund, who")),
    ],
)
def test_cue_and_source_are_taken_from_the_sentence_of_the_content(content: str, cue: int, source: int) -> None:
    name = "Sand" if "crews" in content else "Lund"
    assert found([content], "said", name) == {"content": [TEXT.index(content)], "cue": [cue], "source": [source]}


def test_a_place_within_the_content_is_no_cue() -> None:
    content = "the ferry, said to be new, was late"
    assert found([content], "said", "Holt")["cue"] == [TEXT.index("said the ferry, ")]


def test_two_places_about_as_near_are_left_in_doubt() -> None:
    text = "Lund said “aye” said Lund."
    quote = {"content": [{"text": "“aye”"}], "cue": [{"text": "said"}], "source": [{"text": "Lund"}]}
    assert set(find_spans(text, quote)) == {("content", 0)}


def test_a_content_piece_must_stand_once_in_the_paragraph_of_the_others() -> None:
    assert found(["was late", "to be new"], "", "")["content"] == [TEXT.rindex("was late"), TEXT.index("to be new")]
    assert found(["was late"], "", "")["content"] == [None]


def test_a_start_is_enough() -> None:
    at = TEXT.index("Lund, who")
    assert find_spans(TEXT, {"source": [{"start": at, "text": "Lund"}]})["source", 0].start == at


def test_twelve_places_are_listed_with_their_paragraphs() -> None:
    text = "Aye, said Lund.\n\n" * 14
    said = lost_words(text, "said", find_words(text, "said"))
    assert said.count("(paragraph ") == 12
    assert "22 (paragraph 2, " in said
    assert said.endswith("and 2 more")
