"""Weights in four bits and layers in integers: how near they come to what they stand for."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import stance
from stance import checkpoints
from stance.articles import write_article
from stance.document import Document
from stance.errors import DamagedModelError, TrainingError
from stance.pipeline import Judge
from stance.quantization import IntegerLinear, in_integers, pack, packed_state, packs, reckons_in_integers, round_weights, unpack
from stance.training.recipe import Recipe, Stage, load_base, read_recipe, write_recipe
from stance.training.run import train_model

TEXT = "Ada Lund, the trade minister, said Britain should keep talking to Beijing and trade with it.\n"


@pytest.fixture(scope="module")
def matrix() -> torch.Tensor:
    """The weights of a trained encoder's layer."""
    return Judge(checkpoints.locate("stance"), exact=True).model.encoder.encoder.layer[0].output.dense.weight.detach()


def test_packed_weights_take_four_and_a_half_bits_and_are_near(matrix: torch.Tensor) -> None:
    packed = pack(matrix)
    stored = sum(part.numel() * part.element_size() for part in packed.values())
    assert stored * 8 == 4.5 * matrix.numel()
    assert (unpack(**packed) - matrix).norm() < 0.1 * matrix.norm()


def test_packing_again_loses_nothing(matrix: torch.Tensor) -> None:
    once = unpack(**pack(matrix))
    assert torch.equal(unpack(**pack(once)), once)


def test_a_matrix_of_nothing_and_one_of_large_weights_are_packed() -> None:
    assert torch.equal(unpack(**pack(torch.zeros(2, 64))), torch.zeros(2, 64))
    assert torch.isfinite(unpack(**pack(torch.full((2, 64), 6e4)))).all()


def test_only_the_encoders_matrices_are_packed() -> None:
    state = {"encoder.a": torch.ones(2, 32), "encoder.b": torch.ones(32), "encoder.c": torch.ones(2, 12), "head.a": torch.ones(2, 32)}
    assert set(packed_state(state, "encoder.")) == {"encoder.a.codes", "encoder.a.scales", "encoder.b", "encoder.c", "head.a"}
    assert [packs(weights) for weights in state.values()] == [True, False, False, True]


@pytest.mark.parametrize("shape", [(5, 7, 384), (3, 384), (1, 1, 384)])
def test_a_layer_in_integers_answers_nearly_the_same(shape: tuple[int, ...], matrix: torch.Tensor) -> None:
    torch.manual_seed(1)
    layer = nn.Linear(384, 1536)
    layer.weight = nn.Parameter(matrix.t().contiguous())
    inputs = torch.randn(shape) * torch.logspace(-3, 3, shape[-2])[:, None]
    with torch.inference_mode():
        exact, rounded = layer(inputs), IntegerLinear.of(layer)(inputs)
    assert rounded.shape == exact.shape
    away = (rounded - exact).norm(dim=-1) / exact.norm(dim=-1)
    assert (away < 0.03).all()


def test_tokens_of_nothing_give_the_bias() -> None:
    layer = nn.Linear(32, 4)
    assert torch.allclose(IntegerLinear.of(layer)(torch.zeros(2, 32)), layer.bias.expand(2, 4))
    assert torch.equal(IntegerLinear.of(nn.Linear(32, 4, bias=False))(torch.zeros(1, 32)), torch.zeros(1, 4))


def test_all_linear_layers_of_an_encoder_reckon_in_integers(tiny_base: Path) -> None:
    encoder, _ = load_base(str(tiny_base))
    before = sum(isinstance(part, nn.Linear) for part in encoder.modules())
    in_integers(encoder)
    assert sum(isinstance(part, IntegerLinear) for part in encoder.modules()) == before > 0
    assert not any(isinstance(part, nn.Linear) for part in encoder.modules())
    assert not reckons_in_integers("meta")


@pytest.mark.usefixtures("one_thread")
class TestPackedModels:
    """A model directory with packed weights."""

    @pytest.fixture
    def mine(self, pipeline: stance.Pipeline, tmp_path: Path) -> Path:
        document = pipeline(TEXT)
        for number in range(3):
            write_article(replace_id(document, f"lund-{number}"), tmp_path / "mine" / f"lund-{number}.json")
        return tmp_path / "mine"

    @pytest.fixture
    def recipe(self, mine: Path, tiny_base: Path) -> Recipe:
        return Recipe(str(tiny_base), (Stage((str(mine),), 1, 1e-3),), window=32, batch_size=2, bits=4)

    def test_it_is_small_and_reads_as_its_exact_weights_do(self, recipe: Recipe, tmp_path: Path) -> None:
        whole = train_model("stance", replace(recipe, bits=16), tmp_path / "whole", tmp_path / "work").folder
        made = train_model("stance", recipe, tmp_path / "model", tmp_path / "work").folder
        assert (made / checkpoints.WEIGHTS).stat().st_size < 0.4 * (whole / checkpoints.WEIGHTS).stat().st_size
        document = stance.classify(TEXT)
        exact, read = Judge(made, exact=True), Judge(made)
        assert any(isinstance(part, IntegerLinear) for part in read.model.modules()) == reckons_in_integers("cpu")
        assert not any(isinstance(part, IntegerLinear) for part in exact.model.modules())
        (first,), (second,) = exact.judge([document]), read.judge([document])
        for one, other in zip(first.quotes, second.quotes, strict=True):
            assert one.stance
            assert other.stance
            assert one.stance.probabilities == pytest.approx(other.stance.probabilities, abs=0.02)

    def test_what_goes_on_from_it_and_learns_nothing_has_the_same_weights(self, recipe: Recipe, tmp_path: Path) -> None:
        first = train_model("stance", recipe, tmp_path / "first", tmp_path / "work").folder
        still = replace(recipe, base=str(first), stages=(replace(recipe.stages[0], learning_rate=0.0),))
        second = train_model("stance", still, tmp_path / "second", tmp_path / "work").folder
        begun, ended = (load_file(folder / checkpoints.WEIGHTS) for folder in (first, second))
        assert all(torch.equal(weights, ended[name]) for name, weights in begun.items())

    def test_half_a_matrix_or_a_wrong_shape_is_refused(self, recipe: Recipe, tmp_path: Path) -> None:
        made = train_model("stance", recipe, tmp_path / "model", tmp_path / "work").folder
        weights = load_file(made / checkpoints.WEIGHTS)
        name = next(key for key in weights if key.endswith(".codes"))
        for broken in (
            {key: value for key, value in weights.items() if key != name},
            weights | {name: weights[name][:, :-16].contiguous()},
            weights | {name: weights[name][:-1].contiguous()},
        ):
            save_file(broken, made / checkpoints.WEIGHTS)
            checkpoints.write_manifest(made)
            with pytest.raises(DamagedModelError, match=checkpoints.WEIGHTS):
                Judge(made)

    def test_the_recipe_says_how_many_bits(self, recipe: Recipe, tmp_path: Path) -> None:
        write_recipe(recipe, tmp_path / "recipe.toml")
        assert read_recipe(tmp_path / "recipe.toml") == recipe
        (tmp_path / "recipe.toml").write_text('base = "x"\nbits = 5\nstages = []\n')
        with pytest.raises(TrainingError, match="bits is 5"):
            read_recipe(tmp_path / "recipe.toml")
        made = train_model("quotes", replace(recipe, window=96, overlap=16), tmp_path / "model", tmp_path / "work").folder
        assert json.loads((made / checkpoints.CONFIG).read_text())["bits"] == 4
        assert stance.load(quotes=made).segment(TEXT).text == TEXT


def test_rounding_changes_matrices_alone(tiny_base: Path) -> None:
    encoder, _ = load_base(str(tiny_base))
    before = {name: weights.detach().clone() for name, weights in encoder.named_parameters()}
    round_weights(encoder)
    assert all(torch.equal(weights, before[name]) != packs(weights) for name, weights in encoder.named_parameters())


def replace_id(document: Document, name: str) -> Document:
    return Document.assemble(document.text, document.quotes, id=name)


def test_a_recipe_may_keep_the_lowest_layers_only(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    size = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 30522}
    whole = BertModel(BertConfig(**size))
    whole.save_pretrained(tmp_path)
    checkpoints.load_tokenizer(checkpoints.locate("quotes")).save(str(tmp_path / "tokenizer.json"))
    encoder, _ = load_base(str(tmp_path), 2)
    kept = encoder.state_dict()
    assert encoder.config.num_hidden_layers == 2
    assert {name for name in kept if "layer.2." in name} == set()
    name = "encoder.layer.1.output.dense.weight"
    assert torch.equal(kept[name], whole.state_dict()[name])
    with pytest.raises(TrainingError, match="4 layers are asked for, it has 3"):
        load_base(str(tmp_path), 4)
