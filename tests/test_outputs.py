"""Results on their way out: whole files, in UTF-8, whatever stood there and wherever they go."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas
import pytest

from stance import outputs
from stance.document import Document, Quote, Span, Speaker, Stance
from stance.errors import InputError

TEXT = "“Talk,” said Łukasz Nowak."


def document(text: str = TEXT) -> Document:
    end = text.index("”") + 1
    quote = Quote(content=(Span(0, end),), kind="direct", speaker=Speaker("Łukasz Nowak"), stance=Stance("engage"), text=text[:end])
    return Document.assemble(text, [quote], id="quay")


def failing() -> Iterator[Document]:
    yield document()
    raise InputError("cut off")


def test_what_stood_there_stays_until_the_results_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("results of before")
    with pytest.raises(InputError):
        outputs.write(failing(), "jsonl", path)
    assert path.read_text() == "results of before"
    outputs.write([document()], "jsonl", path)
    assert json.loads(path.read_text("utf-8"))["id"] == "quay"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.jsonl"]


@pytest.mark.parametrize("format", ["jsonl", "json", "csv", "html"])
def test_what_machines_read_is_utf_8_wherever_it_goes(monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    taken = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(taken, "cp1252"))
    outputs.write([document()], format)
    sys.stdout.write("open still")
    sys.stdout.flush()
    assert "Łukasz Nowak" in taken.getvalue().decode("utf-8")


def test_a_table_says_what_the_terminal_can(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(taken, "cp1252"))
    outputs.write([document()], "table")
    assert "ukasz Nowak" in taken.getvalue().decode("cp1252")


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_half_an_emoji_loses_no_table(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"new/out.{format}"
    outputs.write([document("“Talk \ud83d,” she said."), document()], format, path)
    frame = pandas.read_csv(path) if format == "csv" else pandas.read_parquet(path)
    assert len(frame) == 2
    assert frame.loc[0, "text"] == "“Talk \ufffd,”"


def test_a_table_without_quotes_has_its_heading(tmp_path: Path) -> None:
    outputs.write([], "csv", tmp_path / "out.csv")
    assert "speaker" in pandas.read_csv(tmp_path / "out.csv").columns
