"""An invented article about a council and its harbour, with labels, that several tests share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stance.document import Document, Quote, Span, Speaker, Stance

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
