"""The process: readiness, replay of recordings, and its end with the parent."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def _post(endpoint: str, path: str, body: object, headers: dict[str, str] | None = None) -> tuple[bytes, str]:
    request = urllib.request.Request(endpoint + path, json.dumps(body).encode(), headers or {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read(), answer.headers["content-type"]


def _record(folder: Path) -> None:
    request = {"operation": "Converse", "model_id": "any.model", "body": {"messages": []}}
    (folder / "one.json").write_text(
        json.dumps({"request": request, "response": {"status": 200, "body": {"said": "so"}}})
    )


def test_the_readiness_line_goes_to_output_descriptor_and_file_and_recordings_are_replayed(tmp_path: Path) -> None:
    _record(tmp_path)
    ready, write_end = os.pipe()
    command = [sys.executable, "-m", "simulator", "--no-verify", "--corpus", str(tmp_path)]
    command += ["--ready-fd", str(write_end), "--ready-file", str(tmp_path / "ready")]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, pass_fds=[write_end]) as child:
        os.close(write_end)
        assert child.stdout is not None
        line = child.stdout.readline()
        with os.fdopen(ready) as descriptor:
            assert descriptor.read() == line
        endpoint = json.loads(line)["endpoint"]
        exact = _post(endpoint, "/model/any.model/converse", {"messages": []})
        named = _post(endpoint, "/model/other/converse", {"x": 1}, {"x-sim-record": "one"})
        assert (tmp_path / "ready").read_text() == line
        child.terminate()
    assert exact == named == (b'{"said":"so"}', "application/json")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the parent is polled")
def test_it_ends_with_its_parent() -> None:
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'simulator', '--exit-with-parent'], stdout=subprocess.PIPE)\n"
        "print(child.pid, child.stdout.readline().decode(), flush=True)\n"
    )
    parent = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, timeout=30)
    with contextlib.suppress(ProcessLookupError):  # it has ended already
        orphan = os.pidfd_open(int(parent.stdout.split()[0]))
        with os.fdopen(orphan) as descriptor:
            assert select.select([descriptor], [], [], 20)[0], "the simulator outlived its parent"
