"""From a recipe to a model directory: reads the data, trains, calibrates, writes weights and card."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stance import checkpoints, extras
from stance.corpora import read_corpus, read_unlabelled
from stance.document import Document
from stance.errors import TrainingError
from stance.standoff import digest
from stance.tagger import LINKS
from stance.training.card import write_card
from stance.training.recipe import LEAST_QUOTES, Recipe, model_folder, write_recipe
from stance.training.seen import write_seen
from stance.training.watch import read_losses

TASKS = tuple(checkpoints.TYPES)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a model's probabilities were calibrated.

    Attributes:
        values: What its config holds of it.
        told: Where they come from, in a sentence.
        articles: What they were fitted on; none where they are another model's, or neutral.
    """

    values: Mapping[str, Any]
    told: str
    articles: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run made.

    Attributes:
        task: `quotes` or `stance`.
        folder: The model's directory.
        losses: Loss on development articles by step, for each stage; empty where none were given.
        calibration: What its probabilities were calibrated on.
        work: The folder of its checkpoints.
    """

    task: str
    folder: Path
    losses: tuple[Mapping[int, float], ...]
    calibration: str
    work: Path

    @property
    def summary(self) -> str:
        """The run in a sentence or two."""
        said = [f"written to {self.folder}."]
        for course in self.losses:
            best = min(course, key=lambda step: (course[step], step), default=None)
            if best == 0:
                said.append(f"No pass brought the loss on development articles below {course[0]:.4f}: the weights are those it began with.")
            elif best is not None:
                said.append(f"Loss on development articles {course[0]:.4f} before, {course[best]:.4f} after step {best}, which was kept.")
        return " ".join([*said, self.calibration])


def train_model(task: str, recipe: Recipe, out: Path, work: Path, *, keep_work: bool = False) -> Trained:
    """Trains a model and writes its directory: weights, config, tokenizer, card, recipe, and the articles that it has seen.

    A run that was cut off goes on from its last checkpoint in `work` if recipe, data and base are the same; the folder of a run that
    came to its end is removed.

    Args:
        task: `quotes` or `stance`.
        recipe: How.
        out: Folder for the model.
        work: Folder for checkpoints.
        keep_work: Whether the run's own folder stays, so that the same call would not train again.

    Raises:
        TrainingError: The recipe is wrong, or its data hold nothing to learn from.
        CorpusError: Data that the recipe names are missing.
        MissingExtraError: The extra `train` is not installed.
    """
    extras.require("train", "training", "accelerate", "sklearn")
    dev = read_sources(recipe.dev, recipe)
    apart = {digest(document.text) for document in dev}
    documents = [
        [document for document in read_sources(stage.data, recipe) if digest(document.text) not in apart] for stage in recipe.stages
    ]
    for stage, articles in zip(recipe.stages, documents, strict=True):
        if not any(document.quotes for document in articles):
            raise TrainingError(f"{', '.join(stage.data)}: no labelled quotes")
    held_out = read_sources(recipe.calibration, recipe)
    unlabelled = read_unlabelled(recipe.adaptation.data, [*dev, *held_out]) if recipe.adaptation else []
    place = work / f"{task}-{_fingerprint(task, recipe, [*documents, dev, unlabelled])}"
    shared = Path(os.path.normpath(out / recipe.words)) if recipe.words else None  # `..` of a folder that is not there leads nowhere
    run = {"quotes": _train_quotes, "stance": _train_stance}[task]
    model, tokenizer, config, calibration = run(recipe, documents, dev, held_out, unlabelled, shared, place)
    losses = tuple(read_losses(place / f"stage{number}") for number in range(len(recipe.stages)))
    sources = {name: sum_of(read_sources([name], recipe)) for stage in recipe.stages for name in stage.data}
    checkpoints.save(model, tokenizer, config, out, recipe.bits, recipe.table_bits, recipe.words)
    write_recipe(recipe, out / "recipe.toml")
    write_seen(out, [document for articles in documents for document in articles], dev, calibration.articles, unlabelled)
    write_card(task, out, recipe, calibration.told, sources, losses, sum_of(unlabelled))
    if not keep_work:
        shutil.rmtree(place)
    return Trained(task, out, losses, calibration.told, place)


def _fingerprint(task: str, recipe: Recipe, documents: Sequence[Sequence[Document]]) -> str:
    """Tells runs apart by all that their weights come from, so that none goes on from another's checkpoints."""
    folder = model_folder(task, recipe.base)
    folders = [folder] if folder else []
    folders += [checkpoints.locate("quotes")] if recipe.further else []
    base = "".join(checkpoints.digest(place / checkpoints.MANIFEST) for place in folders)
    return digest(repr((recipe, base, [sum_of(articles) for articles in documents])))[:12]


def read_sources(names: Sequence[str], recipe: Recipe) -> list[Document]:
    """The labelled articles of several corpora, one after the other; one that stands in several is read once.

    Args:
        names: Names of corpora; `polnear/train:150` is 150 articles of it, drawn by the seed.
        recipe: Its seed, and what it leaves out.
    """
    documents: dict[str, Document] = {}
    for name in names:
        corpus, _, count = name.rpartition(":")
        found = read_corpus(corpus if count.isdigit() else name, without=recipe.left_out)
        for document in random.Random(recipe.seed).sample(found, min(int(count), len(found))) if count.isdigit() else found:
            documents.setdefault(document.to_json(), document)
    return list(documents.values())


def sum_of(documents: Sequence[Document]) -> tuple[int, int, str]:
    """How many articles and quotes some data hold, and the SHA-256 sum of their texts and labels."""
    rows = sorted(document.to_json() for document in documents)
    return len(documents), sum(len(document.quotes) for document in documents), digest("\n".join(rows))


def _train_quotes(
    recipe: Recipe,
    documents: Sequence[Sequence[Document]],
    dev: Sequence[Document],
    held_out: Sequence[Document],
    unlabelled: Sequence[Document],
    shared: Path | None,
    work: Path,
) -> tuple[Any, Any, dict[str, Any], Calibration]:
    from stance.packing import round_weights
    from stance.training import quotes

    model, tokenizer = quotes.train(recipe, documents, dev, unlabelled, shared, work)
    round_weights(model, recipe.bits, recipe.table_bits)
    fitted = _fit_confidence(model, tokenizer, recipe, held_out)
    calibration = _calibrated("quotes", recipe, held_out, fitted, {"confidence": [1.0, 0.0]})
    config: dict[str, Any] = {
        "model_type": checkpoints.TYPES["quotes"],
        "architectures": ["QuoteTagger"],
        "encoder": encoder_row(model.encoder),
        "window": recipe.window,
        "overlap": recipe.overlap,
        "link_width": model.keys.out_features // len(LINKS),
        **calibration.values,
    }
    return model, tokenizer, config, calibration


def _fit_confidence(model: Any, tokenizer: Any, recipe: Recipe, held_out: Sequence[Document]) -> dict[str, Any] | None:
    """Slope and intercept that turn raw confidence into the probability that a quote is right (Platt 1999); None where data are few."""
    from sklearn.linear_model import LogisticRegression

    from stance.evaluation.scores import match_contents, same_source
    from stance.pipeline import find_quotes

    raw: list[float] = []
    right: list[bool] = []
    for document, quotes in zip(
        held_out, find_quotes(model, tokenizer, [d.text for d in held_out], recipe.window, recipe.overlap), strict=True
    ):
        found = Document.assemble(document.text, quotes)
        good = {f for g, f in match_contents(document, found) if same_source(document.quotes[g], found.quotes[f])}
        raw.extend(quote.confidence for quote in found.quotes)
        right.extend(number in good for number in range(len(found.quotes)))
    if len(right) < LEAST_QUOTES or len(set(right)) < 2:
        return None
    odds = np.log(np.array(raw) / (1 - np.array(raw)))
    fitted = LogisticRegression(C=1e6).fit(odds[:, None], np.array(right))
    return {"confidence": [float(fitted.coef_[0, 0]), float(fitted.intercept_[0])]}


def _train_stance(
    recipe: Recipe,
    documents: Sequence[Sequence[Document]],
    dev: Sequence[Document],
    held_out: Sequence[Document],
    unlabelled: Sequence[Document],
    shared: Path | None,
    work: Path,
) -> tuple[Any, Any, dict[str, Any], Calibration]:
    from stance.training import stance
    from stance.training.calibration import calibrate

    model, tokenizer, question = stance.train(recipe, documents, dev, held_out, unlabelled, shared, work)
    stance.round_model(model, tokenizer, recipe, documents[-1], question)
    fitted = calibrate(model, tokenizer, held_out, recipe, question)
    calibration = _calibrated("stance", recipe, held_out, fitted, {"temperature": 1.0, "threshold": 0.0})
    config: dict[str, Any] = {
        "model_type": checkpoints.TYPES["stance"],
        "architectures": ["StanceClassifier"],
        "encoder": encoder_row(model.encoder),
        "window": recipe.window,
        **calibration.values,
        "question": question.to_row(),
    }
    return model, tokenizer, config, calibration


def _calibrated(
    task: str, recipe: Recipe, held_out: Sequence[Document], fitted: Mapping[str, Any] | None, neutral: Mapping[str, Any]
) -> Calibration:
    """What was fitted on held-out articles; where that is nothing, what a model of the same question holds."""
    names = ", ".join(f"`{name}`" for name in recipe.calibration) or "nothing"
    if fitted is not None:
        return Calibration(fitted, f"Calibrated on {names}: `{json.dumps(fitted)}`.", tuple(held_out))
    folder = model_folder(task, recipe.base)
    if folder is None or (recipe.question and checkpoints.held_question(folder) != recipe.question):
        return Calibration(neutral, f"Not calibrated: {names} holds too few quotes for it.")
    held = checkpoints.verify(folder)
    kept = {key: held.get(key, value) for key, value in neutral.items()}
    return Calibration(kept, f"Calibration of the model it goes on from: `{json.dumps(kept)}`; {names} holds too few quotes for another.")


def encoder_row(encoder: Any) -> dict[str, Any]:
    """What a config says of its encoder: all that differs from the defaults of its kind."""
    row: dict[str, Any] = encoder.config.to_diff_dict()
    return {
        "model_type": encoder.config.model_type,
        **{k: v for k, v in row.items() if k not in ("_name_or_path", "dtype", "transformers_version")},
    }
