"""Lets a larger model teach the stance model: its probabilities are what is learnt, of the labelled passages and of many more.

After Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network". The further passages are quotes that nobody has
labelled, and passages varied on purpose, as in Jiao et al. 2020, "TinyBERT": nonsense at times, but the teacher answers all the same, and
its answers around a passage are what a few thousand labels cannot tell.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from stance import pipeline
from stance.checkpoints import MANIFEST
from stance.classifier import Row, probabilities_of
from stance.corpora import read_unlabelled
from stance.document import Document, Span
from stance.stances import CLOSING, MARKS, OPENING, encode, passage
from stance.standoff import digest
from stance.training.recipe import Recipe

_LEAST_SURE = 0.35
_NEAR = 8
_COMMON = 14_000
_SPLICED = 0.35
_LOST = 0.03
_CHANGED = (0.1, 0.2, 0.35)
_LONGEST = 900
_KEPT = frozenset((
    "the", "and", "that", "this", "with", "for", "not", "but", "are", "was", "were", "has", "have", "had", "his", "her", "their", "its",
    "they", "from", "who", "will", "would", "could", "should", "china", "chinese", "beijing",
))  # fmt: skip
_TOKEN = re.compile("|".join([*(re.escape(mark) for mark in MARKS), r"\w+", r"\W"]))
_HELD = re.compile(rf"{re.escape(OPENING)}(.*?){re.escape(CLOSING)}", re.DOTALL)

Strings = Sequence[str]


def further_passages(names: Sequence[str], labelled: Sequence[Document], apart: Iterable[Document]) -> list[Strings]:
    """Passages of quotes that nobody has labelled, as the shipped quotes model finds them.

    Args:
        names: Corpora, see `Recipe.further`.
        labelled: Articles whose labelled quotes are left out.
        apart: Articles that are left out altogether, as the model is measured on them.
    """
    known: dict[str, list[Span]] = {}
    for document in labelled:
        known.setdefault(digest(document.text), []).extend(span for quote in document.quotes for span in quote.content)
    texts = {digest(document.text): document.text for document in read_unlabelled(names, apart)}
    reader = pipeline.load()
    return [
        passage(text, quote)
        for total, text in texts.items()
        for quote in reader.segment(text).quotes
        if quote.repeats is None
        and quote.confidence > _LEAST_SURE
        and not any(span.overlaps(other) for span in quote.content for other in known.get(total, ()))
    ]


def vary(passages: Sequence[Strings], near: Mapping[str, Sequence[str]], count: int, draw: random.Random) -> Iterator[Strings]:
    """Passages in which words are lost or changed for near ones; in a third the content goes on with the end of another's.

    Args:
        passages: What is varied; long ones, and those whose content does not stand in one string, are passed over.
        near: For each common word those most like it, see `near_words`.
        count: How many are made.
        draw: Source of chance.
    """
    short = [parts for strings in passages if sum(map(len, strings)) <= _LONGEST and (parts := _around_content(strings))]
    for _ in range(count if short else 0):
        before, marked, behind = draw.choice(short)
        share = draw.choice(_CHANGED)
        if draw.random() < _SPLICED:
            marked, share = _splice(marked, draw.choice(short)[1], draw), _CHANGED[0]
        yield [_change(string, near, share, draw) for string in (*before, marked, *behind)]


def _around_content(strings: Strings) -> tuple[Strings, str, Strings] | None:
    """The strings before the one that holds the content, that one, and those behind it; None where none holds any, or several do."""
    places = [at for at, string in enumerate(strings) if _HELD.search(string)]
    if len(places) != 1:
        return None
    return strings[: places[0]], strings[places[0]], strings[places[0] + 1 :]


def _splice(first: str, second: str, draw: random.Random) -> str:
    before, held, behind = _HELD.split(first, maxsplit=1)
    words, more = held.split(), _HELD.split(second, maxsplit=1)[1].split()
    words = words[: draw.randint(1, max(1, len(words)))]
    more = more[draw.randint(0, max(0, len(more) - 3)) :]
    joint = draw.choice((" ", " and ", " but ", ", ", ". "))
    return f"{before}{OPENING} {' '.join(words)}{joint}{' '.join(more)} {CLOSING}{behind}"


def _change(string: str, near: Mapping[str, Sequence[str]], share: float, draw: random.Random) -> str:
    written = []
    for token in _TOKEN.findall(string):
        low = token.lower()
        if low in near and low not in _KEPT and draw.random() < share:
            token = draw.choice(near[low])
        elif token.isalpha() and draw.random() < _LOST:
            continue
        written.append(token)
    return "".join(written)


def near_words(encoder: Any, tokenizer: Tokenizer) -> dict[str, list[str]]:
    """For each common word of a vocabulary those whose vectors are most like its own; the vocabulary's order is by frequency."""
    numbers = sorted((number, word) for word, number in tokenizer.get_vocab().items() if word.isalpha() and len(word) > 2)[:_COMMON]
    words = [word for _, word in numbers]
    with torch.inference_mode():
        vectors = nn.functional.normalize(encoder.get_input_embeddings().weight[[number for number, _ in numbers]].float(), dim=-1)
        alike: list[list[int]] = []
        for part in torch.split(vectors, 2_000):
            alike += (part @ vectors.T).topk(min(_NEAR + 1, len(words)), dim=-1).indices.tolist()
    return {word: [words[at] for at in found if words[at] != word] for word, found in zip(words, alike, strict=True)}


def to_row(strings: Strings, tokenizer: Tokenizer, size: int) -> Row:
    """A passage's subwords; of a long one the stretch with most content stands for it."""
    made = encode([[(string, None)] for string in strings], tokenizer, size)
    return max(zip(made.stretches, made.inside, strict=True), key=lambda row: sum(row[1]))


def ask(recipe: Recipe, passages: Sequence[Strings], folder: Path) -> NDArray[np.float64]:
    """The teacher's probabilities of passages, passages × labels; it is trained before, unless an earlier call did so.

    Args:
        recipe: The teacher's.
        passages: As `stances.passage` writes them.
        folder: Where teacher and answers are kept, so that a run that was cut off asks no question twice.
    """
    from stance.training.run import train_model

    answers = folder / f"answers-{digest(repr([list(strings) for strings in passages]))[:12]}.npy"
    if answers.is_file():
        return np.asarray(np.load(answers), dtype=np.float64)
    model = folder / "model"
    if not (model / MANIFEST).is_file():
        train_model("stance", recipe, model, folder / "work")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    judge = pipeline.Judge(model, device)
    rows = [to_row(strings, judge.tokenizer, judge.window) for strings in passages]
    with torch.autocast(device, dtype=torch.bfloat16, enabled=recipe.bf16):
        found = probabilities_of(judge.model, rows, batch_size=32)
    part = folder / "part.npy"
    np.save(part, found)
    part.replace(answers)
    return found
