"""The docs are held to the code: what they repeat, list or link to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from openai.types import embedding_create_params
from openai.types.chat import completion_create_params

from admin.schemas.limits import KeyLimitsBody
from gateway.catalog.capabilities import Capabilities, Reasoning
from gateway.catalog.model import Model
from gateway.errors import UnsupportedParameter
from gateway.openai.chat import ignored_params, parse_chat_request
from gateway.openai.embeddings import parse_embeddings_request
from gateway.raised_alert import RaisedAlert, Subject
from gateway.translate.chat_context import ChatContext
from gateway.translate.chat_request import to_converse
from gateway.webhooks import to_signature
from scripts.generate_docs import PAGES
from tenants.secret import SCANNER_REGEX

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
# Environments, and what others wrote.
FOREIGN = {".venv", ".venv-clients", "node_modules", ".git"}
PAGES_WITH_LINKS = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("*/README.md")])

# A value of each parameter that asks for something.
CHAT_VALUES: dict[str, Any] = {
    "audio": {"voice": "alloy", "format": "mp3"},
    "frequency_penalty": 0.5,
    "function_call": {"name": "f"},
    "functions": [{"name": "f"}],
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "max_completion_tokens": 10,
    "max_tokens": 10,
    "messages": [{"role": "user", "content": "hi"}],
    "metadata": {"a": "b"},
    "modalities": ["text", "audio"],
    "model": "m",
    "moderation": {"model": "m"},
    "n": 2,
    "parallel_tool_calls": False,
    "prediction": {"type": "content", "content": "x"},
    "presence_penalty": 0.5,
    "prompt_cache_key": "k",
    "prompt_cache_options": {"mode": "explicit"},
    "prompt_cache_retention": "24h",
    "reasoning_effort": "low",
    "response_format": {"type": "json_object"},
    "safety_identifier": "s",
    "seed": 1,
    "service_tier": "flex",
    "stop": ["x"],
    "store": True,
    "stream": True,
    "stream_options": {"include_usage": True},
    "temperature": 0.5,
    "tool_choice": "required",
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "top_logprobs": 2,
    "top_p": 0.5,
    "user": "u",
    "verbosity": "low",
    "web_search_options": {},
}
# What a value needs beside it to make sense.
COMPANIONS: dict[str, dict[str, Any]] = {
    "function_call": {"functions": CHAT_VALUES["functions"]},
    "parallel_tool_calls": {"tools": CHAT_VALUES["tools"]},
    "tool_choice": {"tools": CHAT_VALUES["tools"]},
}
# A model that has what some have; what none has is refused or ignored for every model.
CAPABLE = Capabilities(
    web_search_tool="search", reasoning=Reasoning(style="effort", field="reasoning_effort", efforts=("low",))
)
EMBEDDINGS_VALUES: dict[str, Any] = {
    "dimensions": 256,
    "encoding_format": "base64",
    "input": "x",
    "model": "m",
    "user": "u",
}


def documented(section: str) -> dict[str, str]:
    """Parameter -> honoured, ignored or refused, as docs/api.md has it."""
    text = (DOCS / "api.md").read_text().split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.MULTILINE))


def chat_treatment(name: str) -> str:
    """By a model that has what it takes."""
    body = {"model": "m", "messages": CHAT_VALUES["messages"], name: CHAT_VALUES[name], **COMPANIONS.get(name, {})}
    try:
        request = parse_chat_request(orjson.dumps(body))
        translation = to_converse(request, Model("m", "m", "m", "m", CAPABLE), ChatContext())
    except UnsupportedParameter:
        return "refused"
    return "ignored" if name in ignored_params(request, translation.dropped) else "honoured"


def test_every_chat_parameter_of_the_sdk_is_documented_as_it_is_treated() -> None:
    known = {*completion_create_params.CompletionCreateParamsBase.__annotations__, "stream"}
    assert set(CHAT_VALUES) == known, "the SDK has other parameters than this test knows"
    assert documented("POST /v1/chat/completions") == {name: chat_treatment(name) for name in known}


def test_every_embeddings_parameter_of_the_sdk_is_documented_as_it_is_treated() -> None:
    assert set(EMBEDDINGS_VALUES) == set(embedding_create_params.EmbeddingCreateParams.__annotations__)
    request = parse_embeddings_request(orjson.dumps(EMBEDDINGS_VALUES))
    ignored = ignored_params(request)
    treated = {name: "ignored" if name in ignored else "honoured" for name in EMBEDDINGS_VALUES}
    assert documented("POST /v1/embeddings") == treated


@pytest.mark.parametrize("page", PAGES)
def test_pages_that_follow_from_the_code_are_current(page: str) -> None:
    assert (DOCS / page).read_text() == PAGES[page](), "run `make docs`"


def tree() -> dict[str, list[str]]:
    """Folder -> what docs/architecture.md lists in it, without slashes."""
    text = (DOCS / "architecture.md").read_text().split("## The tree\n\n```\n", 1)[1].split("```", 1)[0]
    listed: dict[str, list[str]] = {}
    for line in text.splitlines():
        name = line.split()[0].removesuffix("/")
        if line.startswith(" "):
            listed[next(reversed(listed))].append(name)
        else:
            listed[name] = []
    return listed


def test_the_tree_of_the_architecture_page_is_the_real_one() -> None:
    listed = tree()
    for folder, names in listed.items():
        for path in (ROOT / folder, *(ROOT / folder / name for name in names)):
            assert path.exists(), f"docs/architecture.md names {path.relative_to(ROOT)}, which is not there"
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} <= listed.keys()


def test_the_tree_of_the_architecture_page_has_all_of_the_data_plane() -> None:
    there = {path.name for path in (ROOT / "gateway").iterdir() if not path.name.startswith("__")}
    assert set(tree()["gateway"]) == there


def test_the_pattern_for_secret_scanners_is_the_one_of_the_code() -> None:
    assert f"`{SCANNER_REGEX}`" in (DOCS / "keys.md").read_text()


def test_the_body_of_the_alerts_page_is_what_is_sent() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", (DOCS / "alerts.md").read_text(), re.DOTALL)
    (settings,) = re.findall(r"-d '(.*?)'", (DOCS / "alerts.md").read_text(), re.DOTALL)
    alert = KeyLimitsBody.model_validate_json(settings).to_limits_edit()["alerts"][0]
    raised = RaisedAlert(Subject("proj_1", "key_0123456789AB"), alert, "2026-11", 40_000_001_250_000, 1_795_132_800_000)
    assert orjson.loads(shown) == raised.to_payload()


def test_the_receiver_of_the_alerts_page_takes_what_the_gateway_signs_and_nothing_else() -> None:
    (sample,) = re.findall(r"```python\n(.*?)```", (DOCS / "alerts.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(sample, names)  # as a reader would run it
    is_genuine, secret, body, now = names["is_genuine"], "ab" * 16, b'{"id": "x"}', 1_795_132_800
    signature = to_signature(secret.encode(), now, body)
    assert is_genuine(secret, signature, body, now + 300)
    forged = to_signature(b"another", now, body)
    others = [(signature, body + b" ", now), (signature, body, now + 301), (signature, body, now - 301)]
    others += [(each, body, now) for each in (forged, "", "t=,v1=", f"t={now}", "v1=é", "t=²,v1=x", f"t={now},v1=é")]
    assert not [each for each in others if is_genuine(secret, *each)]


@pytest.mark.parametrize("page", PAGES_WITH_LINKS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_make_target_that_the_docs_name_exists() -> None:
    targets = set(re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES_WITH_LINKS:
        assert set(re.findall(r"`make (\w+)", page.read_text())) <= targets


def test_the_repository_names_no_package_registry_and_no_path_of_a_workplace() -> None:
    hosts = ["registry." + "npmjs", "pypi" + ".org", "files.python" + "hosted", "/work" + "/"]
    for path in ROOT.rglob("*"):
        if path.suffix in {".py", ".md", ".toml", ".lock", ".json", ".html"} and not FOREIGN & set(path.parts):
            text = path.read_text(errors="replace")
            assert not [host for host in hosts if host in text], path
