"""A larger model teaches a smaller one: what is asked, what is learnt, and that nothing is asked twice."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stance import checkpoints
from stance.articles import write_article
from stance.document import Document, Quote, Span, Speaker, Stance
from stance.questions import shipped_question
from stance.stances import CLOSING, OPENING, SPEAKER, passage, read_passage
from stance.training import run, teacher
from stance.training.recipe import Recipe, Stage, load_base, read_recipe, write_recipe
from stance.training.stance import labelled_passages, taught_items

pytestmark = pytest.mark.usefixtures("one_thread")
TEXT = "Ada Lund said the talks with Beijing should go on. Nora Quill told reporters that the tariffs on steel were needed.\n"


@pytest.fixture
def labelled() -> Document:
    begin = TEXT.index("the talks")
    content = Span(begin, TEXT.index(". Nora"))
    quote = Quote(TEXT[begin : content.end], (content,), cue=(Span(9, 13),), source=(Span(0, 8),), speaker=Speaker("Ada Lund"))
    return Document.assemble(TEXT, [replace(quote, stance=Stance("engage"))], id="lund")


@pytest.fixture
def recipe(labelled: Document, tiny_base: Path, tmp_path: Path) -> Recipe:
    write_article(labelled, tmp_path / "mine" / "lund.json")
    stages = (Stage((str(tmp_path / "mine"),), 1, 1e-3),)
    larger = Recipe(str(tiny_base), stages, window=96, batch_size=2)
    return replace(larger, teacher=larger, further=(str(tmp_path / "mine"),), varied=5)


def test_a_recipe_with_a_teacher_is_read_as_it_was_written(recipe: Recipe, tmp_path: Path) -> None:
    write_recipe(recipe, tmp_path / "recipe.toml")
    assert read_recipe(tmp_path / "recipe.toml") == recipe


def test_a_passage_has_the_subwords_that_the_model_reads(labelled: Document) -> None:
    tokenizer = checkpoints.load_tokenizer(checkpoints.locate("stance"))
    (quote,) = labelled.quotes
    read = read_passage(TEXT, quote, tokenizer, 96)
    assert teacher.to_row(passage(TEXT, quote), tokenizer, 96) == (read.stretches[0], read.inside[0])


def test_labels_further_quotes_and_varied_ones_are_learnt_from_the_teacher(recipe: Recipe, labelled: Document, tmp_path: Path) -> None:
    encoder, tokenizer = load_base(recipe.base)
    passages = labelled_passages([labelled], shipped_question())
    items = taught_items(recipe, passages, [labelled], [], encoder, tokenizer, tmp_path / "teacher")
    further = teacher.further_passages(recipe.further, [labelled], [])
    assert len(items) == 1 + len(further) + recipe.varied
    assert any("tariffs" in string for strings in further for string in strings)
    assert not any("[unused1] the talks" in string for strings in further for string in strings)
    assert np.allclose([sum(item.target) for item in items], 1)
    assert items[0].target[shipped_question().labels.index("engage")] > 0.3
    assert teacher.further_passages(recipe.further, [], [labelled]) == []


def test_a_teacher_is_asked_once(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert recipe.teacher
    first = teacher.ask(recipe.teacher, [["a passage"]], tmp_path)
    assert first.shape == (1, 3)
    monkeypatch.setattr(run, "train_model", lambda *_: pytest.fail("trained again"))
    monkeypatch.setattr(teacher, "probabilities_of", lambda *_, **__: pytest.fail("asked again"))
    assert (teacher.ask(recipe.teacher, [["a passage"]], tmp_path) == first).all()
    with pytest.raises(pytest.fail.Exception, match="asked again"):
        teacher.ask(recipe.teacher, [["another passage"]], tmp_path)


def test_a_taught_model_says_so_and_loads(recipe: Recipe, tmp_path: Path) -> None:
    made = run.train_model("stance", recipe, tmp_path / "model", tmp_path / "work")
    checkpoints.verify(made.folder)
    assert "a larger model" in (made.folder / "README.md").read_text(encoding="utf-8")
    assert read_recipe(made.folder / "recipe.toml") == recipe


def test_varied_passages_keep_their_marks_and_come_again_from_one_seed() -> None:
    passages = [
        [f"The minister said {OPENING} the tariffs on steel should be lifted soon {CLOSING} ."],
        [f"She wanted {OPENING} talks with the other side on trade {CLOSING} , she said."],
    ]
    near = {"tariffs": ["duties", "taxes"], "talks": ["meetings"], "steel": ["iron"], "soon": ["quickly"]}
    varied = list(teacher.vary(passages, near, 60, random.Random(3)))
    assert varied == list(teacher.vary(passages, near, 60, random.Random(3)))
    assert all(strings[0].count(OPENING) == strings[0].count(CLOSING) == 1 for strings in varied)
    written = " ".join(strings[0] for strings in varied)
    assert "duties" in written
    assert "meetings" in written
    assert len({strings[0] for strings in varied}) > 20
    assert list(teacher.vary([["no marks"]], near, 3, random.Random(3))) == []


def test_content_is_varied_wherever_in_its_passage_it_stands() -> None:
    passages = [
        ["The tariffs came in May .", f"The minister said {OPENING} the steel should move {CLOSING} ."],
        [f"{SPEAKER} an envoy", f"She wanted {OPENING} talks about wheat {CLOSING} , she said."],
    ]
    varied = list(teacher.vary(passages, {"tariffs": ["duties"]}, 60, random.Random(3)))
    assert {len(strings) for strings in varied} == {2}
    assert all(OPENING not in before and within.count(OPENING) == within.count(CLOSING) == 1 for before, within in varied)
    assert any("duties" in before for before, _ in varied)
    assert any(before.startswith(SPEAKER) for before, _ in varied)
    assert any("steel" in within and "wheat" in within for _, within in varied)


def test_a_passage_whose_content_stands_in_several_strings_is_not_varied() -> None:
    apart = [f"{OPENING} Talks {CLOSING} , she said.", f"{OPENING} They must go on. {CLOSING}"]
    assert list(teacher.vary([apart], {}, 3, random.Random(3))) == []
