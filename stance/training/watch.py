"""Watches a stage while it runs: how far it is, how its loss on development articles goes, which state was best."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from safetensors.torch import save_model
from torch import nn
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from stance.files import write_whole

PATIENCE = 2
BEST, LOSSES = "best.safetensors", "dev.json"


def progress_bar() -> Progress:
    """A bar on standard error, with the time that is left."""
    left = (TextColumn("·"), TimeElapsedColumn(), TextColumn("gone,"), TimeRemainingColumn(), TextColumn("left"))
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *left, console=Console(stderr=True))


class Bar(TrainerCallback):
    """Moves the bar; where standard error is no terminal, writes a line now and then instead.

    Args:
        progress: The bar, running.
        title: What is trained.
    """

    def __init__(self, progress: Progress, title: str) -> None:
        self.progress, self.title = progress, title
        self.task = progress.add_task(title, total=None)
        self.begun = (0, time.monotonic())

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Shows where a run begins, or goes on."""
        self.begun = (state.global_step, time.monotonic())
        self.progress.update(self.task, total=state.max_steps, completed=state.global_step)
        if not self.progress.console.is_terminal:
            self.progress.console.print(f"{self.title}: step {state.global_step} of {state.max_steps}")

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Moves on by a step."""
        self.progress.update(self.task, completed=state.global_step)

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: dict[str, float] | None = None, **_: Any
    ) -> None:
        """Writes a line."""
        if self.progress.console.is_terminal or "loss" not in (logs or {}):
            return
        steps, seconds = state.global_step - self.begun[0], time.monotonic() - self.begun[1]
        left = seconds / max(1, steps) * (state.max_steps - state.global_step) / 60
        self.progress.console.print(f"{self.title}: step {state.global_step} of {state.max_steps}, about {left:.0f} minutes left")


class KeepBest(TrainerCallback):
    """Measures the loss on development articles before training and after each pass; keeps the best state, stops when it gets no better.

    What it knows lies in the stage's folder by step, and a step looks at those before it alone, so that a run that was cut off and
    goes on keeps the same state.

    Args:
        folder: The stage's folder.
        model: What is trained.
        measure: Gives the loss now.
        passes: How many passes the stage has.
        say: Takes a line for the reader.
    """

    def __init__(self, folder: Path, model: nn.Module, measure: Callable[[], float], passes: int, say: Callable[[str], None]) -> None:
        self.folder, self.model, self.measure, self.passes, self.say = folder, model, measure, passes, say
        self.losses = read_losses(folder)

    def record(self, step: int) -> None:
        """Measures, and keeps the state if it is the best so far."""
        loss = self.measure()
        if loss < min((other for at, other in self.losses.items() if at < step), default=math.inf):
            save_whole(self.model, self.folder / BEST)
        self.losses[step] = loss
        write_whole(self.folder / LOSSES, json.dumps(self.losses).encode())
        self.say(f"loss on development articles {'before training' if step == 0 else f'after step {step}'}: {loss:.4f}")

    def has_stopped(self, step: int) -> bool:
        """Whether the last measurements up to a step were no better than one before them."""
        known = [loss for at, loss in sorted(self.losses.items()) if at <= step]
        return len(known) > PATIENCE and min(known[-PATIENCE:]) >= min(known[:-PATIENCE])

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Measures at the end of each pass."""
        every = math.ceil(state.max_steps / self.passes)
        if not self.has_stopped(state.global_step - 1) and (state.global_step % every == 0 or state.global_step == state.max_steps):
            self.record(state.global_step)
        if self.has_stopped(state.global_step):
            if state.global_step < state.max_steps:
                self.say(f"stops here: {PATIENCE} passes brought the loss no lower")
            control.should_training_stop = True


def read_losses(folder: Path) -> dict[int, float]:
    """Losses on development articles by step, as far as a stage got."""
    path = folder / LOSSES
    return {int(step): loss for step, loss in json.loads(path.read_bytes()).items()} if path.is_file() else {}


def mean_loss(trainer: Trainer, batch_size: int) -> float:
    """The loss on a trainer's `eval_dataset`, without dropout; draws nothing by chance."""
    model, rows = trainer.model, trainer.eval_dataset
    model.eval()
    total = 0.0
    with torch.no_grad():
        for at in range(0, len(rows), batch_size):
            group = rows[at : at + batch_size]
            batch = {name: part.to(trainer.args.device) for name, part in trainer.data_collator(group).items()}
            total += float(trainer.compute_loss(model, batch)) * len(group)
    model.train()
    return total / len(rows)


def save_whole(model: nn.Module, path: Path) -> None:
    """Writes a model's weights whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    save_model(model, str(part))
    part.replace(path)
