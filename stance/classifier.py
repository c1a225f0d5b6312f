"""The stance model: a passage's subwords in, calibrated probabilities of labels out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Row = tuple[Sequence[int], Sequence[bool]]
_SUBWORDS_A_ROW = 32
_LEAST = 1e-12


class StanceClassifier(nn.Module):
    """Any Hugging Face encoder; the mean state of the content and that of the whole passage go to one linear layer.

    Args:
        encoder: A model that gives `last_hidden_state`.
        labels: How many labels there are.
        temperature: Divides the scores, so that probabilities are calibrated (Guo et al. 2017, "On Calibration of Modern Neural Networks"):
            one, or one for each label that may come out on top, as the model may be too sure of one and not sure enough of another.

    Raises:
        ValueError: There are as many temperatures neither as labels nor as one, or one is not above 0.
    """

    def __init__(self, encoder: Any, labels: int, temperature: float | Sequence[float] = 1.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(2 * encoder.config.hidden_size, labels)
        self.temperatures = np.ones(labels)
        self.set_temperature(temperature)

    def set_temperature(self, temperature: float | Sequence[float]) -> None:
        """Sets one temperature for all labels, or one for each."""
        given = np.asarray(temperature, dtype=np.float64)
        if given.shape not in ((), self.temperatures.shape) or not (given > 0).all():
            raise ValueError(f"temperature is {temperature!r}, not one for all or one for each of {len(self.temperatures)} labels")
        self.temperatures = np.broadcast_to(given, self.temperatures.shape)

    def calibrate(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated probabilities, from those that the model gives; no other label comes out on top.

        Args:
            shares: Rows × labels.
        """
        return to_probabilities(to_scores(shares) / self.temperatures[shares.argmax(axis=1)][:, None])

    def forward(self, pieces: Tensor, mask: Tensor, inside: Tensor) -> Tensor:
        """Scores of labels, passages × labels.

        Args:
            pieces: Subword ids, passages × subwords.
            mask: 1 where there is a subword.
            inside: 1 where it belongs to the content.
        """
        states = self.encoder(input_ids=pieces, attention_mask=mask).last_hidden_state
        pooled = torch.cat([_mean(states, inside), _mean(states, mask)], dim=-1)
        scores: Tensor = self.head(self.dropout(pooled))
        return scores


def _mean(states: Tensor, where: Tensor) -> Tensor:
    weights = where[..., None].to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)


def collate(rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """Pads rows of subwords into the tensors that `StanceClassifier.forward` takes."""
    longest = max(len(pieces) for pieces, _ in rows)
    made = torch.zeros((3, len(rows), longest), dtype=torch.long)
    for at, (pieces, inside) in enumerate(rows):
        made[0, at, : len(pieces)] = torch.tensor(pieces)
        made[1, at, : len(pieces)] = 1
        made[2, at, : len(pieces)] = torch.tensor(inside, dtype=torch.long)
    return made[0], made[1], made[2]


def probabilities_of(model: StanceClassifier, rows: Sequence[Row], *, batch_size: int = 16) -> NDArray[np.float64]:
    """Calibrated probabilities, rows × labels; see `shares_of`."""
    return model.calibrate(shares_of(model, rows, batch_size=batch_size))


def shares_of(model: StanceClassifier, rows: Sequence[Row], *, batch_size: int = 16) -> NDArray[np.float64]:
    """Probabilities as the model gives them, rows × labels; rows of like length are read together, of long ones fewer than `batch_size`."""
    device = model.head.weight.device
    found = np.empty((len(rows), model.head.out_features))
    for chosen in batches([len(pieces) for pieces, _ in rows], batch_size):
        with torch.inference_mode():
            found[chosen] = model(*(part.to(device) for part in collate([rows[at] for at in chosen]))).double().cpu().numpy()
    return to_probabilities(found)


def to_probabilities(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores that sum to 1 in each row (softmax)."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def to_scores(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The scores behind probabilities, what `to_probabilities` takes."""
    scores: NDArray[np.float64] = np.log(shares.clip(min=_LEAST))
    return scores


def batches(lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """Numbers of rows that are read in one pass, the shortest first; the longer they are the fewer, as what passes takes memory.

    Args:
        lengths: Subwords of each row.
        batch_size: Most rows a pass; 32 times as many subwords, padding included, are the most too, but for a single row.
    """
    waiting: list[int] = []
    for at in sorted(range(len(lengths)), key=lambda at: lengths[at]):
        if waiting and (len(waiting) == batch_size or lengths[at] * (len(waiting) + 1) > _SUBWORDS_A_ROW * batch_size):
            yield waiting
            waiting = []
        waiting.append(at)
    if waiting:
        yield waiting
