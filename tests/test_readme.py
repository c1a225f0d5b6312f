"""The README's code runs, and prints what the README says that it prints."""

import doctest
import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from stance.cli import app


def test_examples_print_what_the_readme_shows(root: Path) -> None:
    blocks = re.findall(r"```pycon\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    parser = doctest.DocTestParser()
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    names: dict[str, object] = {}
    for number, block in enumerate(blocks):
        test = parser.get_doctest(block, names, f"block {number}", "README.md", 0)
        runner.run(test, clear_globs=False)
        names = test.globs
    assert runner.summarize(verbose=False).failed == 0


def test_commands_of_the_readme_run(root: Path, tmp_path: Path) -> None:
    commands = re.findall(r"^stance (.*?)(?:  #.*)?$", (root / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert commands
    for command in commands:
        command = command.replace("article.txt", "seeds/test/telegraph-2023-04-28-cleverly.json").replace("build/", f"{tmp_path}/")
        result = CliRunner().invoke(app, shlex.split(command))
        assert result.exit_code == 0, (command, result.output)


def test_the_makefile_has_every_target_that_the_readme_names(root: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", (root / "README.md").read_text(encoding="utf-8")))
    assert named
    assert named <= targets


def test_the_modules_in_reading_order_are_all_there(root: Path) -> None:
    listed = re.findall(r"^\| `([a-z_/]+(?:\.py)?)` \|", (root / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    here = {path.name for path in (root / "stance").glob("*.py")} - {"__init__.py", "__main__.py"}
    assert {name for name in listed if name.endswith(".py")} >= here
    assert all((root / "stance" / name).exists() for name in listed)
