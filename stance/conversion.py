"""Labelled articles from one format to another: tells what a file is, reads it, writes others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from stance import articles
from stance.document import Document
from stance.errors import InputError, LabelError, StanceError
from stance.files import to_json, write_whole
from stance.formats import brat, brat_annotations, label_studio, label_studio_export, tables
from stance.questions import shipped_question

FORMATS = ("articles", "label-studio", "brat", "jsonl", "parquet")
FOLDERS = ("articles", "brat")
_SUFFIXES = {
    "articles": (".json", ".jsonl"),
    "label-studio": (".json",),
    "brat": (".ann",),
    "jsonl": (".jsonl",),
    "parquet": (".parquet",),
}
_ODD = re.compile(r"[^\w.-]+")


def read(places: Iterable[Path], source: str | None = None) -> Iterator[Document | StanceError]:
    """Reads the labelled articles among and below some files and folders; what cannot be read comes as an error among them.

    Args:
        places: Files and folders.
        source: One of `FORMATS`; told by each file's ending and content when left out.
    """
    for place in places:
        paths = _below(place, source)
        if not paths:
            yield LabelError(str(place), "no labelled articles in this folder")
        for path in paths:
            try:
                parts = _parts(path, source)
            except StanceError as error:
                yield error
                continue
            for part in parts:
                try:
                    yield from part()
                except StanceError as error:
                    yield error


def _below(place: Path, source: str | None) -> list[Path]:
    if not place.is_dir():
        return [place]
    suffixes = _SUFFIXES[source] if source else {suffix for suffixes in _SUFFIXES.values() for suffix in suffixes}
    return sorted(path for path in place.rglob("*") if path.suffix in suffixes and path.is_file())


def _parts(path: Path, source: str | None) -> list[Callable[[], list[Document]]]:
    """The readers of a file's parts, so that a damaged part does not keep the others."""
    suffix = path.suffix.lower()
    if suffix in label_studio_export.LOSSY_SUFFIXES and source in (None, "label-studio"):
        raise label_studio_export.refusal(label_studio_export.LOSSY_SUFFIXES[suffix], str(path))
    if source == "brat" or (source is None and suffix in (".ann", ".txt")):
        return [lambda: [_read_brat(path)]]
    if source == "parquet" or (source is None and suffix == ".parquet"):
        return [_row_reader(row, place) for place, row in tables.read_parquet(path)]
    if suffix == ".jsonl" and source != "label-studio":
        return [_line_reader(data, place) for place, data in articles.split_file(path)]
    if suffix != ".json" and source is None:
        raise LabelError(str(path), f"no format of labelled articles ends in {suffix!r}; name one with --from: {', '.join(FORMATS)}")
    data = articles.load(articles.read_file(path), str(path))
    if source == "label-studio" or (source is None and _is_label_studio(data)):
        return [_task_reader(task, place) for place, task in label_studio_export.split_export(data, str(path))]
    if isinstance(data, list):
        return [_row_reader(row, f"{path}: article {number}") for number, row in enumerate(data)]
    return [_row_reader(data, str(path))]


def _is_label_studio(data: Any) -> bool:
    return label_studio_export.is_export(data) or (isinstance(data, dict) and {"images", "categories"} <= data.keys())


def _row_reader(row: Any, place: str) -> Callable[[], list[Document]]:
    def read_row() -> list[Document]:
        if not isinstance(row, dict):
            raise LabelError(place, "not a JSON object")
        return [tables.from_row(row, place)]

    return read_row


def _line_reader(data: bytes, place: str) -> Callable[[], list[Document]]:
    return lambda: [tables.from_row(articles.load_row(data, place), place)]


def _task_reader(task: Mapping[str, Any], place: str) -> Callable[[], list[Document]]:
    return lambda: label_studio_export.read_task(task, place)


def _read_brat(path: Path) -> Document:
    found = []
    for part in (path.with_suffix(".txt"), path.with_suffix(".ann")):
        try:
            found.append(part.read_bytes().decode())
        except OSError as error:
            raise LabelError(str(part), f"{error.strerror or error}; brat keeps an article in ID.txt and ID.ann") from None
        except UnicodeDecodeError as error:
            raise LabelError(str(part), f"not UTF-8: byte {error.start}") from None
    return brat_annotations.read_annotations(found[0], found[1], path.stem, str(path.with_suffix(".ann")))


def write(documents: Sequence[Document], target: str, output: Path, *, force: bool = False) -> list[Path]:
    """Writes labelled articles.

    Args:
        documents: What to write.
        target: One of `FORMATS`.
        output: A folder for `articles` and `brat`, else a file.
        force: Overwrite files that exist.

    Returns:
        The files written.

    Raises:
        InputError: A file exists, and nothing was written; or the output is a folder where a file is due, or the reverse.
        LabelError: The format cannot hold an article.
    """
    if target in FOLDERS and output.is_file():
        raise InputError(f"{output}: a file, but {target} fills a folder")
    if target not in FOLDERS and output.is_dir():
        raise InputError(f"{output}: a folder, but {target} is one file")
    files = _files(documents, target, output)
    there = [path for path in files if path.exists()]
    if there and not force:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise InputError(f"{there[0]}{more}: already there, and nothing was written; --force overwrites")
    for path, save in files.items():
        save(path)
    return list(files)


def _files(documents: Sequence[Document], target: str, output: Path) -> dict[Path, Callable[[Path], object]]:
    """What to write, by path."""
    if target == "parquet":
        return {output: partial(tables.write_parquet, documents)}
    if target == "label-studio":
        return {output: _saver(to_json([label_studio.write_task(document) for document in documents], indent=1) + "\n")}
    if target == "jsonl":
        return {output: _saver("".join(to_json(tables.to_row(document)) + "\n" for document in documents))}
    named = zip(_names(documents), documents, strict=True)
    if target == "articles":
        return {output / f"{name}.json": partial(articles.write_article, document) for name, document in named}
    files = {output / "annotation.conf": _saver(brat.annotation_conf(stances(documents))), output / "visual.conf": _saver(brat.VISUAL_CONF)}
    for name, document in named:
        for suffix, text in ((".txt", document.text), (".ann", brat.write_annotations(document))):
            files[output / f"{name}{suffix}"] = _saver(text, name)
    return files


def _saver(text: str, place: str = "") -> Callable[[Path], object]:
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise LabelError(place, f"a text file cannot hold this article: code point {error.start} is a lone surrogate") from None
    return lambda path: write_whole(path, data)


def stances(documents: Iterable[Document]) -> list[str]:
    """The stance labels to choose from: those that documents have, and all of the shipped question unless theirs is another."""
    found = {quote.stance.label for document in documents for quote in document.quotes if quote.stance}
    shipped = shipped_question()
    another = found - {*shipped.labels} and not found & {shipped.positive, shipped.negative}
    return sorted(found) if another else [*shipped.labels, *sorted(found - {*shipped.labels})]


def _names(documents: Iterable[Document]) -> list[str]:
    """A file name for each document, from its id; no two the same, upper and lower case aside."""
    names: list[str] = []
    taken: set[str] = set()
    for document in documents:
        stem = _ODD.sub("_", str(document.id or "article"))[:100].strip(".") or "article"
        name, number = stem, 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names
