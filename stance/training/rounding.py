"""Rounds a trained model's layers to 4 bits so that what they give changes least on passages like those that they will read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import torch
from torch import Tensor, nn

from stance.packing import GROUP, LEAST_BITS, SCALES, nearest_values, pack, packed_bits, unpack

_NUMBER = re.compile(r"\.(\d+)\.")
_DAMPING = 0.01


def round_by_use(model: nn.Module, passes: Sequence[tuple[Tensor, ...]]) -> None:
    """Gives the matrices of an encoder's layers values that pack in 4 bits without loss.

    Columns are rounded one after the other, and those that are left make up for what the ones before have lost, by how the inputs of a
    layer go together (Frantar et al. 2023, "GPTQ"). Each layer is rounded on what the rounded ones below it give.

    Args:
        model: A module with an `encoder` whose layers are in the order in which they are passed.
        passes: What the model is called with: tensors, the second of which is 1 where there is a subword.
    """
    chosen = packed_bits(model, LEAST_BITS, 0)
    linear = {name: part for name, part in model.named_modules() if isinstance(part, nn.Linear) and f"{name}.weight" in chosen}
    with torch.no_grad():
        for names in _by_layer(linear):
            layers = [layer for layer in map(linear.__getitem__, names) if not _is_rounded(layer.weight)]
            for layer, products in zip(layers, _products(model, layers, passes) if layers else (), strict=True):
                layer.weight.copy_(rounded(layer.weight, products))


def _is_rounded(weights: Tensor) -> bool:
    return torch.equal(unpack(**pack(weights, LEAST_BITS)), weights)


class _SeenError(Exception):
    """Ends a pass of which the rest is not needed."""


def _by_layer(names: Iterable[str]) -> list[list[str]]:
    """Names of matrices in runs of one layer."""
    runs: dict[str, list[str]] = {}
    for name in names:
        number = _NUMBER.search(name)
        runs.setdefault(number[1] if number else "", []).append(name)
    return list(runs.values())


def _products(model: nn.Module, layers: Sequence[nn.Linear], passes: Sequence[tuple[Tensor, ...]]) -> list[Tensor]:
    """For each layer the sum of its inputs' products over all subwords, inputs × inputs."""
    found = [torch.zeros(layer.in_features, layer.in_features) for layer in layers]
    present = torch.empty(0)
    waiting: set[nn.Module] = set()

    def adding(total: Tensor) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def add(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            rows = inputs[0][present].float()
            total.addmm_(rows.T, rows)
            waiting.discard(layer)
            if not waiting:
                raise _SeenError

        return add

    hooks = [layer.register_forward_pre_hook(adding(total)) for layer, total in zip(layers, found, strict=True)]
    try:
        for tensors in passes:
            present = tensors[1].bool()
            waiting.update(layers)
            with suppress(_SeenError), torch.autocast("cpu", torch.bfloat16):
                model(*tensors)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def rounded(weights: Tensor, products: Tensor) -> Tensor:
    """A matrix in values that pack in 4 bits.

    Args:
        weights: Outputs × inputs.
        products: Inputs × inputs, the sum over what the layer read.
    """
    left = weights.detach().float().clone()
    damped = products + torch.eye(len(products)) * (_DAMPING * products.diagonal().mean()).clamp(min=1e-6)
    upper = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(damped)), upper=True)
    for start in range(0, left.shape[1], GROUP):
        end = start + GROUP
        scales = pack(left[:, start:end], LEAST_BITS)[SCALES].float()[:, 0]
        lost = torch.empty(len(left), GROUP)
        for at in range(start, end):
            value = nearest_values(left[:, at] / scales)[1] * scales
            lost[:, at - start] = (left[:, at] - value) / upper[at, at]
            left[:, at] = value
            left[:, at + 1 : end] -= lost[:, at - start, None] * upper[at, at + 1 : end]
        left[:, end:] -= lost @ upper[start:end, end:]
    return left
