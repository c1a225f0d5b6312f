"""Finds, verifies, loads and saves model directories.

A directory holds `config.json`, `tokenizer.json`, `model.safetensors` in half precision or with the encoder packed, `README.md`
(the card) and `manifest.json`, the SHA-256 sums of the first three, which loading checks. Models of one encoder may share its table of
words: their configs then say in which file beside the directories it lies, and it is summed like the others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from stance.errors import DamagedModelError, MissingModelError, ModelError, QuestionError
from stance.files import write_whole
from stance.questions import Question, question_of

MANIFEST = "manifest.json"
CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
TYPES = {"quotes": "stance-quotes", "stance": "stance-classifier"}
HALF = 16
POOLER_OFF: dict[str, dict[str, bool]] = {kind: {"add_pooling_layer": False} for kind in ("bert", "mpnet", "roberta", "xlm-roberta")}
_SUMMED = (CONFIG, TOKENIZER, WEIGHTS)
_WORDS = "words"


def locate(name: str) -> Path:
    """The folder of a shipped model: in the package as a wheel lays it, else in the checkout around the package.

    Args:
        name: `quotes` or `stance`.

    Raises:
        MissingModelError: Neither place holds the model's manifest.
    """
    package = Path(__file__).resolve().parent
    places = (package / "models" / name, package.parent / "models" / name)
    for place in places:
        if (place / MANIFEST).is_file():
            return place
    raise MissingModelError(
        f"no model {name!r}: neither {places[0]} nor {places[1]} holds {MANIFEST}; reinstall the package, or train one with `make train`"
    )


def find_models(folder: Path) -> dict[str, Path]:
    """The model directories at a place, by task: those named `quotes` and `stance` in a folder, or the folder itself.

    Raises:
        MissingModelError: There is none.
    """
    if (folder / MANIFEST).is_file():
        kind = verify(folder).get("model_type")
        found = {task: folder for task, name in TYPES.items() if name == kind}
    else:
        found = {task: folder / task for task in TYPES if (folder / task / MANIFEST).is_file()}
    if not found:
        raise MissingModelError(f"no model at {folder}: it is no model directory, and holds none named {' or '.join(TYPES)}")
    return found


def digest(path: Path) -> str:
    """A file's SHA-256 sum, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(folder: Path) -> dict[str, Any]:
    """Checks a model directory against its manifest.

    Returns:
        Its config.

    Raises:
        MissingModelError: The directory or one of its files is missing.
        DamagedModelError: A file's sum differs from the manifest's; both sums are named.
    """
    if not folder.is_dir():
        raise MissingModelError(f"no model at {folder}: there is no such folder")
    sums = _read_json(folder / MANIFEST).get("sha256")
    if not isinstance(sums, dict):
        raise DamagedModelError(f"{folder / MANIFEST}: `sha256` is no table of sums")
    for name in _SUMMED:
        _verify_file(folder, name, sums)
    config = _read_json(folder / CONFIG)
    if _WORDS in config:
        _verify_file(folder, str(config[_WORDS]), sums)
    return config


def _verify_file(folder: Path, name: str, sums: Mapping[str, Any]) -> None:
    path = folder / name
    if not path.is_file():
        raise MissingModelError(f"model at {folder}: {name} is missing")
    expected, found = sums.get(name), digest(path)
    if expected != found:
        raise DamagedModelError(f"{path}: damaged: its SHA-256 sum is {found}, the manifest says {expected}")


def held_question(folder: Path) -> Question:
    """The question that a stance model answers, as its config tells.

    Raises:
        MissingModelError, DamagedModelError: See `verify`; or the config tells none.
    """
    try:
        return question_of(verify(folder)["question"], str(folder / CONFIG))
    except (KeyError, QuestionError) as error:
        raise DamagedModelError(f"{folder / CONFIG}: not the config of a stance model: {error!r}") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingModelError(f"model at {path.parent}: {path.name} is missing") from None
    except ValueError as error:
        raise DamagedModelError(f"{path}: no JSON: {error}") from None
    if not isinstance(row, dict):
        raise DamagedModelError(f"{path}: not a JSON object")
    return row


def encoder_config(row: Mapping[str, Any]) -> Any:
    """The configuration of an encoder, from what a model's config says of it.

    Raises:
        KeyError, ValueError, TypeError: The row describes no encoder.
    """
    from transformers import AutoConfig

    return AutoConfig.for_model(row["model_type"], **{key: value for key, value in row.items() if key != "model_type"})


def build_encoder(row: Mapping[str, Any]) -> Any:
    """An encoder whose weights are still to be read, from what a config says of it; it has no pooler.

    Raises:
        KeyError, ValueError, TypeError: The row describes no encoder.
    """
    from transformers import AutoModel
    from transformers.initialization import no_init_weights

    config = encoder_config(row)
    with no_init_weights():
        return AutoModel.from_config(config, **POOLER_OFF.get(config.model_type, {}))


def load_tokenizer(folder: Path) -> Any:
    """The fast tokenizer of a verified model directory, its truncation and padding off."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except Exception as error:  # the library raises bare Exception
        raise DamagedModelError(f"{folder / TOKENIZER}: {error}") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def load_weights(model: Any, folder: Path, device: str = "cpu", *, exact: bool = False) -> bool:
    """Fills a module with a verified directory's weights, in single precision, and puts it in evaluation mode on a device.

    An encoder that is packed on disk reckons in 8-bit integers where that is faster.

    Args:
        model: A module with an `encoder`.
        folder: The directory.
        device: Where torch puts it.
        exact: Whether it is to stay in single precision, as training needs it.

    Returns:
        Whether it reckons in integers.

    Raises:
        DamagedModelError: Names or shapes are not the module's.
        ModelError: There is no such device.
    """
    import torch
    from safetensors import SafetensorError

    from stance.integers import join_attention, place_packed, reckons_in_integers
    from stance.packing import CODES, SCALES, packed_shape, unpack

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"device {device!r}: {str(error).splitlines()[0]}") from None
    path, fast = folder / WEIGHTS, not exact and reckons_in_integers(device)
    try:
        with _opened(folder) as held, torch.no_grad():
            shapes = {name: tuple(tensor.shape) for name, tensor in model.float().state_dict().items()}
            parts = {name: [f"{name}.{part}" for part in (CODES, SCALES)] for name in shapes}
            packed = {name for name, pair in parts.items() if held.keys() >= set(pair)}
            expected = {key for name in parts for key in (parts[name] if name in packed else [name])}
            differing = sorted(expected ^ held.keys())
            if differing:
                raise DamagedModelError(f"{path}: {differing[0]} stands either in the file or in the model that its config describes")
            for name in packed if fast else ():
                # Given back while nothing is written there: else loading carves all that it makes on the way out of this memory.
                model.get_parameter(name).data = torch.empty(0)
            for name, tensor in model.state_dict().items():
                found = [held[part].get_tensor(part) for part in (parts[name] if name in packed else [name])]
                shape = packed_shape(found[0], found[1]) if name in packed else tuple(found[0].shape)
                if shape != shapes[name]:
                    raise DamagedModelError(f"{path}: {name} is of shape {shape}, the config describes {shapes[name]}")
                if name not in packed:
                    tensor.copy_(found[0])
                elif fast:
                    place_packed(model, name, found[0], found[1])
                else:
                    unpack(found[0], found[1], tensor)
    except (SafetensorError, RuntimeError) as error:
        raise DamagedModelError(f"{path}: {str(error).splitlines()[0]}") from None
    if fast:
        join_attention(model)
    model.to(device).eval()
    return bool(packed) and fast


@contextmanager
def _opened(folder: Path) -> Iterator[dict[str, Any]]:
    """For the name of each tensor of a directory the file that holds it, open."""
    from safetensors import safe_open

    config = _read_json(folder / CONFIG)
    paths = [folder / WEIGHTS, *([folder / config[_WORDS]] if _WORDS in config else [])]
    with ExitStack() as stack:
        files = [stack.enter_context(safe_open(str(path), framework="pt")) for path in paths]
        yield {name: file for file in files for name in set(file.keys())}


def save(
    model: Any, tokenizer: Any, config: Mapping[str, Any], folder: Path, bits: int = HALF, table_bits: int = HALF, words: str = ""
) -> None:
    """Writes weights, config, tokenizer and manifest; the card is the trainer's to write.

    Args:
        model: A module with an `encoder`.
        tokenizer: The encoder's.
        config: What `config.json` is to hold, beside the bits.
        folder: Where to.
        bits: Of a weight of the encoder's layers: 16, half precision as all others, or 8, 6 or 4, see `packing.pack`.
        table_bits: Of one of its tables of words.
        words: Where the encoder's table of words goes, from the folder, as `../words.safetensors`; with the other weights when left out,
            or where that file holds another table.
    """
    from safetensors.torch import save as to_bytes

    from stance.packing import packed_state

    folder.mkdir(parents=True, exist_ok=True)
    halves = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in packed_state(model, bits, table_bits).items()
    }
    table = _table_name(model)
    shared = {name: tensor for name, tensor in halves.items() if words and name.startswith(table)}
    if shared and _share(to_bytes(shared, metadata={"format": "pt"}), folder / words):
        halves = {name: tensor for name, tensor in halves.items() if name not in shared}
    else:
        words = ""
    write_whole(folder / WEIGHTS, to_bytes(halves, metadata={"format": "pt"}))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(folder / TOKENIZER))
    row = {**config, "bits": bits, "table_bits": table_bits, **({_WORDS: words} if words else {})}
    (folder / CONFIG).write_text(json.dumps(row, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    write_manifest(folder, words)


def take_words(model: Any, path: Path) -> None:
    """Gives a model the table of words that others of its base share, so that it can share it too; another base's is left alone.

    Args:
        model: A module with an `encoder`.
        path: The file that `save` would share it in; there may be none yet.

    Raises:
        DamagedModelError: It cannot be read.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from stance.packing import CODES, SCALES, packed_shape, unpack

    if not path.is_file():
        return
    try:
        held = load_file(str(path))
    except (SafetensorError, OSError) as error:
        raise DamagedModelError(f"{path}: {error}") from None
    name, table = _table_name(model), model.encoder.get_input_embeddings().weight
    codes, scales = (held.get(f"{name}.{part}") for part in (CODES, SCALES))
    with torch.no_grad():
        if codes is not None and scales is not None and packed_shape(codes, scales) == tuple(table.shape):
            unpack(codes, scales, table)
        elif name in held and held[name].shape == table.shape:
            table.copy_(held[name])


def _table_name(model: Any) -> str:
    """The name of a model's table of words."""
    table = model.encoder.get_input_embeddings().weight
    return str(next(name for name, weights in model.named_parameters() if weights is table))


def _share(data: bytes, path: Path) -> bool:
    """Writes a file that several models may share; whether it holds the data now, which it does not where it held others."""
    if not path.exists():
        write_whole(path, data)
    return path.read_bytes() == data


def write_manifest(folder: Path, words: str = "") -> None:
    """Sums the files of a model directory anew, with the one that holds its table of words if that is shared."""
    sums = {name: digest(folder / name) for name in (*_SUMMED, *([words] if words else []))}
    (folder / MANIFEST).write_text(json.dumps({"sha256": sums}, indent=2) + "\n", encoding="utf-8")
