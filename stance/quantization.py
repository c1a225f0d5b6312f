"""Weights in few bits: packed into 4 on disk, and linear layers that reckon in 8-bit integers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import torch
from torch import Tensor, nn

CODES, SCALES = "codes", "scales"
_GROUP = 32
_CLIPPED = (1.0, 0.95, 0.9, 0.85, 0.8)
# The sixteen values of NF4: each stands for as many of normally distributed weights as every other.
_VALUES = (
    -1.0, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.09105004, 0.0,
    0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1.0,
)  # fmt: skip
_LARGEST = 127.0
_LEAST = 1e-12


def packs(weights: Tensor) -> bool:
    """Whether a tensor can be packed: matrices whose rows fall into whole groups."""
    return weights.dim() == 2 and weights.shape[1] % _GROUP == 0


def pack(weights: Tensor) -> dict[str, Tensor]:
    """Packs a matrix into 4 bits a weight and a scale for each 32 neighbours of a row, together 4.5 bits.

    A weight becomes the nearest of sixteen values (NF4: Dettmers et al. 2023, "QLoRA"), which a scale stretches to its group's largest
    weight, or to a little less where that brings the others nearer. What has been packed and unpacked packs without loss.

    Args:
        weights: Rows × columns, see `packs`.

    Returns:
        `codes`, rows × half the columns, two in a byte, and `scales`, rows × groups, in half precision.
    """
    groups = weights.detach().float().cpu().reshape(len(weights), -1, _GROUP)
    values = torch.tensor(_VALUES)
    middles = (values[1:] + values[:-1]) / 2
    largest = groups.abs().amax(dim=-1, keepdim=True)
    least = torch.full_like(largest, torch.inf)
    codes, scales = torch.zeros(groups.shape, dtype=torch.uint8), torch.zeros_like(largest)
    for share in _CLIPPED:
        tried = (share * largest).half().float().clamp(min=6e-8)
        found = torch.bucketize(groups / tried, middles)
        error = (values[found] * tried - groups).square().sum(dim=-1, keepdim=True)
        better = error < least
        codes, scales = torch.where(better, found.to(torch.uint8), codes), torch.where(better, tried, scales)
        least = torch.minimum(error, least)
    flat = codes.flatten(1)
    return {CODES: flat[:, ::2] << 4 | flat[:, 1::2], SCALES: scales.squeeze(-1).half()}


def unpack(codes: Tensor, scales: Tensor) -> Tensor:
    """The matrix that `pack` packed, in single precision."""
    values = torch.tensor(_VALUES)
    flat = torch.stack((codes >> 4, codes & 15), dim=-1).flatten(1)
    return (values[flat.int()].view(*scales.shape, _GROUP) * scales.float()[..., None]).flatten(1)


def packed_state(state: Mapping[str, Tensor], within: str) -> dict[str, Tensor]:
    """A module's weights, with the matrices whose names begin with `within` packed as `NAME.codes` and `NAME.scales`."""
    packed: dict[str, Tensor] = {}
    for name, weights in state.items():
        if name.startswith(within) and packs(weights):
            packed.update((f"{name}.{part}", tensor) for part, tensor in pack(weights).items())
        else:
            packed[name] = weights
    return packed


def round_weights(module: nn.Module) -> None:
    """Gives a module's matrices the values that they will have when they have been packed."""
    with torch.no_grad():
        for weights in module.parameters():
            if packs(weights):
                weights.copy_(unpack(**pack(weights)))


def reckons_in_integers(device: str | torch.device) -> bool:
    """Whether integers are the faster way on a device: processors for which torch has kernels of 8 bits."""
    kernels: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return kernels and torch.backends.cpu.get_cpu_capability().startswith("AVX") and torch.device(device).type == "cpu"


class IntegerLinear(nn.Module):
    """A linear layer in 8-bit integers, for inference: weights with a scale a row, inputs with one a token.

    Three to four times as fast as single precision on processors that multiply bytes. Scales of tokens are found as they come, so nothing
    is calibrated (Yao et al. 2022, "ZeroQuant").

    Args:
        weights: Outputs × inputs.
        bias: Outputs, or none.
    """

    codes: Tensor
    scales: Tensor
    bias: Tensor

    def __init__(self, weights: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        scales = weights.abs().amax(dim=1).clamp(min=_LEAST) / _LARGEST
        self.register_buffer("codes", (weights / scales[:, None]).round().to(torch.int8).t())
        self.register_buffer("scales", scales)
        self.register_buffer("bias", torch.zeros_like(scales) if bias is None else bias.detach().clone())

    @classmethod
    def of(cls, layer: nn.Linear) -> Self:
        """The layer that answers as another does, but for rounding."""
        return cls(layer.weight.detach().float(), layer.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """As `nn.Linear` does.

        Args:
            inputs: Any shape × inputs.
        """
        tokens = inputs.flatten(0, -2)
        scales = tokens.abs().amax(dim=1, keepdim=True).clamp_(min=_LEAST).div_(_LARGEST)
        products = torch._int_mm(tokens.div(scales).round_().to(torch.int8), self.codes)
        return torch.addcmul(self.bias, products * scales, self.scales).view(*inputs.shape[:-1], -1)


def in_integers(module: nn.Module) -> None:
    """Changes all linear layers of a module for ones that reckon in integers."""
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Linear):
            setattr(module, name, IntegerLinear.of(child))
        else:
            in_integers(child)
