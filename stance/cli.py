"""The command line: thin functions over the library. Results go to stdout, progress and log to stderr.

Exit status: 0, 1 where an input had errors, 2 for wrong usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stance.errors import StanceError

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
Model = Annotated[
    Path | None, typer.Option(help="A model directory, or a folder with `quotes/` and `stance/`; the shipped models for what it lacks.")
]
QuestionFile = Annotated[
    Path | None, typer.Option("--question", help="A TOML file with another target and its labels; the shipped question when left out.")
]
Threads = Annotated[int | None, typer.Option(help="Threads that torch uses.")]


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
    outputs.write(_documents(files, text_column, pipeline, failed, stances=stances, explain=explain), format.value, output)
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
    """Reads articles through the models; a file that cannot be read is named on stderr, put into `failed`, and the others go on."""
    from stance import inputs

    for file in files:
        try:
            for record in inputs.read_records(file, text_column):
                document = pipeline.segment(record.text)
                document = pipeline(document, explain=explain) if stances else document
                yield record.described(document)
        except StanceError as error:
            failed.append(file)
            typer.echo(f"stance: {file}: {error}" if file not in str(error) else f"stance: {error}", err=True)


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


@app.command()
def check(
    places: Annotated[list[Path], typer.Argument(help="Labelled articles, or folders of them.")],
    question: QuestionFile = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend offsets, edges, marks and kinds where the text leaves no doubt; the diff goes to stderr.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Problems as JSON.")] = False,
) -> None:
    """Checks labelled articles: every problem, with file and quote."""
    from stance import articles, checks, repairs
    from stance.questions import read_question

    paths = articles.article_paths(places)
    if fix:
        for path in paths:
            for repair in repairs.fix_file(path):
                typer.echo(repair.diff, nl=False, err=True)
    problems = checks.check_files(paths, read_question(question) if question else None)
    if as_json:
        typer.echo(json.dumps([asdict(problem) for problem in problems], ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            typer.echo(str(problem))
    errors = sum(problem.level == checks.ERROR for problem in problems)
    typer.echo(f"{len(paths)} files, {errors} problems, {len(problems) - errors} warnings", err=True)
    if not paths:
        typer.echo(f"stance: no .json or .jsonl file in {', '.join(map(str, places))}", err=True)
    if errors or not paths:
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
    task: Annotated[str | None, typer.Argument(help="quotes or stance; with --data also all, which is taken when left out.")] = None,
    recipe: Annotated[Path | None, typer.Option(help="A recipe; models/TASK/recipe.toml when left out.")] = None,
    data: Annotated[list[Path] | None, typer.Option(help="Your own labelled articles, in place of a recipe; may be given again.")] = None,
    dev: Annotated[list[Path] | None, typer.Option(help="Articles that tell when to stop; a fifth of --data when left out.")] = None,
    start: Annotated[Path | None, typer.Option("--from", help="With --data: the models to go on from; the shipped ones.")] = None,
    base: Annotated[str | None, typer.Option(help="With --data: an encoder to train anew, a folder or a Hugging Face name.")] = None,
    question: QuestionFile = None,
    chosen: Annotated[str | None, typer.Option("--task", help="The same as TASK.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the model; models/TASK. With --data, for TASK/; build/models.")] = None,
    work: Annotated[Path, typer.Option(help="Folder for checkpoints; a run that was cut off goes on from there.")] = Path("build/train"),
) -> None:
    """Trains a model from its recipe, or further on your own articles."""
    task = task or chosen or ("all" if data else None)
    if task not in ("quotes", "stance", *(["all"] if data else [])):
        raise typer.BadParameter("the task is quotes or stance; with --data also all")
    if (data and recipe) or (not data and (dev or start or base or question)) or (start and base):
        raise typer.BadParameter("give a --recipe; or --data, with --dev, --question and one of --from and --base if you like")
    if data:
        _train_on(data, dev or [], start, base, question, task, out or Path("build/models"), work)
        return
    from stance.training import run
    from stance.training.recipe import read_recipe

    folder = Path("models") / str(task)
    run.train_model(str(task), read_recipe(recipe or folder / "recipe.toml"), out or folder, work)


def _train_on(
    data: list[Path], dev: list[Path], start: Path | None, base: str | None, question: Path | None, task: str, out: Path, work: Path
) -> None:
    from stance import articles, checkpoints, drafts
    from stance.questions import read_question
    from stance.training import run
    from stance.training.recipe import SHIPPED
    from stance.training.tuning import tuning_recipe

    drawn = [document for path in articles.article_paths(data) for document in articles.read_articles(path)]
    left = [document.id or "" for document in drawn if drafts.is_uncorrected(document.annotator)]
    if left:
        typer.echo(f"stance: {len(left)} of {len(drawn)} articles are uncorrected, says their `annotator`: {', '.join(left[:5])}", err=True)
    asked = read_question(question) if question else None
    begun = {name: str(folder) for name, folder in checkpoints.find_models(start).items()} if start else {}
    for name in run.TASKS if task == "all" else (task,):
        if start and name not in begun:
            typer.echo(f"stance: {start} holds no model of {name}: not trained", err=True)
            continue
        typer.echo(f"{name}: training on {', '.join(map(str, data))}", err=True)
        recipe = tuning_recipe(name, data, base=base or begun.get(name, SHIPPED), dev=dev, question=asked)
        made = run.train_model(name, recipe, out / name, work)
        typer.echo(f"{name}: {made.summary}", err=True)


@app.command()
def evaluate(
    out: Annotated[Path, typer.Option(help="Folder for JSON, figures and pages of errors.")] = Path("build/eval"),
    quotes: Annotated[Path | None, typer.Option(help="Directory of a quotes model; the shipped one when left out.")] = None,
    stance: Annotated[Path | None, typer.Option(help="Directory of a stance model; the shipped one when left out.")] = None,
    model: Annotated[Path | None, typer.Option(help="Models to compare: a model directory, or a folder with quotes/ or stance/.")] = None,
    against: Annotated[Path | None, typer.Option(help="With --model: what to compare with; the shipped models when left out.")] = None,
    data: Annotated[list[Path] | None, typer.Option(help="With --model: labelled articles; the sets at hand when left out.")] = None,
) -> None:
    """Measures the models on every labelled set that is present, beside the baselines; or compares two on the same articles."""
    if model is None:
        if against or data:
            raise typer.BadParameter("--against and --data go with --model")
        from stance.evaluation import run

        run.evaluate(out, quotes=quotes, stance=stance)
        return
    if quotes or stance:
        raise typer.BadParameter("give --model, or --quotes and --stance")
    from stance.evaluation.compare import compare

    made = compare(model, against, data or [], out)
    typer.echo(made.to_markdown())
    for note in made.notes:
        typer.echo(note, err=True)


def main() -> None:
    """Runs the command line; what this library raises becomes one line on stderr and exit status 1."""
    try:
        app()
    except StanceError as error:
        typer.echo(f"stance: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
