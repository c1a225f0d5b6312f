"""Files of articles: which are read, as what, and what is said of those that are not."""

import json
from pathlib import Path

import pandas
import pytest

from stance.errors import InputError
from stance.inputs import Record, read_records

FERRY, QUAY = "The ferry sails again, said Ada Lund.", "The quay is closed, the harbour master said."


def read(path: Path) -> list[Record]:
    return list(read_records(str(path)))


def test_what_a_table_leaves_out_is_left_out_and_a_date_is_a_day(tmp_path: Path) -> None:
    dates = pandas.to_datetime(["2024-05-31", None])
    frame = pandas.DataFrame({"text": [FERRY, QUAY], "date": dates, "title": [None, "Quay"], "outlet": ["Post", None], "id": ["a", None]})
    frame.to_parquet(tmp_path / "in.parquet")
    first, second = read(tmp_path / "in.parquet")
    assert first.metadata == {"id": "a", "date": "2024-05-31", "outlet": "Post"}
    assert second.metadata == {"id": "in-2", "title": "Quay"}


def test_a_number_for_a_field_is_its_words(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": FERRY, "id": 7, "date": 20240531, "title": float("nan")}))
    assert read(tmp_path / "in.jsonl")[0].metadata == {"id": "7", "date": "20240531"}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("in.tsv", f"title\ttext\nOne\t{FERRY}\nTwo\t{QUAY}\n"),
        ("in.ndjson", json.dumps({"text": FERRY}) + "\n" + json.dumps({"text": QUAY})),
        ("in.json", json.dumps([{"text": FERRY}, {"text": QUAY}])),
    ],
)
def test_every_table_is_read_as_one(tmp_path: Path, name: str, written: str) -> None:
    (tmp_path / name).write_text(written)
    assert [(record.text, record.metadata["id"]) for record in read(tmp_path / name)] == [(FERRY, "in-1"), (QUAY, "in-2")]


@pytest.mark.parametrize(
    ("name", "written"), [("in.csv", ""), ("in.csv", "id,text\n"), ("in.jsonl", "\n\n"), ("in.json", "[]"), ("in.tsv", "text\n")]
)
def test_a_file_without_an_article_is_an_error(tmp_path: Path, name: str, written: str) -> None:
    (tmp_path / name).write_text(written)
    with pytest.raises(InputError, match=rf"{name}: it holds no article"):
        read(tmp_path / name)


def test_an_article_of_a_list_is_named_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(json.dumps([{"text": FERRY}, FERRY]))
    with pytest.raises(InputError, match=r"in\.json, article 2: not a JSON object"):
        read(tmp_path / "in.json")


def test_what_is_no_parquet_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_text(FERRY)
    with pytest.raises(InputError, match=r"in\.parquet"):
        read(tmp_path / "in.parquet")
