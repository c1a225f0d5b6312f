"""The commands on labelled articles: check, convert, fetch."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stance.errors import StanceError

QuestionFile = Annotated[
    Path | None, typer.Option("--question", help="A TOML file with another target and its labels; the shipped question when left out.")
]


class Labels(StrEnum):
    """Formats of labelled articles."""

    articles = "articles"
    label_studio = "label-studio"
    brat = "brat"
    jsonl = "jsonl"
    parquet = "parquet"


def check(
    places: Annotated[list[Path], typer.Argument(metavar="PLACE", help="Labelled articles, or folders of them.")],
    question: QuestionFile = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend offsets, edges, marks and kinds where the text leaves no doubt; the diff goes to stderr.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Problems as JSON: file, line, quote (counted from 0), level and message.")
    ] = False,
) -> None:
    """Checks labelled articles: every problem, with file and quote, counted from 0."""
    from stance import articles, checks, repairs
    from stance.questions import read_question

    paths = articles.article_paths(places)
    if fix:
        for path in paths:
            for repair in repairs.fix_file(path):
                typer.echo(repair.diff, nl=False, err=True)
    problems = checks.check_files(paths, read_question(question) if question else None)
    if as_json:
        typer.echo(json.dumps([problem.to_row() for problem in problems], ensure_ascii=False, indent=2))
    else:
        for problem in problems:
            typer.echo(str(problem))
    errors = sum(problem.level == checks.ERROR for problem in problems)
    typer.echo(f"{len(paths)} files, {errors} problems, {len(problems) - errors} warnings", err=True)
    if not paths:
        typer.echo(f"stance: no .json or .jsonl file in {', '.join(map(str, places))}", err=True)
    if errors or not paths:
        raise typer.Exit(1)


def convert(
    to: Annotated[Labels, typer.Option(help="What to write.")],
    places: Annotated[
        list[Path] | None, typer.Argument(metavar="PLACE", help="Labelled articles in any of the formats, or folders of them.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A folder for articles and brat, else a file.")] = None,
    source: Annotated[Labels | None, typer.Option("--from", help="What to read; told by file and content when left out.")] = None,
    config_only: Annotated[bool, typer.Option("--config-only", help="Print Label Studio's labelling config, and convert nothing.")] = False,
    question: QuestionFile = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
) -> None:
    """Converts labelled articles to and from Label Studio, brat, JSONL and Parquet, without loss."""
    from stance import conversion
    from stance.formats import label_studio
    from stance.questions import read_question

    if config_only and to is not Labels.label_studio:
        raise typer.BadParameter("--config-only goes with --to label-studio")
    if question and not config_only:
        raise typer.BadParameter("--question goes with --config-only; what is converted brings its own labels")
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
        labels = read_question(question).labels if question else conversion.stances(documents)
        typer.echo(label_studio.config(labels), nl=False)
    elif documents:
        written = conversion.write(documents, to.value, output, force=force)
        typer.echo(f"{len(documents)} articles in {len(written)} files", err=True)
    if failed:
        raise typer.Exit(1)


def fetch(
    into: Annotated[Path, typer.Option(help="The data folder; name it in STANCE_DATA where it is not ./data.")] = Path("data"),
    names: Annotated[list[str] | None, typer.Argument(metavar="CORPUS", help="Corpora; all when left out.")] = None,
) -> None:
    """Fetches the public corpora that the labels and the models rest on, and verifies their sums."""
    from stance import fetch as fetching

    known = [corpus.name for corpus in fetching.CORPORA]
    unknown = [name for name in names or [] if name not in known]
    if unknown:
        raise typer.BadParameter(f"no corpus {', '.join(unknown)}; there are {', '.join(known)}")
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
