"""Before labels are learnt an encoder may guess masked words: of which texts, which ones, and what stays of it."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.processors import TemplateProcessing

from stance import checkpoints
from stance.articles import write_article
from stance.classifier import StanceClassifier
from stance.corpora import read_corpus, read_unlabelled
from stance.document import Document
from stance.errors import TrainingError
from stance.standoff import digest
from stance.tokens import boundary_ids
from stance.training import adaptation
from stance.training.adaptation import AdaptingTrainer, Masking, Rows, adapt
from stance.training.layers import freeze
from stance.training.recipe import Recipe, Stage, load_base, read_recipe, write_recipe
from stance.training.run import train_model
from stance.training.seen import read_seen
from stance.training.stance import StanceTrainer, divergence

pytestmark = pytest.mark.usefixtures("one_thread")
TEXTS = [Document(f"The {good} was shipped to {place} before the tariffs on {good} rose.\n" * 6)
         for good in ("steel", "wheat", "copper") for place in ("Shanghai", "Lagos")]  # fmt: skip


@pytest.fixture
def recipe(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    monkeypatch.setattr(adaptation, "_ROWS_A_STEP", 4)
    return Recipe(str(tiny_base), (Stage(("seeds/train:2",), 1, 1e-3),), window=48, adaptation=Stage(("mine",), 60, 3e-3))


def test_masked_words_are_guessed_better_and_better(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, tokenizer = load_base(recipe.base)
    losses: list[float] = []
    real = AdaptingTrainer.compute_loss

    def watched(self: AdaptingTrainer, *arguments: object, **options: object) -> torch.Tensor:
        loss: torch.Tensor = real(self, *arguments, **options)  # type: ignore[arg-type]
        losses.append(float(loss.detach()))
        return loss

    monkeypatch.setattr(AdaptingTrainer, "compute_loss", watched)
    adapt(encoder, tokenizer, recipe, TEXTS, tmp_path)
    assert losses[0] > np.log(tokenizer.get_vocab_size()) - 1, "it began with weights by chance"
    assert np.mean(losses[-10:]) < losses[0] / 2


def test_what_is_frozen_stays_and_a_finished_run_is_not_run_again(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, tokenizer = load_base(recipe.base)
    begun = copy.deepcopy(encoder.state_dict())
    freeze(encoder, 0)
    adapt(encoder, tokenizer, recipe, TEXTS, tmp_path)
    made = copy.deepcopy(encoder.state_dict())
    table, matrix = "embeddings.word_embeddings.weight", "encoder.layer.0.output.dense.weight"
    assert torch.equal(made[table], begun[table])
    assert not torch.equal(made[matrix], begun[matrix])

    monkeypatch.setattr(adaptation, "run_stage", lambda *_: pytest.fail("run again"))
    encoder.load_state_dict(begun)
    adapt(encoder, tokenizer, recipe, TEXTS, tmp_path)
    assert all(torch.equal(weights, made[name]) for name, weights in encoder.state_dict().items())


def test_a_run_that_was_cut_off_goes_on_to_the_same_weights(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stance.training.stages.SAVE_STEPS", 5)
    real: Callable[..., torch.Tensor] = AdaptingTrainer.compute_loss

    def cut_off(self: AdaptingTrainer, *arguments: object, **options: object) -> torch.Tensor:
        if self.state.global_step == 12 and not self.args.output_dir.endswith("whole"):
            monkeypatch.setattr(AdaptingTrainer, "compute_loss", real)
            raise InterruptedError
        return real(self, *arguments, **options)

    weights = []
    for name in ("whole", "cut"):
        monkeypatch.setattr(AdaptingTrainer, "compute_loss", cut_off)
        torch.manual_seed(0)
        encoder, tokenizer = load_base(recipe.base)
        if name == "cut":
            with pytest.raises(InterruptedError):
                adapt(encoder, tokenizer, recipe, TEXTS, tmp_path / name)
            encoder, tokenizer = load_base(recipe.base)
        adapt(encoder, tokenizer, recipe, TEXTS, tmp_path / name)
        weights.append(encoder.state_dict())
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_about_a_seventh_of_the_words_is_asked_for_and_the_others_stay() -> None:
    tokenizer = checkpoints.load_tokenizer(checkpoints.locate("stance"))
    row = np.asarray(tokenizer.encode("We should keep the lines to Beijing open. " * 40, add_special_tokens=False).ids)[:300]
    made = Masking(tokenizer)([(number, row) for number in range(40)])
    pieces, words = made["pieces"], made["words"]
    asked = words != -100
    whole = torch.tensor([[boundary_ids(tokenizer)[0], *row, boundary_ids(tokenizer)[1]]] * 40)
    assert torch.equal(torch.where(asked, words, pieces), whole)
    assert not asked[:, [0, -1]].any()
    assert 0.14 < asked.float().mean() < 0.16
    masked = pieces[asked] == tokenizer.token_to_id("<mask>")
    assert 0.77 < masked.float().mean() < 0.83
    assert 0.08 < (pieces == words)[asked].float().mean() < 0.12


def test_every_pass_reads_all_texts_but_for_its_ends() -> None:
    texts = [list(range(at, at + 7)) for at in range(0, 700, 7)]
    rows = Rows(texts, width=10, epochs=3, seed=1)
    each = np.split(rows.rows, np.cumsum([69] * 2) if len(rows) == 207 else 3)
    for epoch in each:
        assert epoch.shape[1] == 10
        assert len(np.unique(epoch)) == epoch.size >= 690
    assert not np.array_equal(each[0], each[1])
    assert np.array_equal(rows.rows, Rows(texts, width=10, epochs=3, seed=1).rows)


def test_too_little_text_and_a_vocabulary_without_a_mask_are_named(recipe: Recipe, tmp_path: Path) -> None:
    encoder, tokenizer = load_base(recipe.base)
    with pytest.raises(TrainingError, match="mine: less text than one row of 46 subwords"):
        adapt(encoder, tokenizer, recipe, [Document("Short.")], tmp_path)
    bare = Tokenizer(WordLevel({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2}, unk_token="[UNK]"))
    bare.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    with pytest.raises(TrainingError, match="no <mask> or \\[MASK\\]"):
        adapt(encoder, bare, recipe, TEXTS, tmp_path)


@pytest.mark.parametrize("task", ["quotes", "stance"])
def test_a_model_says_what_it_was_adapted_to_and_what_is_held_out_is_not_read(task: str, tiny_base: Path, tmp_path: Path) -> None:
    articles = read_corpus("seeds/train")[:4]
    for number, article in enumerate(articles):
        write_article(article, tmp_path / "mine" / f"{number}.json")
    write_article(articles[0], tmp_path / "held" / "0.json")
    mine, held = str(tmp_path / "mine"), str(tmp_path / "held")
    assert [document.text for document in read_unlabelled([mine, mine], articles[1:2])] == [articles[at].text for at in (0, 2, 3)]

    stages = (Stage(("seeds/train:3",), 1, 1e-3),)
    made = Recipe(str(tiny_base), stages, window=96, overlap=16, calibration=(held,), adaptation=Stage((mine,), 1, 1e-4))
    write_recipe(made, tmp_path / "recipe.toml")
    assert read_recipe(tmp_path / "recipe.toml") == made
    train_model(task, made, tmp_path / "model", tmp_path / "work")
    assert read_seen(tmp_path / "model", "unlabelled") == {digest(article.text) for article in articles[1:]}
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert f"guessed masked words of 3 articles of `{mine}`, without those held out (1 passes" in card


def test_two_readings_that_agree_cost_nothing_and_it_does_not_matter_which_is_which() -> None:
    torch.manual_seed(1)
    first, second = torch.randn(8, 3), torch.randn(8, 3)
    assert float(divergence(first, first)) == 0
    assert float(divergence(first, second)) == pytest.approx(float(divergence(second, first)))
    assert float(divergence(first, second)) > float(divergence(first, 0.9 * first + 0.1 * second)) > 0


def test_consistency_counts_how_much_hangs_on_what_drops_out(tiny_base: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = StanceClassifier(load_base(str(tiny_base))[0], 3)
    batch = {
        "pieces": torch.randint(1000, 2000, (5, 12)),
        "mask": torch.ones(5, 12, dtype=torch.long),
        "inside": torch.ones(5, 12, dtype=torch.long),
        "target": torch.tensor([0, 1, 2, 0, 1]),
    }
    from transformers import TrainingArguments

    options = {"model": model, "args": TrainingArguments(output_dir=str(tmp_path), report_to="none", use_cpu=True)}
    plain, strict = (StanceTrainer(torch.ones(3), 0.0, weight, **options) for weight in (0.0, 50.0))
    model.eval()
    assert torch.equal(plain.compute_loss(model, batch), strict.compute_loss(model, batch))
    model.train()
    assert strict.compute_loss(model, batch) > plain.compute_loss(model, batch)
    for part in model.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    twice = {name: torch.cat([tensor, tensor[::2]]) for name, tensor in batch.items()}
    assert torch.allclose(strict.compute_loss(model, batch), plain.compute_loss(model, twice))


def test_a_recipe_with_consistency_trains(tiny_base: Path, tmp_path: Path) -> None:
    made = Recipe(str(tiny_base), (Stage(("seeds/train",), 1, 1e-3),), window=48, batch_size=32, consistency=1.0)
    train_model("stance", made, tmp_path / "strict", tmp_path / "work")
    train_model("stance", replace(made, consistency=0.0), tmp_path / "plain", tmp_path / "work")
    assert checkpoints.digest(tmp_path / "strict" / "model.safetensors") != checkpoints.digest(tmp_path / "plain" / "model.safetensors")
    assert read_recipe(tmp_path / "strict" / "recipe.toml").consistency == 1
