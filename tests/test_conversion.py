"""Every format gives back the document that went in, and says so where it cannot."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from stance.articles import article_paths, read_folder
from stance.checks import check_files
from stance.cli import app
from stance.conversion import FOLDERS, FORMATS, read, write
from stance.document import Document, Quote, Span, Speaker, SpeakerStance, Stance
from stance.errors import InputError, LabelError, StanceError
from stance.formats import tables

TEXT = "🙂🇬🇧 Ada Lund said “trade keeps 𝒲𝓊 quiet”.\r\n\r\n“Go,” she said. “And soon.”\u2028Lund, the minister, added that she’d\tgo."


def span(words: str) -> Span:
    return Span(TEXT.index(words), TEXT.index(words) + len(words))


def model_reading() -> Document:
    lund = Speaker("Ada Lund")
    shares = {"engage": 0.7, "hawkish": 0.1, "neutral": 0.2}
    quotes = [
        Quote(
            "",
            (span("“trade keeps 𝒲𝓊 quiet”"),),
            (span("Ada Lund"),),
            (span("said"),),
            "direct",
            lund,
            Stance("engage", 0.7, shares, certain=False, evidence=(span("trade"), span("𝒲𝓊 quiet"))),
            0.875,
        ),
        Quote("", (span("“Go,”"), span("“And soon.”")), (span("she"),), (), "direct", lund, Stance("neutral", 0.5), 0.0),
        Quote("", (span("that she’d\tgo"),), (span("Lund, the minister,"),), (span("added"),), repeats=1, note=' "a"\n\tb\u2028'),
    ]
    stances = {"Ada Lund": SpeakerStance("engage", 0.6, (0.1, 0.9))}
    return Document.from_dict(Document.assemble(TEXT, quotes, stances, id="lund/1", title="𝒲 “x”\n", date="2024-02-01").to_dict())


def there_and_back(documents: list[Document], form: str, folder: Path) -> list[Document | StanceError]:
    output = folder / "out" if form in FOLDERS else folder / {"label-studio": "out.json"}.get(form, f"out.{form}")
    write(documents, form, output, force=True)
    return list(read([output]))


def by_id(documents: list[Any]) -> dict[str, dict[str, Any]]:
    return {str(document.id): document.to_dict() for document in documents}


@pytest.mark.parametrize("form", FORMATS)
def test_every_labelled_file_comes_back(form: str, root: Path, tmp_path: Path) -> None:
    documents = [*read_folder(root / "seeds" / "test"), *read_folder(root / "seeds" / "train")]
    again = there_and_back(documents, form, tmp_path)
    assert len(again) == len(documents) > 5
    assert by_id(again) == by_id(documents)
    assert all(document in documents for document in again)


@pytest.mark.parametrize("form", FORMATS)
def test_what_a_model_read_comes_back_with_its_numbers(form: str, tmp_path: Path) -> None:
    document = model_reading()
    (again,) = there_and_back([document], form, tmp_path)
    assert again == document
    assert isinstance(again, Document)
    assert again.to_dict() == document.to_dict()
    assert again.quotes[1].confidence == 0.0
    assert again.speakers[0].stance == SpeakerStance("engage", 0.6, (0.1, 0.9))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("text", ["", "Nobody spoke.\r\n\u2028\x85", "🙂", '"', "\t#1\tT1"])
def test_articles_without_quotes_come_back(form: str, text: str, tmp_path: Path) -> None:
    assert there_and_back([Document(text, id="x")], form, tmp_path) == [Document(text, id="x")]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Documents that hold whatever the types allow, text order or not."""
    characters = st.sampled_from("ab “”'\"🙂𝒲\r\n\t\u2028\x85\\é%")
    text = draw(st.text(characters, min_size=1, max_size=30))
    pairs = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text))).filter(lambda pair: pair[0] < pair[1])
    spans = st.lists(pairs.map(lambda pair: Span(*pair)), max_size=3).map(tuple)
    shares = st.floats(0, 1)
    probabilities = st.dictionaries(st.text(characters, max_size=5), shares, max_size=3)
    labels = st.text(characters, min_size=1, max_size=6)
    stances = st.none() | st.builds(Stance, labels, st.just(1.0) | shares, probabilities, st.booleans(), spans)
    names = st.text(characters, min_size=1, max_size=6).filter(str.strip)
    count = draw(st.integers(0, 4))
    quotes = [
        Quote(
            "",
            draw(spans.filter(bool)),
            draw(spans),
            draw(spans),
            draw(st.sampled_from(("direct", "mixed", "indirect"))),
            draw(st.none() | names.map(Speaker)),
            draw(stances),
            draw(st.just(1.0) | shares),
            draw(st.none() | st.integers(0, count - 1)),
            draw(st.text(characters, max_size=8)),
        )
        for _ in range(count)
    ]
    sums = {quote.speaker.name: SpeakerStance("mixed", 0.25, (-1.0, 1.0)) for quote in quotes[:1] if quote.speaker}
    metadata = draw(st.fixed_dictionaries({"id": st.none() | st.text(characters, max_size=5), "title": st.none() | st.text(characters)}))
    return Document.from_dict(Document.assemble(text, quotes, sums, **metadata).to_dict())


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(document=documents())
def test_any_document_comes_back(form: str, document: Document, tmp_path: Path) -> None:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    (again,) = there_and_back([document], form, folder)
    assert isinstance(again, Document), again
    assert again.to_dict() == document.to_dict()
    assert again == document


def test_rows_pass_the_check_that_the_articles_pass(root: Path, tmp_path: Path) -> None:
    paths = article_paths([root / "seeds" / "test"])
    documents = list(read_folder(root / "seeds" / "test"))
    assert any(quote.speaker is None for document in documents for quote in document.quotes)
    assert check_files(paths) == []
    write(documents, "jsonl", tmp_path / "all.jsonl")
    assert check_files([tmp_path / "all.jsonl"]) == []
    write(documents, "parquet", tmp_path / "all.parquet")
    assert all(quote["speaker"] for _, row in tables.read_parquet(tmp_path / "all.parquet") for quote in row["quotes"])


@pytest.mark.parametrize(("form", "name"), [("json", "out.jsonl"), ("parquet", "out.parquet")])
def test_datasets_reads_rows_that_become_documents_again(form: str, name: str, seeds: list[Document], tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    given = [*seeds, model_reading(), Document("Nobody.", id="none")]
    write(given, "jsonl" if form == "json" else form, tmp_path / name)
    rows = datasets.load_dataset(form, data_files=str(tmp_path / name), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(rows) == len(given)
    assert [tables.from_row(row) for row in rows] == given


def convert(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["convert", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr + str(result.exception)


def test_a_damaged_file_is_named_and_the_rest_is_done(root: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"text": ')
    (tmp_path / "lines.jsonl").write_text(model_reading().to_json() + '\n{"text": 3}\n')
    (tmp_path / "deep.json").write_text("[" * 200_000)
    (tmp_path / "twice.json").write_text('{"text": "Aye.", "quotes": [], "quotes": []}')
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    (tmp_path / "alone.ann").write_text("T1\tCue 0 4\tsaid\n")
    places = [tmp_path / "broken.json", tmp_path, root / "seeds" / "test", tmp_path / "absent.json"]
    status, _, err = convert(*places, "--to", "jsonl", "--output", tmp_path / "out" / "all.jsonl")
    assert status == 1
    said = ("broken.json: no JSON", "deep.json: no JSON", "twice.json: key 'quotes' stands twice", "lines.jsonl:2: no `text`")
    for name in (*said, "cut.parquet", "alone.txt", "absent.json"):
        assert name in err
    assert len((tmp_path / "out" / "all.jsonl").read_bytes().split(b"\n")) == 1 + 5 + 1


def test_files_are_overwritten_only_by_force(root: Path, tmp_path: Path) -> None:
    seeds = root / "seeds" / "test"
    kept = tmp_path / "cleverly-2023-04-26-visit.ann"
    kept.write_text("mine")
    status, _, err = convert(seeds, "--to", "brat", "--output", tmp_path)
    assert status == 1
    assert "cleverly-2023-04-26-visit.ann: already there" in err
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    assert convert(seeds, "--to", "brat", "--output", tmp_path, "--force")[0] == 0
    assert kept.read_text(encoding="utf-8").startswith("T1\tQuote ")
    with pytest.raises(InputError, match="already there"):
        write([Document("x")], "parquet", kept)


def test_all_formats_are_told_apart_in_one_folder(tmp_path: Path) -> None:
    document = model_reading()
    for form in FORMATS:
        there_and_back([document], form, tmp_path)
    assert list(read([tmp_path])) == [document] * len(FORMATS)
    assert list(read([tmp_path], "parquet")) == [document]
    assert list(read([tmp_path / "out" / "lund_1.txt"])) == [document]


def test_documents_with_one_id_do_not_overwrite_each_other(tmp_path: Path) -> None:
    write([Document("a", id="x"), Document("b", id="X"), Document("c")], "articles", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["X-2.json", "article.json", "x.json"]


def test_a_list_of_articles_is_read_as_classify_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text(f"[{model_reading().to_json()}, 3, {Document('y').to_json()}]", encoding="utf-8")
    found = list(read([path]))
    assert found[0] == model_reading()
    assert found[2] == Document("y")
    assert isinstance(found[1], LabelError)
    assert found[1].place.endswith("all.json: article 1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--to", "brat"),
        ("seeds", "--to", "brat"),
        ("--to", "brat", "--config-only"),
        ("seeds", "--to", "conll", "--output", "x"),
        ("seeds",),
        ("seeds", "--to", "label-studio", "--output", "x", "--question", "carbon.toml"),
    ],
)
def test_wrong_usage_is_status_two(arguments: tuple[str, ...]) -> None:
    assert convert(*arguments)[0] == 2


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="one file"):
        write([], "jsonl", tmp_path)
    with pytest.raises(InputError, match="fills a folder"):
        write([], "brat", tmp_path / "file")


@pytest.mark.parametrize(("form", "reason"), [("brat", "lone surrogate"), ("parquet", "Parquet cannot hold")])
def test_what_a_format_cannot_hold_is_refused(form: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=reason):
        write([Document("\ud83d aye", id="odd")], form, tmp_path / "out")


@pytest.mark.parametrize("form", ["articles", "label-studio", "jsonl"])
def test_lone_surrogates_survive_where_the_format_can_hold_them(form: str, tmp_path: Path) -> None:
    document = Document.assemble("\ud83d aye 🙂", [Quote("aye", (Span(2, 5),))], id="odd")
    assert there_and_back([document], form, tmp_path) == [document]


def test_rows_have_one_type_whoever_labelled_them(seeds: list[Document]) -> None:
    stances = [quote["stance"] for document in (seeds[0], model_reading()) for quote in tables.to_row(document)["quotes"]]
    assert {tuple(stance) for stance in stances if stance} == {("label", "probability", "probabilities", "certain", "evidence")}
    assert json.loads(json.dumps(stances)) == stances


def test_dates_that_parquet_holds_as_days_are_read_as_they_were_written(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"text": ["Aye."], "date": [date(2024, 5, 31)]}), tmp_path / "days.parquet")
    assert list(read([tmp_path / "days.parquet"])) == [Document("Aye.", date="2024-05-31")]
