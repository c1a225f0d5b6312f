"""Lets a larger quotes model teach a smaller one: what it says of the tags of each word, and the quotes it finds where nobody has labelled.

After Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from stance.corpora import read_corpus, read_texts
from stance.document import Document
from stance.errors import TrainingError
from stance.pipeline import Reader, find_quotes
from stance.standoff import digest
from stance.tagger import LAYERS, TAGS, Floats, join_tags, score
from stance.tokens import Words, boundary_ids, cut_windows, read_words
from stance.training.recipe import Recipe
from stance.training.teacher import fastest_device, keep_answers, trained


class TagTeacher:
    """A trained teacher in memory.

    Args:
        recipe: The teacher's.
        folder: Where teacher and answers are kept, so that a run that was cut off asks no question twice.
    """

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        self.folder = folder
        self.reader = Reader(trained("quotes", recipe, folder), fastest_device())

    def tags_of(self, texts: Sequence[str], words: Sequence[Words]) -> list[Floats]:
        """Probabilities of the tags of each text's words, words × layers × tags.

        Args:
            texts: Articles.
            words: The words of each, as the pupil's tokenizer cuts them.

        Raises:
            TrainingError: The teacher's tokenizer cuts other words.
        """
        ends = np.cumsum([len(of_text) for of_text in words])
        path = self.folder / f"tags-{digest(repr(list(texts)))[:12]}.npy"
        if not path.is_file():
            keep_answers(self._ask(texts, words).astype(np.float16), path)
        return np.split(np.load(path).astype(np.float32), ends[:-1])

    def _ask(self, texts: Sequence[str], words: Sequence[Words]) -> Floats:
        reader = self.reader
        own = [read_words(text, reader.tokenizer) for text in texts]
        if any(not np.array_equal(one.starts, other.starts) for one, other in zip(own, words, strict=True)):
            raise TrainingError("the teacher's tokenizer cuts other words than the pupil's, so its tags cannot be learnt")
        boundaries = boundary_ids(reader.tokenizer)
        plans = [cut_windows(of_text, reader.window, reader.overlap, boundaries) for of_text in own]
        scored = score(reader.model, (window for plan in plans for window in plan), batch_size=reader.batch_size)
        found = [join_tags(len(of_text), plan, list(islice(scored, len(plan)))) for of_text, plan in zip(own, plans, strict=True)]
        told: Floats = np.exp(np.concatenate([*found, np.empty((0, len(LAYERS), len(TAGS)), dtype=np.float32)]))
        return told

    def articles(self, names: Sequence[str], apart: Iterable[Document]) -> list[Document]:
        """The articles of some corpora with the quotes that the teacher finds in them.

        Args:
            names: Corpora, see `Recipe.further`.
            apart: Articles that are left out, as they are labelled, or the model is measured on them.
        """
        left_out = {digest(document.text) for document in apart}
        texts: dict[str, str] = {}
        for name in names:
            found = (document.text for document in read_corpus(name)) if "/" in name else read_texts(name).values()
            texts.update((total, text) for text in found if (total := digest(text)) not in left_out)
        reader, told = self.reader, list(texts.values())
        read = find_quotes(reader.model, reader.tokenizer, told, reader.window, reader.overlap, batch_size=reader.batch_size)
        return [Document.assemble(text, quotes) for text, quotes in zip(told, read, strict=True)]
