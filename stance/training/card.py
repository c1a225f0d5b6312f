"""Writes a model's card: what it is, what it was made from, how to make it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stance.training.recipe import Recipe

_TITLES = {"quotes": "Attributed quotes: source, cue, content", "stance": "Stance of a quote towards China"}
_ABOUT = {
    "quotes": "Finds who is quoted in English news text: three layers of begin/inside/outside tags (source, cue, content) and links "
    "from each content to its cue and source, on one encoder with features for case, quotation marks and paragraph starts.",
    "stance": "Tells whether a quote argues for engagement with China, for a tougher line, or neither. Reads the quote marked in its "
    "sentences, the source masked; the mean state of the content and that of the passage go to one linear layer; temperature-scaled.",
}
_LIMITS = {
    "quotes": "PolNeAR, the main training set, states no licence for its data; its texts are their publishers'. American political news of "
    "2015–2016 weighs most in training. The model reads English only.",
    "stance": "Labels were given by language models reading under the project's annotation guide, not by people. Do not use it to judge a "
    "person, to rank politicians, or without reading the quotes behind a figure; a speaker's sum over two or three quotes says little.",
}


def write_card(task: str, folder: Path, recipe: Recipe, config: Mapping[str, Any], sources: Mapping[str, tuple[int, int, str]]) -> None:
    """Writes `README.md` into a model directory.

    Args:
        task: `quotes` or `stance`.
        folder: The directory.
        recipe: What the model was made by.
        config: What its `config.json` holds.
        sources: Articles, quotes and SHA-256 sum of each source of training data.
    """
    rows = "\n".join(f"| `{name}` | {articles} | {quotes} | `{total[:16]}…` |" for name, (articles, quotes, total) in sources.items())
    fitted = {key: config[key] for key in ("confidence", "temperature", "threshold") if key in config}
    body = f"""---
language: en
license: apache-2.0
library_name: stance
base_model: sentence-transformers/{recipe.base}
tags: [quotes, attribution, stance, news]
---

# {_TITLES[task]}

{_ABOUT[task]}

## Made by

`stance train {task}` from `recipe.toml` in this folder (seed {recipe.seed}).

| data | articles | quotes | SHA-256 of texts and labels |
| --- | --- | --- | --- |
{rows}

Calibrated on {", ".join(f"`{name}`" for name in recipe.calibration) or "nothing"}: `{json.dumps(fitted)}`.

## Figures

`make eval` measures it on every labelled set at hand; the README of the project shows the table as last measured, beside the baselines.

## Limits

{_LIMITS[task]}
"""
    (folder / "README.md").write_text(body, encoding="utf-8")
