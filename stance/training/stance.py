"""Trains the stance model: marked passages of labelled quotes in; as targets labels, or what a larger model says of the passages."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import TrainingArguments, set_seed

from stance.classifier import Row, StanceClassifier, collate
from stance.document import Document
from stance.errors import TrainingError
from stance.packing import LEAST_BITS, round_weights
from stance.pipeline import Judge
from stance.questions import Question, shipped_question
from stance.stances import MARKS, passage
from stance.training import teacher
from stance.training.adaptation import prepare
from stance.training.layers import DepthTrainer
from stance.training.recipe import Recipe, Stage, load_base, model_folder
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
        consistency: Weight of how far two readings of a passage lie apart, other units dropping out in each.
        **options: Those of `DepthTrainer`.
    """

    def __init__(self, class_weights: Tensor, smoothing: float, consistency: float = 0.0, **options: Any) -> None:
        super().__init__(data_collator=collate_items, **options)
        self.class_weights = class_weights
        self.smoothing = smoothing
        self.consistency = consistency

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, **_: Any) -> Any:
        """The loss of one batch; with `consistency` every second passage is read twice (Liang et al. 2021, "R-Drop")."""
        tensors = inputs["pieces"], inputs["mask"], inputs["inside"]
        if self.consistency and model.training:
            read = len(inputs["target"])
            scores = model(*(torch.cat([part, part[::2]]) for part in tensors))
            loss = self.surprise(scores, torch.cat([inputs["target"], inputs["target"][::2]]))
            loss = loss + self.consistency * divergence(scores[:read:2], scores[read:])
        else:
            loss = self.surprise(model(*tensors), inputs["target"])
        return (loss, None) if return_outputs else loss

    def surprise(self, scores: Tensor, target: Tensor) -> Tensor:
        """Cross-entropy of scores, passages × labels, with labels or shares of them."""
        if target.dim() > 1:
            return nn.functional.cross_entropy(scores, target)
        return nn.functional.cross_entropy(scores, target, weight=self.class_weights.to(scores.device), label_smoothing=self.smoothing)


def divergence(scores: Tensor, others: Tensor) -> Tensor:
    """How far two readings' probabilities lie apart: the Kullback-Leibler divergence, the mean of both directions and of all passages."""
    first, second = nn.functional.log_softmax(scores.float(), dim=-1), nn.functional.log_softmax(others.float(), dim=-1)
    return ((first.exp() - second.exp()) * (first - second)).sum(dim=-1).mean() / 2


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
    recipe: Recipe,
    documents: Sequence[Sequence[Document]],
    dev: Sequence[Document],
    apart: Sequence[Document],
    unlabelled: Sequence[Document],
    shared: Path | None,
    folder: Path,
) -> tuple[StanceClassifier, Tokenizer, Question]:
    """Trains the stance model through the recipe's stages; a run that was cut off goes on from its last checkpoint in `folder`.

    Args:
        recipe: What to train, how long, how.
        documents: For each stage its labelled articles.
        dev: Articles by whose loss the best state is kept; none where a stage is to run to its end.
        apart: Other articles of which nothing may be learnt, as those that probabilities are calibrated on.
        unlabelled: What the encoder is adapted to, where the recipe says so.
        shared: The table of words that it is to share, where the recipe says so.
        folder: Where checkpoints and the finished stages' weights go.

    Returns:
        The model in evaluation mode, not calibrated, its tokenizer, and what it answers.

    Raises:
        TrainingError: No quote has a stance, or one has a stance that the model does not know.
    """
    set_seed(recipe.seed)
    model, tokenizer, question = begin(recipe)
    prepare(model, tokenizer, recipe, unlabelled, shared, folder)
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
        return StanceTrainer(
            weights,
            recipe.smoothing,
            recipe.consistency,
            layer_decay=recipe.layer_decay,
            model=model,
            args=options,
            train_dataset=rows,
            eval_dataset=held_out,
        )

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
