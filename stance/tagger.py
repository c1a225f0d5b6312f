"""The quotes model: windows of words in, probabilities of spans and links out.

Four layers of begin/inside/outside tags (source, cue, content, and content within content) let a source, a cue and a whole quote stand
inside somebody else's content. Each content span points to the first word of its cue and of its source, or to the window's start mark
where it has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from stance.tokens import CASES, MARKS, POSITIONS, Window

Floats = NDArray[np.float32]

LAYERS = ("source", "cue", "content", "inner")
CONTENT, INNER = LAYERS.index("content"), LAYERS.index("inner")
TAGS = ("O", "B", "I")
LINKS = ("cue", "source")
_BUCKETS = 16


@dataclass(frozen=True, slots=True)
class WindowScores:
    """What the model says of one window.

    Attributes:
        tags: Log-probability of each tag, words × layers × tags.
        begins, ends: What a content that begins or ends at a word asks of its cue and source, words × links × width.
        keys: What answers it, (1 + words) × links × width; the first row stands for "none here".
        nearness: Bias of each link by signed distance in words, buckets × links.
    """

    tags: Floats
    begins: Floats
    ends: Floats
    keys: Floats
    nearness: Floats

    def link(self, begin: int, end: int) -> Floats:
        """Scores, (1 + words) × links, of every word as first word of the cue and source of the content in words `begin` to `end`."""
        query = self.begins[begin] + self.ends[end - 1]
        scores = np.einsum("wld,ld->wl", self.keys, query) / np.sqrt(query.shape[-1])
        scores[1:] += self.nearness[buckets(np.arange(len(self.tags)), np.int64(begin), np.int64(end))]
        return np.asarray(scores, dtype=np.float32)


def buckets(at: NDArray[np.int64], begin: NDArray[np.int64] | np.int64, end: NDArray[np.int64] | np.int64) -> NDArray[np.int64]:
    """The number of the distance class of words `at` seen from contents in words `begin` to `end`: inside, before, behind."""
    before = np.maximum(begin - at, 0)
    behind = np.maximum(at - end + 1, 0)
    distance = np.maximum(before, behind)
    level = 1 + np.minimum(2 * np.log2(np.maximum(distance, 1)), _BUCKETS - 2).astype(np.int64)
    return np.where(distance == 0, 0, np.where(before > 0, level, level + _BUCKETS - 1))


class QuoteTagger(nn.Module):
    """Any Hugging Face encoder with heads for spans and links.

    Args:
        encoder: A model that takes `inputs_embeds` and gives `last_hidden_state`.
        width: Size of the vectors that links are scored by.
    """

    def __init__(self, encoder: Any, width: int = 64) -> None:
        super().__init__()
        hidden = encoder.config.hidden_size
        self.encoder = encoder
        self.features = nn.ModuleList(nn.Embedding(size, hidden) for size in (CASES, MARKS, POSITIONS))
        self.tags = nn.Linear(hidden, INNER * len(TAGS))
        self.begins = nn.Linear(hidden, len(LINKS) * width)
        self.ends = nn.Linear(hidden, len(LINKS) * width)
        self.keys = nn.Linear(hidden, len(LINKS) * width)
        self.nearness = nn.Embedding(2 * _BUCKETS - 1, len(LINKS))
        # Apart and last: what chance gives the other heads, and what they learn where nothing is known of this one, stays as without it.
        self.inner = nn.Linear(hidden, len(TAGS))
        for table in (*self.features, self.nearness):
            nn.init.zeros_(table.weight)

    def forward(self, pieces: Tensor, mask: Tensor, features: Tensor, heads: Tensor) -> Tensor:
        """Encodes windows.

        Args:
            pieces: Subword ids, windows × subwords.
            mask: 1 where there is a subword, 0 where there is padding.
            features: windows × subwords × 3.
            heads: Positions of the first subwords of each word, after a 0 for the start mark; windows × (1 + words), padded with 0.

        Returns:
            States of start mark and words, windows × (1 + words) × hidden.
        """
        embedded = self.encoder.get_input_embeddings()(pieces)
        for number, table in enumerate(self.features):
            embedded = embedded + table(features[..., number])
        states = self.encoder(inputs_embeds=embedded, attention_mask=mask).last_hidden_state
        return torch.gather(states, 1, heads[..., None].expand(-1, -1, states.shape[-1]))

    def tag(self, states: Tensor) -> Tensor:
        """Scores of tags, windows × words × layers × tags, from what `forward` gives."""
        words = states[:, 1:]
        scores = torch.cat([self.tags(words), self.inner(words)], dim=-1)
        return scores.view(*scores.shape[:-1], len(LAYERS), len(TAGS))

    def vectors(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Vectors of links: of contents' first words, of their last words, of what they point to.

        Each is windows × (1 + words) × links × width.
        """
        shape = (*states.shape[:-1], len(LINKS), -1)
        return self.begins(states).view(shape), self.ends(states).view(shape), self.keys(states).view(shape)


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of one forward pass, padded to the longest."""

    pieces: Tensor
    mask: Tensor
    features: Tensor
    heads: Tensor


def collate(windows: Sequence[Window]) -> Batch:
    """Pads windows into the tensors that `QuoteTagger.forward` takes."""
    longest = max(len(window.pieces) for window in windows)
    most = max(len(window.heads) for window in windows)
    pieces = torch.zeros((len(windows), longest), dtype=torch.long)
    mask = torch.zeros_like(pieces)
    features = torch.zeros((len(windows), longest, 3), dtype=torch.long)
    heads = torch.zeros((len(windows), 1 + most), dtype=torch.long)
    for row, window in enumerate(windows):
        count = len(window.pieces)
        pieces[row, :count] = torch.from_numpy(window.pieces)
        mask[row, :count] = 1
        features[row, :count] = torch.from_numpy(window.features)
        heads[row, 1 : 1 + len(window.heads)] = torch.from_numpy(window.heads)
    return Batch(pieces, mask, features, heads)


def score(model: QuoteTagger, windows: Iterable[Window], *, batch_size: int = 8) -> Iterator[WindowScores]:
    """Reads windows through a model.

    Args:
        model: In evaluation mode.
        windows: Any number; read `batch_size` × 8 at a time, the longest together, so that little is padding.
        batch_size: Windows a forward pass.

    Yields:
        Scores in the order of the windows.
    """
    device = model.tags.weight.device
    nearness = model.nearness.weight.detach().float().cpu().numpy()
    waiting = iter(windows)
    while group := list(islice(waiting, batch_size * 8)):
        order = sorted(range(len(group)), key=lambda at: len(group[at].pieces))
        scored: list[WindowScores | None] = [None] * len(group)
        for at in range(0, len(order), batch_size):
            rows = order[at : at + batch_size]
            batch = collate([group[row] for row in rows])
            with torch.inference_mode():
                states = model(*(part.to(device) for part in (batch.pieces, batch.mask, batch.features, batch.heads)))
                tags = torch.log_softmax(model.tag(states).float(), dim=-1).cpu().numpy()
                begins, ends, keys = (part.float().cpu().numpy() for part in model.vectors(states))
            for row, number in enumerate(rows):
                count = len(group[number].heads)
                scored[number] = WindowScores(
                    tags[row, :count], begins[row, 1 : 1 + count], ends[row, 1 : 1 + count], keys[row, : 1 + count], nearness
                )
        yield from (item for item in scored if item is not None)
