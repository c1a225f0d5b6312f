"""The real Label Studio takes our config and tasks, and its exports come back as the same documents.

Off by default, as it installs a large program: `pytest -m label_studio`. STANCE_LABEL_STUDIO names a virtual environment that has it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_conversion import model_reading

from stance.articles import read_folder
from stance.conversion import read
from stance.document import Document
from stance.errors import LabelError
from stance.formats import label_studio, tables
from stance.questions import shipped_question

pytestmark = pytest.mark.label_studio
TOKEN = "0123456789abcdef0123456789abcdef01234567"
QUIET = {
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "DJANGO_DB": "sqlite",
}
Ask = Callable[..., bytes]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if os.environ.get("STANCE_LABEL_STUDIO"):
        return Path(os.environ["STANCE_LABEL_STUDIO"]) / "bin" / "label-studio"
    folder = tmp_path_factory.mktemp("label-studio-venv")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "label-studio==1.23.*"], check=True, timeout=900)
    return folder / "bin" / "label-studio"


@pytest.fixture(scope="module")
def ask(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Sends requests to a server on loopback with a database of its own."""
    home = tmp_path_factory.mktemp("label-studio-home")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [program, "start", "--no-browser", "--port", port, "--internal-host", "127.0.0.1", "--data-dir", home]
    command += ["--username", "tester@example.org", "--password", "a-long-password", "--user-token", TOKEN, "--enable-legacy-api-token"]
    passed = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}

    def send(path: str, body: Any = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(address + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()[:2000]}") from None

    with (home / "log").open("wb") as log:
        server = subprocess.Popen(list(map(str, command)), env=passed | QUIET | {"HOME": str(home)}, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 900
            while True:
                try:
                    send("/api/version")
                    break
                except OSError:
                    assert server.poll() is None, (home / "log").read_text()[-3000:]
                    assert time.monotonic() < deadline, (home / "log").read_text()[-3000:]
                    time.sleep(1)
            yield send
        finally:
            server.terminate()
            server.wait(30)


@pytest.fixture(scope="module")
def given(root: Path) -> list[Document]:
    return [*read_folder(root / "seeds" / "test"), *read_folder(root / "seeds" / "train"), model_reading(), Document("Nobody.", id="none")]


@pytest.fixture(scope="module")
def project(ask: Ask, given: list[Document]) -> int:
    number = json.loads(ask("/api/projects/", {"title": "stance", "label_config": label_studio.config(shipped_question().labels)}))["id"]
    tasks = json.loads(tables.dump([label_studio.write_task(document) for document in given]))
    answer = json.loads(ask(f"/api/projects/{number}/import?return_task_ids=1", tasks))
    assert answer["task_count"] == len(given)
    return int(number)


def by_id(found: list[Any]) -> dict[str, Any]:
    return {document.id: document for document in found if isinstance(document, Document)}


def test_annotations_come_back_from_the_plain_export(ask: Ask, project: int, given: list[Document], tmp_path: Path) -> None:
    (tmp_path / "export.json").write_bytes(ask(f"/api/projects/{project}/export?exportType=JSON"))
    found = list(read([tmp_path / "export.json"]))
    expected = [document for document in given if not label_studio.is_model_reading(document)]
    assert not [item for item in found if not isinstance(item, Document)]
    assert by_id(found) == by_id(expected)
    assert {name: document.to_dict() for name, document in by_id(found).items()} == {str(item.id): item.to_dict() for item in expected}


def test_predictions_come_back_from_a_snapshot(ask: Ask, project: int, given: list[Document], tmp_path: Path) -> None:
    options = {"predictions": {"only_id": False}, "annotations__completed_by": {"only_id": True}}
    snapshot = json.loads(ask(f"/api/projects/{project}/exports/", {"title": "all", "serialization_options": options}))["id"]
    for _ in range(60):
        if json.loads(ask(f"/api/projects/{project}/exports/{snapshot}"))["status"] == "completed":
            break
        time.sleep(1)
    (tmp_path / "export.json").write_bytes(ask(f"/api/projects/{project}/exports/{snapshot}/download?exportType=JSON"))
    found = list(read([tmp_path / "export.json"]))
    assert by_id(found) == by_id(given)


def test_predictions_by_number_are_refused(ask: Ask, project: int, tmp_path: Path) -> None:
    (tmp_path / "export.json").write_bytes(ask(f"/api/projects/{project}/export?exportType=JSON&download_all_tasks=true"))
    errors = [item for item in read([tmp_path / "export.json"]) if isinstance(item, LabelError)]
    assert [("by number alone" in error.reason) for error in errors] == [True]


@pytest.mark.parametrize(("form", "name"), [("JSON_MIN", "min.json"), ("CSV", "all.csv"), ("TSV", "all.tsv"), ("CONLL2003", "all.conll")])
def test_lossy_exports_are_refused(ask: Ask, project: int, form: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(ask(f"/api/projects/{project}/export?exportType={form}"))
    (error,) = read([tmp_path / name])
    assert isinstance(error, LabelError)
    assert form.replace("_", "-") in error.reason
    assert "as JSON" in error.reason
