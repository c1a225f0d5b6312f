"""Nothing that is trained or tuned on shares twelve words in a row with the test set."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from stance.corpora import is_present, read_corpus
from stance.document import Document
from stance.training.recipe import read_recipe

RUN = 12
RECIPES = ("models/quotes/recipe.toml", "models/stance/recipe.toml")


def runs(texts: Iterable[str]) -> set[tuple[str, ...]]:
    found = set()
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        found |= {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
    return found


def sources() -> list[str]:
    names = {"seeds/train", "seeds/dev"}
    for path in RECIPES:
        recipe = read_recipe(Path(path))
        names |= {*recipe.calibration, *(name.partition(":")[0] for stage in recipe.stages for name in stage.data)}
    return sorted(name for name in names if is_present(name))


@pytest.mark.parametrize("name", sources())
def test_no_training_item_shares_twelve_words_with_the_test_set(name: str, seeds: list[Document]) -> None:
    test = runs(document.text for document in seeds)
    assert len(test) > 2000
    shared = {document.id for document in read_corpus(name) if runs([document.text]) & test}
    assert shared == set()


def test_the_test_set_is_in_no_recipe() -> None:
    assert "seeds/train" in sources()
    assert not any(name.startswith("seeds/test") for name in sources())


def test_the_check_finds_a_leak(seeds: list[Document]) -> None:
    assert runs([seeds[0].text]) & runs(["Foo bar. " + seeds[0].text[200:400]])
