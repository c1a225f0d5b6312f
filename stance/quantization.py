"""Weights in few bits: packed in 8, 6 or 4 on disk, and layers that reckon in 8-bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

CODES, SCALES = "codes", "scales"
BITS = (4, 6, 8)
_WITHIN = "encoder."
_GROUP = 32
_CLIPPED = (1.0, 0.95, 0.9, 0.85, 0.8)
# The sixteen values of NF4: each stands for as many of normally distributed weights as every other.
_VALUES = (
    -1.0, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.09105004, 0.0,
    0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1.0,
)  # fmt: skip
_ROWS = 256
_TOKENS = 512
_LARGEST = 127.0
_LARGEST_OF_SIX = 31.0
_LEAST = 1e-12
_LEAST_HALF = 6e-8


def packs(weights: Tensor) -> bool:
    """Whether a tensor can be packed: matrices whose rows fall into whole groups of 32."""
    return weights.dim() == 2 and weights.shape[1] % _GROUP == 0


def pack(weights: Tensor, bits: int) -> dict[str, Tensor]:
    """Packs a matrix. What has been packed and unpacked packs without loss.

    In 8 bits a weight is a whole number of steps, a row's largest being 127 of them; in 6 bits 31, or a little more where clipping it
    brings the others nearer. In 4 bits a weight is the nearest of sixteen values (NF4: Dettmers et al. 2023, "QLoRA"), which a scale
    stretches to the largest of its 32 neighbours, or to a little less; with the scales that makes 4.5 bits.

    Args:
        weights: Rows × columns, see `packs`.
        bits: 8, 6 or 4.

    Returns:
        `codes`, rows × columns whole numbers, or, four in three bytes, rows × three quarters of the columns, or, two in a byte, rows × half
        of them; and `scales` in half precision, rows × 1, or rows × groups.
    """
    matrix = weights.detach().float().cpu()
    if bits == 8:
        return _in_bytes(matrix)
    return _in_six(matrix) if bits == 6 else _in_nibbles(matrix.reshape(len(matrix), -1, _GROUP))


def _in_bytes(matrix: Tensor) -> dict[str, Tensor]:
    scales = (matrix.abs().amax(dim=1, keepdim=True) / _LARGEST).clamp(min=_LEAST_HALF).half()
    return {CODES: (matrix / scales.float()).round().clamp(-_LARGEST, _LARGEST).to(torch.int8), SCALES: scales}


def _in_six(matrix: Tensor) -> dict[str, Tensor]:
    largest = matrix.abs().amax(dim=1, keepdim=True)
    least = torch.full_like(largest, torch.inf)
    codes, scales = torch.zeros_like(matrix), torch.zeros_like(largest)
    for share in _CLIPPED:
        tried = (share * largest / _LARGEST_OF_SIX).half().float().clamp(min=_LEAST_HALF)
        found = (matrix / tried).round().clamp(-_LARGEST_OF_SIX, _LARGEST_OF_SIX)
        error = (found * tried - matrix).square().sum(dim=1, keepdim=True)
        better = error < least
        codes, scales = torch.where(better, found, codes), torch.where(better, tried, scales)
        least = torch.minimum(error, least)
    first, second, third, fourth = (codes + 32).to(torch.uint8).view(len(codes), -1, 4).unbind(-1)
    together = (first << 2 | second >> 4, second << 4 | third >> 2, third << 6 | fourth)
    return {CODES: torch.stack(together, dim=-1).flatten(1), SCALES: scales.half()}


def _from_six(codes: Tensor) -> Tensor:
    first, second, third = codes.view(len(codes), -1, 3).unbind(-1)
    apart = (first >> 2, (first & 3) << 4 | second >> 4, (second & 15) << 2 | third >> 6, third & 63)
    return torch.stack(apart, dim=-1).flatten(1).to(torch.int8) - 32


def _in_nibbles(groups: Tensor) -> dict[str, Tensor]:
    values = torch.tensor(_VALUES)
    middles = (values[1:] + values[:-1]) / 2
    largest = groups.abs().amax(dim=-1, keepdim=True)
    least = torch.full_like(largest, torch.inf)
    codes, scales = torch.zeros(groups.shape, dtype=torch.uint8), torch.zeros_like(largest)
    for share in _CLIPPED:
        tried = (share * largest).half().float().clamp(min=_LEAST_HALF)
        found = torch.bucketize(groups / tried, middles)
        error = (values[found] * tried - groups).square().sum(dim=-1, keepdim=True)
        better = error < least
        codes, scales = torch.where(better, found.to(torch.uint8), codes), torch.where(better, tried, scales)
        least = torch.minimum(error, least)
    flat = codes.flatten(1)
    return {CODES: flat[:, ::2] << 4 | flat[:, 1::2], SCALES: scales.squeeze(-1).half()}


def unpack(codes: Tensor, scales: Tensor, into: Tensor | None = None) -> Tensor:
    """The matrix that `pack` packed.

    Args:
        codes: What `pack` gives.
        scales: What `pack` gives.
        into: Where it is written; a new tensor in single precision when left out.

    Raises:
        RuntimeError: The shapes do not fit.
    """
    found = torch.empty(packed_shape(codes, scales)) if into is None else into
    for at in range(0, len(codes), _ROWS):  # a table of words is large, and what is made on the way several times as large
        block = slice(at, at + _ROWS)
        found[block] = _unpack_rows(codes[block], scales[block].float())
    return found


def _unpack_rows(codes: Tensor, scales: Tensor) -> Tensor:
    if codes.dtype == torch.int8:
        return codes * scales
    if _holds_six(codes, scales):
        return _from_six(codes) * scales
    numbers = torch.stack((codes >> 4, codes & 15), dim=-1).flatten(1)
    groups = torch.tensor(_VALUES, device=codes.device)[numbers.int()].view(len(codes), -1, _GROUP)
    return (groups * scales[..., None]).flatten(1)


def packed_shape(codes: Tensor, scales: Tensor) -> tuple[int, int]:
    """The shape of the matrix behind codes and scales.

    Raises:
        RuntimeError: They do not belong together.
    """
    if codes.dim() == scales.dim() == 2:
        rows, bytes_a_row = codes.shape
        whole, six = codes.dtype == torch.int8, _holds_six(codes, scales)
        columns = bytes_a_row if whole else bytes_a_row * 4 // 3 if six else bytes_a_row * 2
        if tuple(scales.shape) == (rows, 1 if whole or six else columns // _GROUP):
            return rows, columns
    raise RuntimeError(f"scales of shape {tuple(scales.shape)} stand beside codes of shape {tuple(codes.shape)}")


def _holds_six(codes: Tensor, scales: Tensor) -> bool:
    """Whether bytes hold weights of 6 bits: a row has one scale, and whole groups in any case."""
    return codes.dtype == torch.uint8 and scales.shape[-1] == 1 and codes.shape[-1] % (_GROUP * 3 // 4) == 0


def _chosen(model: nn.Module, bits: int, table_bits: int) -> dict[str, int]:
    """In how many bits each matrix of weights of a model's encoder is packed, by its name; none where they are 16."""
    tables = {f"{name}.weight" for name, part in model.named_modules() if isinstance(part, nn.Embedding)}
    chosen = {
        name: table_bits if name in tables else bits
        for name, weights in model.named_parameters()
        if name.startswith(_WITHIN) and packs(weights)
    }
    return {name: count for name, count in chosen.items() if count in BITS}


def packed_state(model: nn.Module, bits: int, table_bits: int) -> dict[str, Tensor]:
    """A model's weights, with the matrices of its encoder packed as `NAME.codes` and `NAME.scales`.

    Args:
        model: A module with an `encoder`.
        bits: Of a weight of a layer: 16, not packed, or 8, 6 or 4.
        table_bits: Of a weight of a table of words.
    """
    state, chosen = dict(model.state_dict()), _chosen(model, bits, table_bits)
    for name, count in chosen.items():
        state.update((f"{name}.{part}", tensor) for part, tensor in pack(state.pop(name), count).items())
    return state


def round_weights(model: nn.Module, bits: int, table_bits: int, *, frozen: bool = False) -> None:
    """Gives a model's matrices the values that they will have when they have been packed, see `packed_state`.

    Args:
        model: A module with an `encoder`.
        bits: Of a weight of a layer.
        table_bits: Of a weight of a table of words.
        frozen: Whether only those that do not learn get them, so that the others learn to live with it.
    """
    state = model.state_dict()
    learning = {name for name, weights in model.named_parameters() if weights.requires_grad} if frozen else set()
    with torch.no_grad():
        for name, count in _chosen(model, bits, table_bits).items():
            if name not in learning:
                unpack(**pack(state[name], count), into=state[name])


def reckons_in_integers(device: str | torch.device) -> bool:
    """Whether integers are the faster way on a device, and exact: processors for which torch has kernels of 8 bits."""
    kernels: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    able = kernels and torch.backends.cpu.get_cpu_capability().startswith("AVX") and torch.device(device).type == "cpu"
    return able and _multiplies_exactly()


@cache
def _multiplies_exactly() -> bool:
    """Whether sums of the largest products come out right: without instructions for bytes, pairs of them may saturate."""
    largest = torch.full((64, 64), int(_LARGEST), dtype=torch.int8)
    products = torch._int_mm(largest, -largest.t())
    return bool((products == -64 * int(_LARGEST) ** 2).all())


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
        for at in range(0, len(codes), _ROWS):
            block = slice(at, at + _ROWS)
            packed = {CODES: codes[block], SCALES: scales[block]}
            if _holds_six(codes, scales):
                packed[CODES] = _from_six(packed[CODES])
            elif codes.dtype != torch.int8:
                packed = _in_bytes(_unpack_rows(packed[CODES], packed[SCALES].float()))
            stored[block], found[block] = packed[CODES], packed[SCALES].float().squeeze(1)
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
            scales = block.abs().amax(dim=1, keepdim=True).clamp_(min=_LEAST).div_(_LARGEST)
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
        return _unpack_rows(self.codes[flat], self.scales[flat]).view(*numbers.shape, -1)


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
