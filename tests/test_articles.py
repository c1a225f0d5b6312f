from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stance.articles import read_articles, read_folder, write_article
from stance.document import Document, Quote, Span, Speaker, Stance
from stance.errors import LabelError

TEXT = "Nora Quill said the council “should ring Beijing”.\n\nThe harbour was grey.\n\nQuill said the harbour could wait."


def span(words: str) -> dict[str, Any]:
    start = TEXT.index(words)
    return {"start": start, "end": start + len(words), "text": words}


def article(**changes: Any) -> dict[str, Any]:
    quote = {
        "content": [span("the council “should ring Beijing”")],
        "cue": [span("said")],
        "source": [span("Nora Quill")],
        "kind": "mixed",
        "speaker": "Nora Quill",
        "stance": "engage",
        "repeats": None,
        "note": "",
    }
    return {"id": "quill", "text": TEXT, "quotes": [quote | changes]}


def save(row: Any, folder: Path) -> Path:
    path = folder / "quill.json"
    path.write_text(json.dumps(row), encoding="utf-8")
    return path


def document() -> Document:
    content, source = span("the council “should ring Beijing”"), span("Nora Quill")
    later = Span(TEXT.index("the harbour could"), len(TEXT) - 1)
    quotes = [
        Quote(
            content["text"],
            (Span(content["start"], content["end"]),),
            (Span(source["start"], source["end"]),),
            kind="mixed",
            speaker=Speaker("Nora Quill"),
            stance=Stance("engage"),
        ),
        Quote("the harbour could wait", (later,), stance=Stance("neutral"), repeats=0),
    ]
    return Document.assemble(TEXT, quotes, id="quill", annotator="two readings", provenance="real")


def test_written_articles_read_back(tmp_path: Path) -> None:
    write_article(document(), tmp_path / "dev" / "quill.json")
    assert list(read_articles(tmp_path / "dev" / "quill.json")) == [document()]
    assert list(read_folder(tmp_path)) == [document()]
    written = (tmp_path / "dev" / "quill.json").read_text(encoding="utf-8")
    assert '"speaker": "unnamed"' in written
    assert "“should ring Beijing”" in written


@pytest.mark.parametrize("words", ["\ud83d aye", "aye\r\nno", "aye\u2028no", "\x00aye"])
def test_odd_characters_survive_writing(tmp_path: Path, words: str) -> None:
    odd = Document.assemble(f"{words} said Quill", [Quote("Quill", (Span(len(words) + 6, len(words) + 11),))])
    write_article(odd, tmp_path / "odd.json")
    assert list(read_articles(tmp_path / "odd.json")) == [odd]


def test_reading_a_broken_article_names_file_and_quote(tmp_path: Path) -> None:
    path = save(article(source=[{"start": 0, "end": 4, "text": "Lord"}]), tmp_path)
    with pytest.raises(LabelError, match="quote 0, source: span 0–4 holds 'Nora', labelled as 'Lord'") as caught:
        list(read_articles(path))
    assert str(path) in str(caught.value)
