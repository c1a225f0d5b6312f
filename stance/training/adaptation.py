"""Adapts an encoder to the articles it will read, before it learns labels: it guesses words that are masked in texts without any.

After Gururangan et al. 2020, "Don't Stop Pretraining". An encoder that was tuned for whole sentences has forgotten much of how to tell
one word from its neighbours; this brings it back as well.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.utils.data import Dataset

from stance.checkpoints import take_words
from stance.document import Document
from stance.errors import TrainingError
from stance.packing import round_weights
from stance.text import readable
from stance.tokens import boundary_ids
from stance.training.layers import DepthTrainer, freeze
from stance.training.recipe import Recipe
from stance.training.stages import FINISHED, arguments, run_stage
from stance.training.watch import save_whole

_WIDEST = 128
_ROWS_A_STEP = 64
_MASKED = 0.15
_SHOWN, _SWAPPED = 0.1, 0.1
_HEAD_ALONE = 60
_HEAD_RATE = 10.0
_SMALL = 0.05
_MASKS = ("<mask>", "[MASK]")
_IGNORED = -100
Row = tuple[int, NDArray[np.int64]]


class MaskedWords(nn.Module):
    """An encoder, and a head that guesses words by how near its states are to the encoder's own table of words.

    Args:
        encoder: A model that gives `last_hidden_state`.
    """

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder
        words, width = encoder.get_input_embeddings().weight.shape
        linear, norm = nn.Linear(encoder.config.hidden_size, width), nn.LayerNorm(width)
        nn.init.eye_(linear.weight)
        nn.init.constant_(norm.weight, _SMALL)
        self.head = nn.Sequential(linear, nn.GELU(), norm)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, pieces: Tensor, words: Tensor, head_alone: bool = False) -> Tensor:
        """The loss of the masked words.

        Args:
            pieces: Subword ids, rows × subwords.
            words: What is to be guessed there; -100 where nothing is.
            head_alone: Whether the encoder learns nothing from it, as long as the head knows nothing.
        """
        with torch.set_grad_enabled(torch.is_grad_enabled() and not head_alone):
            states = self.encoder(input_ids=pieces, attention_mask=torch.ones_like(pieces)).last_hidden_state
        asked = words != _IGNORED
        scores = self.head(states[asked]) @ self.encoder.get_input_embeddings().weight.T + self.bias
        return nn.functional.cross_entropy(scores.float(), words[asked])


class Rows(Dataset[Row]):
    """Texts joined and cut into numbered rows of one length, joined and cut anew for each epoch.

    Args:
        texts: Subwords of each, with the separator behind them.
        width: Subwords a row.
        epochs: How often each text is read.
        seed: Of what is drawn.
    """

    def __init__(self, texts: Sequence[Sequence[int]], *, width: int, epochs: int, seed: int) -> None:
        draw = random.Random(seed)
        made = []
        for _ in range(epochs):
            joined = np.concatenate([np.asarray(text, dtype=np.int64) for text in draw.sample(texts, len(texts))])
            joined = joined[draw.randrange(min(width, len(joined) - width + 1)) :]
            rows = joined[: len(joined) // width * width].reshape(-1, width)
            made.append(rows[draw.sample(range(len(rows)), len(rows))])
        self.rows = np.concatenate(made)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> Row:
        return at, self.rows[at]


class Masking:
    """Puts marks around rows and masks words in them, as Devlin et al. 2019, "BERT": some stay, some give way to any other.

    Which ones hangs on the number of a step's first row alone, so that a run that was cut off asks for the same.

    Args:
        tokenizer: Its marks, and how many words there are.

    Raises:
        TrainingError: The tokenizer has no mask.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        mask = next((number for name in _MASKS if (number := tokenizer.token_to_id(name)) is not None), None)
        if mask is None:
            raise TrainingError(f"adaptation: the encoder's vocabulary has no {' or '.join(_MASKS)}")
        self.mask, self.words, self.boundaries = mask, tokenizer.get_vocab_size(), boundary_ids(tokenizer)

    def __call__(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """The tensors of a step."""
        draw = torch.Generator().manual_seed(rows[0][0])
        pieces = torch.from_numpy(np.pad(np.stack([row for _, row in rows]), ((0, 0), (1, 1))))
        pieces[:, 0], pieces[:, -1] = self.boundaries
        asked = (torch.rand(pieces.shape, generator=draw) < _MASKED) & ~torch.isin(pieces, torch.tensor(self.boundaries))
        asked[0, 1] |= not asked.any()
        chance = torch.rand(pieces.shape, generator=draw)
        shown = torch.where(chance < _SHOWN + _SWAPPED, torch.randint(self.words, pieces.shape, generator=draw), self.mask)
        shown = torch.where(chance < _SHOWN, pieces, shown)
        return {"pieces": torch.where(asked, shown, pieces), "words": torch.where(asked, pieces, _IGNORED)}


class AdaptingTrainer(DepthTrainer):
    """A `DepthTrainer` for `MaskedWords`, whose head learns alone at first, and faster."""

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, **_: Any) -> Any:
        """The loss of one batch."""
        loss = model(**inputs, head_alone=self.state.global_step < min(_HEAD_ALONE, self.state.max_steps // 10))
        return (loss, None) if return_outputs else loss


def prepare(
    model: nn.Module, tokenizer: Tokenizer, recipe: Recipe, unlabelled: Sequence[Document], shared: Path | None, folder: Path
) -> None:
    """Makes a model's encoder ready to learn labels: what a recipe freezes has its packed values, the rest is adapted.

    Args:
        model: A module with an `encoder`.
        tokenizer: The encoder's.
        recipe: What stays as it is, and whether there is an adaptation.
        unlabelled: What the encoder is adapted to, where the recipe says so.
        shared: The table of words that it is to share, where the recipe says so.
        folder: Where checkpoints go.
    """
    freeze(model.encoder, recipe.frozen)
    round_weights(model, recipe.bits, recipe.table_bits, frozen=True)
    if shared:
        take_words(model, shared)
    if recipe.adaptation:
        adapt(model.encoder, tokenizer, recipe, unlabelled, folder / "adaptation")


def adapt(encoder: Any, tokenizer: Tokenizer, recipe: Recipe, texts: Sequence[Document], folder: Path) -> None:
    """Lets an encoder guess masked words, all of its weights that are not frozen; a run that was cut off goes on from its checkpoint.

    Args:
        encoder: Adapted in place.
        tokenizer: Its own.
        recipe: With an `adaptation`.
        texts: Articles, whose labels are not looked at.
        folder: Where checkpoints and the adapted weights lie; weights that lie there already are taken as they are.

    Raises:
        TrainingError: The texts fill no row, or the tokenizer has no mask.
    """
    assert recipe.adaptation
    finished = folder / FINISHED
    if not finished.is_file():
        masking = Masking(tokenizer)
        read = [[*tokenizer.encode(readable(text.text), add_special_tokens=False).ids, masking.boundaries[1]] for text in texts]
        width = min(_WIDEST, recipe.window) - 2
        if sum(map(len, read)) < width:
            raise TrainingError(f"{', '.join(recipe.adaptation.data)}: less text than one row of {width} subwords to adapt to")
        rows = Rows(read, width=width, epochs=recipe.adaptation.epochs, seed=recipe.seed)
        trainer = AdaptingTrainer(
            layer_decay=recipe.layer_decay,
            head_rate=_HEAD_RATE,
            model=MaskedWords(encoder),
            args=arguments(replace(recipe, batch_size=_ROWS_A_STEP), recipe.adaptation, folder, recipe.seed),
            train_dataset=rows,
            data_collator=masking,
        )
        run_stage(trainer, recipe.adaptation, folder, "adaptation")
        save_whole(encoder, finished)
    encoder.load_state_dict(load_file(finished))
    encoder.cpu()
