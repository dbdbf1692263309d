"""The playground: a real chat, under a real key."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Request, Route, expect

from tests.browser.console import Console
from tests.wire.stack import CHAT_MODEL, CLAUDE_MODEL
from tests.wire.tenancy import IssuedKey, Tenancy

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def key(tenancy: Tenancy) -> IssuedKey:
    return tenancy.issue_alone()


@pytest.fixture
def playground(signed_in: Console, key: IssuedKey) -> Console:
    signed_in.place("Playground")
    signed_in.page.get_by_label("Inference key").fill(key.value)
    signed_in.button("Connect").click()
    expect(signed_in.page.get_by_label("Model")).to_be_enabled()
    signed_in.page.get_by_label("Model").select_option(CHAT_MODEL)
    return signed_in


def say(console: Console, text: str) -> Locator:
    """Sends it. The answer, which may still be coming."""
    message = console.page.get_by_role("textbox", name="Message")
    message.fill(text)
    message.press("Enter")
    return console.page.get_by_role("article", name="Assistant").last


def test_an_answer_streams_and_is_told_with_its_tokens_and_its_cost(playground: Console) -> None:
    answer = say(playground, "Hello!")
    expect(answer).to_contain_text("echo: Hello!")
    expect(answer.get_by_test_id("usage")).to_have_text(re.compile(r"\d+ in · \d+ out · \$0\.0000\d+"))


def test_the_cost_that_is_shown_is_that_of_the_ledger(playground: Console, tenancy: Tenancy, key: IssuedKey) -> None:
    answer = say(playground, "What does this cost?")
    expect(answer.get_by_test_id("usage")).to_be_visible()
    raw = tenancy.sdk.get(
        f"/organization/projects/{key.project_id}/api_keys/{key.id}/budget",
        cast_to=dict,
        options={"headers": {"Authorization": f"Bearer {playground.stack.admin_key}"}},
    )
    settled = raw["settled_pico_usd"] / 1e12
    shown = float(answer.get_by_test_id("usage").inner_text().rsplit("$", 1)[1])
    assert shown == pytest.approx(settled, rel=0.05)  # two digits are shown


def test_a_conversation_goes_on_with_what_was_said(playground: Console) -> None:
    sent: list[Any] = []

    def remember(request: Request) -> None:
        if request.url.endswith("/chat/completions"):
            sent.append(json.loads(request.post_data or ""))

    playground.page.on("request", remember)
    playground.page.get_by_label("System prompt").fill("Be brief.")
    playground.page.get_by_label("Temperature").fill("0.2")
    playground.page.get_by_label("Max tokens").fill("50")
    expect(say(playground, "one").get_by_test_id("usage")).to_be_visible()
    expect(say(playground, "two").get_by_test_id("usage")).to_be_visible()
    assert sent[-1]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "echo: one"},
        {"role": "user", "content": "two"},
    ]
    assert (sent[-1]["temperature"], sent[-1]["max_tokens"]) == (0.2, 50)


def test_stop_ends_an_answer_and_leaves_what_came(playground: Console) -> None:
    answer = say(playground, "[[sim:tokens=2000 gap_ms=20]]")
    expect(answer).to_contain_text(re.compile(r"\w+ \w+ \w+"))
    playground.button("Stop").click()
    expect(answer).to_contain_text("stopped")
    expect(playground.button("Send")).to_be_visible()
    length = len(answer.inner_text())
    expect(say(playground, "still there?").get_by_test_id("usage")).to_be_visible()
    assert len(playground.page.get_by_role("article", name="Assistant").first.inner_text()) == length


def test_a_conversation_that_is_cleared_while_it_streams_leaves_nothing(playground: Console) -> None:
    answer = say(playground, "[[sim:tokens=2000 gap_ms=20]]")
    expect(answer).to_contain_text(re.compile(r"\w+ \w+ \w+"))
    playground.button("Clear").click()
    expect(playground.button("Send")).to_be_visible()
    with playground.page.expect_request("**/chat/completions") as sent:
        answer = say(playground, "from the start")
    assert [each["role"] for each in json.loads(sent.value.post_data or "")["messages"]] == ["user"]
    expect(answer).to_contain_text("echo: from the start")


def test_an_error_in_the_stream_is_told_with_what_came_before_it(playground: Console) -> None:
    answer = say(playground, '[[sim:reply="words that came" stream_error=modelStreamErrorException after=2]]')
    expect(answer.get_by_role("alert")).to_be_visible()
    expect(answer).to_contain_text("req_")


def test_a_refusal_is_told_and_the_question_can_be_asked_again(playground: Console) -> None:
    expect(say(playground, "[[sim:error=AccessDeniedException]]").get_by_role("alert")).to_be_visible()
    expect(say(playground, "again")).to_contain_text("echo: again")


def test_reasoning_is_folded_and_can_be_read(playground: Console) -> None:
    playground.page.get_by_label("Model").select_option(CLAUDE_MODEL)
    playground.page.get_by_label("Reasoning effort").select_option("low")
    answer = say(playground, "Think first.")
    expect(answer.get_by_test_id("usage")).to_be_visible()
    reasoning = answer.get_by_role("group")
    expect(reasoning).to_be_visible()
    assert reasoning.evaluate("element => element.open") is False
    answer.get_by_text("Reasoning", exact=True).click()
    assert len(reasoning.inner_text()) > len("Reasoning")


def test_an_image_goes_along_and_can_be_taken_back(playground: Console, tmp_path: Path) -> None:
    (tmp_path / "pixel.png").write_bytes(PIXEL)
    (tmp_path / "text.txt").write_text("no image")
    files = playground.page.get_by_label("Add images")
    files.set_input_files(tmp_path / "text.txt")
    expect(playground.page.get_by_text("models read PNG")).to_be_visible()
    files.set_input_files(tmp_path / "pixel.png")
    playground.button("Remove image 1").click()
    expect(playground.page.get_by_alt_text("Image 1")).to_have_count(0)
    files.set_input_files(tmp_path / "pixel.png")
    with playground.page.expect_request("**/chat/completions") as sent:
        answer = say(playground, "What is this?")
    parts = json.loads(sent.value.post_data or "")["messages"][-1]["content"]
    assert parts[1]["image_url"]["url"].startswith("data:image/png;base64,")
    expect(answer.get_by_test_id("usage")).to_be_visible()
    expect(playground.page.get_by_alt_text("Attached image")).to_be_visible()


def test_what_a_model_says_is_never_markup(playground: Console) -> None:
    text = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    answer = say(playground, text)
    expect(answer).to_contain_text(text)
    assert answer.locator("img, script").count() == 0


def test_a_stream_of_many_kinds_of_lines_is_read(playground: Console) -> None:
    """Comments, several data lines in one event, line ends of all kinds: what a proxy in between may make of it."""
    chunk = {"id": "c", "object": "chat.completion.chunk", "model": CHAT_MODEL, "choices": [{"index": 0, "delta": {}}]}
    first, second = json.loads(json.dumps(chunk)), json.loads(json.dumps(chunk))
    first["choices"][0]["delta"] = {"role": "assistant", "content": "two "}
    second["choices"][0]["delta"] = {"content": "halves"}
    lines = json.dumps(second, indent=1).splitlines()
    body = f": hello\r\n\r\ndata: {json.dumps(first)}\r\n\r\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
    body += "data: [DONE]\r\r"

    def stream(route: Route) -> None:
        route.fulfill(status=200, body=body, headers={"content-type": "text/event-stream"})

    playground.page.route("**/chat/completions", stream)
    expect(say(playground, "anything")).to_contain_text("two halves")


def test_a_stream_that_breaks_off_is_not_taken_for_a_whole_answer(playground: Console) -> None:
    body = 'data: {"choices":[{"index":0,"delta":{"content":"half"}}]}\n\n'
    playground.page.route("**/chat/completions", lambda route: route.fulfill(status=200, body=body))
    answer = say(playground, "anything")
    expect(answer).to_contain_text("half")
    expect(answer.get_by_role("alert")).to_contain_text("before the answer was whole")


def test_the_programs_that_are_shown_run(playground: Console, key: IssuedKey) -> None:
    expect(say(playground, 'it\'s a "test"; $(id)').get_by_test_id("usage")).to_be_visible()
    playground.button("Copy as curl or Python").click()
    shown = playground.dialog("This conversation as a program")
    curl, python = shown.locator("pre").all_inner_texts()
    assert key.value not in curl + python
    environment = {"OPENAI_API_KEY": key.value, "PATH": "/usr/bin:/bin"}
    for command in (["bash", "-c", curl], [sys.executable, "-c", python]):
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        assert "echo" in ran.stdout


def test_the_inference_key_and_the_conversation_live_until_the_sign_out(playground: Console, key: IssuedKey) -> None:
    expect(say(playground, "remember me").get_by_test_id("usage")).to_be_visible()
    playground.place("Models")
    playground.place("Playground")
    expect(playground.page.get_by_role("article", name="Assistant")).to_contain_text("echo: remember me")
    playground.button("Sign out").click()
    playground.sign_in("#/playground")
    assert playground.page.get_by_label("Inference key").input_value() == ""
    assert "remember me" not in playground.page.content()


@pytest.mark.parametrize("kind", ["an admin key", "nonsense"])
def test_a_key_that_is_no_inference_key_connects_nothing(signed_in: Console, kind: str) -> None:
    signed_in.place("Playground")
    signed_in.page.get_by_label("Inference key").fill(signed_in.stack.admin_key if kind == "an admin key" else kind)
    signed_in.button("Connect").click()
    expect(signed_in.page.get_by_text("no valid inference key")).to_be_visible()
    expect(signed_in.heading("Playground")).to_be_visible()  # the admin's session goes on
