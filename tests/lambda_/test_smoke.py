"""scripts/smoke, as a person runs it after a deployment."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.lambda_.environment import Environment
from tests.wire.stack import PROJECT
from tests.wire.tenancy import IssuedKey


def smoke(base_url: str, api_key: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/smoke", base_url, "--api-key", api_key]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_a_deployment_that_works_passes(environment: Environment, key: IssuedKey) -> None:
    for _ in range(2):  # the second time the ledger has requests already
        done = smoke(environment.door.base_url, key.value)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "WRONG" not in done.stdout
        (told,) = re.findall(r"(\d+) more tokens are settled than before, of (\d+) .*; 0 in flight", done.stdout)
        assert int(told[0]) == int(told[1]) > 0
        assert done.stdout.endswith("All 8 checks passed.\n")


def test_a_key_that_does_not_work_fails_it(environment: Environment) -> None:
    done = smoke(environment.door.base_url, "sk-wrong")
    assert done.returncode == 1
    assert "WRONG   a chat is answered: 401" in done.stdout
    assert "checks failed." in done.stdout


def test_an_url_without_v1_is_named_before_anything_is_asked() -> None:
    done = smoke("http://127.0.0.1:9", "sk-any")
    assert done.returncode == 2
    assert "the base URL ends in /v1: http://127.0.0.1:9/v1" in done.stderr


class HoldingBack(BaseHTTPRequestHandler):
    """A door that collects a stream, and lets it out in two pieces at its end."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        time.sleep(1.1)
        self.send_response(200)
        self.send_header("x-request-id", "req_1")
        self.end_headers()
        for piece in (b'data: {"usage": {"total_tokens": 1}}\n\n', b"data: [DONE]\n\n"):
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(0.02)

    def do_GET(self) -> None:
        self.send_error(404)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        return None


def test_a_door_that_holds_streams_back_fails_it() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), HoldingBack) as door:
        thread = threading.Thread(target=door.serve_forever)
        thread.start()
        try:
            done = smoke(f"http://127.0.0.1:{door.server_port}/v1", "sk-any")
        finally:
            door.shutdown()
            thread.join()
    assert done.returncode == 1
    assert "WRONG   a stream comes in pieces: it came in one piece" in done.stdout
