from __future__ import annotations

import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import bounds
from gateway.bounds import WEB_SEARCH_TOKENS, bound_of_texts, estimate_of, estimate_of_whole, widest
from gateway.catalog.model_ids import base_id_of
from gateway.errors import InvalidRequest
from gateway.media_tokens.families import media_tokens_of
from gateway.media_tokens.zip_bomb import MOST_UNPACKED_BYTES
from gateway.translate.chat_context import Origins
from tenants.account import Bound
from tenants.usage import TokenCounts
from tests.corpus_counts import COUNT
from tests.gateway.media_tokens.files import claiming, png, zipped

INPUT_COUNTS = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")


CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"


def bound_of(body: dict[str, Any], base_id: str = "") -> Bound:
    tokens = media_tokens_of(base_id)
    return bounds.bound_of(body, orjson.dumps(body), body["inferenceConfig"]["maxTokens"], tokens)


def media(kind: str, media_format: str, content: bytes) -> dict[str, Any]:
    name = {"name": "a"} if kind == "document" else {}
    return {kind: {"format": media_format, **name, "source": {"bytes": b64encode(content).decode()}}}


def added_by(block: dict[str, Any], base_id: str = CLAUDE) -> int:
    """By how many tokens a block of media raises the bound."""
    body = converse("Hello")
    before = bound_of(body, base_id).input_tokens
    body["messages"][0]["content"].append(block)
    return bound_of(body, base_id).input_tokens - before


def converse(*texts: str, max_tokens: int = 10, **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": [{"text": text} for text in texts]}]
    return {"messages": messages, "inferenceConfig": {"maxTokens": max_tokens}, **fields}


# JSON in UTF-8, as a body comes in, has no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(TEXT)
def test_a_token_stands_for_at_least_one_byte(text: str) -> None:
    assert bound_of(converse(text)).input_tokens >= len(text.encode(errors="replace"))


def test_the_output_is_bounded_by_the_limit() -> None:
    assert bound_of(converse("Hello", max_tokens=77)).output_tokens == 77


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5), st.text(min_size=1, max_size=20))
def test_more_text_never_lowers_the_bound(texts: list[str], more: str) -> None:
    assert bound_of(converse(*texts, more)).input_tokens > bound_of(converse(*texts)).input_tokens


# The JSON around a block of media counts as text.
AROUND = 100


def test_an_image_counts_by_its_pixels_and_not_by_its_bytes() -> None:
    small = added_by(media("image", "png", png(1092, 1092) + bytes(100_000)))
    assert 1092 * 1092 / 750 <= small < 2_000
    assert added_by(media("image", "png", png(8_000, 8_000))) < media_tokens_of(CLAUDE).most_image_tokens + AROUND


def test_an_image_that_tells_no_size_counts_as_the_largest() -> None:
    assert added_by(media("image", "gif", b"GIF89a" + bytes(100))) >= media_tokens_of(CLAUDE).most_image_tokens


def test_media_in_tool_results_count_as_much_as_elsewhere() -> None:
    image = media("image", "png", png(1092, 1092))
    result = {"toolResult": {"toolUseId": "1", "content": [image]}}
    assert added_by(result) >= added_by(image)


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_media_whose_length_nothing_tells_are_bounded_by_the_longest_prompt(kind: str) -> None:
    window = media_tokens_of("amazon.nova-lite-v1:0").window_tokens
    once = media(kind, "mp4", bytes(10_000))
    assert window <= added_by(once, "amazon.nova-lite-v1:0") < window + AROUND


def test_all_media_together_are_no_more_than_the_longest_prompt() -> None:
    body = converse("Hello")
    body["messages"][0]["content"] += [media("video", "mp4", b"x")] * 5
    assert bound_of(body, CLAUDE).input_tokens < media_tokens_of(CLAUDE).window_tokens + 5 * AROUND + 1_000


def test_text_that_a_tokenizer_may_lengthen_counts_as_long_as_it_can_get() -> None:
    ligature = "\ufdfa"  # one character of three bytes; four words in NFKC
    longer = unicodedata.normalize("NFKC", ligature)
    assert bound_of(converse(ligature * 50)).input_tokens >= 50 * len(longer.encode())


def test_a_file_that_unpacks_without_end_is_refused_by_its_path() -> None:
    bomb = claiming(zipped({"word/document.xml": b"x"}), MOST_UNPACKED_BYTES + 1)
    body = converse("Hello")
    body["messages"][0]["content"].append(media("document", "docx", bomb))
    origins = Origins(messages=(("messages[0].content[0]", "messages[0].content[1]"),))
    with pytest.raises(InvalidRequest) as refused:
        bounds.bound_of(body, b"", 1, origins=origins)
    assert refused.value.param == "messages[0].content[1]"
    assert "messages[0].content[1]" in refused.value.message


def test_more_tools_raise_the_bound_by_more_than_their_bytes() -> None:
    tool = {"toolSpec": {"name": "x", "inputSchema": {"json": {}}}}
    one, many = (converse("Hello", toolConfig={"tools": [tool] * count}) for count in (1, 20))
    assert bound_of(many).input_tokens - bound_of(one).input_tokens > 19 * len(orjson.dumps(tool))


@pytest.mark.parametrize("tools", [[{"type": "computer_20250124"}], {"type": "x"}, "x", [1]])
def test_tools_among_the_models_own_fields_count(tools: object) -> None:
    with_tools = converse("Hello", additionalModelRequestFields={"tools": tools})
    assert bound_of(with_tools).input_tokens > bound_of(converse("Hello")).input_tokens + 1_000


def test_a_search_by_bedrock_counts_what_it_may_find() -> None:
    tools = {"tools": [{"systemTool": {"name": "nova_grounding"}}]}
    assert bound_of(converse("Hello", toolConfig=tools)).input_tokens > WEB_SEARCH_TOKENS


@given(st.lists(st.builds(Bound, st.integers(0, 9), st.integers(0, 9)), min_size=1), st.integers(1, 16))
def test_the_widest_bound_covers_whichever_request_is_made(each: list[Bound], times: int) -> None:
    covering = widest(each, times)
    assert all(bound.input_tokens * times <= covering.input_tokens for bound in each)
    assert all(bound.output_tokens * times <= covering.output_tokens for bound in each)


def test_the_widest_bound_costs_the_most_and_nothing_known_where_one_is_not_priced() -> None:
    assert widest([Bound(1, 1, 5), Bound(1, 1, 7)], 3).cost_pico_usd == 21
    assert widest([Bound(1, 1, 5), Bound(1, 1)], 3).cost_pico_usd is None


def test_tools_system_and_tool_results_count() -> None:
    plain = bound_of(converse("Hello")).input_tokens
    tools = {"tools": [{"toolSpec": {"name": "x", "description": "d" * 500, "inputSchema": {"json": {}}}}]}
    assert bound_of(converse("Hello", toolConfig=tools)).input_tokens > plain + 500
    assert bound_of(converse("Hello", system=[{"text": "s" * 500}])).input_tokens > plain + 500
    result = converse("Hello")
    result["messages"][0]["content"].append({"toolResult": {"toolUseId": "1", "content": [{"text": "r" * 500}]}})
    assert bound_of(result).input_tokens > plain + 500


def test_a_field_named_bytes_in_a_tools_arguments_does_not_hide_its_text() -> None:
    use = {"toolUse": {"toolUseId": "1", "name": "write", "input": {"bytes": "x" * 50_000}}}
    replayed = converse("Hello")
    replayed["messages"].append({"role": "assistant", "content": [use]})
    assert bound_of(replayed).input_tokens >= 50_000


@given(st.lists(TEXT, min_size=1, max_size=5))
def test_embeddings_are_bounded_by_their_bytes_and_give_nothing_out(texts: list[str]) -> None:
    bound = bound_of_texts([orjson.dumps({"inputText": text}) for text in texts])
    assert bound.input_tokens >= sum(len(text.encode(errors="replace")) for text in texts)
    assert bound.output_tokens == 0


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**7))
def test_an_estimate_stays_within_the_bound(input_tokens: int, output_tokens: int, output_bytes: int) -> None:
    bound = Bound(input_tokens, output_tokens)
    estimate = estimate_of(bound, output_bytes)
    assert estimate.input_tokens <= bound.input_tokens
    assert estimate.output_tokens <= bound.output_tokens
    assert estimate.total_tokens <= bound.tokens


def test_an_estimate_counts_what_came_out() -> None:
    assert estimate_of(Bound(0, 1000), 0).output_tokens == 0
    assert estimate_of(Bound(0, 1000), 1).output_tokens == 1
    assert estimate_of(Bound(0, 1000), 400).output_tokens == 100


def test_a_whole_answer_that_is_lost_is_charged_up_to_its_limit() -> None:
    bound = Bound(300, 1000)
    assert estimate_of_whole(bound) == TokenCounts(estimate_of(bound, 0).input_tokens, bound.output_tokens)


# What no Converse body of this gateway holds.
_FOREIGN = re.compile(r'"(s3Location|searchResult|nova_code_interpreter)"')
# A blob that was cut out of a recording: its beginning is left, which is all that is looked at of an image or a video.
_CUT = re.compile(r"__TRUNCATED_BASE64__ len=\d+ sha256=\w+ head=(?P<head>(?:[A-Za-z0-9+/]{4})*)[A-Za-z0-9+/=]*")
_CUT_DOCUMENT = re.compile(r'"document": [^}]*__TRUNCATED_BASE64__')


def recorded_chats(corpus_dir: Path) -> Iterator[tuple[str, str, dict[str, Any], dict[str, int]]]:
    """Name, model, Converse body and usage of every recorded chat that tells one and that this gateway could have
    sent."""
    for path in sorted(corpus_dir.glob("*.json")):
        recording = json.loads(path.read_text())
        request, answer = recording["request"], recording["response"]
        text = json.dumps(request.get("body"))
        # Of some fixtures the answer alone is known.
        if not isinstance(request.get("body"), dict) or _FOREIGN.search(text) or _CUT_DOCUMENT.search(text):
            continue
        payloads = [answer.get("body"), *(event.get("payload") for event in answer.get("events") or ())]
        usages = [each["usage"] for each in payloads if isinstance(each, dict) and "usage" in each]
        if request["operation"] in ("Converse", "ConverseStream") and usages:
            yield path.name, request["model_id"], json.loads(_CUT.sub(r"\g<head>", text)), usages[-1]


def test_no_recorded_chat_used_more_than_its_bound(
    corpus_dir: Path, record_property: Callable[[str, object], None]
) -> None:
    over, seen, with_media = {}, 0, 0
    for name, model, body, usage in recorded_chats(corpus_dir):
        limited = {**body, "inferenceConfig": {"maxTokens": 1, **body.get("inferenceConfig", {})}}
        used = sum(usage.get(count, 0) for count in INPUT_COUNTS)
        bound = bound_of(limited, base_id_of(model)).input_tokens
        seen += 1
        with_media += '"source": {' in json.dumps(body)
        if used > bound:
            over[name] = (used, bound)
    record_property(COUNT, f"{seen} chats, {with_media} of them with media, {len(over)} over their bound")
    assert seen
    assert over == {}


def test_no_recorded_embedding_used_more_than_its_bound(
    corpus_dir: Path, record_property: Callable[[str, object], None]
) -> None:
    over, seen = {}, 0
    for path in sorted(corpus_dir.glob("*.json")):
        recording = json.loads(path.read_text())
        request, headers = recording["request"], recording["response"].get("headers") or {}
        used = headers.get("x-amzn-bedrock-input-token-count") or headers.get("X-Amzn-Bedrock-Input-Token-Count")
        if used is None or "embed" not in (request["model_id"] or "") or not isinstance(request.get("body"), dict):
            continue
        seen += 1
        bound = bound_of_texts([orjson.dumps(request["body"])]).input_tokens
        if int(used) > bound:
            over[path.name] = (used, bound)
    record_property(COUNT, f"{seen} embeddings, {len(over)} over their bound")
    assert seen
    assert over == {}
