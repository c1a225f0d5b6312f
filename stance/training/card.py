"""Writes a model's card: what it is, what it was made from, how to make it again, what not to use it for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from stance.checkpoints import HALF, MANIFEST, digest, held_question, locate
from stance.corpora import is_place
from stance.questions import Question, shipped_question
from stance.training.recipe import PACKAGED_BASE, SHIPPED, Recipe, model_folder, read_recipe

_FINDS = (
    "Finds who is quoted in English news text: four layers of begin/inside/outside tags (source, cue, content, and content within "
    "content) and links from each content to its cue and source, on one encoder with features for case, quotation marks and paragraph "
    "starts."
)
_FINDS_NOT = """Do not use it

* to print words as somebody's without looking them up in the article: spans and speakers are wrong at times, in indirect speech most;
* to say what was said: it finds what an article attributes, true or not, and misses quotes;
* on other languages than English, or on other text than news: transcripts, fiction, chats;
* to moderate automatically, or for decisions on people."""
_READS = """Reads the quote marked in its sentences, the sentence before them, and behind a third mark what the article calls the speaker, \
without names of persons; the speaker's name is that mark in the other words too, but for those quoted. The mean state of the content and \
that of the passage go to one linear layer; probabilities are scaled by a temperature for each label."""
_POLNEAR = (
    "PolNeAR, the main training set, states no licence for its data; its texts are their publishers'. American political news of "
    "2015–2016 weighs most in training."
)
_BY_MODELS = "were given by language models reading under the project's annotation guide, not by people."


def write_card(
    task: str,
    folder: Path,
    recipe: Recipe,
    calibration: str,
    sources: Mapping[str, tuple[int, int, str]],
    losses: Sequence[Mapping[int, float]],
    unlabelled: tuple[int, int, str] = (0, 0, ""),
) -> None:
    """Writes `README.md` into a model directory.

    Args:
        task: `quotes` or `stance`.
        folder: The directory.
        recipe: What the model was made by.
        calibration: A sentence on what its probabilities were calibrated on.
        sources: Articles, quotes and SHA-256 sum of each source of training data.
        losses: For each stage the loss on development articles by step, where there are any.
        unlabelled: Articles, quotes and sum of what its encoder was adapted to.
    """
    rows = "\n".join(f"| `{name}` | {articles} | {quotes} | `{total[:16]}…` |" for name, (articles, quotes, total) in sources.items())
    begun = model_folder(task, recipe.base)
    question = held_question(folder) if task == "stance" else None
    title = f"Stance of a quote: {question.target}" if question else "Attributed quotes: source, cue, content"
    about, limits = (_about(question), _limits(question)) if question else (_FINDS, _FINDS_NOT)
    part = "encoder of the weights" if begun and question and held_question(begun) != question else "weights"
    base = (
        f"the {part} in `{recipe.base}` (manifest's SHA-256 `{digest(begun / MANIFEST)[:16]}…`)"
        if begun
        else f"the encoder `{recipe.base}`{f', its lowest {recipe.layers} layers' if recipe.layers else ''}"
    )
    courses = "".join(f"\n{_course(course, recipe.dev)}\n" for course in losses if course)
    body = f"""---
language: en
license: apache-2.0
library_name: stance
{_base_model(task, recipe.base)}tags: [quotes, attribution, stance, news]
---

# {title}

{about}

## Made by

`stance train {task} --recipe recipe.toml`, with the recipe in this folder (seed {recipe.seed}), from {base}.

| data | articles | quotes | SHA-256 of texts and labels |
| --- | --- | --- | --- |
{rows}
{_adapted(recipe, unlabelled)}{_taught(recipe)}
{_packed(recipe)}{calibration} `articles.tsv` lists the articles it has seen.{_left_out(recipe)}
{courses}
## Figures

{_figures(recipe)}

## Limits

{_trained_on(task, list(sources), begun)}{limits}
"""
    (folder / "README.md").write_text(body, encoding="utf-8")


def _left_out(recipe: Recipe) -> str:
    return f" Left out, as damaged: {', '.join(f'`{place}`' for place in recipe.left_out)}." if recipe.left_out else ""


def _adapted(recipe: Recipe, unlabelled: tuple[int, int, str]) -> str:
    """What the encoder was adapted to before it learnt labels."""
    if not recipe.adaptation:
        return ""
    names = ", ".join(f"`{name}`" for name in recipe.adaptation.data)
    return (
        f"\nBefore all labels its encoder guessed masked words of {unlabelled[0]} articles of {names}, without those held out "
        f"({recipe.adaptation.epochs} passes; SHA-256 of the articles `{unlabelled[2][:16]}…`).\n"
    )


def _taught(recipe: Recipe) -> str:
    """By whom a model was taught, and on what."""
    if not recipe.teacher:
        return ""
    further = f", further quotes of {', '.join(f'`{name}`' for name in recipe.further)}" if recipe.further else ""
    varied = f" and {recipe.varied} varied passages" if recipe.varied else ""
    return f"\nIt learns what a larger model, from `{recipe.teacher.base}`, says of the labelled quotes{further}{varied}.\n"


def _packed(recipe: Recipe) -> str:
    """In how many bits the encoder's weights stand, where it is not half precision."""
    if recipe.bits == recipe.table_bits == HALF:
        return ""
    return (
        f"The encoder's layers are packed in {recipe.bits} bits a weight, its tables of words in {recipe.table_bits}; where the processor "
        "is fast at it, it reckons in integers. "
    )


def _base_model(task: str, base: str) -> str:
    """The line that names the encoder by its hub's name, a shipped model's by its recipe; none where it has no such name."""
    encoder = read_recipe(locate(task) / "recipe.toml").base if base == SHIPPED else base
    name = f"sentence-transformers/{PACKAGED_BASE}" if encoder == PACKAGED_BASE else encoder
    return "" if encoder == SHIPPED or Path(encoder).exists() else f"base_model: {name}\n"


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


def _about(question: Question) -> str:
    """What a stance model answers, its labels with their meanings as a table."""
    counts = dict(zip(question.labels, ("+1", "−1", "0"), strict=True))
    rows = "\n".join(f"| `{label}` | {count} | {_cell(question.meanings.get(label, ''))} |" for label, count in counts.items())
    return f"""Tells of a quote where it stands on this target: {question.target}.

| label | in a speaker's score | what somebody with that stance would say |
| --- | --- | --- |
{rows}

{_READS}"""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _limits(question: Question) -> str:
    """What a newsroom must not use a stance model for."""
    ours = question == shipped_question()
    sides = f"`{question.positive}` or `{question.negative}`{', a dove or a hawk,' if ours else ''}"
    return f"""Do not use it

* to name a person {sides} in print without reading the quotes; a sum over two or three quotes says little;
* to rank politicians;
* to count a corpus without the correction of `stance.estimate`: plain counts of a model's labels are biased;
* on other languages than English, or for another target than its own ({question.target});
* on satire, or for what an opinion column says in its own voice: it reads what others are quoted with, and takes it at its word;
* on quotes out of their context: it reads a quote in its sentences, and the one before them;
* to moderate automatically, or for decisions on people.

`{question.neutral}` is not “no opinion”: it says that this quote takes no side. Where `certain` is False the model does not know; read the
quote."""
