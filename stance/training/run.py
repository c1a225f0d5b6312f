"""From a recipe to a model directory: reads the data, trains, calibrates, writes weights and card."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stance import checkpoints
from stance.corpora import read_corpus
from stance.document import Document
from stance.errors import TrainingError
from stance.stances import Question
from stance.standoff import digest
from stance.training.card import write_card
from stance.training.recipe import Recipe, read_recipe

TASKS = tuple(checkpoints.TYPES)


def train_model(task: str, recipe_path: Path, out: Path, work: Path) -> None:
    """Trains a model and writes its directory.

    Args:
        task: `quotes` or `stance`.
        recipe_path: The recipe; a copy goes into the directory.
        out: Folder for the model.
        work: Folder for checkpoints.

    Raises:
        TrainingError: The recipe is wrong, or its data hold nothing to learn from.
        CorpusError: Data that the recipe names are missing.
    """
    recipe = read_recipe(recipe_path)
    documents = [read_sources(stage.data, recipe.seed) for stage in recipe.stages]
    held_out = read_sources(recipe.calibration, recipe.seed)
    made = {"quotes": _train_quotes, "stance": _train_stance}[task](recipe, documents, held_out, work)
    checkpoints.save(*made, out)
    if recipe_path.resolve() != (out / "recipe.toml").resolve():
        shutil.copyfile(recipe_path, out / "recipe.toml")
    sources = {name: sum_of(read_sources([name], recipe.seed)) for stage in recipe.stages for name in stage.data}
    write_card(task, out, recipe, made[2], sources)


def read_sources(names: Sequence[str], seed: int) -> list[Document]:
    """The labelled articles of several corpora, one after the other.

    Args:
        names: Names of corpora; `polnear/train:150` is 150 articles of it, drawn by the seed.
        seed: The recipe's.

    Raises:
        TrainingError: None of them holds a quote.
    """
    documents: list[Document] = []
    for name in names:
        corpus, _, count = name.partition(":")
        found = read_corpus(corpus)
        documents.extend(random.Random(seed).sample(found, min(int(count), len(found))) if count else found)
    if names and not any(document.quotes for document in documents):
        raise TrainingError(f"{', '.join(names)}: no labelled quotes")
    return documents


def sum_of(documents: Sequence[Document]) -> tuple[int, int, str]:
    """How many articles and quotes some data hold, and the SHA-256 sum of their texts and labels."""
    rows = sorted(document.to_json() for document in documents)
    return len(documents), sum(len(document.quotes) for document in documents), digest("\n".join(rows))


def _train_quotes(
    recipe: Recipe, documents: Sequence[Sequence[Document]], held_out: Sequence[Document], work: Path
) -> tuple[Any, Any, dict[str, Any]]:
    from stance.training import quotes

    model, tokenizer = quotes.train(recipe, documents, work)
    config: dict[str, Any] = {
        "model_type": checkpoints.TYPES["quotes"],
        "architectures": ["QuoteTagger"],
        "encoder": encoder_row(model.encoder),
        "window": recipe.window,
        "overlap": recipe.overlap,
        "link_width": recipe.link_width,
        "confidence": list(_fit_confidence(model, tokenizer, recipe, held_out)) if held_out else [1.0, 0.0],
    }
    return model, tokenizer, config


def _fit_confidence(model: Any, tokenizer: Any, recipe: Recipe, held_out: Sequence[Document]) -> tuple[float, float]:
    """Slope and intercept that turn raw confidence into the probability that a quote is right (Platt 1999), from held-out articles."""
    from sklearn.linear_model import LogisticRegression

    from stance.evaluation.scores import match_contents, same_source
    from stance.pipeline import find_quotes

    odds, right = [], []
    for document, quotes in zip(
        held_out, find_quotes(model, tokenizer, [d.text for d in held_out], recipe.window, recipe.overlap), strict=True
    ):
        found = Document.assemble(document.text, quotes)
        good = {f for g, f in match_contents(document, found) if same_source(document.quotes[g], found.quotes[f])}
        for number, quote in enumerate(found.quotes):
            odds.append(np.log(quote.confidence / (1 - quote.confidence)))
            right.append(number in good)
    fitted = LogisticRegression(C=1e6).fit(np.array(odds)[:, None], np.array(right))
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def _train_stance(
    recipe: Recipe, documents: Sequence[Sequence[Document]], held_out: Sequence[Document], work: Path
) -> tuple[Any, Any, dict[str, Any]]:
    from stance.training import stance

    question = Question()
    model, tokenizer = stance.train(recipe, documents, work, question)
    model.temperature = stance.calibrate(model, tokenizer, held_out, recipe, question) if held_out else 1.0
    config: dict[str, Any] = {
        "model_type": checkpoints.TYPES["stance"],
        "architectures": ["StanceClassifier"],
        "encoder": encoder_row(model.encoder),
        "window": recipe.window,
        "temperature": model.temperature,
        "question": {
            "target": question.target,
            "labels": list(question.labels),
            "positive": question.positive,
            "negative": question.negative,
        },
    }
    return model, tokenizer, config


def encoder_row(encoder: Any) -> dict[str, Any]:
    """What a config says of its encoder: all that differs from the defaults of its kind."""
    row: dict[str, Any] = encoder.config.to_diff_dict()
    return {
        "model_type": encoder.config.model_type,
        **{k: v for k, v in row.items() if k not in ("_name_or_path", "dtype", "transformers_version")},
    }
