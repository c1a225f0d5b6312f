"""Finds labelled data by name: the project's own `seeds/`, and public corpora in a folder that each user fetches for themselves.

| name | what |
| --- | --- |
| `seeds/train`, `seeds/dev`, `seeds/test` | labelled articles, with their text |
| `polnear/train`, `polnear/dev` | PolNeAR, under the data folder; with speakers where `seeds/standoff` names them |
| `news_china/train`, `news_china/dev` | stand-off labels of `seeds/standoff` on texts under the data folder; all quotes labelled |
| `NAME/some`, as `congress_china/train/some` | articles in which only some quotes are labelled, for stance alone |
| `./FOLDER`, `/FOLDER` | labelled articles anywhere, see `name_of` |
| `./FOLDER#dev`, `./FOLDER#train` | those fifth of its articles that the sums of their ids draw, and the rest |

Of `seeds/`, the `.json` files are articles labelled in full, the `.jsonl` files single passages and pairs of them
(`seeds/train/some`, `seeds/behaviour/some`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from stance.articles import article_paths, read_articles
from stance.document import Document
from stance.errors import CorpusError
from stance.formats import polnear
from stance.standoff import digest, read_standoff

HELD_OUT = 0.2
_SIDES = ("train", "dev")
_TEXTS = {
    "news_china": ("articles.jsonl",),
    "congress_china": ("releases.jsonl",),
    "polnear": ("train/text", "dev/text"),
}


def data_folder() -> Path:
    """Where corpora lie: `STANCE_DATA`, else `data` in the working folder."""
    return Path(os.environ.get("STANCE_DATA") or "data")


def read_corpus(name: str, seeds: Path = Path("seeds"), without: Collection[str] = ()) -> list[Document]:
    """Reads labelled articles by the name of their corpus and split.

    Args:
        name: See the table above.
        seeds: The folder of the project's own labels.
        without: Places in a person's own folder that are not read, see `stance.articles.damage`.

    Raises:
        LabelError: A labelled article is damaged.
        CorpusError: No such corpus, or its folder is missing.
    """
    if is_place(name):
        return _read_place(name, without)
    corpus, split, some = _parts(name)
    labels = seeds / "standoff" / f"{corpus}.jsonl"
    if corpus == "seeds":
        paths = [path for path in article_paths([seeds / split]) if (path.suffix == ".jsonl") == some]
        return [document for path in paths for document in read_articles(path)]
    if corpus == "polnear" and not some:
        folder = data_folder() / corpus / split
        if not folder.is_dir():
            raise CorpusError(f"{name}: no folder {folder}; `make data` fetches it, or STANCE_DATA names the folder it lies in")
        return _with_speakers(list(polnear.read(folder)), labels, split)
    if corpus in _TEXTS:
        if not labels.is_file():
            raise CorpusError(f"{name}: no labels at {labels}")
        return list(read_standoff(labels, read_texts(corpus), split=split, complete=not some))
    raise CorpusError(f"{name}: there is no such corpus; see stance.corpora")


def _with_speakers(documents: list[Document], labels: Path, split: str) -> list[Document]:
    """Articles of PolNeAR, which names no speakers, with those that the project's labels give them."""
    if not labels.is_file():
        return documents
    texts = {document.id or "": document.text for document in documents}
    named = {document.id: document for document in read_standoff(labels, texts, split=split, complete=True)}
    return [named.get(document.id, document) for document in documents]


def is_present(name: str, seeds: Path = Path("seeds")) -> bool:
    """Whether a corpus can be read here."""
    if is_place(name):
        return _place_of(name)[0].exists()
    corpus, split, some = _parts(name)
    if corpus == "seeds":
        return any((seeds / split).glob("*.jsonl" if some else "*.json"))
    if corpus == "polnear" and not some:
        return (data_folder() / corpus / split).is_dir()
    return corpus in _TEXTS and _texts_of(corpus)[0].exists() and (seeds / "standoff" / f"{corpus}.jsonl").is_file()


def name_of(place: Path) -> str:
    """The name by which `read_corpus` reads a file or folder of labelled articles."""
    return str(place) if place.is_absolute() or place.parts[:1] == ("..",) else f"./{place.as_posix()}"


def is_place(name: str) -> bool:
    """Whether a corpus' name is that of a file or folder, and no corpus of the project."""
    return name.startswith(("./", "../")) or Path(name).is_absolute()


def _place_of(name: str) -> tuple[Path, str]:
    place, _, side = name.rpartition("#")
    return (Path(place), side) if side in _SIDES else (Path(name), "")


def _read_place(name: str, without: Collection[str]) -> list[Document]:
    place, side = _place_of(name)
    documents = [document for path in article_paths([place]) for document in read_articles(path, without)] if place.exists() else []
    if not documents:
        raise CorpusError(f"{name}: no .json or .jsonl file with labelled articles at {place}")
    return (
        [document for document, held in zip(documents, held_out(documents), strict=True) if held == (side == "dev")] if side else documents
    )


def held_out(documents: Sequence[Document], share: float = HELD_OUT) -> list[bool]:
    """Which articles are kept for development: by the sum of each one's id, so that articles that are added later move none.

    One at least is left, and of two or more one at least is kept.
    """
    drawn = [int(digest(document.id or document.text)[:12], 16) / 16**12 for document in documents]
    kept = [value < share for value in drawn]
    if len(set(kept)) != 1:
        return kept
    return [value < max(drawn) if kept[0] else value == min(drawn) < max(drawn) for value in drawn]


def _parts(name: str) -> tuple[str, str, bool]:
    """Corpus, split, and whether the articles with single labels are meant."""
    corpus, _, split = name.partition("/")
    split, _, some = split.partition("/")
    return corpus, split, bool(some)


def read_texts(corpus: str) -> Mapping[str, str]:
    """The texts of a corpus by id.

    Raises:
        CorpusError: Its file is missing or no JSONL of articles.
    """
    path, *others = _texts_of(corpus)
    if path.is_dir():
        return {file.stem: file.read_bytes().decode() for folder in (path, *others) for file in sorted(folder.glob("*.txt"))}
    try:
        rows = [json.loads(line) for line in path.read_bytes().decode().split("\n") if line.strip()]
        return {row["id"]: row["text"] for row in rows}
    except OSError:
        raise CorpusError(f"{corpus}: no file {path}; `make data` fetches it, or STANCE_DATA names the folder it lies in") from None
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{path}: not a JSONL file of articles with `id` and `text`: {error}") from None


def read_unlabelled(names: Sequence[str], apart: Iterable[Document]) -> list[Document]:
    """Articles whose labels, if they have any, are not looked at; each text once.

    Args:
        names: Corpora: all texts of one (`congress_china`), or those of labelled articles (`news_china/train`).
        apart: Articles that are left out, as a model is measured on them.
    """
    held_out = {digest(document.text) for document in apart}
    found: dict[str, Document] = {}
    for name in names:
        documents = read_corpus(name) if "/" in name else [Document(text, id=number) for number, text in read_texts(name).items()]
        found.update((total, document) for document in documents if (total := digest(document.text)) not in held_out)
    return list(found.values())


def _texts_of(corpus: str) -> list[Path]:
    return [data_folder() / corpus / place for place in _TEXTS[corpus]]
