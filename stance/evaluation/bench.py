"""`make bench`: words a second and peak memory of both stages on the articles of `seeds/test`, several rounds in one run."""

from __future__ import annotations

import platform
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from stance.articles import read_folder
from stance.pipeline import load

_ROUNDS = 5


def bench(folder: Path = Path("seeds/test"), rounds: int = _ROUNDS) -> None:
    """Prints the median speed of `segment` and `classify`, after loading, and the process' peak memory.

    Args:
        folder: Labelled articles; their texts are read, their labels are not.
        rounds: How often they are read.
    """
    import torch

    texts = [document.text for document in read_folder(folder)]
    words = sum(len(text.split()) for text in texts)
    pipeline = load()
    started = time.perf_counter()
    pipeline.batch(texts[:1])
    loaded = time.perf_counter() - started
    print(f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}; loaded in {loaded:.1f} s")
    works: dict[str, Callable[[], object]] = {
        "segment": lambda: list(map(pipeline.segment, texts)),
        "classify": lambda: pipeline.batch(texts),
    }
    for name, work in works.items():
        seconds = []
        for _ in range(rounds):
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
        print(f"{name}: {words / statistics.median(seconds):,.0f} words/s (median of {rounds}; best {words / min(seconds):,.0f})")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    bench()
