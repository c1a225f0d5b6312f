"""Runs a recipe's stages one after the other, from where the last run was cut off; orders examples by length."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_file, load_model
from torch import Tensor, nn
from transformers import PrinterCallback, Trainer, TrainingArguments

from stance.document import Document
from stance.training.recipe import Recipe, Stage
from stance.training.watch import BEST, Bar, KeepBest, mean_loss, progress_bar, save_whole

SAVE_STEPS = 100
SAVE_SHARE = 20
FINISHED = "finished.safetensors"
_APART = 100
_POOL = 16
Row = TypeVar("Row")


def run_stages(
    recipe: Recipe,
    documents: Sequence[Sequence[Document]],
    model: nn.Module,
    folder: Path,
    trainer_of: Callable[[Sequence[Document], Stage, int, TrainingArguments], Trainer],
) -> None:
    """Trains a model through the recipe's stages and leaves it in evaluation mode.

    A stage of several runs ends in the mean of their weights. A run that was cut off goes on from its last checkpoint; a finished one is
    not run again. Where a trainer has development examples as its `eval_dataset`, the run ends with the state that had the lowest loss on
    them, be it the one before training.

    Args:
        recipe: Stages and seed.
        documents: For each stage its labelled articles.
        model: Trained in place.
        folder: Where checkpoints and the finished stages' weights go.
        trainer_of: Makes the trainer of a stage from its articles, the stage, a seed of its own and the arguments.
    """
    for number, (stage, articles) in enumerate(zip(recipe.stages, documents, strict=True)):
        begun = {name: weights.clone() for name, weights in model.state_dict().items()}
        runs = []
        for run in range(stage.runs):
            place = folder / f"stage{number}" / (f"run{run}" if run else "")
            finished = place / FINISHED
            if not finished.is_file():
                model.load_state_dict(begun)
                seed = recipe.seed + _APART * run
                trainer = trainer_of(articles, stage, seed + number, arguments(recipe, stage, place, seed))
                title = f"stage {number + 1} of {len(recipe.stages)}" + (f", run {run + 1} of {stage.runs}" if stage.runs > 1 else "")
                run_stage(trainer, stage, place, title)
                save_whole(model, finished)
            runs.append(load_file(finished))
        model.load_state_dict({name: _mean([weights[name] for weights in runs]) for name in begun})
    model.cpu().eval()


def _mean(weights: Sequence[Tensor]) -> Tensor:
    """The mean of several runs' weights ("model soup", Wortsman et al. 2022); one run's are left as they are."""
    return weights[0] if len(weights) == 1 else torch.stack(list(weights)).mean(dim=0)


def run_stage(trainer: Trainer, stage: Stage, place: Path, title: str) -> None:
    """Runs a trainer to its end, from its last checkpoint if there is one, and shows how far it is.

    Args:
        trainer: Of the stage.
        stage: Its number of passes.
        place: Where its checkpoints lie.
        title: What is shown.
    """
    trainer.remove_callback(PrinterCallback)
    with progress_bar() as progress:
        steps = math.ceil(len(trainer.train_dataset) / trainer.args.train_batch_size)
        trainer.args.save_steps = save_steps(steps)
        trainer.args.logging_steps = min(trainer.args.logging_steps, trainer.args.save_steps)
        trainer.add_callback(Bar(progress, title))
        checkpoint = last_checkpoint(place)
        if checkpoint:
            progress.console.print(f"{title}: goes on from step {step_of(checkpoint)}")
        if trainer.eval_dataset:
            size = trainer.args.per_device_train_batch_size
            keep = KeepBest(place, trainer.model, lambda: mean_loss(trainer, size), stage.epochs, progress.console.print)
            trainer.add_callback(keep)
            if checkpoint is None:
                keep.record(0)
        trainer.train(resume_from_checkpoint=checkpoint)
        if trainer.eval_dataset:
            load_model(trainer.model, str(place / BEST))


def save_steps(steps: int) -> int:
    """After how many steps a stage saves a checkpoint: a twentieth of them, a hundred at most, so that a short one goes on too."""
    return min(SAVE_STEPS, math.ceil(steps / SAVE_SHARE))


def arguments(recipe: Recipe, stage: Stage, folder: Path, seed: int) -> TrainingArguments:
    """What `transformers.Trainer` needs to know of a stage."""
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=1,
        per_device_train_batch_size=recipe.batch_size,
        learning_rate=stage.learning_rate,
        warmup_steps=0.05,
        lr_scheduler_type="linear",
        weight_decay=recipe.weight_decay,
        train_sampling_strategy="sequential",
        remove_unused_columns=False,
        save_total_limit=1,
        logging_steps=20,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
        seed=seed,
        bf16=recipe.bf16,
        use_cpu=not torch.cuda.is_available(),
    )


def by_length(epochs: Sequence[Sequence[Row]], batch_size: int, draw: random.Random, length: Callable[[Row], int]) -> list[Row]:
    """Shuffles each epoch's rows, then orders them so that those of one batch are of like length, and little of it is padding.

    An epoch's last rows share a batch with the next one's first, so that no batch but the very last is short: one in between would make
    all that follow straddle two lengths.

    Args:
        epochs: Examples of each.
        batch_size: Examples a step.
        draw: Source of chance.
        length: How long an example is.
    """
    rows = [row for epoch in epochs for row in draw.sample(epoch, len(epoch))]
    least = min(map(len, epochs), default=0)
    pool = min(_POOL, max(1, least // batch_size)) * batch_size  # no more than an epoch, or a batch would hold a row and its like again
    ordered: list[Row] = []
    for at in range(0, len(rows), pool):
        group = sorted(rows[at : at + pool], key=length)
        batches = [group[n : n + batch_size] for n in range(0, len(group), batch_size)]
        short = batches.pop() if len(batches[-1]) < batch_size else []
        draw.shuffle(batches)
        ordered.extend(row for batch in (*batches, short) for row in batch)
    return ordered


def last_checkpoint(folder: Path) -> str | None:
    """The newest complete checkpoint of a stage that was cut off, or None."""
    found = [path for path in folder.glob("checkpoint-*") if _is_whole(path / "trainer_state.json")]
    return str(max(found, key=lambda path: step_of(str(path)))) if found else None


def step_of(checkpoint: str) -> int:
    """After which step a checkpoint was saved."""
    return int(checkpoint.rpartition("-")[2])


def _is_whole(path: Path) -> bool:
    """Whether a checkpoint's last file was written to its end."""
    try:
        return bool(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return False
