"""Nothing that is trained on shares twelve words in a row with what it is measured on, and names alone tell no stance."""

from collections import Counter
from pathlib import Path

import pytest

from stance.corpora import is_present, read_corpus
from stance.document import Document
from stance.evaluation.audit import accuracy, fold_by_article, held_out_shares, labelled, leaks, names_alone, names_of, runs
from stance.evaluation.run import TRAINING
from stance.training.recipe import read_recipe

RECIPES = ("models/quotes/recipe.toml", "models/stance/recipe.toml")


def sources() -> list[str]:
    names = {"seeds/train", "seeds/dev"}
    for path in RECIPES:
        recipe = read_recipe(Path(path))
        names |= {*recipe.calibration, *(name.partition(":")[0] for stage in recipe.stages for name in stage.data)}
    return sorted(name for name in names if is_present(name))


@pytest.mark.parametrize("name", sources())
def test_no_training_item_shares_twelve_words_with_the_test_set(name: str, seeds: list[Document]) -> None:
    assert len(runs(document.text for document in seeds)) > 2000
    assert leaks(seeds, read_corpus(name)) == []


@pytest.mark.skipif(not is_present("news_china/dev"), reason="the corpora are not here; `make data` fetches them")
def test_no_training_item_shares_twelve_words_with_the_development_articles() -> None:
    held_out = read_corpus("news_china/dev")
    assert len(held_out) >= 40
    for name in sources():
        if not name.endswith("/dev"):
            assert leaks(held_out, read_corpus(name)) == [], name


@pytest.mark.parametrize("name", sorted({*sources(), "seeds/train/some"}))
def test_no_training_item_shares_twelve_words_with_the_behaviour_cases(name: str) -> None:
    cases = read_corpus("seeds/behaviour/some")
    assert len(runs(case.text for case in cases)) > 2000
    assert leaks(cases, read_corpus(name)) == []


def test_what_is_for_measuring_is_in_no_recipe() -> None:
    assert "seeds/train" in sources()
    assert not any(name.startswith(("seeds/test", "seeds/behaviour")) for name in sources())


def test_the_check_finds_a_leak(seeds: list[Document]) -> None:
    assert runs([seeds[0].text]) & runs(["Foo bar. " + seeds[0].text[200:400]])


def test_names_and_outlets_alone_tell_no_stance() -> None:
    items = labelled(["seeds/train", "seeds/train/some"])
    labels = [item.label for item in items]
    right = accuracy(*held_out_shares([names_of(item) for item in items], labels, fold_by_article(items)), labels)
    majority = Counter(labels).most_common(1)[0][1] / len(labels)
    assert len(items) > 80
    assert right <= majority + 0.05


@pytest.mark.skipif(not is_present("news_china/dev"), reason="the corpora are not here; `make data` fetches them")
def test_names_and_outlets_alone_do_no_better_than_the_majority_on_the_development_articles() -> None:
    right, majority = names_alone(labelled(TRAINING), labelled(["news_china/dev"]))
    assert right <= majority
