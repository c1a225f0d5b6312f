"""Speakers' stances on their way through a format that people edit: back they come where the quotes that they sum up stayed."""

from __future__ import annotations

from typing import Any

from stance.document import Document, Speaker


def write_sums(document: Document) -> list[dict[str, Any]]:
    """The speakers that have a stance, each with the quotes that it sums up."""
    return [
        {
            "name": speaker.name,
            "stance": {"label": speaker.stance.label, "score": speaker.stance.score, "interval": list(speaker.stance.interval)},
            "quotes": _summed(speaker),
        }
        for speaker in document.speakers
        if speaker.stance
    ]


def sums_that_hold(sums: Any, document: Document) -> list[dict[str, Any]]:
    """Of what `write_sums` gave, the speakers whose quotes nobody changed.

    Args:
        sums: What the file holds; anything else than such a list counts as none.
        document: As it came back.
    """
    now = {speaker.name: _summed(speaker) for speaker in document.speakers}
    listed = [item for item in sums if isinstance(item, dict)] if isinstance(sums, list) else []
    return [item for item in listed if item.get("quotes") == now.get(str(item.get("name")), ())]


def _summed(speaker: Speaker) -> list[list[Any]]:
    return [[quote.content[0].start, quote.stance.label if quote.stance else None] for quote in speaker.quotes]
