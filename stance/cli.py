"""The command line: thin functions over the library. Results go to stdout, progress and log to stderr.

Exit status: 0, 1 where an input had errors, 2 for wrong usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stance.errors import StanceError

if TYPE_CHECKING:
    from stance.document import Document

app = typer.Typer(
    name="stance",
    help="Reads news articles and says who said what, and where they stand.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Format(StrEnum):
    """How results are written."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"
    html = "html"


class Labels(StrEnum):
    """Formats of labelled articles."""

    articles = "articles"
    label_studio = "label-studio"
    brat = "brat"
    jsonl = "jsonl"
    parquet = "parquet"


Files = Annotated[list[str], typer.Argument(help="Text, HTML, JSONL, CSV or Parquet files; - reads text from standard input.")]
TextColumn = Annotated[str, typer.Option(help="Column that holds the text, in JSONL, CSV and Parquet files.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File for the results; standard output when left out.")]
Threads = Annotated[int | None, typer.Option(help="Threads that torch uses.")]


@app.command()
def classify(
    files: Files,
    format: Annotated[Format, typer.Option(help="How results are written.")] = Format.table,
    text_column: TextColumn = "text",
    output: Output = None,
    threads: Threads = None,
    explain: Annotated[bool, typer.Option("--explain", help="Also look for the words that carry each stance.")] = False,
) -> None:
    """Finds quotes and speakers and tells where they stand."""
    _process(files, format, text_column, output, threads, stances=True, explain=explain)


@app.command()
def segment(
    files: Files,
    format: Annotated[Format, typer.Option(help="How results are written.")] = Format.table,
    text_column: TextColumn = "text",
    output: Output = None,
    threads: Threads = None,
) -> None:
    """Finds quotes and speakers, without stances."""
    _process(files, format, text_column, output, threads, stances=False)


def _process(
    files: list[str], format: Format, text_column: str, output: Path | None, threads: int | None, *, stances: bool, explain: bool = False
) -> None:
    from stance import inputs, outputs
    from stance.pipeline import load

    if format is Format.parquet and output is None:
        raise typer.BadParameter("parquet is no text: name a file with --output")
    pipeline = load(threads=threads)
    failed = False

    def documents() -> Iterator[Document]:
        nonlocal failed
        for file in files:
            try:
                for record in inputs.read_records(file, text_column):
                    document = pipeline.segment(record.text)
                    document = pipeline(document, explain=explain) if stances else document
                    yield record.described(document)
            except StanceError as error:
                failed = True
                typer.echo(f"stance: {file}: {error}" if file not in str(error) else f"stance: {error}", err=True)

    outputs.write(documents(), format.value, output)
    if failed:
        raise typer.Exit(1)


@app.command()
def check(
    places: Annotated[list[Path], typer.Argument(help="Labelled articles, or folders of them.")],
    fix: Annotated[bool, typer.Option("--fix", help="Fill in offsets and kinds where the text leaves no doubt.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Problems as JSON.")] = False,
) -> None:
    """Checks labelled articles: every problem, with file and quote."""
    from stance import articles, checks

    problems = []
    paths = articles.article_paths(places)
    for path in paths:
        if fix and path.suffix != ".jsonl":
            try:
                row, _ = checks.fix_article(path)
            except StanceError:
                pass
            else:
                articles.write_row(row, path)
        problems.extend(checks.check_file(path))
    if as_json:
        typer.echo(json.dumps([{"place": problem.place, "message": problem.message} for problem in problems], ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            typer.echo(str(problem))
    typer.echo(f"{len(paths)} files, {len(problems)} problems", err=True)
    if problems:
        raise typer.Exit(1)


@app.command()
def convert(
    to: Annotated[Labels, typer.Option(help="What to write.")],
    places: Annotated[list[Path] | None, typer.Argument(help="Labelled articles in any of the formats, or folders of them.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A folder for articles and brat, else a file.")] = None,
    source: Annotated[Labels | None, typer.Option("--from", help="What to read; told by file and content when left out.")] = None,
    config_only: Annotated[bool, typer.Option("--config-only", help="Print Label Studio's labelling config, and convert nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
) -> None:
    """Converts labelled articles to and from Label Studio, brat, JSONL and Parquet, without loss."""
    from stance import conversion
    from stance.formats import label_studio

    if config_only and to is not Labels.label_studio:
        raise typer.BadParameter("--config-only goes with --to label-studio")
    if not config_only and (not places or output is None):
        raise typer.BadParameter("name what to convert, and where to with --output")
    documents, failed = [], False
    for found in conversion.read(places or [], source and source.value):
        if isinstance(found, StanceError):
            failed = True
            typer.echo(f"stance: {found}", err=True)
        else:
            documents.append(found)
    if config_only or output is None:
        typer.echo(label_studio.config(conversion.stances(documents)), nl=False)
    elif documents:
        written = conversion.write(documents, to.value, output, force=force)
        typer.echo(f"{len(documents)} articles in {len(written)} files", err=True)
    if failed:
        raise typer.Exit(1)


@app.command()
def fetch(
    into: Annotated[Path, typer.Option(help="The data folder; name it in STANCE_DATA where it is not ./data.")] = Path("data"),
    names: Annotated[list[str] | None, typer.Argument(help="Corpora; all when left out.")] = None,
) -> None:
    """Fetches the public corpora that the labels and the models rest on, and verifies their sums."""
    from stance import fetch as fetching

    sums = fetching.read_sums()
    failed = False
    for corpus in fetching.CORPORA:
        if names and corpus.name not in names:
            continue
        typer.echo(f"{corpus.name}: {corpus.licence}", err=True)
        try:
            left = fetching.fetch(
                corpus, into, sums[corpus.name], lambda done, total: typer.echo(f"  {done} of {total}\r", nl=False, err=True)
            )
        except StanceError as error:
            failed = True
            typer.echo(f"stance: {error}", err=True)
            continue
        failed = failed or bool(left)
        typer.echo(f"  {len(sums[corpus.name]) - len(left)} of {len(sums[corpus.name])} as they were labelled", err=True)
        for name in left[:10]:
            typer.echo(f"  missing, or changed since: {name}", err=True)
    if failed:
        raise typer.Exit(1)


@app.command()
def train(
    task: Annotated[str, typer.Argument(help="quotes or stance.")],
    recipe: Annotated[Path | None, typer.Option(help="A recipe; models/TASK/recipe.toml when left out.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the model; models/TASK when left out.")] = None,
    work: Annotated[Path, typer.Option(help="Folder for checkpoints; a run that was cut off goes on from there.")] = Path("build/train"),
) -> None:
    """Trains a model from its recipe."""
    from stance.training import run

    if task not in run.TASKS:
        raise typer.BadParameter(f"task is one of {', '.join(run.TASKS)}")
    folder = Path("models") / task
    run.train_model(task, recipe or folder / "recipe.toml", out or folder, work / task)


@app.command()
def evaluate(
    out: Annotated[Path, typer.Option(help="Folder for JSON, figures and pages of errors.")] = Path("build/eval"),
    quotes: Annotated[Path | None, typer.Option(help="Directory of a quotes model; the shipped one when left out.")] = None,
    stance: Annotated[Path | None, typer.Option(help="Directory of a stance model; the shipped one when left out.")] = None,
) -> None:
    """Measures the models on every labelled set that is present, beside the baselines."""
    from stance.evaluation import run

    run.evaluate(out, quotes=quotes, stance=stance)


def main() -> None:
    """Runs the command line; what this library raises becomes one line on stderr and exit status 1."""
    try:
        app()
    except StanceError as error:
        typer.echo(f"stance: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
