"""Weights in few bits: a model's matrices packed in 8, 6 or 4, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

CODES, SCALES = "codes", "scales"
LEAST_BITS = 4
BITS = (LEAST_BITS, 6, 8)
_WITHIN = "encoder."
GROUP = 32
_CLIPPED = (1.0, 0.95, 0.9, 0.85, 0.8)
# The sixteen values of NF4: each stands for as many of normally distributed weights as every other.
_VALUES = (
    -1.0, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.09105004, 0.0,
    0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1.0,
)  # fmt: skip
# The largest of a group need not be the largest value: it is not where the weights are what `training.rounding` made of them.
_STRETCHED = tuple(1 / abs(value) for value in _VALUES if 0.4 < abs(value) < 1)
_AGAIN = tuple(1 / abs(value) for value in _VALUES if 0.39 < abs(value) < 0.4)
ROWS = 256
LARGEST = 127.0
_LARGEST_OF_SIX, _ZERO_OF_SIX = 31.0, 32
_LEAST_HALF = 6e-8


def packs(weights: Tensor) -> bool:
    """Whether a tensor can be packed: matrices whose rows fall into whole groups of 32."""
    return weights.dim() == 2 and weights.shape[1] % GROUP == 0


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
    return _in_six(matrix) if bits == 6 else _in_nibbles(matrix.reshape(len(matrix), -1, GROUP))


def _in_bytes(matrix: Tensor) -> dict[str, Tensor]:
    scales = (matrix.abs().amax(dim=1, keepdim=True) / LARGEST).clamp(min=_LEAST_HALF).half()
    return {CODES: (matrix / scales.float()).round().clamp(-LARGEST, LARGEST).to(torch.int8), SCALES: scales}


def _in_six(matrix: Tensor) -> dict[str, Tensor]:
    def nearest(steps: Tensor) -> tuple[Tensor, Tensor]:
        whole = steps.round().clamp(-_LARGEST_OF_SIX, _LARGEST_OF_SIX)
        return (whole + _ZERO_OF_SIX).to(torch.uint8), whole

    codes, scales = _best_scales(matrix, _LARGEST_OF_SIX, nearest)
    first, second, third, fourth = codes.view(len(codes), -1, 4).unbind(-1)
    together = (first << 2 | second >> 4, second << 4 | third >> 2, third << 6 | fourth)
    return {CODES: torch.stack(together, dim=-1).flatten(1), SCALES: scales}


def _from_six(codes: Tensor) -> Tensor:
    first, second, third = codes.view(len(codes), -1, 3).unbind(-1)
    apart = (first >> 2, (first & 3) << 4 | second >> 4, (second & 15) << 2 | third >> 6, third & 63)
    return torch.stack(apart, dim=-1).flatten(1).to(torch.int8) - _ZERO_OF_SIX


def _in_nibbles(groups: Tensor) -> dict[str, Tensor]:
    codes, scales = _best_scales(groups, 1.0, nearest_values, (*_CLIPPED, *_STRETCHED), _AGAIN)
    flat = codes.flatten(1)
    return {CODES: flat[:, ::2] << 4 | flat[:, 1::2], SCALES: scales.squeeze(-1)}


def nearest_values(shares: Tensor) -> tuple[Tensor, Tensor]:
    """Codes of 4 bits for weights that were divided by their scale, and what these stand for."""
    values = torch.tensor(_VALUES)
    found = torch.bucketize(shares, (values[1:] + values[:-1]) / 2)
    return found.to(torch.uint8), values[found]


def _best_scales(
    weights: Tensor,
    reach: float,
    nearest: Callable[[Tensor], tuple[Tensor, Tensor]],
    shares: Sequence[float] = _CLIPPED,
    again: Sequence[float] = (),
) -> tuple[Tensor, Tensor]:
    """Codes of weights, and for each of their last rows the scale that brings them nearest: its largest is clipped a little if that helps.

    Args:
        weights: Any shape × those that share a scale.
        reach: The largest value that a code stands for.
        nearest: Gives codes for weights that were divided by their scale, and what these stand for.
        shares: Of the largest weight, that `reach` may stand for.
        again: Further ones, for weights that have been packed before: taken where nothing is lost.
    """
    largest = weights.abs().amax(dim=-1, keepdim=True)
    least = torch.full_like(largest, torch.inf)
    codes, scales = torch.zeros(weights.shape, dtype=torch.uint8), torch.zeros_like(largest)
    for share in (*shares, *again):
        tried = (share * largest / reach).half().float().clamp(min=_LEAST_HALF)
        found, values = nearest(weights / tried)
        error = (values * tried - weights).square().sum(dim=-1, keepdim=True)
        better = error < least if share in shares else (error == 0) & (least > 0)
        codes, scales = torch.where(better, found, codes), torch.where(better, tried, scales)
        least = torch.minimum(error, least)
    return codes, scales.half()


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
    for at in range(0, len(codes), ROWS):  # a table of words is large, and what is made on the way several times as large
        block = slice(at, at + ROWS)
        found[block] = unpack_rows(codes[block], scales[block].float())
    return found


def unpack_rows(codes: Tensor, scales: Tensor) -> Tensor:
    """Some rows of a packed matrix, all made at once.

    Args:
        codes: Of these rows.
        scales: Theirs, in single precision.
    """
    steps = _steps(codes, scales)
    if steps is not None:
        return steps * scales
    numbers = torch.stack((codes >> 4, codes & 15), dim=-1).flatten(1)
    groups = torch.tensor(_VALUES, device=codes.device)[numbers.int()].view(len(codes), -1, GROUP)
    return (groups * scales[..., None]).flatten(1)


def in_bytes(codes: Tensor, scales: Tensor) -> tuple[Tensor, Tensor]:
    """Some rows of a packed matrix in 8 bits: whole numbers, rows × columns, and a scale for each row; those of 6 bits lose nothing.

    Args:
        codes: Of these rows.
        scales: Theirs.
    """
    steps = _steps(codes, scales)
    if steps is not None:
        return steps, scales
    packed = _in_bytes(unpack_rows(codes, scales.float()))
    return packed[CODES], packed[SCALES]


def _steps(codes: Tensor, scales: Tensor) -> Tensor | None:
    """Weights as whole numbers of steps; None where they are packed in 4 bits, whose values are no steps."""
    if codes.dtype == torch.int8:
        return codes
    return _from_six(codes) if _holds_six(codes, scales) else None


def packed_shape(codes: Tensor, scales: Tensor) -> tuple[int, int]:
    """The shape of the matrix behind codes and scales.

    Raises:
        RuntimeError: They do not belong together.
    """
    if codes.dim() == scales.dim() == 2:
        rows, bytes_a_row = codes.shape
        whole, six = codes.dtype == torch.int8, _holds_six(codes, scales)
        columns = bytes_a_row if whole else bytes_a_row * 4 // 3 if six else bytes_a_row * 2
        if tuple(scales.shape) == (rows, 1 if whole or six else columns // GROUP):
            return rows, columns
    raise RuntimeError(f"scales of shape {tuple(scales.shape)} stand beside codes of shape {tuple(codes.shape)}")


def _holds_six(codes: Tensor, scales: Tensor) -> bool:
    """Whether bytes hold weights of 6 bits: a row has one scale, and whole groups in any case."""
    return codes.dtype == torch.uint8 and scales.shape[-1] == 1 and codes.shape[-1] % (GROUP * 3 // 4) == 0


def packed_bits(model: nn.Module, bits: int, table_bits: int) -> dict[str, int]:
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
    state, chosen = dict(model.state_dict()), packed_bits(model, bits, table_bits)
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
        for name, count in packed_bits(model, bits, table_bits).items():
            if name not in learning:
                unpack(**pack(state[name], count), into=state[name])
