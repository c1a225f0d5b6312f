"""Corpora are fetched from addresses on this disk: the same code reads them as reads those of their publishers."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stance import fetch as fetching
from stance.cli import app
from stance.corpora import read_texts
from stance.errors import CorpusError
from stance.fetch import CORPORA, Corpus, fetch, read_sums

ARTICLE = "Quill said the council should ring Beijing.\n\nThe harbour was grey."
RELEASE = "(Harrogate) “We should ring Beijing,” Quill said."


def short(data: str) -> str:
    return hashlib.sha256(data.encode()).hexdigest()[:16]


def corpus(name: str, address: str) -> Corpus:
    return replace(next(corpus for corpus in CORPORA if corpus.name == name), address=address)


def archive(folder: Path, files: dict[str, str]) -> str:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name, words in files.items():
            made.writestr(f"repository-HEAD/{name}", words)
    path = folder / "archive.zip"
    path.write_bytes(data.getvalue())
    return path.as_uri()


def test_articles_are_fetched_one_by_one_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "jsons"
    source.mkdir()
    row = {"source": "The Courier", "date": "2020-01-02", "title": "T", "url": "u", "content_original": ARTICLE, "content": "x"}
    (source / "abc.json").write_text(json.dumps(row))
    news = corpus("news_china", source.as_uri() + "/")
    assert fetch(news, tmp_path / "data", {"abc": short(ARTICLE)}) == []
    (made,) = map(json.loads, (tmp_path / "data/news_china/articles.jsonl").read_text().splitlines())
    assert made == {"id": "abc", "outlet": "The Courier", "date": "2020-01-02", "title": "T", "url": "u", "text": ARTICLE}
    (source / "abc.json").unlink()
    assert fetch(news, tmp_path / "data", {"abc": short(ARTICLE)}) == []
    monkeypatch.setenv("STANCE_DATA", str(tmp_path / "data"))
    assert read_texts("news_china") == {"abc": ARTICLE}


def test_a_changed_article_is_named_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "abc.json").write_text(json.dumps({"content_original": ARTICLE + " Corrected."}))
    assert fetch(corpus("news_china", tmp_path.as_uri() + "/"), tmp_path / "data", {"abc": short(ARTICLE)}) == ["abc"]
    assert (tmp_path / "data/news_china/articles.jsonl").read_text() == ""


def test_releases_get_the_names_that_their_sums_had(tmp_path: Path) -> None:
    lines = f"01.02.2019\tSomething else.\n01.02.2019\t{RELEASE}\nno date\n02.02.2019\t{RELEASE}\n"
    address = archive(tmp_path, {"press_releases/2019/noraQuillPress.txt": lines, "README.md": lines})
    sums = {"noraQuill-2019-02-01-2": short(RELEASE), "noraQuill-2019-02-03-1": short(RELEASE)}
    assert fetch(corpus("congress_china", address), tmp_path / "data", sums) == ["noraQuill-2019-02-03-1"]
    (made,) = map(json.loads, (tmp_path / "data/congress_china/releases.jsonl").read_text().splitlines())
    assert made == {"id": "noraQuill-2019-02-01-2", "member": "noraQuill", "date": "2019-02-01", "text": RELEASE}


def test_files_are_unpacked_where_readers_look_for_them(tmp_path: Path) -> None:
    address = archive(tmp_path, {"data/dev/text/quay.txt": ARTICLE, "data/test/text/quay.txt": "Secret.", "data/dev/text/more.txt": "?"})
    sums = {"dev/text/quay.txt": short(ARTICLE), "dev/text/more.txt": short("!")}
    assert fetch(corpus("polnear", address), tmp_path / "data", sums) == ["dev/text/more.txt"]
    assert (tmp_path / "data/polnear/dev/text/quay.txt").read_text() == ARTICLE
    assert [path.name for path in (tmp_path / "data").rglob("*.txt")] == ["quay.txt"]


@pytest.mark.parametrize("name", ["polnear", "congress_china"])
def test_an_address_that_does_not_answer_is_named(name: str, tmp_path: Path) -> None:
    address = (tmp_path / "none.zip").as_uri()
    with pytest.raises(CorpusError, match=r"none\.zip"):
        fetch(corpus(name, address), tmp_path, {})
    (tmp_path / "none.zip").write_bytes(b"<html>Not found</html>")
    with pytest.raises(CorpusError, match=r"none\.zip"):
        fetch(corpus(name, address), tmp_path, {})


def test_the_projects_sums_cover_every_labelled_text() -> None:
    sums = read_sums()
    assert set(sums) == {corpus.name for corpus in CORPORA}
    for path in Path("seeds/standoff").glob("*.jsonl"):
        for row in map(json.loads, path.read_text().splitlines()):
            name = row["id"] if path.stem != "polnear" else f"{row['split']}/text/{row['id']}.txt"
            assert sums[path.stem][name] == row["sha256"][:16]


def test_the_command_says_what_failed_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = corpus("gum", archive(tmp_path, {"dep/quay.conllu": ARTICLE}))
    bad = corpus("polnear", (tmp_path / "none.zip").as_uri())
    monkeypatch.setattr(fetching, "CORPORA", (bad, good))
    monkeypatch.setattr(fetching, "read_sums", lambda: {"gum": {"dep/quay.conllu": short(ARTICLE)}, "polnear": {}})
    result = CliRunner().invoke(app, ["fetch", "--into", str(tmp_path / "data")])
    assert result.exit_code == 1
    assert "none.zip" in result.stderr
    assert "1 of 1 as they were labelled" in result.stderr
    assert (tmp_path / "data/gum/dep/quay.conllu").read_text() == ARTICLE
