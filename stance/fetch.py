"""Fetches the public corpora from their publishers' addresses, into the layout that `stance.corpora` reads.

Their texts are their publishers' and never enter the project; it keeps their SHA-256 sums, by which every fetched text is verified.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from stance.errors import CorpusError
from stance.standoff import digest

SUMS = Path("seeds/standoff/sums.tsv")
_TIMEOUT = 60
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
    """Fetches one corpus into `folder/NAME`; what is there already and sound is not fetched again.

    Args:
        corpus: One of `CORPORA`.
        folder: The data folder.
        sums: What `read_sums` gives for this corpus.
        report: Called with how many articles are done, and how many there are, where they are fetched one by one.

    Returns:
        Names of the articles or files that are missing at the address, or differ from those that were labelled.

    Raises:
        CorpusError: The address does not answer, or answers with something else.
    """
    place = folder / corpus.name
    if corpus.name == "news_china":
        found = _fetch_articles(corpus, place / "articles.jsonl", sums, report)
        return _write_rows(place / "articles.jsonl", found, sums)
    archive = _open_archive(corpus)
    if corpus.name == "congress_china":
        return _write_rows(place / "releases.jsonl", _releases(archive, sums), sums)
    return _unpack(archive, place, sums)


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
    except (OSError, ValueError) as error:
        raise CorpusError(f"{address}: {error}") from None


def _open_archive(corpus: Corpus) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(_read(corpus.address)))
    except zipfile.BadZipFile as error:
        raise CorpusError(f"{corpus.address}: {error}") from None


def _sound(data: bytes, expected: str | None) -> bool:
    return hashlib.sha256(data).hexdigest()[:16] == expected


def _unpack(archive: zipfile.ZipFile, place: Path, sums: Mapping[str, str]) -> list[str]:
    """Writes the files of an archive whose paths end as the sums' do; returns those that are missing or differ."""
    wanted = {tuple(PurePosixPath(name).parts): name for name in sums}
    depths = {len(parts) for parts in wanted}
    left = set(sums)
    for member in archive.namelist():
        parts = PurePosixPath(member).parts
        name = next((wanted[parts[-depth:]] for depth in depths if parts[-depth:] in wanted), None)
        data = archive.read(member) if name is not None and name in left else b""
        if name is not None and _sound(data, sums[name]):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
            left.discard(name)
    return sorted(left)


def _fetch_articles(corpus: Corpus, path: Path, sums: Mapping[str, str], report: Callable[[int, int], None]) -> Iterator[dict[str, Any]]:
    held = {row["id"]: row for row in _rows_of(path)}
    for number, name in enumerate(sums, 1):
        if name in held:
            yield held[name]
            continue
        report(number, len(sums))
        try:
            row = json.loads(_read(corpus.address + urllib.parse.quote(f"{name}.json")))
            described = {key: row.get(key) or "" for key in ("date", "title", "url")}
            yield {"id": name, "outlet": row.get("source") or "", **described, "text": row["content_original"]}
        except CorpusError as error:
            if "404" not in str(error):
                raise
        except (ValueError, KeyError, AttributeError) as error:
            raise CorpusError(f"{corpus.address}{name}.json: not an article: {error!r}") from None


def _rows_of(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def _releases(archive: zipfile.ZipFile, sums: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The press releases whose text was labelled; a name is the member's, the date, and a running number that the sums alone know."""
    by_sum: dict[tuple[str, str], list[str]] = {}
    for name, total in sums.items():
        by_sum.setdefault((name.rpartition("-")[0], total), []).append(name)
    for member in archive.namelist():
        path = PurePosixPath(member)
        if not path.name.endswith("Press.txt"):
            continue
        author = path.name.removesuffix("Press.txt")
        for line in archive.read(member).decode("utf-8", "replace").split("\n"):
            match = _RELEASE.match(line.rstrip("\r"))
            if match is None:
                continue
            date = f"{match['year']}-{match['month']}-{match['day']}"
            for text in dict.fromkeys((match["text"], match["text"].strip())):
                for name in by_sum.pop((f"{author}-{date}", digest(text)[:16]), []):
                    yield {"id": name, "member": author, "date": date, "text": text}


def _write_rows(path: Path, rows: Iterable[dict[str, Any]], sums: Mapping[str, str]) -> list[str]:
    """Writes rows whose texts are sound, in order of their ids; returns the ids that are missing or differ."""
    sound = {row["id"]: row for row in rows if digest(row["text"])[:16] == sums.get(row["id"])}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(sound[name], ensure_ascii=False) + "\n" for name in sorted(sound)), encoding="utf-8")
    return sorted(sums.keys() - sound.keys())
