"""A recipe for one's own articles, made from a few options: goes on from a model with care, or trains an encoder anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stance import checkpoints
from stance.corpora import is_present, name_of
from stance.questions import Question, shipped_question
from stance.training.recipe import SHIPPED, Recipe, Stage, model_folder

MIXED_IN = {"quotes": ("seeds/train",), "stance": ("seeds/train", "seeds/train/some:800")}
_GENTLE = {"quotes": Stage((), 4, 3e-5), "stance": Stage((), 4, 3e-5)}
_ANEW = {"quotes": Stage((), 8, 2e-4), "stance": Stage((), 8, 1.5e-4)}
_OPTIONS = {"quotes": {"window": 256, "batch_size": 8}, "stance": {"window": 160, "batch_size": 16}}


def mixture(task: str, recipe: Recipe) -> str:
    """Says which of the project's own articles are mixed into a person's, and why others are not."""
    mixed = [name for name in MIXED_IN[task] if name in recipe.stages[0].data]
    absent = [name for name in MIXED_IN[task] if name not in mixed]
    said = [f"mixed in: {', '.join(mixed)}"] if mixed else []
    for name in absent:
        there = is_present(name.partition(":")[0])
        said.append(f"{name} is not mixed in, as {'its stances answer another question' if there else 'this folder is no clone of stance'}")
    return "; ".join(said)


def tuning_recipe(
    task: str,
    data: Sequence[Path],
    *,
    base: str = SHIPPED,
    dev: Sequence[Path] = (),
    question: Question | None = None,
    left_out: Sequence[str] = (),
    seed: int = 1,
) -> Recipe:
    """A recipe for a person's own labelled articles.

    A model of the same task is trained on at a low rate for at most four passes, an encoder at a high one for eight; the state with the
    lowest loss on development articles is kept, be it the first one. The project's own articles are mixed in where they are at hand, so
    that a few articles do not make the model forget; of the many single passages some, so that training stays short, for which the lower
    half of a stance model's layers stays as it is, too.

    Args:
        task: `quotes` or `stance`.
        data: Files or folders of labelled articles.
        base: A model directory of the task, `shipped` for the one in the package, or an encoder: a folder or a hub's name.
        dev: Files or folders of development articles; a fifth of `data`, drawn by the sums of ids, when left out.
        question: What the stance model is to answer, where the base answers another question; it then learns anew on the base's
            encoder.
        left_out: What of it is damaged, see `stance.articles.damage`.
        seed: Of everything drawn.
    """
    names = [name_of(place) for place in data]
    kept = [name_of(place) for place in dev] or [f"{name}#dev" for name in names]
    learnt = names if dev else [f"{name}#train" for name in names]
    folder = model_folder(task, base)
    config = checkpoints.verify(folder) if folder else {}
    held = checkpoints.held_question(folder) if folder and task == "stance" else shipped_question()
    anew = task == "stance" and question not in (None, held)
    mixed = [
        name
        for name in MIXED_IN[task]
        if is_present(name.partition(":")[0]) and (task == "quotes" or (question or held) == shipped_question())
    ]
    stage = (_GENTLE if folder and not anew else _ANEW)[task]
    options = _OPTIONS[task] | {key: config[key] for key in ("window", "overlap", "link_width", "bits", "table_bits") if key in config}
    if task == "stance" and folder and not anew:
        options["frozen"] = checkpoints.encoder_config(config["encoder"]).num_hidden_layers // 2
    return Recipe(
        base,
        (Stage((*learnt, *mixed), stage.epochs, stage.learning_rate),),
        seed=seed,
        smoothing=0.05 if task == "stance" else 0.0,
        calibration=tuple(kept),
        dev=tuple(kept),
        left_out=tuple(left_out),
        question=question if anew else None,
        **options,
    )
