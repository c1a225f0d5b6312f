"""Layers that reckon in 8-bit integers, or stay packed, for inference."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from stance.packing import LARGEST, ROWS, in_bytes, packed_shape, unpack, unpack_rows

_TOKENS = 512
_LEAST = 1e-12


def reckons_in_integers(device: str | torch.device) -> bool:
    """Whether integers are the faster way on a device, and exact: processors for which torch has kernels of 8 bits."""
    kernels: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    able = kernels and torch.backends.cpu.get_cpu_capability().startswith("AVX") and torch.device(device).type == "cpu"
    return able and _multiplies_exactly()


@cache
def _multiplies_exactly() -> bool:
    """Whether sums of the largest products come out right: without instructions for bytes, pairs of them may saturate."""
    largest = torch.full((64, 64), int(LARGEST), dtype=torch.int8)
    products = torch._int_mm(largest, -largest.t())
    return bool((products == -64 * int(LARGEST) ** 2).all())


class IntegerLinear(nn.Module):
    """A linear layer in 8-bit integers, for inference: weights with a scale an output, inputs with one a token.

    Three to four times as fast as single precision on processors that multiply bytes. Scales of tokens are found as they come, so nothing
    is calibrated (Yao et al. 2022, "ZeroQuant").

    Args:
        codes: A matrix of outputs × inputs, as `pack` gives it.
        scales: What `pack` gives beside.
        bias: Outputs, or none; not copied.
    """

    codes: Tensor
    scales: Tensor
    bias: Tensor

    def __init__(self, codes: Tensor, scales: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        stored, found = torch.empty(packed_shape(codes, scales), dtype=torch.int8), torch.empty(len(codes))
        for at in range(0, len(codes), ROWS):
            block = slice(at, at + ROWS)
            stored[block], row_scales = in_bytes(codes[block], scales[block])
            found[block] = row_scales.float().squeeze(1)
        self.register_buffer("codes", stored.t())
        self.register_buffer("scales", found)
        self.register_buffer("bias", torch.zeros_like(found) if bias is None else bias.detach())

    @classmethod
    def joined(cls, layers: Sequence[IntegerLinear]) -> IntegerLinear:
        """Layers of the same inputs as one, whose outputs are theirs side by side."""
        codes = torch.cat([layer.codes.t() for layer in layers])
        scales = torch.cat([layer.scales for layer in layers])
        return cls(codes, scales[:, None], torch.cat([layer.bias for layer in layers]))

    def forward(self, inputs: Tensor) -> Tensor:
        """As `nn.Linear` does.

        Args:
            inputs: Any shape × inputs.
        """
        tokens = inputs.flatten(0, -2)
        found = torch.empty(len(tokens), len(self.scales))
        for at in range(0, len(tokens), _TOKENS):  # few at a time, which stay in the processor's cache
            block = tokens[at : at + _TOKENS]
            scales = block.abs().amax(dim=1, keepdim=True).clamp_(min=_LEAST).div_(LARGEST)
            products = torch._int_mm(block.div(scales).round_().to(torch.int8), self.codes)
            torch.addcmul(self.bias, products * scales, self.scales, out=found[at : at + _TOKENS])
        return found.view(*inputs.shape[:-1], -1)


class IntegerAttention(nn.Module):
    """Attention as in MPNet, for inference: query, key and value are one product of integers, and biases are added within theirs.

    The numbers are those of the library's layer; there are fewer passes over memory.

    Args:
        attention: The library's layer, its linear layers changed for `IntegerLinear`.
    """

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.joint = IntegerLinear.joined([attention.q, attention.k, attention.v])
        self.o = attention.o
        self.heads = attention.num_attention_heads

    def forward(self, hidden_states: Tensor, attention_mask: Tensor | None, position_bias: Tensor, **_: Any) -> tuple[Tensor]:
        """As `MPNetSelfAttention` does.

        Args:
            hidden_states: Passages × subwords × width.
            attention_mask: What is added to scores, passages × 1 × 1 or subwords × subwords.
            position_bias: The same, passages × heads × subwords × subwords.
        """
        passages, count, width = hidden_states.shape
        apart = self.joint(hidden_states).view(passages, count, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = apart.reshape(3, passages * self.heads, count, -1).unbind(0)
        bias = position_bias if attention_mask is None else position_bias + attention_mask
        scores = torch.baddbmm(bias.view(-1, count, count), query, key.transpose(1, 2), alpha=query.shape[-1] ** -0.5)
        found = torch.bmm(scores.softmax(dim=-1), value).view(passages, self.heads, count, -1)
        return (self.o(found.transpose(1, 2).reshape(passages, count, width)),)


def join_attention(model: nn.Module) -> None:
    """Changes a model's layers of attention for `IntegerAttention` where they are MPNet's and their matrices were packed."""
    for name, layer in [*model.named_modules()]:
        if type(layer).__name__ == "MPNetSelfAttention" and all(isinstance(part, IntegerLinear) for part in (layer.q, layer.k, layer.v)):
            model.set_submodule(name, IntegerAttention(layer))


class PackedTable(nn.Module):
    """A table of vectors that stays packed, for inference: those looked up are unpacked.

    Args:
        codes: What `pack` gives.
        scales: What `pack` gives.
    """

    codes: Tensor
    scales: Tensor

    def __init__(self, codes: Tensor, scales: Tensor) -> None:
        super().__init__()
        self.register_buffer("codes", codes.clone())  # a file's tensors may be views into it, which would stay open
        self.register_buffer("scales", scales.float())

    def forward(self, numbers: Tensor) -> Tensor:
        """As `nn.Embedding` does.

        Args:
            numbers: Of vectors, any shape.
        """
        flat = numbers.flatten()
        return unpack_rows(self.codes[flat], self.scales[flat]).view(*numbers.shape, -1)


def place_packed(model: nn.Module, name: str, codes: Tensor, scales: Tensor) -> None:
    """Gives a model a packed matrix for inference: its layer changes for one that reckons in integers, or stays packed.

    Args:
        model: What the matrix belongs to.
        name: Its name in it.
        codes: What `pack` gives.
        scales: What `pack` gives.
    """
    place, _, leaf = name.rpartition(".")
    layer = model.get_submodule(place)
    if isinstance(layer, nn.Linear):
        model.set_submodule(place, IntegerLinear(codes, scales, layer.bias))
    elif isinstance(layer, nn.Embedding):
        model.set_submodule(place, PackedTable(codes, scales))
    else:
        layer.get_parameter(leaf).data = unpack(codes, scales)
