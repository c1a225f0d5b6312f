"""Trains the stance model: marked passages of labelled quotes in; as targets labels, or what a larger model says of the passages."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import TrainingArguments, set_seed

from stance.classifier import Row, StanceClassifier, collate, shares_of, to_scores
from stance.document import Document
from stance.errors import TrainingError
from stance.packing import LEAST_BITS, round_weights
from stance.pipeline import Judge
from stance.questions import Question, shipped_question
from stance.stances import MARKS, passage
from stance.training import teacher
from stance.training.layers import DepthTrainer, freeze
from stance.training.recipe import LEAST_QUOTES, Recipe, Stage, load_base, model_folder
from stance.training.rounding import round_by_use
from stance.training.stages import by_length, run_stages
from stance.training.teacher import Strings, to_row

_OWN = 0.3
_ROUNDED_BY = 256


@dataclass(frozen=True, slots=True)
class Item:
    """A passage to learn.

    Attributes:
        row: Its subwords.
        label: The index of its label.
        target: What is learnt in the label's place: a share for each label; empty where there is no teacher.
    """

    row: Row
    label: int
    target: tuple[float, ...] = ()


class Items(Dataset[Item]):
    """A run's passages in the order in which they are read, shuffled anew each epoch by the seed alone."""

    def __init__(self, items: Sequence[Item], *, epochs: int, batch_size: int, seed: int) -> None:
        self.rows = by_length([items] * epochs, batch_size, random.Random(seed), length=lambda item: len(item.row[0]))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> Item:
        return self.rows[at]


def add_marks(encoder: Any, tokenizer: Tokenizer) -> None:
    """Makes each of a passage's marks one subword, and grows the encoder's table where its vocabulary does not have them."""
    tokenizer.add_special_tokens(list(MARKS))
    if tokenizer.get_vocab_size() > encoder.config.vocab_size:
        encoder.resize_token_embeddings(tokenizer.get_vocab_size())


def read_items(documents: Sequence[Document], tokenizer: Tokenizer, size: int, question: Question) -> list[Item]:
    """The labelled quotes of some documents as passages; of a long one the stretch with most content stands for it.

    Raises:
        TrainingError: A stance is none that the question knows, or is about another target.
    """
    return _items_of(labelled_passages(documents, question), tokenizer, size)


def _items_of(labelled: Sequence[tuple[Strings, int]], tokenizer: Tokenizer, size: int) -> list[Item]:
    return [Item(to_row(strings, tokenizer, size), label) for strings, label in labelled]


def labelled_passages(documents: Sequence[Document], question: Question) -> list[tuple[Strings, int]]:
    """What the classifier reads of the labelled quotes of some documents, repeats left out, and the index of each label.

    Raises:
        TrainingError: A stance is none that the question knows, or is about another target.
    """
    found: list[tuple[Strings, int]] = []
    for document in documents:
        judged = [(quote, quote.stance.label) for quote in document.quotes if quote.stance and quote.repeats is None]
        if judged and document.target not in (None, question.target):
            raise TrainingError(f"{document.id}: its stances are towards {document.target!r}, the question is about {question.target!r}")
        for quote, label in judged:
            if label not in question.labels:
                raise TrainingError(f"{document.id}: stance {label!r} of {quote.text[:40]!r} is none of {', '.join(question.labels)}")
            found.append((passage(document.text, quote), question.labels.index(label)))
    return found


def taught_items(
    recipe: Recipe,
    labelled: Sequence[tuple[Strings, int]],
    documents: Sequence[Document],
    apart: Sequence[Document],
    encoder: Any,
    tokenizer: Tokenizer,
    folder: Path,
) -> list[Item]:
    """Labelled passages and the recipe's further and varied ones, with what its teacher says of them.

    Args:
        recipe: With a teacher.
        labelled: What `labelled_passages` gives.
        documents: The articles that they are from.
        apart: Articles of which nothing may be learnt.
        encoder: The pupil's, for words that are near each other.
        tokenizer: The pupil's.
        folder: Where teacher and answers are kept.
    """
    assert recipe.teacher
    passages = [strings for strings, _ in labelled]
    passages += teacher.further_passages(recipe.further, documents, apart) if recipe.further else []
    near = teacher.near_words(encoder, tokenizer) if recipe.varied else {}
    passages += list(teacher.vary(passages, near, recipe.varied, random.Random(recipe.seed)))
    answers = teacher.ask(recipe.teacher, passages, folder)
    items = []
    for number, (strings, answer) in enumerate(zip(passages, answers, strict=True)):
        target = answer
        if number < len(labelled):
            target = (1 - _OWN) * answer
            target[labelled[number][1]] += _OWN
        items.append(Item(to_row(strings, tokenizer, recipe.window), int(answer.argmax()), tuple(target.tolist())))
    return items


def collate_items(items: Sequence[Item]) -> dict[str, Tensor]:
    """Pads passages into the tensors of a step."""
    pieces, mask, inside = collate([item.row for item in items])
    target = torch.tensor([item.target or item.label for item in items])
    return {"pieces": pieces, "mask": mask, "inside": inside, "target": target}


class StanceTrainer(DepthTrainer):
    """A `DepthTrainer` with weighted cross-entropy; plain where a teacher tells the shares of the labels.

    Args:
        class_weights: Weight of each label.
        smoothing: Share of each label that is spread over all.
        **options: Those of `DepthTrainer`.
    """

    def __init__(self, class_weights: Tensor, smoothing: float, **options: Any) -> None:
        super().__init__(data_collator=collate_items, **options)
        self.class_weights = class_weights
        self.smoothing = smoothing

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, **_: Any) -> Any:
        """The loss of one batch."""
        scores = model(inputs["pieces"], inputs["mask"], inputs["inside"])
        if inputs["target"].dim() > 1:
            taught = nn.functional.cross_entropy(scores, inputs["target"])
            return (taught, None) if return_outputs else taught
        loss = nn.functional.cross_entropy(
            scores, inputs["target"], weight=self.class_weights.to(scores.device), label_smoothing=self.smoothing
        )
        return (loss, None) if return_outputs else loss


def begin(recipe: Recipe) -> tuple[StanceClassifier, Tokenizer, Question]:
    """The model that a recipe starts from, and its question: those of a model directory, or an encoder with a new head.

    A model of another question than the recipe's lends its encoder alone.
    """
    folder = model_folder("stance", recipe.base)
    if folder:
        judge = Judge(folder, exact=True)
        if recipe.question in (None, judge.question):
            return judge.model, judge.tokenizer, judge.question
        encoder, tokenizer = judge.model.encoder, judge.tokenizer
    else:
        encoder, tokenizer = load_base(recipe.base, recipe.layers)
        add_marks(encoder, tokenizer)
    question = recipe.question or shipped_question()
    return StanceClassifier(encoder, len(question.labels)), tokenizer, question


def train(
    recipe: Recipe, documents: Sequence[Sequence[Document]], dev: Sequence[Document], apart: Sequence[Document], folder: Path
) -> tuple[StanceClassifier, Tokenizer, Question]:
    """Trains the stance model through the recipe's stages; a run that was cut off goes on from its last checkpoint in `folder`.

    Args:
        recipe: What to train, how long, how.
        documents: For each stage its labelled articles.
        dev: Articles by whose loss the best state is kept; none where a stage is to run to its end.
        apart: Other articles of which nothing may be learnt, as those that probabilities are calibrated on.
        folder: Where checkpoints and the finished stages' weights go.

    Returns:
        The model in evaluation mode, not calibrated, its tokenizer, and what it answers.

    Raises:
        TrainingError: No quote has a stance, or one has a stance that the model does not know.
    """
    set_seed(recipe.seed)
    model, tokenizer, question = begin(recipe)
    freeze(model.encoder, recipe.frozen)
    round_weights(model, recipe.bits, recipe.table_bits, frozen=True)
    held_out = read_items(dev, tokenizer, recipe.window, question)

    def trainer_of(articles: Sequence[Document], stage: Stage, seed: int, options: TrainingArguments) -> StanceTrainer:
        labelled = labelled_passages(articles, question)
        if not labelled:
            raise TrainingError(f"{', '.join(stage.data)}: no quote has a stance")
        if recipe.teacher:
            items = taught_items(recipe, labelled, articles, [*dev, *apart], model.encoder, tokenizer, folder / "teacher")
        else:
            items = _items_of(labelled, tokenizer, recipe.window)
        counts = np.bincount([item.label for item in items], minlength=len(question.labels)).clip(min=1)
        weights = torch.tensor((counts.mean() / counts) ** 0.5, dtype=torch.float32)
        rows = Items(items, epochs=stage.epochs, batch_size=recipe.batch_size, seed=seed)
        data = {"train_dataset": rows, "eval_dataset": held_out}
        return StanceTrainer(weights, recipe.smoothing, layer_decay=recipe.layer_decay, model=model, args=options, **data)

    run_stages(recipe, documents, model, folder, trainer_of)
    return model, tokenizer, question


def round_model(model: StanceClassifier, tokenizer: Tokenizer, recipe: Recipe, documents: Sequence[Document], question: Question) -> None:
    """Gives a trained model the values that it will have when it has been packed; in 4 bits by what it reads of some labelled quotes."""
    if recipe.bits == LEAST_BITS:
        labelled = labelled_passages(documents, question)
        drawn = random.Random(recipe.seed).sample(labelled, min(_ROUNDED_BY, len(labelled)))
        rows = sorted((item.row for item in _items_of(drawn, tokenizer, recipe.window)), key=lambda row: len(row[0]))
        round_by_use(model, [collate(rows[at : at + recipe.batch_size]) for at in range(0, len(rows), recipe.batch_size)])
    round_weights(model, recipe.bits, recipe.table_bits)


def fit_temperature(scores: NDArray[np.float64], labels: NDArray[np.int_]) -> float:
    """The temperature that makes scores most probable on held-out labels (Guo et al. 2017), between 0.25 and 8."""
    from scipy.optimize import minimize_scalar

    def surprise(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(labels)), labels]).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(np.log(0.25), np.log(8)), method="bounded").x))


def calibrate(
    model: StanceClassifier, tokenizer: Tokenizer, documents: Sequence[Document], recipe: Recipe, question: Question
) -> dict[str, Any] | None:
    """Temperatures and threshold for a model, from the labelled quotes of held-out articles; None where they are too few to tell.

    Each label that comes out on top has a temperature of its own where that is often enough to tell ("top-label calibration", Gupta and
    Ramdas 2022), so that probabilities are right for each, and no label changes. The threshold is the one for the recipe's risk at these.
    """
    items = read_items(documents, tokenizer, recipe.window, question)
    if len(items) < LEAST_QUOTES:
        return None
    labels, rows = [item.label for item in items], [item.row for item in items]
    shares = shares_of(model, rows)
    model.set_temperature(fit_temperatures(to_scores(shares), labels))
    threshold = fit_threshold(model.calibrate(shares), labels, recipe.risk)
    return {"temperature": model.temperatures.tolist(), "threshold": threshold}


def fit_temperatures(scores: NDArray[np.float64], labels: Sequence[int]) -> list[float]:
    """A temperature for each label that comes out on top; that of all together where it does for fewer than 50 quotes."""
    top, right = scores.argmax(axis=1), np.asarray(labels)
    counts = np.bincount(top, minlength=scores.shape[1])
    return [
        fit_temperature(scores[chosen], right[chosen])
        for label, count in enumerate(counts)
        for chosen in [top == label if count >= LEAST_QUOTES else slice(None)]
    ]


def fit_threshold(probabilities: NDArray[np.float64], labels: Sequence[int], risk: float) -> float:
    """The lowest probability of a label from which no more than a share `risk` of the labels is wrong.

    Selective classification by maximal probability (El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017, "Selective Classification for Deep
    Neural Networks"), without a margin for chance: on other articles the share is about that.

    Args:
        probabilities: Of held-out quotes, quotes × labels.
        labels: Their right ones.
        risk: The share that may be wrong.

    Returns:
        0 where all may be kept, 1 where none reaches the bound.
    """
    best = probabilities.max(axis=1).round(4)
    order = np.argsort(-best, kind="stable")
    risks = np.cumsum((probabilities.argmax(axis=1) != np.asarray(labels))[order]) / np.arange(1, len(order) + 1)
    last_of_ties = np.append(np.diff(best[order]) < 0, True)
    kept = np.flatnonzero((risks <= risk) & last_of_ties)
    if not len(kept):
        return 1.0
    return 0.0 if kept[-1] == len(order) - 1 else float(best[order][kept[-1]])
