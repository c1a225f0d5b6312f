"""The wheel carries weights and data files, and classifies in an environment of its own."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=root, check=True, capture_output=True
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_what_it_needs_and_no_more(wheel: Path, root: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "stance/models/words.safetensors" in names
    for model in ("quotes", "stance"):
        for file in ("config.json", "tokenizer.json", "model.safetensors", "manifest.json", "README.md", "recipe.toml"):
            assert f"stance/models/{model}/{file}" in names
    package = {
        path.relative_to(root).as_posix() for path in (root / "stance").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert package <= names
    assert not any(name.startswith(("tests/", "seeds/", "notebooks/", "models/")) for name in names)
    assert wheel.stat().st_size < 100e6


def test_the_wheel_classifies_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = venv / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    (site,) = (venv / "lib").glob("python*/site-packages")
    # The dependencies come from the environment of the tests; an editable install in there is not followed.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    text = "“We should keep talking to Beijing,” Ada Lund, the trade minister, said on Tuesday."
    code = (
        "import stance, sys\n"
        f"assert stance.__file__.startswith({str(venv)!r}), stance.__file__\n"
        f"quote, = stance.classify({text!r}).quotes\n"
        "print(quote.speaker.name, quote.stance.label)"
    )
    answer = subprocess.run([str(python), "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert answer.stdout.split()[:2] == ["Ada", "Lund"]
    script = subprocess.run([str(venv / "bin" / "stance"), "segment", "-"], input=text, capture_output=True, text=True, check=True)
    assert "Ada Lund" in script.stdout
