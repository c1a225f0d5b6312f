"""Optional packages: a missing one and a broken one are told apart, and the advice is one that works."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stance import extras
from stance.cli import app
from stance.errors import MissingExtraError
from stance.inputs import read_records


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "trafilatura", raising=False)
    return tmp_path


def test_a_missing_module_is_named_with_the_extra_that_brings_it() -> None:
    with pytest.raises(MissingExtraError, match=r"sailing needs the extra `boats`, as there is no module no_such_boat: .*'\.\[boats\]'"):
        extras.load("boats", "sailing", "no_such_boat")


def test_a_broken_module_is_told_from_a_missing_one(modules: Path) -> None:
    (modules / "leaky_boat.py").write_text("import no_such_plank\n")
    with pytest.raises(MissingExtraError, match=r"leaky_boat, which is installed but does not import .*no_such_plank"):
        extras.load("boats", "sailing", "leaky_boat")


def test_a_page_names_the_module_that_failed_to_import(modules: Path) -> None:
    (modules / "trafilatura.py").write_text("raise ImportError('lxml.html.clean\\nis a project of its own')\n")
    (modules / "page.html").write_text("<!doctype html><p>Aye.")
    result = CliRunner().invoke(app, ["segment", str(modules / "page.html")])
    assert result.exit_code == 1
    assert "lxml.html.clean is a project of its own" in result.stderr


def test_a_page_keeps_its_title(modules: Path) -> None:
    code = "from types import SimpleNamespace\nextract = lambda page, **_: 'Aye.'\n"
    code += "extract_metadata = lambda page: SimpleNamespace(title='Harbour')\n"
    (modules / "trafilatura.py").write_text(code)
    (modules / "page.html").write_text("<!doctype html><title>Harbour</title><p>Aye.")
    (record,) = read_records(str(modules / "page.html"))
    assert (record.text, record.metadata) == ("Aye.", {"id": "page", "title": "Harbour"})


def test_the_extra_for_pages_brings_all_that_its_reader_imports(root: Path) -> None:
    extra = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]["html"]
    assert {re.split(r"[^\w-]", name)[0] for name in extra} == {"lxml_html_clean", "trafilatura"}


def test_training_without_its_extra_fails_before_anything_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    result = CliRunner().invoke(app, ["train", "--data", str(tmp_path / "absent")])
    assert isinstance(result.exception, MissingExtraError)
    assert "no module accelerate, sklearn" in str(result.exception)
    assert result.output == ""


def test_nobody_is_sent_to_the_index_for_a_package_of_this_name(root: Path) -> None:
    places = [*(root / "stance").rglob("*.py"), *root.glob("*.md"), *(root / "notebooks").glob("*.ipynb"), root / "seeds" / "README.md"]
    assert not [path for path in places if re.search(r"pip install '?stance", path.read_text(encoding="utf-8"))]
