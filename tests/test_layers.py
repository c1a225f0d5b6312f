"""Which weights learn, and how fast."""

from pathlib import Path

import pytest
import torch

from stance.classifier import StanceClassifier
from stance.training.layers import by_depth, freeze
from stance.training.recipe import Recipe, Stage, load_base
from stance.training.run import train_model


@pytest.fixture
def model() -> StanceClassifier:
    from transformers import BertConfig, BertModel

    size = {"hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 20}
    return StanceClassifier(BertModel(BertConfig(**size), add_pooling_layer=False), 3)


def test_the_lowest_layers_and_the_embeddings_stay_as_they_are(model: StanceClassifier) -> None:
    freeze(model.encoder, 0)
    still = {name for name, weights in model.named_parameters() if not weights.requires_grad}
    assert still == {"encoder.embeddings.word_embeddings.weight"}
    freeze(model.encoder, 2)
    learning = {name for name, weights in model.encoder.named_parameters() if weights.requires_grad}
    assert learning
    assert all(name.startswith("encoder.layer.2.") for name in learning)


def test_each_layer_learns_more_slowly_than_the_one_above(model: StanceClassifier) -> None:
    groups = by_depth(model, 1.0, 0.5, 0.1)
    rates = {id(weights): group["lr"] for group in groups for weights in group["params"]}
    named = {name: rates[id(weights)] for name, weights in model.named_parameters()}
    assert named["head.weight"] == 1
    assert [named[f"encoder.encoder.layer.{number}.output.dense.weight"] for number in (2, 1, 0)] == [0.5, 0.25, 0.125]
    assert named["encoder.embeddings.word_embeddings.weight"] == 0.0625
    assert len(rates) == len(named)
    assert {group["weight_decay"] for group in groups if all(weights.dim() == 1 for weights in group["params"])} == {0.0}


@pytest.mark.usefixtures("one_thread")
def test_a_recipe_says_what_stays(tiny_base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    recipe = Recipe(str(tiny_base), (Stage(("seeds/train",), 1, 1e-2),), window=32, batch_size=64, frozen=1, layer_decay=0.5)
    train_model("stance", recipe, tmp_path / "model", tmp_path / "work")
    made, begun = load_file(tmp_path / "model" / "model.safetensors"), load_base(str(tiny_base))[0].state_dict()
    name = "encoder.layer.0.output.dense.weight"
    assert torch.equal(made[f"encoder.{name}"].float(), begun[name].half().float())


@pytest.mark.usefixtures("one_thread")
def test_a_quotes_model_may_learn_by_depth_too(tiny_base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    recipe = Recipe(str(tiny_base), (Stage(("seeds/train:2",), 1, 1e-2),), window=96, overlap=16, layer_decay=1e-9)
    train_model("quotes", recipe, tmp_path / "model", tmp_path / "work")
    made, begun = load_file(tmp_path / "model" / "model.safetensors"), load_base(str(tiny_base))[0].state_dict()
    name = "encoder.layer.0.output.dense.weight"
    assert torch.equal(made[f"encoder.{name}"].float(), begun[name].half().float())
    assert made["features.0.weight"].float().abs().sum() > 0
