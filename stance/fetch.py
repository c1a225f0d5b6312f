"""Fetches the public corpora from their publishers' addresses, into the layout that `stance.corpora` reads.

Their texts are their publishers' and never enter the project; it keeps their SHA-256 sums, by which every fetched text is verified.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import re
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from stance.articles import load_row, split_file
from stance.errors import CorpusError, LabelError
from stance.files import to_json, write_whole
from stance.standoff import digest

SUMS = Path("seeds/standoff/sums.tsv")
_TIMEOUT = 60
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError)  # what zipfile raises, by which bytes are wrong
_RELEASE = re.compile(r"(?P<day>\d\d)\.(?P<month>\d\d)\.(?P<year>\d{4})\t(?P<text>.+)")


@dataclass(frozen=True, slots=True)
class Corpus:
    """A public corpus.

    Attributes:
        name: Its folder.
        address: Where its repository lies.
        licence: What its licence allows.
    """

    name: str
    address: str
    licence: str


CORPORA = (
    Corpus(
        "polnear",
        "https://github.com/networkdynamics/PolNeAR/archive/HEAD.zip",
        "no licence is stated for the annotation, and the texts are their publishers': for your own research, not to be passed on",
    ),
    Corpus(
        "gum",
        "https://github.com/amir-zeldes/gum/archive/HEAD.zip",
        "annotation CC BY 4.0; texts by document, see its LICENSE.txt: some may not be used for profit",
    ),
    Corpus(
        "news_china",
        "https://raw.githubusercontent.com/ramybaly/Article-Bias-Prediction/HEAD/data/jsons/",
        "the repository is Apache-2.0, the articles are their publishers': for your own research, not to be passed on",
    ),
    Corpus(
        "congress_china",
        "https://github.com/wang-richard/happycongress/archive/HEAD.zip",
        "works of the US government, in the public domain in the United States",
    ),
)


def fetch(
    corpus: Corpus, folder: Path, sums: Mapping[str, Any], report: Callable[[int, int], None] = lambda done, total: None
) -> list[str]:
    """Fetches one corpus into `folder/NAME`; what is there already and sound is kept, and not fetched again.

    What was fetched before an error is kept too.

    Args:
        corpus: One of `CORPORA`.
        folder: The data folder.
        sums: What `read_sums` gives for this corpus.
        report: Called with how many articles are done, and how many there are, where they are fetched one by one.

    Returns:
        Names of the articles or files that are not there, as they are missing at the address or differ from those that were labelled.

    Raises:
        CorpusError: The address does not answer, breaks off, or answers with something else.
    """
    place = folder / corpus.name
    if corpus.name == "news_china":
        return _fetch_rows(place / "articles.jsonl", sums, lambda wanted: _articles(corpus, sums, wanted, report))
    if corpus.name == "congress_china":
        return _fetch_rows(place / "releases.jsonl", sums, lambda wanted: _releases(corpus, wanted))
    return _fetch_files(corpus, place, sums)


def read_sums(path: Path = SUMS) -> dict[str, dict[str, str]]:
    """The first sixteen digits of the SHA-256 sums of each corpus: of texts by id, or of files by path below its folder.

    Raises:
        CorpusError: The file is missing or damaged.
    """
    sums: dict[str, dict[str, str]] = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            corpus, name, total = line.split("\t")
            sums.setdefault(corpus, {})[name] = total
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path}: no sums of the corpora: {error}") from None
    return sums


def _read(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
            return bytes(answer.read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise CorpusError(f"{address}: {error}") from None


def _members(corpus: Corpus, name_of: Callable[[PurePosixPath], str | None]) -> Iterator[tuple[str, bytes]]:
    """The files of a corpus' archive to which `name_of` gives a name, each with that name.

    Raises:
        CorpusError: The address does not answer, or not with a sound archive.
    """
    place, data = corpus.address, _read(corpus.address)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                name = name_of(PurePosixPath(member))
                if name is not None:
                    place = f"{corpus.address}: {member}"
                    yield name, archive.read(member)
    except _DAMAGE as error:
        raise CorpusError(f"{place}: not a sound archive: {error!r}") from None


def _fetch_files(corpus: Corpus, place: Path, sums: Mapping[str, str]) -> list[str]:
    """Writes those files of an archive whose paths end as the sums' do; returns those that are missing or differ."""
    left = {PurePosixPath(name).parts: name for name, total in sums.items() if not _is_sound_file(place / name, total)}
    depths = {len(parts) for parts in left}

    def name_of(member: PurePosixPath) -> str | None:
        return next((left[member.parts[-depth:]] for depth in depths if member.parts[-depth:] in left), None)

    for name, data in _members(corpus, name_of) if left else ():
        if _is_sound(data, sums[name]):
            write_whole(place / name, data)
            del left[PurePosixPath(name).parts]
    return sorted(left.values())


def _is_sound_file(path: Path, total: str) -> bool:
    return path.is_file() and _is_sound(path.read_bytes(), total)


def _is_sound(data: bytes, total: str) -> bool:
    return hashlib.sha256(data).hexdigest()[:16] == total


def _fetch_rows(path: Path, sums: Mapping[str, str], ask: Callable[[Mapping[str, str]], Iterable[dict[str, Any]]]) -> list[str]:
    """Adds to a file the sound rows that `ask` gives for the sums it lacks, in order of their ids; returns the ids still missing."""
    held = _sound_rows(path, sums)
    wanted = {name: total for name, total in sums.items() if name not in held}
    try:
        for row in ask(wanted) if wanted else ():
            if _is_sound_row(row, sums):
                held[row["id"]] = row
    finally:
        if held:  # an empty file would pass for the corpus
            write_whole(path, "".join(to_json(held[name]) + "\n" for name in sorted(held)).encode())
    return sorted(sums.keys() - held.keys())


def _sound_rows(path: Path, sums: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The rows of a file by id, without those that are cut or changed."""
    found: dict[str, dict[str, Any]] = {}
    for place, data in split_file(path) if path.is_file() else ():
        try:
            row = load_row(data, place)
        except LabelError:
            continue
        if _is_sound_row(row, sums):
            found[row["id"]] = row
    return found


def _is_sound_row(row: Mapping[str, Any], sums: Mapping[str, str]) -> bool:
    name, text = row.get("id"), row.get("text")
    return isinstance(name, str) and isinstance(text, str) and digest(text)[:16] == sums.get(name)


def _articles(
    corpus: Corpus, sums: Mapping[str, str], wanted: Mapping[str, str], report: Callable[[int, int], None]
) -> Iterator[dict[str, Any]]:
    """The wanted articles that are at the address."""
    for number, name in enumerate(sums, 1):
        if name not in wanted:
            continue
        report(number, len(sums))
        try:
            row = json.loads(_read(corpus.address + urllib.parse.quote(f"{name}.json")))
            described = {key: row.get(key) or "" for key in ("date", "title", "url")}
            yield {"id": name, "outlet": row.get("source") or "", **described, "text": row["content_original"]}
        except CorpusError as error:
            if "HTTP Error 404" not in str(error):
                raise
        except (ValueError, KeyError, AttributeError) as error:
            raise CorpusError(f"{corpus.address}{name}.json: not an article: {error!r}") from None


def _releases(corpus: Corpus, wanted: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The press releases whose text was labelled; a name is the member's, the date, and a running number that the sums alone know."""
    by_sum: dict[tuple[str, str], list[str]] = {}
    for name, total in wanted.items():
        by_sum.setdefault((name.rpartition("-")[0], total), []).append(name)
    for author, data in _members(corpus, _author):
        for line in data.decode("utf-8", "replace").split("\n"):
            match = _RELEASE.match(line.rstrip("\r"))
            if match is None:
                continue
            date = f"{match['year']}-{match['month']}-{match['day']}"
            for text in dict.fromkeys((match["text"], match["text"].strip())):
                for name in by_sum.pop((f"{author}-{date}", digest(text)[:16]), []):
                    yield {"id": name, "member": author, "date": date, "text": text}


def _author(member: PurePosixPath) -> str | None:
    return member.name.removesuffix("Press.txt") if member.name.endswith("Press.txt") else None
