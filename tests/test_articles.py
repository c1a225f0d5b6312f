from __future__ import annotations

import json
from pathlib import Path

import pytest
from quill import article, document, save

from stance.articles import damage, read_articles, read_folder, to_pretty, write_article
from stance.corpora import read_corpus
from stance.document import Document, Quote, Span
from stance.errors import LabelError
from stance.files import write_whole


def test_written_articles_read_back(tmp_path: Path) -> None:
    write_article(document(), tmp_path / "dev" / "quill.json")
    assert list(read_articles(tmp_path / "dev" / "quill.json")) == [document()]
    assert list(read_folder(tmp_path)) == [document()]
    written = (tmp_path / "dev" / "quill.json").read_text(encoding="utf-8")
    assert '"speaker": "unnamed"' in written
    assert "“should ring Beijing”" in written


@pytest.mark.parametrize("words", ["\ud83d aye", "aye\r\nno", "aye\u2028no", "\x00aye"])
def test_odd_characters_survive_writing(tmp_path: Path, words: str) -> None:
    odd = Document.assemble(f"{words} said Quill", [Quote("Quill", (Span(len(words) + 6, len(words) + 11),))])
    write_article(odd, tmp_path / "odd.json")
    assert list(read_articles(tmp_path / "odd.json")) == [odd]


def test_damage_is_told_by_place_and_the_rest_is_read(tmp_path: Path) -> None:
    lines = [json.dumps(article()), "{", json.dumps(article(kind="shouted"))]
    (tmp_path / "many.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "folder.json").mkdir()
    found = damage([tmp_path / "many.jsonl", tmp_path / "folder.json"])
    assert list(found) == [f"{tmp_path}/many.jsonl:2", f"{tmp_path}/many.jsonl:3", f"{tmp_path}/folder.json"]
    assert "kind 'shouted'" in str(found[f"{tmp_path}/many.jsonl:3"])
    assert [read.id for read in read_articles(tmp_path / "many.jsonl", found)] == ["quill"]
    with pytest.raises(LabelError):
        read_corpus(str(tmp_path))
    assert [read.id for read in read_corpus(str(tmp_path), without=found)] == ["quill"]


def test_reading_a_broken_article_names_file_and_quote(tmp_path: Path) -> None:
    path = save(article(source=[{"start": 0, "end": 4, "text": "Lord"}]), tmp_path)
    with pytest.raises(LabelError, match="quote 0, source: span 0–4 holds 'Nora', labelled as 'Lord'") as caught:
        list(read_articles(path))
    assert str(path) in str(caught.value)


def test_keys_are_written_in_one_order_whoever_wrote_them_before() -> None:
    row = article() | {"odd": 1}
    (quote,) = row["quotes"]
    turned = {key: row[key] for key in reversed(row)}
    turned["quotes"] = [{key: quote[key] for key in reversed(quote)} | {"cue": [dict(reversed(quote["cue"][0].items()))]}]
    assert to_pretty(turned) == to_pretty(row)


def test_a_file_written_anew_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "quill.json"
    write_article(document(), path)
    fresh = path.stat().st_mode
    for mode in (0o600, 0o664, 0o444):
        path.chmod(mode)
        write_whole(path, b"{}")
        assert (path.stat().st_mode & 0o777, path.read_bytes()) == (mode, b"{}")
    path.unlink()
    write_article(document(), path)
    assert path.stat().st_mode == fresh


@pytest.mark.parametrize("there", [True, False])
def test_what_is_written_through_a_link_lands_in_its_target(tmp_path: Path, there: bool) -> None:
    (tmp_path / "shelf").mkdir()
    target, link = tmp_path / "shelf" / "quill.json", tmp_path / "link.json"
    if there:
        target.write_text("old")
    link.symlink_to(Path("shelf", "quill.json"))
    write_article(document(), link)
    assert link.is_symlink()
    assert list(read_articles(target)) == [document()]
    assert [path.name for path in target.parent.iterdir()] == ["quill.json"]
