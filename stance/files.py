"""What goes to files: whole or not at all, so that an interruption costs nobody what stood there, and JSON that every file can hold."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place beside a file to write to, which takes the file's place at the end; a link stays one, a file keeps its mode.

    Args:
        path: The file; its folder is made.

    Yields:
        The place; it is left out of the way where an error ends the writing.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    try:
        yield part
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file's bytes."""
    with replacing(path) as part:
        part.write_bytes(data)


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON text; lone surrogates, which no file can hold, are escaped."""
    written = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        written.encode()
    except UnicodeEncodeError:
        written = json.dumps(value, indent=indent)
    return written
