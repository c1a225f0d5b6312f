"""Training runs end to end on a tiny encoder: from a recipe to a directory that loads, and the same one after an interruption."""

import random
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

import stance
from stance import checkpoints
from stance.classifier import StanceClassifier, probabilities_of, to_probabilities
from stance.corpora import read_corpus
from stance.document import Document, Quote, Span, Speaker
from stance.errors import CorpusError, MissingModelError, TrainingError
from stance.formats.polnear import PROVENANCE
from stance.tagger import CONTENT, INNER
from stance.tokens import read_words
from stance.training.calibration import fit_temperature, fit_temperatures, fit_threshold
from stance.training.quotes import IGNORED, Examples, QuotesTrainer, make_examples
from stance.training.recipe import load_base, read_recipe
from stance.training.run import train_model
from stance.training.stages import by_length

pytestmark = pytest.mark.usefixtures("one_thread")
TEXT = "“We should talk,” Ada Lund said."
ARTICLE = "Ada Lund said the harbour would reopen. “We should talk to Beijing,” she added. Critics had doubts about a visit in the spring."
TWO_QUOTES = ("that Jun Ito had promised to sign", "said", "Ada Lund", "to sign", "had promised", "Jun Ito")


def write_recipe(folder: Path, base: Path | str, task: str) -> Path:
    calibration = 'calibration = ["seeds/train"]' if task == "stance" else ""
    path = folder / f"{task}.toml"
    path.write_text(
        f'base = "{base}"\nwindow = 96\noverlap = 16\nbatch_size = 2\nlink_width = 8\n{calibration}\n'
        '[[stages]]\ndata = ["seeds/train"]\nepochs = 1\nlearning_rate = 1e-3\n'
    )
    return path


@pytest.mark.parametrize("task", ["quotes", "stance"])
def test_a_recipe_makes_a_model_that_loads(task: str, tiny_base: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    train_model(task, read_recipe(write_recipe(tmp_path, tiny_base, task)), out, tmp_path / "work")
    checkpoints.verify(out)
    assert "`seeds/train`" in (out / "README.md").read_text()
    assert (out / "recipe.toml").is_file()
    document = stance.load(**{task: out})(TEXT)
    assert document.text == TEXT


def test_a_threshold_keeps_as_many_labels_as_the_risk_allows() -> None:
    sure = np.array([0.95, 0.9, 0.9, 0.8, 0.7, 0.6])
    shares = np.stack([sure, 1 - sure], axis=1)
    labels = [0, 0, 1, 0, 1, 0]
    assert fit_threshold(shares, labels, 1.0) == fit_threshold(shares, labels, 0.34) == 0
    assert fit_threshold(shares, labels, 0.3) == 0.8
    assert fit_threshold(shares, labels, 0.0) == 0.95
    assert fit_threshold(shares, [1] * 6, 0.5) == 1


def test_an_interrupted_run_gives_the_same_weights(tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = read_recipe(write_recipe(tmp_path, tiny_base, "quotes"))
    train_model("quotes", recipe, tmp_path / "whole", tmp_path / "work-whole")
    steps = 0

    class InterruptedRunError(Exception):
        pass

    real = QuotesTrainer.compute_loss

    def stop(self: QuotesTrainer, *arguments: object, **options: object) -> object:
        nonlocal steps
        steps += 1
        if steps == 12:
            raise InterruptedRunError
        return real(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("stance.training.stages.SAVE_STEPS", 5)
    monkeypatch.setattr(QuotesTrainer, "compute_loss", stop)
    with pytest.raises(InterruptedRunError):
        train_model("quotes", recipe, tmp_path / "cut", tmp_path / "work-cut")
    assert not (tmp_path / "cut").exists()
    train_model("quotes", recipe, tmp_path / "cut", tmp_path / "work-cut")
    whole, cut = (load_file(str(tmp_path / name / checkpoints.WEIGHTS)) for name in ("whole", "cut"))
    assert all(whole[name].equal(cut[name]) for name in whole)


def test_examples_hold_every_word_and_point_to_cue_and_source(tiny_base: Path) -> None:
    _, tokenizer = load_base(str(tiny_base))
    documents = read_corpus("seeds/train")[:3]
    examples = Examples(documents, tokenizer, size=192, batch_size=4, epochs=1, seed=1)
    again = Examples(documents, tokenizer, size=192, batch_size=4, epochs=1, seed=1)
    assert [row.window.pieces.tolist() for row in examples.rows] == [row.window.pieces.tolist() for row in again.rows]
    linked = sum(int((row.links > 0).sum()) for row in examples.rows)
    assert linked > sum(len(document.quotes) for document in documents)
    for row in examples.rows:
        for cue in row.links[:, 0][row.links[:, 0] > 0]:
            assert row.tags[cue - 1, 1] == 1


def test_a_quote_within_a_quote_is_a_target_of_its_own_layer(tiny_base: Path) -> None:
    text = "Ada Lund said that Jun Ito had promised to sign."
    spans = {words: Span(text.index(words), text.index(words) + len(words)) for words in TWO_QUOTES}
    outer, said, lund, inner, promised, ito = (spans[words] for words in TWO_QUOTES)
    quotes = [Quote("", (outer,), (lund,), (said,), speaker=Speaker("Ada Lund")), Quote("", (inner,), (ito,), (promised,))]
    _, tokenizer = load_base(str(tiny_base))
    words = read_words(text, tokenizer)
    (example,) = make_examples(Document.assemble(text, quotes), words, tokenizer, size=64)
    begins = [np.flatnonzero(example.tags[:, layer] == 1).tolist() for layer in (CONTENT, INNER)]
    assert begins == [[words.locate(outer)[0]], [words.locate(inner)[0]]]
    assert example.links.tolist() == [
        [1 + words.locate(said)[0], 1 + words.locate(lund)[0]],
        [1 + words.locate(promised)[0], 1 + words.locate(ito)[0]],
    ]
    (silent,) = make_examples(Document.assemble(text, quotes[:1], provenance=PROVENANCE), words, tokenizer, size=64)
    assert set(silent.tags[:, INNER].tolist()) == {IGNORED}


@pytest.mark.parametrize("task", ["quotes", "stance"])
def test_a_shipped_recipe_is_that_of_the_weights_beside_it(task: str) -> None:
    folder = checkpoints.locate(task)
    recipe, card = read_recipe(folder / "recipe.toml"), (folder / "README.md").read_text(encoding="utf-8")
    assert f"(seed {recipe.seed}), from the encoder `{recipe.base}`" in card
    named = {line.split("`")[1] for line in card.splitlines() if line.startswith("| `") and line.endswith("…` |")}
    assert named == {name for stage in recipe.stages for name in stage.data}
    assert bool(recipe.teacher) == ("a larger model" in card)


def test_a_recipe_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    with pytest.raises(TrainingError, match=r"recipe\.toml"):
        read_recipe(path)
    path.write_text('base = "x"\n')
    with pytest.raises(TrainingError, match="stages"):
        read_recipe(path)
    path.write_text('base = "x"\nspeed = 9\n[[stages]]\ndata = ["seeds/train"]\nepochs = 1\nlearning_rate = 0.1\n')
    with pytest.raises(TrainingError, match="speed"):
        read_recipe(path)


def test_missing_data_and_encoders_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANCE_DATA", str(tmp_path))
    with pytest.raises(CorpusError, match="polnear"):
        read_corpus("polnear/train")
    with pytest.raises(CorpusError, match="martian"):
        read_corpus("martian/train")
    with pytest.raises(MissingModelError, match="nowhere"):
        load_base(str(tmp_path / "nowhere"))


def test_batches_are_of_like_length_in_every_epoch_and_each_epoch_has_every_row() -> None:
    draw = random.Random(1)
    lengths = [draw.randint(5, 200) for _ in range(1003)]
    epochs = 3
    order = by_length([range(1003)] * epochs, 16, random.Random(2), length=lambda row: lengths[row])
    assert sorted(order) == sorted([*range(1003)] * epochs)
    assert len({*order[:1003]}) > 1003 - 256, "an epoch's rows come before the next one's, but for those that share a pool"
    for epoch in range(epochs):
        batches = [order[at : at + 16] for at in range(epoch * 1003 // 16 * 16, (epoch + 1) * 1003 // 16 * 16, 16)]
        read = sum(len(batch) * max(lengths[row] for row in batch) for batch in batches)
        assert read < 1.1 * sum(lengths[row] for batch in batches for row in batch), f"epoch {epoch} is padded"


def test_no_batch_of_a_small_epoch_holds_a_row_twice() -> None:
    order = by_length([range(40)] * 5, 8, random.Random(1), length=lambda row: row)
    assert all(len({*order[at : at + 8]}) == 8 for at in range(0, 200, 8))
    assert order[:40] != order[40:80]
    assert sorted(by_length([range(3)] * 2, 8, random.Random(1), length=lambda row: row)) == [0, 0, 1, 1, 2, 2]
    assert by_length([], 8, random.Random(1), length=lambda row: row) == []


def test_each_label_on_top_gets_the_temperature_that_makes_it_true_and_none_changes() -> None:
    draw = np.random.default_rng(4)
    scores = draw.normal(size=(6000, 3)) * 3
    truth = to_probabilities(scores / np.array([3.0, 1.0, 0.5])[scores.argmax(axis=1)][:, None])
    labels = [int(draw.choice(3, p=row)) for row in truth]
    fitted = fit_temperatures(scores, labels)
    assert fitted == pytest.approx([3.0, 1.0, 0.5], rel=0.1)
    rare = np.flatnonzero(scores.argmax(axis=1) != 1)[:3000]
    few = np.concatenate([rare, np.flatnonzero(scores.argmax(axis=1) == 1)[:20]])
    chosen = np.asarray(labels)[few]
    first, second, third = fit_temperatures(scores[few], list(chosen))
    assert second == fit_temperature(scores[few], chosen), "one that is seldom on top gets that of all together"
    assert first > second > third


def test_probabilities_are_those_of_the_label_on_tops_temperature(tiny_base: Path) -> None:
    model = StanceClassifier(load_base(str(tiny_base))[0], 3).eval()
    rows = [([5, 6 + number, 7], [False, True, False]) for number in range(40)]
    plain = probabilities_of(model, rows)
    model.set_temperature([0.1, 0.2, 4.0])
    scaled = probabilities_of(model, rows)
    assert (scaled.argmax(axis=1) == plain.argmax(axis=1)).all()
    assert scaled.sum(axis=1) == pytest.approx(1)
    for row, other in zip(plain, scaled, strict=True):
        temperature = [0.1, 0.2, 4.0][row.argmax()]
        assert other == pytest.approx(row ** (1 / temperature) / (row ** (1 / temperature)).sum())
    for wrong in ([1.0, 2.0], 0.0, [1.0, -1.0, 1.0], float("nan")):
        with pytest.raises(ValueError, match="temperature"):
            model.set_temperature(wrong)
