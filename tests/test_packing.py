"""Weights in few bits and layers in integers: how near they come to what they stand for."""

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
from stance.classifier import StanceClassifier
from stance.errors import DamagedModelError, TrainingError
from stance.integers import IntegerAttention, IntegerLinear, PackedTable, join_attention, place_packed, reckons_in_integers
from stance.packing import BITS, nearest_values, pack, packed_shape, packed_state, packs, round_weights, unpack
from stance.pipeline import Judge, Reader
from stance.training.layers import freeze
from stance.training.recipe import Recipe, Stage, load_base, read_recipe, write_recipe
from stance.training.rounding import round_by_use, rounded
from stance.training.run import train_model

TEXT = "Ada Lund, the trade minister, said Britain should keep talking to Beijing and trade with it.\n"


@pytest.fixture(scope="module")
def matrix() -> torch.Tensor:
    """The weights of the lowest layer that learnt, moved off the values that they have been packed to."""
    learnt = read_recipe(checkpoints.locate("stance") / "recipe.toml").frozen
    packed = Judge(checkpoints.locate("stance"), exact=True).model.encoder.encoder.layer[learnt].output.dense.weight.detach()
    return packed + 0.1 * packed.std() * torch.randn(packed.shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("bits", "stored", "away"), [(4, 4.5, 0.1), (6, 6.01, 0.05), (8, 8.02, 0.02)])
def test_packed_weights_are_few_and_near(bits: int, stored: float, away: float, matrix: torch.Tensor) -> None:
    packed = pack(matrix, bits)
    assert sum(8 * part.numel() * part.element_size() for part in packed.values()) <= stored * matrix.numel()
    assert (unpack(**packed) - matrix).norm() < away * matrix.norm()


@pytest.mark.parametrize("columns", [32, 64, 96, 768])
@pytest.mark.parametrize("bits", BITS)
def test_the_shape_can_be_told_from_what_is_packed(bits: int, columns: int) -> None:
    assert packed_shape(**pack(torch.randn(3, columns), bits)) == (3, columns)


@pytest.mark.parametrize("bits", BITS)
def test_packing_again_loses_nothing(bits: int, matrix: torch.Tensor) -> None:
    once = unpack(**pack(matrix, bits))
    assert torch.equal(unpack(**pack(once, bits)), once)


@pytest.mark.parametrize("largest", [-1.0, -0.6961928, -0.52507305, -0.3949175, 0.44070983, 0.562617, 0.72295684, 1.0])
def test_a_group_packs_without_loss_whichever_value_its_largest_has(largest: float) -> None:
    torch.manual_seed(0)
    _, values = nearest_values(torch.rand(50, 32) * 1.9 * abs(largest) - 0.95 * abs(largest))
    values[values.abs() > abs(largest)] = 0
    values[:, 5] = nearest_values(torch.tensor(largest))[1]
    matrix = values * (0.01 + torch.rand(50, 1)).half().float()
    assert torch.equal(unpack(**pack(matrix, 4)), matrix)


@pytest.mark.parametrize("bits", BITS)
def test_a_matrix_of_nothing_and_one_of_large_weights_are_packed(bits: int) -> None:
    assert torch.equal(unpack(**pack(torch.zeros(2, 64), bits)), torch.zeros(2, 64))
    assert torch.isfinite(unpack(**pack(torch.full((2, 64), 6e4), bits))).all()


def test_rounding_by_use_changes_what_a_layer_gives_least_and_packs_without_loss(matrix: torch.Tensor) -> None:
    draw = torch.Generator().manual_seed(2)
    width = matrix.shape[1]
    together = torch.randn(2000, 64, generator=draw) @ torch.randn(64, width, generator=draw)
    inputs = together + torch.randn(together.shape, generator=draw)
    plain, by_use = unpack(**pack(matrix, 4)), rounded(matrix, inputs.T @ inputs)
    assert torch.equal(unpack(**pack(by_use, 4)), by_use)
    exact = inputs @ matrix.T
    away, away_by_use = ((inputs @ weights.T - exact).norm() for weights in (plain, by_use))
    assert away_by_use < 0.6 * away
    assert torch.equal(rounded(plain, inputs.T @ inputs), plain)


def test_layers_are_rounded_by_what_reaches_them_padding_left_out(tiny_base: Path) -> None:
    encoder, _ = load_base(str(tiny_base))
    model = StanceClassifier(encoder, 3).eval()
    pieces = torch.randint(5, 60, (6, 24), generator=torch.Generator().manual_seed(3))
    mask = torch.ones_like(pieces)
    mask[3:, 12:] = 0
    begun = {name: weights.clone() for name, weights in model.state_dict().items()}
    round_by_use(model, [(pieces, mask, mask)])
    ended = {name: weights.clone() for name, weights in model.state_dict().items()}
    changed = {name for name, weights in begun.items() if not torch.equal(weights, ended[name])}
    assert changed == {
        f"{name}.weight" for name, part in model.named_modules() if isinstance(part, nn.Linear) and name.startswith("encoder")
    }
    assert all(torch.equal(unpack(**pack(ended[name], 4)), ended[name]) for name in changed)
    model.load_state_dict(begun)
    round_by_use(model, [(pieces[:3], mask[:3], mask[:3]), (pieces[3:, :12], mask[3:, :12], mask[3:, :12])])
    assert all(torch.allclose(weights, ended[name], atol=0.2 * weights.abs().max().item()) for name, weights in model.state_dict().items())


def test_only_the_encoders_matrices_are_packed() -> None:
    encoder = nn.ModuleDict({"table": nn.Embedding(3, 32), "layer": nn.Linear(64, 2), "odd": nn.Linear(12, 2)})
    model = nn.ModuleDict({"encoder": encoder, "head": nn.Linear(32, 2)})
    kept = {"encoder.layer.bias", "encoder.odd.weight", "encoder.odd.bias", "head.weight", "head.bias"}
    packed = packed_state(model, 8, 4)
    assert set(packed) - kept == {f"encoder.{name}.weight.{part}" for name in ("table", "layer") for part in ("codes", "scales")}
    assert packed["encoder.table.weight.codes"].shape == (3, 16)
    assert packed["encoder.layer.weight.codes"].shape == (2, 64)
    assert set(packed_state(model, 8, 16)) == {*kept, "encoder.table.weight"} | {f"encoder.layer.weight.{s}" for s in ("codes", "scales")}
    assert packed_state(model, 16, 16).keys() == model.state_dict().keys()


@pytest.mark.parametrize("bits", BITS)
def test_a_packed_table_gives_the_vectors_of_the_matrix(bits: int, matrix: torch.Tensor) -> None:
    numbers = torch.tensor([[3, 0, 3], [383, 1, 7]])
    assert torch.equal(PackedTable(**pack(matrix, bits))(numbers), unpack(**pack(matrix, bits))[numbers])


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("shape", [(5, 7), (600,), (1, 1)])
def test_a_layer_in_integers_answers_nearly_the_same(shape: tuple[int, ...], bits: int, matrix: torch.Tensor) -> None:
    torch.manual_seed(1)
    layer = nn.Linear(*reversed(matrix.shape))
    layer.weight = nn.Parameter(unpack(**pack(matrix, bits)))
    inputs = torch.randn(*shape, layer.in_features) * torch.logspace(-3, 3, shape[-1])[:, None]
    with torch.inference_mode():
        exact, rounded = layer(inputs), IntegerLinear(**pack(matrix, bits), bias=layer.bias)(inputs)
    assert rounded.shape == exact.shape
    away = (rounded - exact).norm(dim=-1) / exact.norm(dim=-1)
    assert (away < 0.03).all()


def test_tokens_of_nothing_give_the_bias() -> None:
    packed, bias = pack(torch.randn(4, 32), 8), torch.randn(4)
    assert torch.allclose(IntegerLinear(**packed, bias=bias)(torch.zeros(2, 32)), bias.expand(2, 4))
    assert torch.equal(IntegerLinear(**packed, bias=None)(torch.zeros(1, 32)), torch.zeros(1, 4))


@pytest.mark.parametrize("bits", BITS)
def test_a_matrix_of_no_known_layer_is_unpacked_in_its_place(bits: int, matrix: torch.Tensor) -> None:
    model = nn.Module()
    model.own = nn.Parameter(torch.empty(0))
    place_packed(model, "own", **pack(matrix, bits))
    assert torch.equal(model.own, unpack(**pack(matrix, bits)))


def test_whole_numbers_that_are_no_weights_are_not_packed() -> None:
    encoder = nn.Module()
    encoder.register_buffer("places", torch.arange(64)[None])
    assert set(packed_state(nn.ModuleDict({"encoder": encoder}), 8, 8)) == {"encoder.places"}


def test_integers_are_for_processors() -> None:
    assert not reckons_in_integers("meta")


@pytest.mark.usefixtures("one_thread")
class TestPackedModels:
    """A model directory with packed weights."""

    @pytest.fixture
    def mine(self, pipeline: stance.Pipeline, tmp_path: Path) -> Path:
        document = pipeline(TEXT)
        for number in range(3):
            write_article(replace(document, id=f"lund-{number}"), tmp_path / "mine" / f"lund-{number}.json")
        return tmp_path / "mine"

    @pytest.fixture
    def recipe(self, mine: Path, tiny_base: Path) -> Recipe:
        return Recipe(str(tiny_base), (Stage((str(mine),), 1, 1e-3),), window=32, batch_size=2, bits=8, table_bits=4)

    def test_it_is_small_and_reads_as_its_exact_weights_do(self, recipe: Recipe, tmp_path: Path) -> None:
        whole = train_model("stance", replace(recipe, bits=16, table_bits=16), tmp_path / "whole", tmp_path / "work").folder
        made = train_model("stance", recipe, tmp_path / "model", tmp_path / "work").folder
        assert (made / checkpoints.WEIGHTS).stat().st_size < 0.4 * (whole / checkpoints.WEIGHTS).stat().st_size
        document = stance.classify(TEXT)
        exact, read = Judge(made, exact=True), Judge(made)
        assert any(isinstance(part, IntegerLinear) for part in read.model.modules()) == reckons_in_integers("cpu")
        assert any(isinstance(part, PackedTable) for part in read.model.modules()) == reckons_in_integers("cpu")
        assert not any(isinstance(part, IntegerLinear | PackedTable) for part in exact.model.modules())
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
            weights | {name: weights[name][:, :-8].contiguous()},
            weights | {name: weights[name][:-1].contiguous()},
            weights | {name: weights[name][0].contiguous()},
            weights | {name.replace("codes", "scales"): torch.ones(1, 2, 3)},
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
        other = replace(recipe, window=96, overlap=16, bits=4, table_bits=8)
        made = train_model("quotes", other, tmp_path / "model", tmp_path / "work").folder
        assert json.loads((made / checkpoints.CONFIG).read_text())["bits"] == 4
        assert "packed in 4 bits a weight, its tables of words in 8" in (made / "README.md").read_text(encoding="utf-8")
        assert stance.load(quotes=made).segment(TEXT).text == TEXT


@pytest.mark.parametrize("padding", [0, 3])
def test_attention_in_one_product_gives_the_librarys_numbers(padding: int) -> None:
    from transformers import MPNetConfig, MPNetModel

    torch.manual_seed(2)
    size = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "vocab_size": 90}
    encoder = MPNetModel(MPNetConfig(**size), add_pooling_layer=False).eval()
    for name, part in encoder.named_modules():
        if isinstance(part, nn.Linear):
            part.bias = nn.Parameter(torch.randn_like(part.bias))
            place_packed(encoder, f"{name}.weight", **pack(part.weight, 6))
    pieces, mask = torch.randint(5, 90, (3, 11)), torch.ones(3, 11, dtype=torch.long)
    mask[1, 11 - padding :] = 0
    with torch.inference_mode():
        before = encoder(input_ids=pieces, attention_mask=mask).last_hidden_state
        join_attention(encoder)
        after = encoder(input_ids=pieces, attention_mask=mask).last_hidden_state
    assert sum(isinstance(part, IntegerAttention) for part in encoder.modules()) == 2
    assert torch.allclose(after, before, atol=1e-5)


def test_attention_is_joined_in_what_ships_and_nowhere_else(tiny_quotes: Path) -> None:
    shipped = Judge(checkpoints.locate("stance")).model
    assert any(isinstance(part, IntegerAttention) for part in shipped.modules()) == reckons_in_integers("cpu")
    assert not any(isinstance(part, IntegerAttention) for part in Reader(tiny_quotes).model.modules())


def test_what_learns_nothing_is_rounded_before_training(tiny_base: Path) -> None:
    encoder, _ = load_base(str(tiny_base))
    model = nn.ModuleDict({"encoder": encoder})
    freeze(encoder, 0)
    before = {name: weights.clone() for name, weights in model.state_dict().items()}
    round_weights(model, 6, 4, frozen=True)
    changed = {name for name, weights in model.state_dict().items() if not torch.equal(weights, before[name])}
    assert changed == {"encoder.embeddings.word_embeddings.weight"}


def test_rounding_changes_the_encoders_matrices_alone(tiny_base: Path) -> None:
    encoder, _ = load_base(str(tiny_base))
    model = nn.ModuleDict({"encoder": encoder, "head": nn.Linear(32, 3)})
    before = {name: weights.clone() for name, weights in model.state_dict().items()}
    round_weights(model, 8, 4)
    after = model.state_dict()
    assert all(torch.equal(after[name], before[name]) != (name.startswith("encoder.") and packs(before[name])) for name in before)


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
