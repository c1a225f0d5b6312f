"""Reads Label Studio's full JSON export: tasks as documents, after whatever people did to them in its interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stance.articles import ROLES
from stance.document import METADATA, Document, Span
from stance.errors import LabelError, SpanError
from stance.formats.label_studio import KEPT
from stance.formats.regions import REPEATS, Region, Relation, in_kept_order, tie
from stance.formats.sums import sums_that_hold
from stance.formats.utf16 import Units
from stance.text import kind_of, quoted

WANTED = "export the project as JSON, which is a list of tasks with `annotations` and their `result`"
LOSSY_SUFFIXES = {".csv": "CSV", ".tsv": "TSV", ".conll": "CONLL2003", ".spacy": "spaCy", ".dclx": "DocLang"}
_FIELDS = {("choices", "stance"), ("choices", "kind"), ("textarea", "speaker"), ("textarea", "note")}
_KEPT_TYPES: dict[str, tuple[type, ...]] = {"number": (int,), "confidence": (int, float), "stance": (dict,), "order": (dict,)}


def split_export(data: Any, place: str) -> list[tuple[str, dict[str, Any]]]:
    """The tasks of an export, each with the place that messages name.

    Args:
        data: What the file holds, parsed.
        place: The file.

    Raises:
        LabelError: It is one of the exports that leave something out, or no export at all.
    """
    if isinstance(data, dict) and {"images", "categories"} <= data.keys():
        raise refusal("COCO", place)
    if not isinstance(data, list):
        raise LabelError(place, f"not a list of Label Studio tasks; {WANTED}")
    tasks = []
    for number, task in enumerate(data):
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            if isinstance(task, dict) and "annotation_id" in task:
                raise refusal("JSON-MIN", place)
            raise LabelError(place, f"item {number} is no Label Studio task, as it has no `data`; {WANTED}")
        tasks.append((f"{place}: task {task.get('id', number)}", task))
    return tasks


def refusal(name: str, place: str) -> LabelError:
    """The error for an export that leaves something out."""
    return LabelError(place, f"Label Studio's {name} export leaves out what ties a quote; {WANTED}")


def is_export(data: Any) -> bool:
    """Whether some JSON is a list of Label Studio's, whole or lossy, rather than of labelled articles."""
    items = data if isinstance(data, list) else []
    return any(isinstance(item, dict) and ("data" in item or "annotation_id" in item) for item in items)


def read_task(task: Mapping[str, Any], place: str) -> list[Document]:
    """The documents of a task: one for each of its annotations that was not skipped, else for its predictions.

    Where several people annotated it, `annotator` says who.

    Args:
        task: As `split_export` gives it.
        place: For messages.

    Raises:
        LabelError: It is not labelled, or something in it cannot be read or tied to a quote; the region is named.
    """
    data = task["data"]
    text = data.get("text")
    if not isinstance(text, str):
        raise LabelError(place, "its `data` has no `text`, or it is not a string")
    readings = [reading for reading in _readings(task, "annotations", place) if not reading.get("was_cancelled")]
    readings = readings or _readings(task, "predictions", place)
    if not readings:
        raise LabelError(place, "not labelled: it has no annotation that was not skipped, and no prediction")
    documents = []
    for reading in readings:
        metadata = {key: data.get(key) for key in METADATA}
        if len(readings) > 1:
            metadata["annotator"] = _annotator(reading) or metadata["annotator"]
        row = {**metadata, "text": text, "quotes": _quotes(text, reading["result"], place)}
        sums = sums_that_hold(data.get("speakers"), Document.from_dict(row, place))
        documents.append(Document.from_dict(row | {"speakers": sums}, place))
    return documents


def _readings(task: Mapping[str, Any], key: str, place: str) -> list[dict[str, Any]]:
    readings = task.get(key) or []
    if not isinstance(readings, list) or not all(isinstance(item, dict) and isinstance(item.get("result"), list) for item in readings):
        if key == "predictions":
            raise LabelError(place, "its predictions are given by number alone: submit them as annotations, or export a snapshot with them")
        raise LabelError(place, f"its `annotations` are not objects with `result`; {WANTED}")
    return readings


def _annotator(reading: Mapping[str, Any]) -> str | None:
    who = reading.get("completed_by", reading.get("model_version"))
    who = who.get("email", who.get("id")) if isinstance(who, dict) else who
    return None if who is None else str(who)


def _quotes(text: str, results: Sequence[Any], place: str) -> list[dict[str, Any]]:
    regions, relations = _read_regions(text, results, place), _read_relations(results, place)
    groups = tie(regions, relations, place)
    numbers = [group.kept("number") for group in groups]
    if all(isinstance(number, int) for number in numbers):
        groups.sort(key=lambda group: int(group.kept("number")))
    positions = {region.id: n for n, group in enumerate(groups) for region in group.content}
    marked = quoted(text)
    rows = []
    for group in groups:
        order = group.kept("order") or {}
        spans = {role: [region.span for region in in_kept_order(getattr(group, role), order.get(role))] for role in ROLES}
        label, kept = group.given("stance", place), group.kept("stance")
        rows.append(
            {role: [{"start": span.start, "end": span.end} for span in spans[role]] for role in ROLES}
            | {
                "kind": group.given("kind", place) or kind_of(text, spans["content"], marked),
                "speaker": group.given("speaker", place),
                "stance": kept if kept and kept.get("label") == label else None if label is None else {"label": label},
                "repeats": None if group.repeats is None else positions[group.repeats],
                "note": "\n".join(filter(None, (group.given("note", place), *group.remarks))),
                "confidence": 1.0 if group.kept("confidence") is None else group.kept("confidence"),
            }
        )
    return rows


def _read_regions(text: str, results: Sequence[Any], place: str) -> list[Region]:
    units = Units.of(text)
    spans: dict[str, tuple[str, Span, dict[str, Any]]] = {}
    given: dict[str, dict[str, str]] = {}
    for result in results:
        name, where = _region_place(result, place)
        value = result.get("value")
        field = (result["type"], str(result.get("from_name")))
        if field[0] == "relation":
            continue
        if not isinstance(value, dict) or (field[0] != "labels" and field not in _FIELDS):
            raise LabelError(where, f"a result of type {field[0]!r} named {field[1]!r}, which the labelling config does not have")
        if field[0] == "labels":
            if not name or name in spans:
                raise LabelError(where, "a region without an id" if not name else "two regions have this id")
            spans[name] = (_role(value, where), _span(text, units, value, where), _kept(result))
        else:
            given.setdefault(name, {}).update(_read_field(value, field, where))
    for name, answers in given.items():
        if name not in spans or spans[name][0] != "content":
            raise LabelError(f"{place}, region {name}", f"{', '.join(answers)} given for a region that is not marked as content")
    return [Region(name, role, span, given.get(name, {}), kept) for name, (role, span, kept) in spans.items()]


def _read_relations(results: Sequence[Any], place: str) -> list[Relation]:
    relations = []
    for result in results:
        if result["type"] != "relation":
            continue
        ends = [result.get("from_id"), result.get("to_id")]
        labels = result.get("labels") or [""]
        labels = labels if isinstance(labels, list) else [labels]
        if not all(isinstance(name, str) for name in (*ends, *labels)):
            raise LabelError(place, f"a relation without `from_id` and `to_id`: {result!r}")
        if result.get("direction") == "left":
            ends.reverse()
        relations.append(Relation(ends[0], ends[1], REPEATS if REPEATS in labels else labels[0]))
    return relations


def _region_place(result: Any, place: str) -> tuple[str, str]:
    if not isinstance(result, dict) or not isinstance(result.get("type"), str):
        raise LabelError(place, f"a result that is no object with `type`: {result!r}")
    name = str(result.get("id", ""))
    return name, f"{place}, region {name}"


def _role(value: Mapping[str, Any], where: str) -> str:
    labels = value.get("labels")
    if not isinstance(labels, list) or len(labels) != 1 or labels[0] not in ROLES:
        raise LabelError(where, f"labelled {labels!r}; a region is one of {', '.join(ROLES)}")
    return str(labels[0])


def _span(text: str, units: Units, value: Mapping[str, Any], where: str) -> Span:
    start, end, words = value.get("start"), value.get("end"), value.get("text")
    if not isinstance(start, int) or not isinstance(end, int):
        raise LabelError(where, f"no whole numbers as `start` and `end`, but {start!r} and {end!r}")
    try:
        span = units.span(start, end)
    except SpanError as error:
        raise LabelError(where, str(error)) from None
    held = text[span.start : span.end]
    if isinstance(words, str) and _plain(words) != _plain(held):
        raise LabelError(where, f"span {start}–{end} holds {held!r}, labelled as {words!r}")
    return span


def _plain(words: str) -> str:
    """Words without white space: the interface writes line breaks as a backslash and an n, and drops some spaces."""
    return "".join(words.replace("\\n", " ").split())


def _kept(result: Mapping[str, Any]) -> dict[str, Any]:
    meta = result.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    kept = meta.get(KEPT)
    held = {key: value for key, value in kept.items() if isinstance(value, _KEPT_TYPES.get(key, ()))} if isinstance(kept, dict) else {}
    remarks = meta.get("text") or []  # what people write as a region's description
    return held | ({"remark": "\n".join(map(str, remarks if isinstance(remarks, list) else [remarks]))} if remarks else {})


def _read_field(value: Mapping[str, Any], field: tuple[str, str], where: str) -> dict[str, str]:
    kind, name = field
    values = value.get("text" if kind == "textarea" else "choices")
    values = [values] if isinstance(values, str) else values
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        raise LabelError(where, f"{name} is {values!r}, not a list of strings")
    if len(values) > 1 and name != "note":
        raise LabelError(where, f"several answers for {name}: {', '.join(map(repr, values))}")
    return {name: "\n".join(values)} if values else {}
