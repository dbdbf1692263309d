"""What `sam build` made, under the Runtime Interface Emulator that comes with SAM. It is AWS's own and speaks the real
Runtime API, though it collects what is streamed: this is about the protocol alone."""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.lambda_.built import SURFACES, Built
from tests.lambda_.events import Json, function_url_event
from tests.lambda_.fake_runtime_api import DELIMITER
from tests.lambda_.transformed import TOOLS, aws_tool
from tests.wire.ledger import Ledger
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL, START_TIMEOUT_SECONDS, Stack
from tests.wire.tenancy import IssuedKey


def emulator() -> Path:
    aws_tool("sam")
    machine = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "none")
    found = list(TOOLS.parent.glob(f"lib/*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}"))
    if not found:
        pytest.skip("SAM brings no emulator for this machine")
    return found[0]


def free_addresses(count: int) -> list[str]:
    """Ports that were free a moment ago: the emulator takes no port 0."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]
    for listener in listeners:
        listener.close()
    return addresses


@contextmanager
def emulated(stack: Stack, built: Built, function: str, log: Path) -> Iterator[httpx2.Client]:
    front, api = free_addresses(2)
    package = built.package_of(function)
    wrapper = [str(package / "run_lambda"), built.interpreter, "/var/runtime/bootstrap.py"]
    command = [
        str(emulator()), "--runtime-interface-emulator-address", front, "--runtime-api-address", api, *wrapper,
    ]  # fmt: skip
    environment = {
        **os.environ,
        **stack.serve_env,
        "SLUICE_SURFACES": SURFACES[function],
        "LAMBDA_TASK_ROOT": str(package),
        "_HANDLER": "gateway.lambda_runtime.handler",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        with httpx2.Client(base_url=f"http://{front}", timeout=START_TIMEOUT_SECONDS) as client:
            eventually(lambda: is_listening(front), bool, START_TIMEOUT_SECONDS)
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def is_listening(address: str) -> bool:
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port))).close()
    except OSError:
        return False
    return True


def invoke(client: httpx2.Client, event: Json) -> tuple[Json, bytes]:
    """The prelude, and the body."""
    answer = client.post("/2015-03-31/functions/function/invocations", json=event)
    told, delimiter, body = answer.content.partition(DELIMITER)
    assert delimiter, answer.content[:500]
    return json.loads(told), body


def test_awss_emulator_takes_the_gateways_package_for_a_function(
    stack: Stack, built: Built, tmp_path: Path, key: IssuedKey, ledger: Ledger
) -> None:
    headers = {"authorization": f"Bearer {key.value}", "content-type": "application/json"}
    chat = {"model": CHAT_MODEL, "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    with emulated(stack, built, "GatewayFunction", tmp_path / "log") as client:
        prelude, body = invoke(
            client, function_url_event("POST", "/v1/chat/completions", headers, json.dumps(chat).encode())
        )
        assert prelude["statusCode"] == 200
        assert body.endswith(b"data: [DONE]\n\n")
        prelude, body = invoke(client, function_url_event("HEAD", "/healthz"))
        assert (prelude["statusCode"], body) == (200, b"")
        refused = client.post("/2015-03-31/functions/function/invocations", json={"no": "request"})
        assert refused.json()["errorType"] == "Sluice.NoHttpRequest"
        prelude, _ = invoke(client, function_url_event("GET", "/healthz"))
        assert prelude["statusCode"] == 200
    assert ledger.totals(key).requests == 1


def test_awss_emulator_takes_the_admin_apis_package_for_a_function(stack: Stack, built: Built, tmp_path: Path) -> None:
    headers = {"authorization": f"Bearer {stack.admin_key}"}
    with emulated(stack, built, "AdminFunction", tmp_path / "log") as client:
        prelude, body = invoke(client, function_url_event("GET", "/v1/organization/projects", headers))
        assert (prelude["statusCode"], json.loads(body)["object"]) == (200, "list")
        prelude, body = invoke(client, function_url_event("GET", "/console/"))
        assert (prelude["statusCode"], body[:15].lower()) == (200, b"<!doctype html>")
