"""Trains the quotes model: windows of labelled articles in, tags and links as targets."""

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

from stance.document import Document, Span
from stance.formats.polnear import PROVENANCE
from stance.pipeline import Reader
from stance.tagger import CONTENT, INNER, LAYERS, LINKS, QuoteTagger, buckets, collate
from stance.tokens import Window, Words, boundary_ids, cut_windows, read_words
from stance.training.adaptation import prepare
from stance.training.layers import DepthTrainer
from stance.training.recipe import Recipe, Stage, load_base, model_folder
from stance.training.stages import by_length, run_stages
from stance.training.variation import vary_marks, wrap_quotes

IGNORED = -100


@dataclass(frozen=True, slots=True)
class Example:
    """One window with its targets.

    Attributes:
        window: What the encoder reads.
        tags: Index of the right tag, words × layers.
        contents: First and last word of each content piece in the window, pieces × 2.
        links: What each piece points to, pieces × links: 0 for nothing, 1 + word, or `IGNORED` where it lies outside the window.
    """

    window: Window
    tags: NDArray[np.int64]
    contents: NDArray[np.int64]
    links: NDArray[np.int64]


class Examples(Dataset[Example]):
    """A run's windows in the order in which they are read: each epoch cuts and prints every article anew, by the seed alone.

    Args:
        documents: Labelled articles.
        tokenizer: The encoder's, truncation and padding off.
        size: Subwords a window.
        batch_size: Windows that are read together; those of like length are put side by side.
        epochs: How often each article is read.
        seed: Of cuts, marks and order.
    """

    def __init__(self, documents: Sequence[Document], tokenizer: Tokenizer, *, size: int, batch_size: int, epochs: int, seed: int) -> None:
        read: list[list[Example]] = []
        for epoch in range(epochs):
            draw = random.Random(f"{seed} {epoch}")
            rows: list[Example] = []
            for document in documents:
                varied = vary_marks(wrap_quotes(document, draw) if _labels_inner(document) else document, draw)
                words = read_words(varied.text, tokenizer)
                if len(words):
                    rows.extend(make_examples(varied, words, tokenizer, size=size, first_end=draw.randint(size // 6, size)))
            read.append(rows)
        self.rows = by_length(read, batch_size, random.Random(seed), length=lambda row: len(row.window.pieces))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> Example:
        return self.rows[at]


def make_examples(document: Document, words: Words, tokenizer: Tokenizer, *, size: int, first_end: int | None = None) -> list[Example]:
    """Cuts a labelled article into windows with targets."""
    tags = np.zeros((len(words), len(LAYERS)), dtype=np.int64)
    layers = {layer: {span for quote in document.quotes for span in getattr(quote, role)} for layer, role in enumerate(LAYERS[:INNER])}
    layers[INNER] = {span for span in layers[CONTENT] if any(other != span and other.contains(span) for other in layers[CONTENT])}
    layers[CONTENT] -= layers[INNER]
    for layer, spans in layers.items():
        for span in sorted(spans, key=len):
            begin, end = words.locate(span)
            tags[begin:end, layer] = 2
        for begin, end in map(words.locate, spans):
            if begin < end:
                tags[begin, layer] = 1
    if not _labels_inner(document):
        tags[:, INNER] = IGNORED
    windows = cut_windows(words, size, 0, boundary_ids(tokenizer), first_end=first_end)
    return [_example(document, words, tags, window) for window in windows]


def _labels_inner(document: Document) -> bool:
    """Whether an article's labels tell of content within content; PolNeAR's scheme has none."""
    return document.provenance != PROVENANCE


def _example(document: Document, words: Words, tags: NDArray[np.int64], window: Window) -> Example:
    contents, links = [], []
    for quote in document.quotes:
        targets = [_target(words, window, getattr(quote, role)) for role in LINKS]
        for piece in quote.content:
            begin, end = words.locate(piece)
            if window.begin <= begin < end <= window.end and 1 in tags[begin, [CONTENT, INNER]]:
                contents.append((begin - window.begin, end - 1 - window.begin))
                links.append(targets)
    shape = (-1, 2)
    return Example(
        window,
        tags[window.begin : window.end],
        np.array(contents, dtype=np.int64).reshape(shape),
        np.array(links, dtype=np.int64).reshape(-1, len(LINKS)),
    )


def _target(words: Words, window: Window, spans: Sequence[Span]) -> int:
    if not spans:
        return 0
    begin, end = words.locate(spans[0])
    return 1 + begin - window.begin if window.begin <= begin < min(end, window.end) else IGNORED


def collate_examples(examples: Sequence[Example]) -> dict[str, Tensor]:
    """Pads windows and targets into the tensors that `QuotesLoss` takes."""
    batch = collate([example.window for example in examples])
    words = batch.heads.shape[1] - 1
    most = max(1, *(len(example.contents) for example in examples))
    tags = torch.full((len(examples), words, len(LAYERS)), IGNORED, dtype=torch.long)
    contents = torch.zeros((len(examples), most, 2), dtype=torch.long)
    links = torch.full((len(examples), most, len(LINKS)), IGNORED, dtype=torch.long)
    known = torch.zeros((len(examples), 1 + words), dtype=torch.bool)
    for row, example in enumerate(examples):
        count, pieces = len(example.tags), len(example.contents)
        tags[row, :count] = torch.from_numpy(example.tags)
        contents[row, :pieces] = torch.from_numpy(example.contents)
        links[row, :pieces] = torch.from_numpy(example.links)
        known[row, : 1 + count] = True
    return {
        "pieces": batch.pieces, "mask": batch.mask, "features": batch.features, "heads": batch.heads,
        "tags": tags, "contents": contents, "links": links, "known": known,
    }  # fmt: skip


def loss_of(model: QuoteTagger, batch: dict[str, Tensor], link_weight: float) -> Tensor:
    """Cross-entropy of the tags of each layer, plus that of links times `link_weight`; a layer of which nothing is known has no say."""
    states = model(batch["pieces"], batch["mask"], batch["features"], batch["heads"])
    cross_entropy = nn.functional.cross_entropy
    pairs = zip(model.tag(states).unbind(2), batch["tags"].unbind(2), strict=True)
    known = [(scores, targets) for scores, targets in pairs if (targets != IGNORED).any()]
    loss = torch.stack([cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=IGNORED) for scores, targets in known]).sum()
    if (batch["links"] != IGNORED).any():
        loss = loss + link_weight * cross_entropy(
            link_scores(model, states, batch).flatten(0, 2), batch["links"].flatten(), ignore_index=IGNORED
        )
    return loss


def link_scores(model: QuoteTagger, states: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Scores of what each content points to, windows × contents × links × (1 + words); the same sum as `WindowScores.link`."""
    begins, ends, keys = model.vectors(states)
    first, last = batch["contents"][..., 0], batch["contents"][..., 1]
    rows = torch.arange(len(first), device=first.device)[:, None]
    query = begins[rows, 1 + first] + ends[rows, 1 + last]
    scores = torch.einsum("bcld,bwld->bclw", query, keys) / keys.shape[-1] ** 0.5
    at = np.arange(keys.shape[1] - 1)
    classes = buckets(at[None, None, :], first.cpu().numpy()[..., None], 1 + last.cpu().numpy()[..., None])
    nearness = model.nearness(torch.from_numpy(classes).to(first.device)).permute(0, 1, 3, 2)
    scores = torch.cat([scores[..., :1], scores[..., 1:] + nearness], dim=-1)
    return scores.masked_fill(~batch["known"][:, None, None, :], -1e4)


class QuotesTrainer(DepthTrainer):
    """A `DepthTrainer` with the loss above.

    Args:
        link_weight: Weight of the links' loss beside that of the tags.
        **options: Those of `DepthTrainer`.
    """

    def __init__(self, link_weight: float, **options: Any) -> None:
        super().__init__(data_collator=collate_examples, **options)
        self.link_weight = link_weight

    def compute_loss(self, model: QuoteTagger, inputs: dict[str, Any], return_outputs: bool = False, **_: Any) -> Any:
        """The loss of one batch."""
        loss = loss_of(model, inputs, self.link_weight)
        return (loss, None) if return_outputs else loss


def begin(recipe: Recipe) -> tuple[QuoteTagger, Tokenizer]:
    """The model that a recipe starts from: that of a model directory, or an encoder with new heads."""
    folder = model_folder("quotes", recipe.base)
    if folder:
        reader = Reader(folder, exact=True)
        return reader.model, reader.tokenizer
    encoder, tokenizer = load_base(recipe.base, recipe.layers)
    return QuoteTagger(encoder, recipe.link_width), tokenizer


def train(
    recipe: Recipe,
    documents: Sequence[Sequence[Document]],
    dev: Sequence[Document],
    unlabelled: Sequence[Document],
    shared: Path | None,
    folder: Path,
) -> tuple[QuoteTagger, Tokenizer]:
    """Trains the quotes model through the recipe's stages.

    A run that was cut off goes on from its last checkpoint in `folder`; a finished stage is not run again.

    Args:
        recipe: What to train, how long, how.
        documents: For each stage its labelled articles.
        dev: Articles by whose loss the best state is kept; none where a stage is to run to its end.
        unlabelled: What the encoder is adapted to, where the recipe says so.
        shared: The table of words that it is to share, where the recipe says so.
        folder: Where checkpoints and the finished stages' weights go.

    Returns:
        The model in evaluation mode, and its tokenizer.
    """
    set_seed(recipe.seed)
    model, tokenizer = begin(recipe)
    prepare(model, tokenizer, recipe, unlabelled, shared, folder)
    held_out = [
        example
        for document in dev
        if len(words := read_words(document.text, tokenizer))
        for example in make_examples(document, words, tokenizer, size=recipe.window)
    ]

    def trainer_of(articles: Sequence[Document], stage: Stage, seed: int, options: TrainingArguments) -> QuotesTrainer:
        examples = Examples(articles, tokenizer, size=recipe.window, batch_size=recipe.batch_size, epochs=stage.epochs, seed=seed)
        data = {"train_dataset": examples, "eval_dataset": held_out}
        return QuotesTrainer(recipe.link_weight, layer_decay=recipe.layer_decay, model=model, args=options, **data)

    run_stages(recipe, documents, model, folder, trainer_of)
    return model, tokenizer
