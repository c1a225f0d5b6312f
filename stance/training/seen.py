"""The articles that a model was made from, beside its weights, so that nobody measures it on what it has seen."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from stance.document import Document
from stance.standoff import digest

SEEN = "articles.tsv"
SPLITS = ("train", "dev", "calibration", "unlabelled")


def write_seen(
    folder: Path,
    train: Iterable[Document],
    dev: Iterable[Document],
    calibration: Iterable[Document],
    unlabelled: Iterable[Document] = (),
) -> None:
    """Writes split, id and the text's SHA-256 sum of each article into a model directory.

    Args:
        folder: The directory.
        train: What the weights come from.
        dev: What told when to stop.
        calibration: What its probabilities were calibrated on.
        unlabelled: What its encoder was adapted to.
    """
    groups = zip(SPLITS, (train, dev, calibration, unlabelled), strict=True)
    rows = sorted({(split, document.id or "", digest(document.text)) for split, group in groups for document in group})
    with (folder / SEEN).open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(("split", "id", "sha256"))
        writer.writerows(rows)


def read_seen(folder: Path, split: str = "train") -> frozenset[str]:
    """The sums of the texts of one of `SPLITS`; of a directory without a list, or whose list lacks the split, none."""
    path = folder / SEEN
    if not path.is_file():
        return frozenset()
    with path.open(encoding="utf-8", newline="") as file:
        return frozenset(row["sha256"] for row in csv.DictReader(file, delimiter="\t") if row["split"] == split)
