"""An environment's life: how it begins, serves several at once, and ends."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.lambda_.environment import running_environment, start_runtime
from tests.lambda_.events import function_url_event
from tests.lambda_.front_door import open_front_door
from tests.wire.ledger import Ledger
from tests.wire.messages import ask
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL, CLAUDE_MODEL, Stack
from tests.wire.tenancy import IssuedKey, Tenancy


def test_two_requests_are_served_at_once_where_lambda_says_so(stack: Stack, tmp_path: Path, key: IssuedKey) -> None:
    with running_environment(stack, tmp_path / "log", concurrency=2) as environment:
        with environment.openai(key.value) as client, ThreadPoolExecutor(2) as pool:

            def chat(text: str) -> str | None:
                messages = ask(text)
                return client.chat.completions.create(model=CHAT_MODEL, messages=messages).choices[0].message.content

            slow = pool.submit(chat, "slow [[sim:first_ms=3000]]")
            eventually(lambda: environment.door.api.waiting, lambda waiting: waiting == 1)
            assert chat("quick") == "echo: quick"
            assert not slow.done()
            assert slow.result() == "echo: slow"


def test_sigterm_in_a_stream_settles_it_and_tells_its_client(
    stack: Stack, tmp_path: Path, tenancy: Tenancy, ledger: Ledger
) -> None:
    key = tenancy.issue_alone()
    with running_environment(stack, tmp_path / "log") as environment:
        with environment.openai(key.value) as client:
            messages = ask("[[sim:tokens=1000 gap_ms=50]]")
            stream = client.chat.completions.create(model=CHAT_MODEL, messages=messages, stream=True)
            next(chunk for chunk in stream if chunk.choices[0].delta.content)
            assert environment.stop() == 0
        answer = environment.door.answers[-1]
        eventually(answer.over.is_set, bool)
    assert b'"code":"shutting_down"' in answer.body
    assert answer.failure["errorType"] == "ShuttingDown"
    totals = ledger.totals(key)
    assert (totals.requests, totals.holds) == (1, ())
    assert totals.tokens.output_tokens > 0
    assert [event.status for event in ledger.events(key)] == ["estimated"]


def test_the_first_request_of_an_environment_finds_a_models_profile(
    stack: Stack, tmp_path: Path, key: IssuedKey
) -> None:
    with running_environment(stack, tmp_path / "log") as environment:
        with environment.openai(key.value) as client:
            base_id = CLAUDE_MODEL.removeprefix("us.")
            assert client.chat.completions.create(model=base_id, messages=ask("Hello")).choices


def test_a_list_of_models_that_does_not_come_keeps_no_environment_from_serving(stack: Stack, tmp_path: Path) -> None:
    nobody = {"AWS_ENDPOINT_URL_BEDROCK": "http://127.0.0.1:9"}
    with running_environment(stack, tmp_path / "log", nobody) as environment:
        answer = environment.door.invoke(function_url_event("GET", "/healthz"))
        assert answer.prelude["statusCode"] == 200


def test_an_idle_environment_ends_at_sigterm(stack: Stack, tmp_path: Path) -> None:
    with running_environment(stack, tmp_path / "log") as environment:
        assert environment.stop() == 0


def test_settings_that_cannot_be_used_are_told_to_lambda_before_anything_is_served(
    stack: Stack, tmp_path: Path
) -> None:
    with open_front_door() as door:
        variables = {**stack.serve_env, "SLUICE_PEPPER": "no-pepper-of-ours"}
        process = start_runtime(door.api.address, tmp_path / "log", variables)
        assert process.wait(30) == 1
        told = door.api.init_error
    assert told is not None
    assert told["errorType"] == "Sluice.SettingsError"
    assert "SLUICE_PEPPER has to be" in told["errorMessage"]
    assert "no-pepper-of-ours" not in told["errorMessage"]
    assert not [asked for asked in door.api.asked if asked.path.endswith("/invocation/next")]


def test_with_snapstart_nothing_is_asked_for_before_the_snapshot_is_thawed(stack: Stack, tmp_path: Path) -> None:
    with open_front_door() as door:
        variables = {**stack.serve_env, "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
        process = start_runtime(door.api.address, tmp_path / "log", variables)
        try:
            asked = eventually(
                lambda: [each.path for each in door.api.asked],
                lambda paths: any(path.endswith("/restore/next") for path in paths) or process.poll() is not None,
            )
            assert not [path for path in asked if path.endswith("/invocation/next")]
            door.thaw()
            eventually(lambda: door.api.waiting, lambda waiting: waiting == 1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()


def test_the_pepper_and_the_admin_key_come_from_secrets_manager_once(
    stack: Stack, tmp_path: Path, key: IssuedKey
) -> None:
    pepper_id, _, pepper_hex = stack.serve_env["SLUICE_PEPPER"].partition(":")
    kept = {"arn:pepper": json.dumps({"id": pepper_id, "hex": pepper_hex}), "arn:admin": stack.admin_key}
    variables = {
        "SLUICE_PEPPER": "",
        "SLUICE_ADMIN_KEY": "",
        "SLUICE_PEPPER_SECRET_ARN": "arn:pepper",
        "SLUICE_ADMIN_KEY_SECRET_ARN": "arn:admin",
    }
    with secrets_manager(kept) as (url, asked):
        variables["AWS_ENDPOINT_URL_SECRETS_MANAGER"] = url
        with running_environment(stack, tmp_path / "log", variables) as environment:
            with environment.openai(key.value) as client:
                for _ in range(2):
                    client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"))
            headers = {"authorization": f"Bearer {stack.admin_key}"}
            listed = environment.door.invoke(function_url_event("GET", "/v1/organization/projects", headers))
    assert listed.prelude["statusCode"] == 200
    assert sorted(asked) == ["arn:admin", "arn:pepper"]


@contextmanager
def secrets_manager(kept: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the ids of the secrets that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
            secret_id = json.loads(self.rfile.read(int(self.headers["content-length"])))["SecretId"]
            asked.append(secret_id)
            body = json.dumps({"SecretString": kept[secret_id]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, name="secrets").start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
