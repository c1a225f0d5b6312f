"""Corpora are fetched from addresses on this disk: the same code reads them as reads those of their publishers."""

import hashlib
import io
import json
import socketserver
import threading
import zipfile
from collections.abc import Iterator
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
PRESS = "press_releases/noraQuillPress.txt"


def short(data: str) -> str:
    return hashlib.sha256(data.encode()).hexdigest()[:16]


def corpus(name: str, address: str) -> Corpus:
    return replace(next(corpus for corpus in CORPORA if corpus.name == name), address=address)


def archive(folder: Path, files: dict[str, str], method: int = zipfile.ZIP_STORED) -> str:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as made:
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
    assert not (tmp_path / "data/news_china/articles.jsonl").exists()


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


def releases_of(days: str) -> tuple[dict[str, str], dict[str, str]]:
    """An archive's files and the sums of a press release for each day."""
    texts = {day: f"{RELEASE} It was day {day}." for day in days}
    lines = "".join(f"0{day}.02.2019\t{text}\n" for day, text in texts.items())
    return {PRESS: lines}, {f"noraQuill-2019-02-0{day}-1": short(text) for day, text in texts.items()}


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def test_releases_that_the_archive_no_longer_holds_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "data/congress_china/releases.jsonl"
    _, sums = releases_of("1234")
    fetch(corpus("congress_china", archive(tmp_path, releases_of("13")[0])), tmp_path / "data", sums)
    address = archive(tmp_path, releases_of("2")[0])
    assert fetch(corpus("congress_china", address), tmp_path / "data", sums) == ["noraQuill-2019-02-04-1"]
    assert ids(path) == ["noraQuill-2019-02-01-1", "noraQuill-2019-02-02-1", "noraQuill-2019-02-03-1"]
    before = path.read_bytes()
    address = archive(tmp_path, {"README.md": "They moved."})
    assert fetch(corpus("congress_china", address), tmp_path / "data", sums) == ["noraQuill-2019-02-04-1"]
    assert path.read_bytes() == before


def news_at(folder: Path, names: str) -> tuple[Corpus, dict[str, str]]:
    """An address with an article of each name, and their sums."""
    folder.mkdir()
    texts = {name: f"{ARTICLE}\n\n{name}" for name in names}
    for name, text in texts.items():
        (folder / f"{name}.json").write_text(json.dumps({"content_original": text}))
    return corpus("news_china", folder.as_uri() + "/"), {name: short(text) for name, text in texts.items()}


def test_articles_before_an_error_are_kept_and_not_asked_for_again(tmp_path: Path) -> None:
    news, sums = news_at(tmp_path / "jsons", "edcba")
    (tmp_path / "jsons/a.json").rename(tmp_path / "a.json")
    with pytest.raises(CorpusError, match=r"a\.json"):
        fetch(news, tmp_path / "data", sums)
    assert ids(tmp_path / "data/news_china/articles.jsonl") == ["b", "c", "d", "e"]
    (tmp_path / "a.json").rename(tmp_path / "jsons/a.json")
    asked: list[tuple[int, int]] = []
    assert fetch(news, tmp_path / "data", sums, lambda *at: asked.append(at)) == []
    assert asked == [(5, 5)]
    assert ids(tmp_path / "data/news_china/articles.jsonl") == ["a", "b", "c", "d", "e"]


def test_an_error_before_the_first_article_leaves_no_empty_corpus(tmp_path: Path) -> None:
    news, sums = news_at(tmp_path / "jsons", "a")
    (tmp_path / "jsons/a.json").unlink()
    with pytest.raises(CorpusError):
        fetch(news, tmp_path / "data", sums)
    assert not (tmp_path / "data/news_china/articles.jsonl").exists()


@pytest.mark.parametrize(
    "damage",
    [b'{"id": "c", "te', b'{"id": "c", "text": "\xe2\x80', b'["c"]', b'{"id": ["c"], "text": 1}', b'{"id": "c", "text": "Another."}'],
)
def test_lines_that_are_cut_or_changed_are_fetched_again(damage: bytes, tmp_path: Path) -> None:
    news, sums = news_at(tmp_path / "jsons", "abc")
    path = tmp_path / "data/news_china/articles.jsonl"
    fetch(news, tmp_path / "data", sums)
    first, second, last = path.read_text().splitlines()
    path.write_bytes(f"{first}\n{second}\n".encode() + damage)
    asked: list[tuple[int, int]] = []
    assert fetch(news, tmp_path / "data", sums, lambda *at: asked.append(at)) == []
    assert asked == [(3, 3)]
    assert path.read_text().splitlines() == [first, second, last]


@pytest.mark.parametrize("name", ["polnear", "congress_china"])
def test_a_disk_that_fails_leaves_the_file_as_it_was(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, sums = releases_of("12")
    sums = sums if name == "congress_china" else {PRESS: short(files[PRESS])}
    path = tmp_path / "data" / name / ("releases.jsonl" if name == "congress_china" else PRESS)
    source = corpus(name, archive(tmp_path, files))
    fetch(source, tmp_path / "data", sums)
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])

    def fill_up(path: Path, data: bytes | str, **_: str) -> int:
        with path.open("wb") as file:
            file.write((data.encode() if isinstance(data, str) else data)[:9])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", fill_up)
        patch.setattr(Path, "write_text", fill_up)
        with pytest.raises(OSError, match="No space"):
            fetch(source, tmp_path / "data", sums)
    assert path.read_bytes() == whole[:-9]
    assert fetch(source, tmp_path / "data", sums) == []
    assert path.read_bytes() == whole


@pytest.fixture
def cut_address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address that promises more than it gives."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4042\r\n\r\nPK")

    monkeypatch.setenv("no_proxy", "*")
    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.parametrize("name", ["polnear", "news_china", "congress_china"])
def test_a_connection_cut_within_the_body_is_named(name: str, cut_address: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"127\.0\.0\.1.*2 bytes read, 4040 more"):
        fetch(corpus(name, cut_address), tmp_path, {"abc": short(ARTICLE)})


@pytest.mark.parametrize("name", ["polnear", "congress_china"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_is_named_and_what_came_before_is_kept(name: str, method: int, tmp_path: Path) -> None:
    good, later = f"01.02.2019\t{RELEASE}\n", f"02.02.2019\t{RELEASE}\n"
    address = archive(tmp_path, {PRESS: good, "press_releases/adaVossPress.txt": later}, method)
    path = tmp_path / "archive.zip"
    data = bytearray(path.read_bytes())
    start = data.index(b"adaVossPress.txt") + len(b"adaVossPress.txt")
    data[start : start + 9] = b"\xff" * 9
    path.write_bytes(data)
    files = {PRESS: short(good), "press_releases/adaVossPress.txt": short(later)}
    releases = {"noraQuill-2019-02-01-1": short(RELEASE), "adaVoss-2019-02-02-1": short(RELEASE)}
    with pytest.raises(CorpusError, match=r"archive\.zip: repository-HEAD/press_releases/adaVossPress\.txt: not a sound archive"):
        fetch(corpus(name, address), tmp_path / "data", releases if name == "congress_china" else files)
    kept = tmp_path / "data" / name / ("releases.jsonl" if name == "congress_china" else PRESS)
    assert RELEASE in kept.read_text()


def test_what_is_there_and_sound_asks_for_no_archive(tmp_path: Path) -> None:
    files, releases = releases_of("12")
    address = archive(tmp_path, files)
    for name, sums in (("polnear", {PRESS: short(files[PRESS])}), ("congress_china", releases)):
        assert fetch(corpus(name, address), tmp_path / "data", sums) == []
    (tmp_path / "archive.zip").unlink()
    for name, sums in (("polnear", {PRESS: short(files[PRESS])}), ("congress_china", releases)):
        assert fetch(corpus(name, address), tmp_path / "data", sums) == []


def test_a_sound_file_that_the_archive_no_longer_holds_is_not_missing(tmp_path: Path) -> None:
    sums = {"dev/text/quay.txt": short(ARTICLE), "dev/text/more.txt": short("More.")}
    fetch(corpus("polnear", archive(tmp_path, {"dev/text/quay.txt": ARTICLE})), tmp_path / "data", sums)
    address = archive(tmp_path, {"dev/text/quay.txt": "Retracted.", "dev/text/more.txt": "More."})
    assert fetch(corpus("polnear", address), tmp_path / "data", sums) == []
    assert (tmp_path / "data/polnear/dev/text/quay.txt").read_text() == ARTICLE


@pytest.mark.parametrize("name", ["polnear", "congress_china"])
def test_an_address_that_does_not_answer_is_named(name: str, tmp_path: Path) -> None:
    address = (tmp_path / "none.zip").as_uri()
    with pytest.raises(CorpusError, match=r"none\.zip"):
        fetch(corpus(name, address), tmp_path, {"abc": short(ARTICLE)})
    (tmp_path / "none.zip").write_bytes(b"<html>Not found</html>")
    with pytest.raises(CorpusError, match=r"none\.zip"):
        fetch(corpus(name, address), tmp_path, {"abc": short(ARTICLE)})


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
    monkeypatch.setattr(
        fetching, "read_sums", lambda: {"gum": {"dep/quay.conllu": short(ARTICLE)}, "polnear": {"dev/text/quay.txt": short(ARTICLE)}}
    )
    result = CliRunner().invoke(app, ["fetch", "--into", str(tmp_path / "data")])
    assert result.exit_code == 1
    assert "none.zip" in result.stderr
    assert "1 of 1 as they were labelled" in result.stderr
    assert (tmp_path / "data/gum/dep/quay.conllu").read_text() == ARTICLE


def test_the_command_names_the_corpora_where_it_knows_none_by_a_name(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["fetch", "--into", str(tmp_path / "data"), "polner", "gum"])
    assert result.exit_code == 2
    assert "polner;" in result.stderr
    assert all(corpus.name in result.stderr for corpus in CORPORA)
    assert not (tmp_path / "data").exists()
