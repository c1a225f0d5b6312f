"""Writes a model's card: what it is, what it was made from, how to make it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from stance.checkpoints import MANIFEST, digest
from stance.corpora import is_place
from stance.training.recipe import PACKAGED_BASE, SHIPPED, Recipe, model_folder

_TITLES = {"quotes": "Attributed quotes: source, cue, content", "stance": "Stance of a quote towards China"}
_ABOUT = {
    "quotes": "Finds who is quoted in English news text: three layers of begin/inside/outside tags (source, cue, content) and links "
    "from each content to its cue and source, on one encoder with features for case, quotation marks and paragraph starts.",
    "stance": "Tells whether a quote argues for engagement with China, for a tougher line, or neither. Reads the quote marked in its "
    "sentences, and behind a third mark what the article calls the speaker, without names of persons; the mean state of the content and "
    "that of the passage go to one linear layer; temperature-scaled.",
}
_POLNEAR = (
    "PolNeAR, the main training set, states no licence for its data; its texts are their publishers'. American political news of "
    "2015–2016 weighs most in training."
)
_BY_MODELS = "were given by language models reading under the project's annotation guide, not by people."
_LIMITS = {
    "quotes": "The model reads English only.",
    "stance": "Do not use it to judge a "
    "person, to rank politicians, or without reading the quotes behind a figure; a speaker's sum over two or three quotes says little.",
}


def write_card(
    task: str,
    folder: Path,
    recipe: Recipe,
    calibration: str,
    sources: Mapping[str, tuple[int, int, str]],
    losses: Sequence[Mapping[int, float]],
) -> None:
    """Writes `README.md` into a model directory.

    Args:
        task: `quotes` or `stance`.
        folder: The directory.
        recipe: What the model was made by.
        calibration: A sentence on what its probabilities were calibrated on.
        sources: Articles, quotes and SHA-256 sum of each source of training data.
        losses: For each stage the loss on development articles by step, where there are any.
    """
    rows = "\n".join(f"| `{name}` | {articles} | {quotes} | `{total[:16]}…` |" for name, (articles, quotes, total) in sources.items())
    begun = model_folder(task, recipe.base)
    base = (
        f"the weights in `{recipe.base}` (manifest's SHA-256 `{digest(begun / MANIFEST)[:16]}…`)"
        if begun
        else f"the encoder `{recipe.base}`"
    )
    courses = "".join(f"\n{_course(course, recipe.dev)}\n" for course in losses if course)
    body = f"""---
language: en
license: apache-2.0
library_name: stance
{_base_model(recipe.base)}tags: [quotes, attribution, stance, news]
---

# {_TITLES[task]}

{_ABOUT[task]}

## Made by

`stance train {task} --recipe recipe.toml`, with the recipe in this folder (seed {recipe.seed}), from {base}.

| data | articles | quotes | SHA-256 of texts and labels |
| --- | --- | --- | --- |
{rows}

{calibration} `articles.tsv` lists the articles it has seen.{_left_out(recipe)}
{courses}
## Figures

{_figures(recipe)}

## Limits

{_trained_on(task, list(sources), begun)}{_LIMITS[task]}
"""
    (folder / "README.md").write_text(body, encoding="utf-8")


def _left_out(recipe: Recipe) -> str:
    return f" Left out, as damaged: {', '.join(f'`{place}`' for place in recipe.left_out)}." if recipe.left_out else ""


def _base_model(base: str) -> str:
    """The line that names the encoder by its hub's name; none where it comes from a folder."""
    name = f"sentence-transformers/{PACKAGED_BASE}" if base in (PACKAGED_BASE, SHIPPED) else base
    return "" if Path(base).exists() else f"base_model: {name}\n"


def _figures(recipe: Recipe) -> str:
    if any(is_place(name) for stage in recipe.stages for name in stage.data):
        return "`stance evaluate --model` measures it beside the shipped model, on articles that it has not learnt from."
    return (
        "`make eval` measures it on every labelled set at hand; the README of the project shows the table as last measured, beside the "
        "baselines."
    )


def _trained_on(task: str, sources: Sequence[str], begun: Path | None) -> str:
    """Where the labels come from: a person's own are that person's, and what a model was begun with its own card tells."""
    own = [name for name in sources if is_place(name)]
    ours = [name for name in sources if not is_place(name)]
    said = (
        [f"The labels of {', '.join(f'`{name}`' for name in own)} are their owner's; `annotator` says there who gave them."] if own else []
    )
    if any(name.startswith("polnear") for name in sources) and task == "quotes":
        said.append(_POLNEAR)
    if ours and (own or task == "stance"):
        said.append(f"{'Those of ' + ', '.join(f'`{name}`' for name in ours) if own else 'Labels'} {_BY_MODELS}")
    if begun:
        said.append("What holds of the weights it goes on from, their card tells.")
    return "".join(f"{sentence} " for sentence in said)


def _course(losses: Mapping[int, float], dev: Sequence[str]) -> str:
    """How the loss on development articles went, in a sentence."""
    best = min(losses, key=lambda step: (losses[step], step))
    steps = ", ".join(f"{losses[step]:.4f} ({step})" for step in sorted(losses))
    return f"Loss on {', '.join(f'`{name}`' for name in dev)} by step: {steps}; the state at step {best} was kept."
