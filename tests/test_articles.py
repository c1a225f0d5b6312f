from __future__ import annotations

from pathlib import Path

import pytest
from quill import article, document, save

from stance.articles import read_articles, read_folder, write_article
from stance.document import Document, Quote, Span
from stance.errors import LabelError


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


def test_reading_a_broken_article_names_file_and_quote(tmp_path: Path) -> None:
    path = save(article(source=[{"start": 0, "end": 4, "text": "Lord"}]), tmp_path)
    with pytest.raises(LabelError, match="quote 0, source: span 0–4 holds 'Nora', labelled as 'Lord'") as caught:
        list(read_articles(path))
    assert str(path) in str(caught.value)
