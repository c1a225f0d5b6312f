from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from quill import TEXT, document

from stance.document import Document, Quote, Span, Speaker
from stance.errors import LabelError
from stance.standoff import digest, read_standoff, write_standoff

SOUND = {"id": "quill", "split": "dev", "complete": True, "sha256": digest(TEXT)}


def test_standoff_holds_no_text_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "quay.jsonl"
    write_standoff([document()], path, {"quill": "dev"})
    assert "Beijing" not in path.read_text(encoding="utf-8")
    assert list(read_standoff(path, {"quill": TEXT})) == [document()]


def test_standoff_is_chosen_by_split_and_completeness(tmp_path: Path) -> None:
    path = tmp_path / "quay.jsonl"
    other = Document.assemble(TEXT, document().quotes, id="abbot", annotator="two readings", provenance="real")
    write_standoff([document(), other], path, {"quill": "dev"}, frozenset({"abbot"}))
    texts = {"quill": TEXT, "abbot": TEXT}

    def ids(**choice: Any) -> list[str | None]:
        return [found.id for found in read_standoff(path, texts, **choice)]

    assert ids() == ["abbot", "quill"]
    assert ids(split="dev") == ["quill"]
    assert ids(split="train") == ["abbot"]
    assert ids(complete=True) == ["quill"]
    assert ids(complete=False) == ["abbot"]
    assert [found.id for found in read_standoff(path, {"abbot": TEXT})] == ["abbot"]


def test_standoff_refuses_a_changed_text(tmp_path: Path) -> None:
    path = tmp_path / "quay.jsonl"
    write_standoff([document()], path, {})
    with pytest.raises(LabelError, match="the text of quill is not the one that was labelled") as caught:
        list(read_standoff(path, {"quill": TEXT + " "}))
    assert caught.value.place == f"{path}:1"


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"id": "quill"}',
        json.dumps(SOUND | {"quotes": [{"content": [3, 9]}]}),
        json.dumps(SOUND | {"quotes": [{"cue": [], "source": [], "content": [[3]]}]}),
    ],
)
def test_a_broken_standoff_row_names_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "quay.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(LabelError) as caught:
        list(read_standoff(path, {"quill": TEXT}))
    assert caught.value.place == f"{path}:2"


def test_an_empty_standoff_file_reads_as_nothing(tmp_path: Path) -> None:
    write_standoff([], tmp_path / "quay.jsonl", {})
    assert list(read_standoff(tmp_path / "quay.jsonl", {})) == []


def test_standoff_rows_hold_any_line_separator(tmp_path: Path) -> None:
    odd = Document.assemble(TEXT, [Quote("Nora", (Span(0, 4),), speaker=Speaker("Nora\u2028Quill"))], id="quill", provenance="real")
    write_standoff([odd], tmp_path / "quay.jsonl", {})
    assert list(read_standoff(tmp_path / "quay.jsonl", {"quill": TEXT})) == [odd]
