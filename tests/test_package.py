import resource
import subprocess
import sys

import pytest

import stance


def test_import_loads_no_heavy_library() -> None:
    heavy = "torch", "transformers", "pandas", "numpy", "tokenizers", "rich", "typer"
    code = f"import stance, sys; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_all_names_are_there_and_no_others_are_offered() -> None:
    assert all(getattr(stance, name) is not None for name in stance.__all__)
    assert dir(stance) == sorted(stance.__all__)
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = stance.nothing_of_the_kind


def test_help_answers_fast() -> None:
    command = [sys.executable, "-m", "stance", "--help"]
    subprocess.run(command, capture_output=True, check=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "classify" in answer.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.3
