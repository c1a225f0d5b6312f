"""The command line: thin functions over the library. Results go to stdout, progress and log to stderr.

Here are the commands that read articles; `cli_labels` and `cli_models` hold the others.

Exit status: 0, 1 where an input had errors, 2 for wrong usage.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stance import cli_labels, cli_models
from stance.errors import InputError, MissingExtraError, StanceError

if TYPE_CHECKING:
    from stance.document import Document
    from stance.pipeline import Pipeline

app = typer.Typer(
    name="stance",
    help="Reads news articles and says who said what, and where they stand.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(asked: bool) -> None:
    if asked:
        from stance import __version__

        typer.echo(f"stance {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    pass


class Format(StrEnum):
    """How results are written."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    html = "html"


Files = Annotated[
    list[str], typer.Argument(metavar="FILE", help="Text, HTML, JSON, JSONL, CSV, TSV or Parquet files; - reads text from standard input.")
]
TextColumn = Annotated[str, typer.Option(help="Column that holds the text, in files of several articles.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File for the results; standard output when left out.")]
Model = Annotated[
    Path | None, typer.Option(help="A model directory, or a folder with `quotes/` and `stance/`; the shipped models for what it lacks.")
]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads that torch uses.")]


@app.command()
def classify(
    files: Files,
    format: Annotated[Format, typer.Option(help="How results are written.")] = Format.table,
    text_column: TextColumn = "text",
    output: Output = None,
    model: Model = None,
    threads: Threads = None,
    explain: Annotated[bool, typer.Option("--explain", help="Also look for the words that carry each stance.")] = False,
) -> None:
    """Finds quotes and speakers and tells where they stand."""
    _process(files, format, text_column, output, _pipeline(model, threads), stances=True, explain=explain)


@app.command()
def segment(
    files: Files,
    format: Annotated[Format, typer.Option(help="How results are written.")] = Format.table,
    text_column: TextColumn = "text",
    output: Output = None,
    model: Model = None,
    threads: Threads = None,
) -> None:
    """Finds quotes and speakers, without stances."""
    _process(files, format, text_column, output, _pipeline(model, threads), stances=False)


def _process(
    files: list[str], format: Format, text_column: str, output: Path | None, pipeline: Pipeline, *, stances: bool, explain: bool = False
) -> None:
    from stance import outputs

    if format is Format.parquet and output is None:
        raise typer.BadParameter("parquet is no text: name a file with --output")
    failed: list[str] = []
    documents = _documents(files, text_column, pipeline, failed, stances=stances, explain=explain)
    first = next(documents, None)
    if first is not None:  # results of before are kept where nothing takes their place
        outputs.write(chain([first], documents), format.value, output)
    if failed:
        raise typer.Exit(1)


def _pipeline(model: Path | None, threads: int | None) -> Pipeline:
    from stance.checkpoints import find_models
    from stance.pipeline import load

    found = find_models(model) if model else {}
    return load(quotes=found.get("quotes"), stance=found.get("stance"), threads=threads)


def _documents(
    files: list[str], text_column: str, pipeline: Pipeline, failed: list[str], *, stances: bool, explain: bool = False
) -> Iterator[Document]:
    """Reads articles through the models; what cannot be read is named on stderr, its file put into `failed`, and the rest goes on."""
    from stance import inputs

    for file in files:

        def leave_out(error: StanceError, file: str = file) -> None:
            failed.append(file)
            typer.echo(f"stance: {file}: {error}" if file not in str(error) else f"stance: {error}", err=True)

        try:
            for record in inputs.read_records(file, text_column, leave_out):
                try:
                    document = pipeline.segment(record.text)
                except InputError as error:
                    leave_out(InputError(f"{file}: {record.metadata['id']}: {error}"))
                    continue
                document = pipeline(document, explain=explain) if stances else document
                yield record.described(document)
        except (InputError, MissingExtraError) as error:
            leave_out(error)


@app.command()
def label(
    files: Files,
    out: Annotated[Path, typer.Option(help="Folder for the labelled files and the work list.")],
    text_column: TextColumn = "text",
    model: Model = None,
    threads: Threads = None,
) -> None:
    """Writes the models' own reading as labelled files for a person to correct, and a list of quotes, the least sure first."""
    from stance import drafts

    failed: list[str] = []
    doubts: list[drafts.Doubt] = []
    written = 0
    try:
        for document in _documents(files, text_column, _pipeline(model, threads), failed, stances=True):
            path, new = drafts.write_draft(document, out)
            if new:
                written += 1
                doubts.extend(drafts.doubts_of(document, path.name))
            typer.echo(f"{path}: {f'{len(document.quotes)} quotes' if new else 'kept, it is there already'}", err=True)
    finally:
        worklist = drafts.write_worklist(doubts, out) if written else None
    typer.echo(f"{written} articles written" + (f"; begin with {worklist}" if worklist else ""), err=True)
    if failed or not written:
        raise typer.Exit(1)


for _command in (cli_labels.check, cli_labels.convert, cli_labels.fetch, cli_models.train, cli_models.evaluate):
    app.command()(_command)


def main() -> None:
    """Runs the command line; what this library raises, and files that cannot be written, become one line on stderr and exit status 1."""
    try:
        app()
    except StanceError as error:
        typer.echo(f"stance: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        typer.echo(f"stance: {f'{error.filename}: ' if error.filename else ''}{error.strerror or error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
