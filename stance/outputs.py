"""Documents out: table, JSON, JSONL, CSV, Parquet or a page, to a file or standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from stance.document import Document

if TYPE_CHECKING:
    import pandas


def write(documents: Iterable[Document], format: str, output: Path | None = None) -> None:
    """Writes documents; those of `table` and `jsonl` as they come.

    Args:
        documents: Results.
        format: `table`, `json`, `jsonl`, `csv`, `parquet` or `html`.
        output: A file; standard output when left out.
    """
    if format == "parquet":
        _frame(documents).to_parquet(output)
        return
    if output is None:
        _write_text(documents, format, sys.stdout)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("w", encoding="utf-8", newline="") as file:
        _write_text(documents, format, file)


def _write_text(documents: Iterable[Document], format: str, file: IO[str]) -> None:
    if format == "table":
        from rich.console import Console

        from stance.render.terminal import render_document

        console = Console(file=file)
        for document in documents:
            render_document(document, console)
    elif format == "jsonl":
        for document in documents:
            file.write(document.to_json() + "\n")
            file.flush()
    elif format == "json":
        rows = [document.to_json(indent=2) for document in documents]
        file.write(rows[0] + "\n" if len(rows) == 1 else "[" + ",\n".join(rows) + "]\n")
    elif format == "csv":
        _frame(documents).to_csv(file, index=False)
    else:
        from stance.render import page

        file.write(page.render(list(documents)))


def _frame(documents: Iterable[Document]) -> pandas.DataFrame:
    import pandas

    frames = [document.to_pandas() for document in documents]
    return pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame()
