"""The commands on models: train, evaluate."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from stance.cli_labels import QuestionFile


def train(
    task: Annotated[
        str | None, typer.Argument(metavar="TASK", help="quotes or stance; with --data also all, which is taken when left out.")
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="A recipe; models/TASK/recipe.toml when left out.")] = None,
    data: Annotated[
        list[Path] | None, typer.Option(metavar="PLACE", help="Your own labelled articles, in place of a recipe; may be given again.")
    ] = None,
    dev: Annotated[
        list[Path] | None, typer.Option(metavar="PLACE", help="Articles that tell when to stop; a fifth of --data when left out.")
    ] = None,
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
    from stance import extras

    extras.require("train", "training", "accelerate", "sklearn")
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
    from stance.training.tuning import mixture, tuning_recipe

    damaged = _damage([*data, *dev])
    drawn = [document for path in articles.article_paths(data) for document in articles.read_articles(path, damaged)]
    left = [document.id or "" for document in drawn if drafts.is_uncorrected(document.annotator)]
    if left:
        typer.echo(f"stance: {len(left)} of {len(drawn)} articles are uncorrected, says their `annotator`: {', '.join(left[:5])}", err=True)
    asked = read_question(question) if question else None
    begun = {name: str(folder) for name, folder in checkpoints.find_models(start).items()} if start else {}
    done = []
    for name in run.TASKS if task == "all" else (task,):
        if start and name not in begun:
            typer.echo(f"stance: {start} holds no model of {name}: not trained", err=True)
            continue
        recipe = tuning_recipe(name, data, base=base or begun.get(name, SHIPPED), dev=dev, question=asked, left_out=damaged)
        typer.echo(f"{name}: training on {', '.join(map(str, data))}; {mixture(name, recipe)}", err=True)
        made = run.train_model(name, recipe, out / name, work, keep_work=True)
        done.append(made.work)
        typer.echo(f"{name}: {made.summary}", err=True)
    for place in done:
        shutil.rmtree(place)
    if damaged:
        typer.echo(f"stance: {len(damaged)} damaged, named above, had no part in it", err=True)
        raise typer.Exit(1)


def _damage(places: list[Path]) -> list[str]:
    """Names on stderr the labelled articles in a person's files and folders that cannot be read, and gives their places."""
    from stance import articles

    found = articles.damage(articles.article_paths(places))
    for error in found.values():
        typer.echo(f"stance: {error}: left out", err=True)
    return list(found)


def evaluate(
    out: Annotated[Path, typer.Option(help="Folder for JSON, figures and pages of errors.")] = Path("build/eval"),
    quotes: Annotated[Path | None, typer.Option(help="Directory of a quotes model; the shipped one when left out.")] = None,
    stance: Annotated[Path | None, typer.Option(help="Directory of a stance model; the shipped one when left out.")] = None,
    model: Annotated[Path | None, typer.Option(help="Models to compare: a model directory, or a folder with quotes/ or stance/.")] = None,
    against: Annotated[Path | None, typer.Option(help="With --model: what to compare with; the shipped models when left out.")] = None,
    data: Annotated[
        list[Path] | None, typer.Option(metavar="PLACE", help="With --model: labelled articles; the sets at hand when left out.")
    ] = None,
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

    damaged = _damage(data or [])
    made = compare(model, against, data or [], out, damaged)
    typer.echo(made.to_markdown())
    for note in made.notes:
        typer.echo(note, err=True)
    if damaged:
        raise typer.Exit(1)
