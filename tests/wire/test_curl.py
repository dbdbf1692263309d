"""Sluice from a shell, and under the path of its predecessor."""

from __future__ import annotations

import json
import subprocess

import httpx2
import pytest

from tests.wire.stack import CHAT_MODEL, Stack
from tests.wire.tenancy import IssuedKey

CHAT = {"model": CHAT_MODEL, "messages": [{"role": "user", "content": "Hello!"}]}


def banner_command(stack: Stack) -> str:
    """The curl line as printed: from `curl` to the end of its paragraph."""
    return "curl -sS" + stack.banner.read_text().partition("\ncurl")[2].partition("\n\n")[0]


def test_the_line_of_the_banner_works_as_printed(stack: Stack) -> None:
    answer = subprocess.run(["sh", "-c", banner_command(stack)], capture_output=True, text=True, check=True, timeout=30)
    frames = answer.stdout.strip().split("\n\n")
    assert frames[-1] == "data: [DONE]"
    chunks = [json.loads(frame.removeprefix("data: ")) for frame in frames[:-1]]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "echo: Hello!"


def test_the_banner_names_both_keys_and_the_base_url(stack: Stack) -> None:
    text = stack.banner.read_text()
    assert all(each in text for each in (stack.base_url, stack.api_key, stack.admin_key))


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
@pytest.mark.parametrize("header", ["Authorization: Bearer {}", "authorization: bearer {}", "x-api-key: {}"])
def test_a_key_goes_in_either_header_under_either_prefix(
    stack: Stack, key: IssuedKey, prefix: str, header: str
) -> None:
    command = ["curl", "-sS", f"{stack.root_url}{prefix}/chat/completions", "-H", header.format(key.value)]
    answer = subprocess.run([*command, "-d", json.dumps(CHAT)], capture_output=True, text=True, check=True, timeout=30)
    assert json.loads(answer.stdout)["choices"][0]["message"]["content"] == "echo: Hello!"


@pytest.mark.parametrize("path", ["/models", f"/models/{CHAT_MODEL}"])
def test_models_are_the_same_under_either_prefix(stack: Stack, key: IssuedKey, path: str) -> None:
    headers = {"Authorization": f"Bearer {key.value}"}
    one, other = (httpx2.get(f"{stack.root_url}{prefix}{path}", headers=headers) for prefix in ("/v1", "/api/v1"))
    assert one.status_code == 200
    assert one.json() == other.json()


def test_embeddings_answer_under_the_predecessors_path(stack: Stack, key: IssuedKey) -> None:
    body = {"model": "amazon.titan-embed-text-v2:0", "input": "text"}
    answer = httpx2.post(f"{stack.root_url}/api/v1/embeddings", json=body, headers={"x-api-key": key.value})
    assert (answer.status_code, len(answer.json()["data"][0]["embedding"])) == (200, 1024)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_need_no_key(stack: Stack, path: str) -> None:
    assert httpx2.get(stack.root_url + path).status_code == 200


def test_what_is_ignored_is_named_in_a_header(stack: Stack, key: IssuedKey) -> None:
    answer = httpx2.post(
        f"{stack.base_url}/chat/completions", json={**CHAT, "seed": 7}, headers={"x-api-key": key.value}
    )
    assert answer.headers["x-sluice-ignored-params"] == "seed"
