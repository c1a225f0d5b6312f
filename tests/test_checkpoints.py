import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import stance
from stance import checkpoints
from stance.errors import DamagedModelError, MissingModelError
from stance.pipeline import Judge
from stance.training.recipe import Recipe, Stage, load_base
from stance.training.run import train_model

TEXT = "“We should talk,” Ada Lund said."


WORDS = "../words.safetensors"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    shipped = checkpoints.locate("quotes")
    shutil.copy(shipped / WORDS, tmp_path)
    return Path(shutil.copytree(shipped, tmp_path / "quotes"))


def test_a_copy_of_the_model_reads_as_the_shipped_one_does(model: Path) -> None:
    assert stance.load(quotes=model).segment(TEXT) == stance.segment(TEXT)


def test_a_damaged_weights_file_is_refused_with_both_sums(model: Path) -> None:
    weights = model / checkpoints.WEIGHTS
    expected = checkpoints.digest(weights)
    data = bytearray(weights.read_bytes())
    data[-100] ^= 0xFF
    weights.write_bytes(data)
    with pytest.raises(DamagedModelError, match=expected) as caught:
        stance.load(quotes=model).segment(TEXT)
    assert str(weights) in str(caught.value)
    assert checkpoints.digest(weights) in str(caught.value)


def test_a_damaged_table_of_words_is_refused_whoever_shares_it(model: Path) -> None:
    table = model / WORDS
    table.write_bytes(table.read_bytes()[:-1] + b"!")
    with pytest.raises(DamagedModelError, match=re.escape(WORDS)):
        stance.load(quotes=model).segment(TEXT)


@pytest.mark.parametrize("name", [checkpoints.WEIGHTS, checkpoints.CONFIG, checkpoints.TOKENIZER, checkpoints.MANIFEST, WORDS])
def test_a_missing_file_is_named(model: Path, name: str) -> None:
    (model / name).unlink()
    with pytest.raises(MissingModelError, match=re.escape(name)):
        stance.load(quotes=model).segment(TEXT)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingModelError, match="nowhere"):
        stance.load(quotes=tmp_path / "nowhere").segment(TEXT)
    with pytest.raises(MissingModelError, match="absent"):
        checkpoints.locate("absent")


@pytest.mark.parametrize("config", ["{", "[]", "{}", '{"encoder": {"model_type": "bert"}}'])
def test_a_config_that_is_none_is_refused(model: Path, config: str) -> None:
    (model / checkpoints.CONFIG).write_text(config)
    checkpoints.write_manifest(model)
    with pytest.raises(DamagedModelError, match=re.escape(checkpoints.CONFIG)):
        stance.load(quotes=model).segment(TEXT)


@pytest.mark.parametrize("sums", ["{}", '{"sha256": null}', '{"sha256": ["a"]}'])
def test_a_manifest_without_sums_is_refused(model: Path, sums: str) -> None:
    (model / checkpoints.MANIFEST).write_text(sums)
    with pytest.raises(DamagedModelError, match=re.escape(checkpoints.MANIFEST)):
        stance.load(quotes=model).segment(TEXT)


def test_weights_of_another_shape_or_no_weights_are_refused(model: Path) -> None:
    config = json.loads((model / checkpoints.CONFIG).read_text())
    (model / checkpoints.CONFIG).write_text(json.dumps(config | {"link_width": 8}))
    checkpoints.write_manifest(model, WORDS)
    with pytest.raises(DamagedModelError, match=checkpoints.WEIGHTS):
        stance.load(quotes=model).segment(TEXT)
    (model / checkpoints.WEIGHTS).write_bytes(b"not weights")
    checkpoints.write_manifest(model, WORDS)
    with pytest.raises(DamagedModelError, match=checkpoints.WEIGHTS):
        stance.load(quotes=model).segment(TEXT)


def test_a_model_for_the_other_task_is_refused() -> None:
    with pytest.raises(DamagedModelError, match="quotes model"):
        stance.load(quotes=checkpoints.locate("stance")).segment(TEXT)


def test_shipped_models_come_with_card_recipe_and_small_weights() -> None:
    size = 0
    for name in ("quotes", "stance"):
        folder = checkpoints.locate(name)
        checkpoints.verify(folder)
        card = (folder / "README.md").read_text()
        assert card.startswith("---\nlanguage: en")
        assert "SHA-256" in card
        assert (folder / "recipe.toml").is_file()
        size += (folder / checkpoints.WEIGHTS).stat().st_size
    size += (folder / WORDS).stat().st_size
    assert size < 95e6


def test_models_of_one_table_share_a_file_and_one_of_another_keeps_its_own(tmp_path: Path) -> None:
    judge = Judge(checkpoints.locate("stance"), exact=True)
    config = checkpoints.verify(checkpoints.locate("stance"))
    plain = {key: value for key, value in config.items() if key != "words"}
    bits = {"bits": config["bits"], "table_bits": config["table_bits"]}
    for name, words in (("first", WORDS), ("second", WORDS), ("alone", "")):
        checkpoints.save(judge.model, judge.tokenizer, plain, tmp_path / name, words=words, **bits)
    table = checkpoints.digest(tmp_path / "words.safetensors")
    with torch.no_grad():
        judge.model.encoder.get_input_embeddings().weight[0] += 1
    checkpoints.save(judge.model, judge.tokenizer, plain, tmp_path / "other", words=WORDS, **bits)
    assert checkpoints.digest(tmp_path / "words.safetensors") == table
    sizes = {name: (tmp_path / name / checkpoints.WEIGHTS).stat().st_size for name in ("first", "second", "alone", "other")}
    assert sizes["first"] == sizes["second"] < sizes["alone"] - 13e6
    assert sizes["other"] == sizes["alone"]
    states = {name: Judge(tmp_path / name, exact=True).model.state_dict() for name in sizes}
    for name, weights in states["alone"].items():
        assert torch.equal(states["first"][name], weights)
        assert torch.equal(states["second"][name], weights)
        assert torch.equal(states["other"][name], weights) == (not name.endswith("word_embeddings.weight"))


def test_a_model_that_is_trained_anew_takes_the_table_that_others_share(tiny_base: Path, tmp_path: Path) -> None:
    made = Recipe(str(tiny_base), (Stage(("seeds/train:2",), 1, 1e-3),), window=48, batch_size=64, bits=4, table_bits=4, words=WORDS)
    for name in ("first", "second"):
        train_model("stance", made, tmp_path / name, tmp_path / "work")
        if name == "first":
            shared = load_file(tmp_path / "words.safetensors")
            (scales,) = (key for key in shared if key.endswith(".scales"))
            other = torch.where(shared[scales] > 1e-6, shared[scales] * 2, shared[scales])
            save_file(shared | {scales: other}, tmp_path / "words.safetensors", metadata={"format": "pt"})
    assert not any("word_embeddings" in name for name in load_file(tmp_path / "second" / checkpoints.WEIGHTS))
    begun = load_base(str(tiny_base))[0].get_input_embeddings().weight
    taken = Judge(tmp_path / "second", exact=True).model.encoder.get_input_embeddings().weight
    assert 1.8 < float(taken.detach().norm() / begun.detach().norm()) < 2.2

    (tmp_path / "words.safetensors").write_bytes(b"no weights")
    with pytest.raises(DamagedModelError, match=r"words\.safetensors"):
        train_model("stance", made, tmp_path / "third", tmp_path / "work")
