"""One's own articles: trained on with care, the best state kept, and the same weights after any interruption."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file
from tokenizers import Tokenizer

import stance
from stance import checkpoints
from stance.articles import write_article
from stance.corpora import held_out, name_of, read_corpus
from stance.document import Document, Quote, Span, Speaker, Stance
from stance.errors import CorpusError, TrainingError
from stance.questions import Question, shipped_question
from stance.standoff import digest
from stance.tagger import QuoteTagger
from stance.text import kind_of, quoted
from stance.training import stages, watch
from stance.training.card import write_card
from stance.training.recipe import Recipe, load_base, model_folder, read_recipe, write_recipe
from stance.training.run import train_model
from stance.training.seen import SEEN, read_seen, write_seen
from stance.training.tuning import mixture, tuning_recipe

pytestmark = pytest.mark.usefixtures("one_thread")
NAMES = ("Ada Lund", "Bo Sand", "Tess Orrin", "Bram Holt", "Nora Quill")
SAID = {
    "engage": ("“We should keep talking to Beijing,”", "“Trade with China feeds our ports,”"),
    "hawkish": ("“China must be sanctioned now,”", "“Ban their firms from our harbours,”"),
    "neutral": ("“The Chinese delegation lands on Monday,”", "“Beijing has published its figures,”"),
}


def article(number: int) -> Document:
    draw = random.Random(number)
    text, quotes = f"Report {number} from the quay.\n", []
    for _ in range(4):
        label, name = draw.choice(list(SAID)), draw.choice(NAMES)
        words, at = draw.choice(SAID[label]), len(text)
        text += f"{words} {name} said.\n"
        content, source = Span(at, at + len(words)), Span(at + len(words) + 1, at + len(words) + 1 + len(name))
        cue = Span(source.end + 1, source.end + 5)
        kind = kind_of(text, [content], quoted(text))
        quotes.append(Quote(words, (content,), (source,), (cue,), kind, Speaker(name), Stance(label)))
    return Document.assemble(text, quotes, id=f"report-{number}", annotator="a person")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("own")
    for number in range(20):
        write_article(article(number), place / f"report-{number}.json")
    return place


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without the project's own articles."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def small(task: str, folder: Path, base: Path, rate: float = 1e-3) -> Recipe:
    recipe = tuning_recipe(task, [folder], base=str(base))
    stages = tuple(replace(stage, epochs=4, learning_rate=rate) for stage in recipe.stages)
    return replace(recipe, stages=stages, batch_size=2, window=96, overlap=16, link_width=8)


def test_what_is_mixed_in_is_said(folder: Path, tiny_quotes: Path, root: Path, alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mixture("quotes", tuning_recipe("quotes", [folder], base=str(tiny_quotes))) == (
        "seeds/train is not mixed in, as this folder is no clone of stance"
    )
    monkeypatch.chdir(root)
    assert mixture("quotes", tuning_recipe("quotes", [folder], base=str(tiny_quotes))) == "mixed in: seeds/train"
    question = Question("a bridge", "for", "against", "neither", {})
    assert "seeds/train is not mixed in, as its stances answer another" in mixture(
        "stance", tuning_recipe("stance", [folder], question=question)
    )


def test_a_fifth_of_the_articles_is_held_out_and_stays_so(folder: Path) -> None:
    documents = [article(number) for number in range(200)]
    kept = held_out(documents)
    assert 25 <= sum(kept) <= 55
    assert held_out(documents[:50]) == kept[:50]
    assert all(held_out([document]) == [False] for document in documents)
    assert all(sum(held_out(documents[at : at + 2])) == 1 for at in range(100))
    sides = [{document.id for document in read_corpus(f"{name_of(folder)}#{side}")} for side in ("train", "dev")]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == 20


def test_a_folder_without_articles_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="none"):
        read_corpus(str(tmp_path / "none"))


def test_a_recipe_is_made_from_options_and_read_again(tiny_quotes: Path, folder: Path, tmp_path: Path) -> None:
    recipe = tuning_recipe("quotes", [folder], base=str(tiny_quotes))
    assert (recipe.window, recipe.link_width) == (256, 8)
    assert recipe.stages[0].data == (f"{folder}#train", "seeds/train")
    assert recipe.stages[0].learning_rate < 1e-4
    assert recipe.dev == recipe.calibration == (f"{folder}#dev",)
    write_recipe(recipe, tmp_path / "recipe.toml")
    assert read_recipe(tmp_path / "recipe.toml") == recipe
    other = tuning_recipe("stance", [folder], dev=[tmp_path], base="someone/encoder")
    assert (other.stages[0].data[0], other.dev) == (str(folder), (str(tmp_path),))
    assert model_folder("stance", "shipped") == checkpoints.locate("stance")
    assert model_folder("stance", "someone/encoder") is None


@pytest.mark.parametrize("task", ["quotes", "stance"])
def test_an_encoder_is_trained_on_ones_own_articles(task: str, folder: Path, tiny_base: Path, alone: Path) -> None:
    made = train_model(task, small(task, folder, tiny_base, 3e-3), alone / "model", alone / "work")
    (losses,) = made.losses
    assert min(losses.values()) < losses[0]
    assert not list((alone / "work").iterdir())
    card = (alone / "model" / "README.md").read_text(encoding="utf-8")
    assert "Loss on" in card
    assert "Not calibrated" in card
    assert read_recipe(alone / "model" / "recipe.toml") == small(task, folder, tiny_base, 3e-3)
    assert len(read_seen(alone / "model")) + len(read_seen(alone / "model", "dev")) == 20
    document = stance.load(**{task: alone / "model"})(article(99).text)
    assert document.text == article(99).text
    again = train_model(task, small(task, folder, alone / "model", 1e-4), alone / "again", alone / "work")
    assert again.losses[0][0] == pytest.approx(min(losses.values()), rel=0.02)
    card = (alone / "again" / "README.md").read_text(encoding="utf-8")
    assert "Calibration of the model it goes on from" in card
    assert "base_model" not in card
    assert f"The labels of `{folder}#train` are their owner's" in card
    assert "language models" not in card
    assert "PolNeAR" not in card
    assert "their card tells" in card
    assert "`stance evaluate --model` measures it" in card
    assert find_encoder(alone / "again") == find_encoder(alone / "model")


def find_encoder(folder: Path) -> object:
    return checkpoints.verify(folder)["encoder"]


def test_training_that_only_harms_leaves_the_weights_as_they_were(
    folder: Path, tiny_quotes: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = iter(range(100))
    monkeypatch.setattr("stance.training.stages.mean_loss", lambda *_: float(next(steps)))
    made = train_model("quotes", small("quotes", folder, tiny_quotes), alone / "model", alone / "work")
    assert len(made.losses[0]) == 1 + watch.PATIENCE
    assert "the weights are those it began with" in made.summary
    old, new = (load_file(str(place / checkpoints.WEIGHTS)) for place in (tiny_quotes, alone / "model"))
    assert all(old[name].equal(new[name]) for name in old)


def test_articles_of_the_development_set_are_not_learnt(folder: Path, tiny_base: Path, alone: Path) -> None:
    recipe = small("stance", folder, tiny_base)
    recipe = replace(recipe, stages=(replace(recipe.stages[0], data=(str(folder),), epochs=1),), dev=(str(folder / "report-3.json"),))
    train_model("stance", recipe, alone / "model", alone / "work")
    assert len(read_seen(alone / "model")) == 19
    assert not read_seen(alone / "model") & read_seen(alone / "model", "dev")


def test_what_cannot_be_learnt_is_said(tiny_base: Path, alone: Path) -> None:
    document = article(1)
    write_article(Document.assemble(document.text, [], id="empty"), alone / "empty" / "a.json")
    with pytest.raises(TrainingError, match="no labelled quotes"):
        train_model("quotes", small("quotes", alone / "empty", tiny_base), alone / "model", alone / "work")
    quotes = [replace(quote, stance=Stance("dovish")) for quote in document.quotes]
    write_article(Document.assemble(document.text, quotes, id="odd"), alone / "odd" / "a.json")
    recipe = small("stance", alone / "odd", tiny_base)
    with pytest.raises(TrainingError, match="odd: stance 'dovish'"):
        train_model("stance", recipe, alone / "model", alone / "work")
    assert not (alone / "model").exists()


KILL = """
import os, signal, sys
from pathlib import Path
import transformers
from stance.training import stages, quotes, stance as stances
from stance.training.recipe import read_recipe
from stance.training.run import train_model
task, recipe, out, work, after, share = sys.argv[1:]
stages.SAVE_SHARE = int(share)
left = int(after)
trainer = {"quotes": quotes.QuotesTrainer, "stance": stances.StanceTrainer}[task]
real = trainer.compute_loss
def counted(self, *arguments, **options):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, *arguments, **options)
trainer.compute_loss = counted
train_model(task, read_recipe(Path(recipe)), Path(out), Path(work))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("task", "rate", "share"), [("quotes", 1e-3, 6), ("stance", 3e-2, stages.SAVE_SHARE)])
def test_a_run_that_is_killed_at_random_steps_gives_the_same_weights(
    task: str, rate: float, share: int, folder: Path, tiny_base: Path, alone: Path
) -> None:
    write_recipe(small(task, folder, tiny_base, rate), alone / "recipe.toml")

    def run(out: str, after: int) -> tuple[int, str]:
        arguments = [task, str(alone / "recipe.toml"), str(alone / out), str(alone / f"work-{out}"), str(after), str(share)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        ended = subprocess.run([sys.executable, "-c", KILL, *arguments], capture_output=True, text=True, check=False, env=environment)
        return ended.returncode, ended.stderr

    assert run("whole", 0)[0] == 0
    draw = random.Random(f"{task} 5")
    killed = [run("cut", draw.randint(*steps)) for steps in ((16, 26), (3, 9))]
    assert [status for status, _ in killed] == [-9, -9]
    status, said = run("cut", 0)
    assert status == 0
    assert "goes on from step" not in killed[0][1]
    assert "stage 1 of 1: step 0 of" in killed[0][1]
    assert "stage 1 of 1: goes on from step" in killed[1][1]
    assert "stage 1 of 1: goes on from step" in said
    whole, cut = (load_file(str(alone / name / checkpoints.WEIGHTS)) for name in ("whole", "cut"))
    assert all(whole[name].equal(cut[name]) for name in whole)
    assert (alone / "whole" / "README.md").read_bytes() == (alone / "cut" / "README.md").read_bytes()


def test_a_short_stage_saves_often_and_a_long_one_every_hundred_steps() -> None:
    assert [stages.save_steps(steps) for steps in (1, 19, 36, 130, 5000)] == [1, 1, 2, 7, 100]


def test_a_run_does_not_go_on_from_another_runs_checkpoints(
    folder: Path, tiny_base: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stance.training.run.write_card", fail)
    recipe = small("stance", folder, tiny_base)
    for rate in (1e-3, 1e-4):
        changed = replace(recipe, stages=(replace(recipe.stages[0], epochs=1, learning_rate=rate),))
        with pytest.raises(KeyboardInterrupt):
            train_model("stance", changed, alone / "model", alone / "work")
    assert len(list((alone / "work").iterdir())) == 2


def test_a_run_that_came_to_its_end_is_not_trained_again_while_its_folder_is_kept(
    folder: Path, tiny_base: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    recipe = small("stance", folder, tiny_base)
    recipe = replace(recipe, stages=(replace(recipe.stages[0], epochs=1),))
    first = train_model("stance", recipe, alone / "model", alone / "work", keep_work=True)
    weights = (alone / "model" / checkpoints.WEIGHTS).read_bytes()
    monkeypatch.setattr("transformers.Trainer.train", fail)
    again = train_model("stance", recipe, alone / "model", alone / "work")
    assert (again.losses, again.work) == (first.losses, first.work)
    assert (alone / "model" / checkpoints.WEIGHTS).read_bytes() == weights
    assert not first.work.exists()


def test_what_a_model_has_seen_is_read_again(tmp_path: Path) -> None:
    write_seen(tmp_path, [article(1), article(1), article(2)], [article(3)], [article(3), article(4)])
    assert len(read_seen(tmp_path)) == 2
    assert read_seen(tmp_path, "dev") == {digest(article(3).text)}
    assert read_seen(tmp_path, "calibration") == {digest(article(number).text) for number in (3, 4)}
    assert read_seen(tmp_path / "none") == frozenset()


def test_a_list_from_before_calibration_was_told_is_read(tmp_path: Path) -> None:
    (tmp_path / SEEN).write_text("split\tid\tsha256\ntrain\tone\tabc\n", encoding="utf-8")
    assert read_seen(tmp_path) == {"abc"}
    assert read_seen(tmp_path, "calibration") == frozenset()


@pytest.fixture
def by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quotes model with weights by chance stands for a trained one; how its confidence is fitted each test tells."""

    def train(
        recipe: Recipe, documents: object, dev: object, unlabelled: object, shared: object, work: Path
    ) -> tuple[QuoteTagger, Tokenizer]:
        work.mkdir(parents=True)
        encoder, tokenizer = load_base(recipe.base)
        return QuoteTagger(encoder, recipe.link_width), tokenizer

    monkeypatch.setattr("stance.training.quotes.train", train)


@pytest.mark.parametrize("fitted", [{"confidence": [0.9, 0.1]}, None])
@pytest.mark.usefixtures("by_chance")
def test_what_a_model_was_calibrated_on_is_told_beside_it(
    fitted: dict[str, list[float]] | None, folder: Path, tiny_base: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stance.training.run._fit_confidence", lambda *_: fitted)
    train_model("quotes", small("quotes", folder, tiny_base), alone / "model", alone / "work")
    held_out = {digest(document.text) for document in read_corpus(f"{folder}#dev")}
    assert held_out
    assert read_seen(alone / "model", "calibration") == (held_out if fitted else frozenset())


@pytest.mark.parametrize("old", ["speed = 9\nstages = []\n", "stages = [", 'base = "x"\nquestion = "y"\nstages = []\n'])
@pytest.mark.usefixtures("by_chance")
def test_an_old_recipe_that_is_none_keeps_no_new_model_from_being_whole(
    old: str, folder: Path, tiny_base: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stance.training.run._fit_confidence", lambda *_: None)
    model = alone / "model"
    model.mkdir()
    (model / "recipe.toml").write_text(old, encoding="utf-8")
    write_seen(model, [article(99)], [], [])
    recipe = small("quotes", folder, tiny_base)
    train_model("quotes", recipe, model, alone / "work")
    checkpoints.verify(model)
    assert read_recipe(model / "recipe.toml") == recipe
    assert digest(article(99).text) not in read_seen(model)
    assert (model / "README.md").is_file()


@pytest.mark.usefixtures("by_chance")
def test_data_that_are_gone_after_training_leave_an_old_model_as_it_was(
    folder: Path, tiny_base: Path, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise CorpusError("gone")

    monkeypatch.setattr("stance.training.run._fit_confidence", lambda *_: None)
    monkeypatch.setattr("stance.training.run.sum_of", gone)
    monkeypatch.setattr("stance.training.run._fingerprint", lambda *_: "one")
    with pytest.raises(CorpusError, match="gone"):
        train_model("quotes", small("quotes", folder, tiny_base), alone / "model", alone / "work")
    assert not (alone / "model").exists()


@pytest.mark.parametrize("task", ["quotes", "stance"])
def test_a_card_names_the_encoder_that_the_shipped_model_stands_on(
    task: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stance.training.card.held_question", lambda _: shipped_question())
    write_card(task, tmp_path, tuning_recipe(task, [folder]), "Not calibrated.", {}, [])
    shipped = checkpoints.locate(task)
    (line,) = [line for line in (shipped / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("base_model:")]
    assert line == f"base_model: {read_recipe(shipped / 'recipe.toml').base}"
    assert line in (tmp_path / "README.md").read_text(encoding="utf-8").splitlines()
