from collections.abc import Iterator
from pathlib import Path

import pytest

import stance
from stance.articles import read_folder
from stance.document import Document
from stance.pipeline import Pipeline

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def seeds() -> list[Document]:
    return list(read_folder(ROOT / "seeds" / "test"))


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    return stance.load(threads=2)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """For tiny models: more threads would wait for each other for most of the time."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder of one layer with weights by chance, as any Hugging Face folder."""
    import torch
    from transformers import BertConfig, BertModel

    from stance import checkpoints

    folder = tmp_path_factory.mktemp("tiny-base")
    tokenizer = checkpoints.load_tokenizer(checkpoints.locate("quotes"))
    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=tokenizer.get_vocab_size(), **size)).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="session")
def tiny_quotes(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quotes model with weights by chance."""
    from stance import checkpoints
    from stance.tagger import QuoteTagger
    from stance.training.recipe import load_base
    from stance.training.run import encoder_row

    encoder, tokenizer = load_base(str(tiny_base))
    folder = tmp_path_factory.mktemp("tiny-quotes")
    config = {"model_type": checkpoints.TYPES["quotes"], "encoder": encoder_row(encoder), "window": 256, "overlap": 48, "link_width": 8}
    checkpoints.save(QuoteTagger(encoder, 8), tokenizer, config, folder)
    return folder
