"""Documents out: table, JSON, JSONL, CSV, Parquet or a page, to a file or standard output."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from stance import rows
from stance.document import Document
from stance.files import replacing

if TYPE_CHECKING:
    import pandas


def write(documents: Iterable[Document], format: str, output: Path | None = None) -> None:
    """Writes documents; those of `table` and `jsonl` as they come.

    Args:
        documents: Results.
        format: `table`, `json`, `jsonl`, `csv`, `parquet` or `html`.
        output: A file, which takes the place of one of that name when it is whole; standard output when left out.
    """
    if output is None:
        with _standard_output(format) as file:
            _write_text(documents, format, file)
        return
    with replacing(output) as part:
        if format == "parquet":
            _frame(documents).to_parquet(part)
            return
        with part.open("w", encoding="utf-8", newline="") as file:
            _write_text(documents, format, file)


@contextmanager
def _standard_output(format: str) -> Iterator[IO[str]]:
    """Standard output: a table as the terminal has it, what machines read in UTF-8 wherever it goes."""
    if format == "table":
        file = io.TextIOWrapper(sys.stdout.buffer, sys.stdout.encoding, errors="replace")
    else:
        file = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="")
    try:
        yield file
    finally:
        file.detach()


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
        written = [document.to_json(indent=2) for document in documents]
        file.write(written[0] + "\n" if len(written) == 1 else "[" + ",\n".join(written) + "]\n")
    elif format == "csv":
        _frame(documents).to_csv(file, index=False)
    else:
        from stance.render import page

        file.write(page.render(list(documents)))


def _frame(documents: Iterable[Document]) -> pandas.DataFrame:
    import pandas

    frames = [document.to_pandas() for document in documents]
    return pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame(columns=rows.COLUMNS)
