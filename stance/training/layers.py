"""What trains how fast: the lowest layers of a large encoder not at all, the others the slower the lower they lie."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import nn
from transformers import Trainer

_LAYER = re.compile(r"\b(?:layers?|h|blocks?)\.(\d+)\.")


def freeze(encoder: Any, count: int) -> None:
    """Keeps an encoder's vectors of words as they are and, where `count` is not 0, all its other embeddings and its lowest layers.

    Args:
        encoder: A Hugging Face encoder.
        count: How many layers; a third of the layers is about a fifth of the time.
    """
    encoder.get_input_embeddings().weight.requires_grad_(False)
    for name, weights in encoder.named_parameters() if count else ():
        number = _LAYER.search(name)
        if int(number[1]) < count if number else name.startswith("embeddings."):
            weights.requires_grad_(False)


def by_depth(model: nn.Module, learning_rate: float, decay: float, weight_decay: float, head_rate: float = 1.0) -> list[dict[str, Any]]:
    """Groups of weights for an optimizer; each layer learns more slowly than the one above (Howard and Ruder 2018, "ULMFiT").

    Args:
        model: With an `encoder`; what lies beside it learns at the full rate, embeddings below the lowest layer.
        learning_rate: At the top.
        decay: What the rate is multiplied by a layer down.
        weight_decay: Of matrices; vectors have none.
        head_rate: What the rate is multiplied by for what lies beside the encoder.
    """
    numbers = {name: found for name, _ in model.named_parameters() if (found := _LAYER.search(name))}
    top = 1 + max((int(found[1]) for found in numbers.values()), default=-1)
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, weights in model.named_parameters():
        if weights.requires_grad:
            depth = top - int(numbers[name][1]) if name in numbers else (top + 1 if name.startswith("encoder.") else 0)
            groups.setdefault((depth, weights.dim() > 1), []).append(weights)
    return [
        {
            "params": weights,
            "lr": learning_rate * (decay**depth if depth else head_rate),
            "weight_decay": weight_decay if matrices else 0.0,
        }
        for (depth, matrices), weights in groups.items()
    ]


class DepthTrainer(Trainer):
    """A `transformers.Trainer` in which each layer learns more slowly than the one above.

    Args:
        layer_decay: What the learning rate is multiplied by a layer down; 1 for one rate.
        head_rate: What it is multiplied by for what lies beside the encoder.
        **options: Those of `transformers.Trainer`.
    """

    def __init__(self, layer_decay: float = 1.0, head_rate: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.layer_decay, self.head_rate = layer_decay, head_rate

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """That of `transformers.Trainer`, with learning rates by depth."""
        if getattr(self, "optimizer", None) is None and (self.layer_decay, self.head_rate) != (1, 1):
            kind, options = self.get_optimizer_cls_and_kwargs(self.args, self.model)
            rates = self.args.learning_rate, self.layer_decay, self.args.weight_decay, self.head_rate
            self.optimizer = kind(by_depth(self.model, *rates), **options)
        optimizer: torch.optim.Optimizer = super().create_optimizer(model)
        return optimizer
