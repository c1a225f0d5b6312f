"""Label Studio's tasks: how they look, what people may do to them in its interface, and what is refused."""

from __future__ import annotations

import copy
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stance.conversion import read
from stance.document import Document, Quote, Span, Speaker, SpeakerStance, Stance
from stance.errors import LabelError, SpanError, StanceError
from stance.formats import label_studio
from stance.formats.label_studio_export import read_task, split_export
from stance.formats.utf16 import Units

TEXT = "🙂 “Ring Beijing,” Nora Quill said. “And trade.”\n\nShe warned that the port is lost, and called for sanctions."


def units(words: str) -> tuple[int, int]:
    """Offsets as JavaScript counts them."""
    before = TEXT[: TEXT.index(words)]
    return len(before.encode("utf-16-le")) // 2, len((before + words).encode("utf-16-le")) // 2


def region(name: str, words: str, label: str, **given: str) -> list[dict[str, Any]]:
    start, end = units(words)
    place = {"start": start, "end": end}
    base = {"id": name, "to_name": "text", "origin": "manual"}
    results = [base | {"from_name": "span", "type": "labels", "value": place | {"text": words, "labels": [label]}}]
    for key, value in given.items():
        kind = "choices" if key in ("stance", "kind") else "textarea"
        field = {"choices" if kind == "choices" else "text": [value]}
        results.append(base | {"from_name": key, "type": kind, "value": place | field})
    return results


def line(start: str, end: str, *labels: str, direction: str = "right") -> dict[str, Any]:
    return {"type": "relation", "from_id": start, "to_id": end, "direction": direction} | ({"labels": list(labels)} if labels else {})


def task(*results: Any, **changes: Any) -> dict[str, Any]:
    flat = [item for result in results for item in (result if isinstance(result, list) else [result])]
    return {"id": 7, "data": {"text": TEXT, "id": "quill"}, "annotations": [{"id": 1, "completed_by": 1, "result": flat}]} | changes


def quotes(*results: Any) -> list[dict[str, Any]]:
    (document,) = read_task(task(*results), "export.json: task 7")
    rows: list[dict[str, Any]] = document.to_dict()["quotes"]
    return [quote | {role: [span["text"] for span in quote[role]] for role in ("content", "cue", "source")} for quote in rows]


def document() -> Document:
    place = TEXT.index("Nora")
    content = [Span(TEXT.index(words), TEXT.index(words) + len(words)) for words in ("“Ring Beijing,”", "“And trade.”", "for sanctions")]
    source, quill = (Span(place, place + 10),), Speaker("Nora Quill")
    model = Stance("engage", 0.75, {"engage": 0.75, "hawkish": 0.25})
    made = [
        Quote("", (content[0], content[1]), source, kind="direct", speaker=quill, stance=model, confidence=0.5),
        Quote("", (content[2],), source, speaker=quill, stance=Stance("hawkish", 0.5, {"hawkish": 0.5, "engage": 0.5}), repeats=0),
    ]
    assembled = Document.assemble(TEXT, made, {"Nora Quill": SpeakerStance("mixed", 0.0, (-1.0, 1.0))}, id="quill")
    return Document.from_dict(assembled.to_dict())


def test_offsets_count_utf16_code_units_both_ways() -> None:
    counted = Units.of("a🙂b𝒲")
    assert counted.pair(Span(1, 3)) == (1, 4)
    assert counted.span(1, 4) == Span(1, 3)
    assert counted.span(4, 6) == Span(3, 4)
    for start, end in ((2, 4), (1, 2), (0, 7), (3, 3), (-1, 2)):
        with pytest.raises(SpanError):
            counted.span(start, end)


def test_a_task_holds_regions_relations_and_what_hangs_on_them() -> None:
    made = label_studio.write_task(document())
    assert made["data"]["text"] == TEXT
    (prediction,) = made["predictions"]
    assert prediction["score"] == 0.75
    results = {(item.get("id"), item["type"]): item for item in prediction["result"] if item["type"] != "relation"}
    head = results["q0-content-0", "labels"]["value"]
    assert (head["start"], head["end"]) == units("“Ring Beijing,”") == (3, 18)
    assert results["q0-content-0", "choices"]["value"]["choices"] == ["engage"]
    assert results["q0-content-0", "textarea"]["value"]["text"] == ["Nora Quill"]
    relations = [(item["from_id"], item["to_id"], item["labels"]) for item in prediction["result"] if item["type"] == "relation"]
    assert relations == [
        ("q0-content-0", "q0-content-1", ["piece"]),
        ("q0-content-0", "q0-source-0", ["source"]),
        ("q1-content-0", "q0-source-0", ["source"]),
        ("q1-content-0", "q0-content-0", ["repeats"]),
    ]
    person = Document.assemble(TEXT, [Quote("", (Span(2, 5),), stance=Stance("engage"))])
    assert label_studio.write_task(person).keys() == {"data", "annotations"}


def test_the_config_names_every_part_that_tasks_use() -> None:
    tree = ElementTree.fromstring(label_studio.config(["engage", 'for "it" & <more>']))
    controls = {element.get("name") for element in tree.iter() if element.get("name")}
    results = label_studio.write_task(document())["predictions"][0]["result"]
    assert {item["from_name"] for item in results if "from_name" in item} <= controls
    assert {label for item in results if item["type"] == "relation" for label in item["labels"]} <= {
        element.get("value") for element in tree.iter("Relation")
    }
    assert 'for "it" & <more>' in {element.get("value") for element in tree.iter("Choice")}
    assert all(element.get("perRegion") == "true" for tag in ("Choices", "TextArea") for element in tree.iter(tag))


def test_content_alone_is_a_quote_of_nobody() -> None:
    (quote,) = quotes(region("a", "“Ring Beijing,”", "content"))
    assert quote["content"] == ["“Ring Beijing,”"]
    assert (quote["kind"], quote["speaker"], quote["stance"], quote["source"], quote["cue"]) == ("direct", None, None, [], [])


@pytest.mark.parametrize(
    "lines",
    [
        [line("a", "b"), line("a", "c", "cue"), line("a", "s", "source")],
        [line("b", "a", "piece"), line("s", "a"), line("c", "b", direction="left")],
        [line("a", "c"), line("b", "c"), line("c", "s")],
        [line("a", "c"), line("c", "b"), line("s", "c", "source", direction="bi")],
        [line("a", "b"), line("b", "s"), line("s", "c")],
    ],
    ids=["from the first piece", "any direction", "both pieces to one cue", "a chain", "cue by its source"],
)
def test_several_contents_and_any_way_of_drawing_are_one_quote(lines: list[dict[str, Any]]) -> None:
    held = [region("b", "“And trade.”", "content", stance="engage"), region("a", "“Ring Beijing,”", "content", speaker="Nora Quill")]
    (quote,) = quotes(*lines, *held, region("s", "Nora Quill", "source"), region("c", "said", "cue"))
    assert quote["content"] == ["“Ring Beijing,”", "“And trade.”"]
    assert (quote["cue"], quote["source"]) == (["said"], ["Nora Quill"])
    assert (quote["stance"], quote["speaker"]) == ("engage", "Nora Quill")


def test_two_quotes_may_share_a_source() -> None:
    found = quotes(
        region("b", "for sanctions", "content"),
        region("a", "that the port is lost", "content"),
        region("s", "She", "source"),
        region("v", "warned", "cue"),
        region("w", "called", "cue"),
        [line("a", "s"), line("b", "s"), line("a", "v"), line("b", "w")],
    )
    assert [(quote["content"], quote["cue"], quote["source"]) for quote in found] == [
        (["that the port is lost"], ["warned"], ["She"]),
        (["for sanctions"], ["called"], ["She"]),
    ]


def test_repeats_point_to_the_quote_whichever_piece_was_hit() -> None:
    found = quotes(
        region("c", "for sanctions", "content"),
        region("b", "“And trade.”", "content"),
        region("a", "“Ring Beijing,”", "content"),
        [line("a", "b"), line("b", "c", "repeats", direction="left")],
    )
    assert [quote["repeats"] for quote in found] == [None, 0]


def test_a_quote_added_before_others_moves_them_and_what_repeats_them() -> None:
    results = label_studio.write_task(document())["predictions"][0]["result"]
    results += region("new", "Ring", "content", kind="mixed", note="added")
    moved = [item for item in results if item.get("id") != "q0-content-0" or item["type"] == "labels"]
    found = quotes(moved)
    assert [quote["content"] for quote in found] == [["“Ring Beijing,”", "“And trade.”"], ["Ring"], ["for sanctions"]]
    assert [quote["repeats"] for quote in found] == [None, None, 0]
    assert (found[1]["kind"], found[1]["note"]) == ("mixed", "added")
    assert found[0]["stance"] is None


def test_numbers_of_the_model_go_where_a_person_changes_the_label() -> None:
    made = label_studio.write_task(document())
    unchanged = copy.deepcopy(made)
    for item in made["predictions"][0]["result"]:
        if item.get("from_name") == "stance" and item["id"] == "q0-content-0":
            item["value"]["choices"] = ["hawkish"]
    (changed,) = read_task({"data": made["data"], "annotations": made["predictions"]}, "x")
    assert changed.quotes[0].stance == Stance("hawkish")
    assert changed.quotes[1].stance == document().quotes[1].stance
    assert changed.speakers[0].stance is None
    assert read_task(unchanged, "x") == [document()]


def test_the_annotation_counts_where_there_is_one_and_each_annotator_is_a_document() -> None:
    made = label_studio.write_task(document())
    empty = {"result": [], "completed_by": {"id": 3, "email": "eve@example.org"}}
    other = {"result": region("a", "for sanctions", "content"), "completed_by": 4}
    skipped = {"result": [], "completed_by": 5, "was_cancelled": True}
    (only,) = read_task(made | {"annotations": [skipped, empty]}, "x")
    assert (only.quotes, only.annotator) == ((), None)
    both = read_task(made | {"annotations": [empty, other]}, "x")
    assert [(item.annotator, len(item.quotes)) for item in both] == [("eve@example.org", 0), ("4", 1)]


def test_descriptions_of_regions_become_notes() -> None:
    content, source = region("a", "“Ring Beijing,”", "content", note="clear"), region("s", "Nora Quill", "source")
    content[0]["meta"] = {"text": ["or is it?", "see below"]}
    source[0]["meta"] = {"text": ["who?"]}
    assert quotes(content, source, line("a", "s"))[0]["note"] == "clear\nor is it?\nsee below\nwho?"


def test_line_breaks_in_a_region_are_read_as_the_interface_writes_them() -> None:
    results = region("a", "“And trade.”\n\nShe", "content")
    results[0]["value"]["text"] = "“And trade.”\\n\\nShe"
    assert quotes(results)[0]["content"] == ["“And trade.”\n\nShe"]


BAD: list[tuple[list[Any], str, str]] = [
    ([region("c", "said", "cue")], "c", "this cue is tied to no content"),
    ([region("a", "said", "content"), region("s", "Nora Quill", "source")], "s", "this source is tied to no content"),
    ([region("a", "said", "content"), line("a", "z")], "z", "not there"),
    ([region("a", "said", "verb")], "a", "labelled ['verb']"),
    ([region("a", "said", "content", stance="engage"), region("b", "Nora", "content", stance="neutral"), line("a", "b")], "b", "stance"),
    ([[item | {"value": item["value"] | {"start": 1}} for item in region("a", "said", "content")]], "a", "cuts a character"),
    ([[item | {"value": item["value"] | {"text": "sand"}} for item in region("a", "said", "content")]], "a", "holds 'said', labelled as"),
    ([[item | {"value": item["value"] | {"start": None}} for item in region("a", "said", "content")]], "a", "no whole numbers"),
    ([region("a", "said", "content")[0] | {"type": "brush"}], "a", "'brush'"),
    ([region("a", "said", "content", speaker="Quill")[1:]], "a", "not marked as content"),
    ([region("s", "said", "source", speaker="Quill")], "s", "not marked as content"),
    ([region("a", "said", "content"), region("a", "Nora", "content")], "a", "two regions have this id"),
    ([region("", "said", "content")], "", "without an id"),
    (
        [
            [region("a", "Ring", "content"), region("b", "trade", "content"), region("s", "Nora", "source"), region("c", "said", "cue")][n]
            for n in range(4)
        ]
        + [[line("a", "s"), line("b", "s"), line("s", "c")]],
        "c",
        "several quotes share",
    ),
]


@pytest.mark.parametrize(("results", "name", "reason"), BAD, ids=[reason for _, _, reason in BAD])
def test_what_cannot_be_tied_names_task_and_region(results: list[Any], name: str, reason: str) -> None:
    with pytest.raises(LabelError) as caught:
        read_task(task(*results), "export.json: task 7")
    assert caught.value.place == f"export.json: task 7, region {name}"
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data": {}}, "no `text`"),
        ({"annotations": []}, "not labelled"),
        ({"annotations": [], "predictions": [12]}, "by number alone"),
        ({"annotations": [12]}, "export the project as JSON"),
        ({"annotations": [{"result": [3]}]}, "no object with `type`"),
        ({"annotations": [{"result": [{"type": "relation"}]}]}, "without `from_id`"),
    ],
)
def test_tasks_that_are_not_whole_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(LabelError, match=reason):
        read_task(task() | changes, "x")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("min.json", json.dumps([{"id": 1, "text": TEXT, "span": [], "annotation_id": 3}]), "JSON-MIN"),
        ("all.csv", "id,text,annotation_id\n", "CSV"),
        ("all.TSV", "id\ttext\n", "TSV"),
        ("all.conll", "-DOCSTART- -X- O\n", "CONLL2003"),
        ("result.json", json.dumps({"images": [], "categories": [], "annotations": []}), "COCO"),
    ],
)
def test_lossy_exports_are_refused_by_name(name: str, data: str, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(data)
    (error,) = read([tmp_path / name])
    assert isinstance(error, LabelError)
    assert says in error.reason
    assert "export the project as JSON" in error.reason
    assert name in error.place


@pytest.mark.parametrize("data", [{}, 3, ["x"], [{"text": "x"}]])
def test_what_is_no_export_says_what_to_export(data: Any) -> None:
    with pytest.raises(LabelError, match="export the project as JSON"):
        split_export(data, "x.json")


def test_a_task_that_cannot_be_read_does_not_keep_the_others(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([task(region("c", "said", "cue")), task(region("a", "said", "content"))]))
    error, fine = read([path])
    assert isinstance(error, LabelError)
    assert "task 7, region c" in error.place
    assert isinstance(fine, Document)
    assert len(fine.quotes) == 1


ODD = [None, 3, -1, 2.5, True, "x", "", [], [1], ["a", "b"], {}, {"a": 1}, [[]], [{}]]


def parts(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place within some JSON, as what holds it and its key."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from parts(value[key])


def test_odd_values_anywhere_give_a_document_or_an_error_of_the_library() -> None:
    unsorted = Document.assemble(TEXT, [Quote("", (Span(9, 12), Span(2, 5)), (Span(20, 22), Span(18, 19)))])
    refused = 0
    for made in (label_studio.write_task(document()), label_studio.write_task(unsorted)):
        for holder, key in parts(made):
            value = holder[key]
            for holder[key] in ODD:
                try:
                    assert all(isinstance(item, Document) for _, one in split_export([made], "x") for item in read_task(one, "x"))
                except StanceError:
                    refused += 1
            holder[key] = value
    assert refused > 500
