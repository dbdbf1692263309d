"""The shipped data, held against recorded traffic, the simulator's models, and the faults that others had."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.catalog.capabilities import Capabilities
from gateway.catalog.known_models import Row
from gateway.catalog.shipped import known_models, openai_names, shipped_rows
from gateway.translate.embeddings.families import find_family
from simulator.model_table import MODELS
from tests import corpus
from tests.gateway.catalog.recorded import accepted_uses

KNOWN = known_models()

# Real ids that the simulator does not have.
DOCUMENTED = (
    "anthropic.claude-fable-5",
    "cohere.command-light-text-v14",
    "cohere.command-text-v14",
    "meta.llama2-13b-chat-v1",
    "xai.grok-4.3",
)
CHAT_IDS = [model.model_id for model in MODELS if model.traits.embedding is None]
REAL_IDS = [*CHAT_IDS, *DOCUMENTED]

CLAUDE_BUDGET = [
    "anthropic.claude-3-7-sonnet-20250219-v1:0",
    "anthropic.claude-sonnet-4-20250514-v1:0",
    "anthropic.claude-opus-4-1-20250805-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-opus-4-5-20251101-v1:0",
]
CLAUDE_ADAPTIVE = [
    "anthropic.claude-sonnet-4-6",
    "anthropic.claude-opus-4-6-v1",
    "anthropic.claude-opus-4-7",
    "anthropic.claude-opus-4-8",
    "anthropic.claude-sonnet-5",
    "anthropic.claude-opus-5",
    "anthropic.claude-opus-5-5",
    "anthropic.claude-of-next-month",
]


def can(base_id: str) -> Capabilities:
    return KNOWN.capabilities_of(base_id)


@pytest.mark.parametrize("glob", [glob for row in shipped_rows() for glob in row.globs])
def test_every_pattern_is_about_a_real_model(glob: str) -> None:
    row = Row((glob,), {})
    assert any(row.matches(base_id, "") for base_id in REAL_IDS)


@pytest.mark.parametrize("row", shipped_rows(), ids=lambda row: row.globs[0])
def test_every_row_says_something(row: Any) -> None:
    without = type(KNOWN)(each for each in shipped_rows() if each is not row)
    assert any(without.capabilities_of(base_id) != can(base_id) for base_id in REAL_IDS)


@pytest.mark.parametrize("base_id", REAL_IDS)
def test_every_chat_model_is_known(base_id: str) -> None:
    assert KNOWN.knows(base_id)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.model_id)
def test_the_limit_that_is_sent_unasked_is_one_that_the_model_takes(model: Any) -> None:
    assert can(model.model_id).default_max_tokens <= model.traits.max_output_tokens
    assert can(model.model_id).default_max_tokens <= can(model.model_id).max_output_tokens


def test_nothing_that_bedrock_was_recorded_to_accept_is_denied() -> None:
    uses = list(accepted_uses(corpus.records()))
    wrong = [use for use in uses if use.denied_by(can(use.base_id))]
    print(f"{len(uses)} uses of a capability recorded and accepted; denied: {len(wrong)}")  # noqa: T201 - it is evidence
    assert wrong == []
    assert len(uses) > 100


@pytest.mark.parametrize("base_id", CLAUDE_ADAPTIVE)
def test_prefill_is_gone_from_claude_4_6_on(base_id: str) -> None:
    assert not can(base_id).prefill


@pytest.mark.parametrize(
    "base_id", [*CLAUDE_BUDGET, "anthropic.claude-3-haiku-20240307-v1:0", "amazon.nova-2-lite-v1:0"]
)
def test_older_claudes_and_nova_go_on_from_a_prefill(base_id: str) -> None:
    assert can(base_id).prefill


@pytest.mark.parametrize(
    ("base_id", "sampling"),
    [
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", "both"),
        ("anthropic.claude-sonnet-4-20250514-v1:0", "both"),
        ("anthropic.claude-opus-4-20250514-v1:0", "both"),
        ("anthropic.claude-opus-4-1-20250805-v1:0", "one_of"),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "one_of"),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "one_of"),
        ("anthropic.claude-opus-4-5-20251101-v1:0", "one_of"),
        ("anthropic.claude-sonnet-4-6", "one_of"),
        ("anthropic.claude-opus-4-7", "none"),
        ("anthropic.claude-opus-4-8", "none"),
        ("anthropic.claude-opus-5", "none"),
        ("openai.gpt-5.6-terra", "none"),
        ("openai.gpt-oss-120b-1:0", "both"),
        ("amazon.nova-lite-v1:0", "both"),
    ],
)
def test_sampling_parameters_are_those_that_the_generation_takes(base_id: str, sampling: str) -> None:
    assert can(base_id).sampling == sampling


def test_openais_models_take_neither_sampling_nor_stop_but_the_open_weights_do() -> None:
    assert [can(base_id).stop_sequences for base_id in ("openai.gpt-5.4", "openai.gpt-oss-20b-1:0")] == [False, True]


@pytest.mark.parametrize("base_id", CLAUDE_BUDGET)
def test_claude_to_4_5_thinks_within_a_budget_and_signs(base_id: str) -> None:
    reasoning = can(base_id).reasoning
    assert (reasoning.style, reasoning.signed) == ("budget", True)
    assert (reasoning.interleaved_beta is not None) is ("3-7" not in base_id)


@pytest.mark.parametrize("base_id", CLAUDE_ADAPTIVE)
def test_claude_from_4_6_on_thinks_adaptively_and_from_4_7_on_shows_it_only_when_asked(base_id: str) -> None:
    reasoning = can(base_id).reasoning
    assert (reasoning.style, reasoning.signed, reasoning.interleaved_beta) == ("adaptive", True, None)
    assert reasoning.display is ("4-6" not in base_id)
    assert ("xhigh" in reasoning.efforts) is reasoning.display


@pytest.mark.parametrize(
    ("base_id", "style", "field"),
    [
        ("openai.gpt-oss-120b-1:0", "effort", "reasoning_effort"),
        ("openai.gpt-5.6-luna", "effort", "reasoning.effort"),
        ("qwen.qwen3-32b-v1:0", "effort", "reasoning_config"),
        ("deepseek.v3.2", "effort", "reasoning_config"),
        ("deepseek.r1-v1:0", "none", ""),
        ("amazon.nova-2-lite-v1:0", "nova", ""),
        ("amazon.nova-lite-v1:0", "none", ""),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "none", ""),
        ("meta.llama4-scout-17b-instruct-v1:0", "none", ""),
    ],
)
def test_each_family_is_asked_to_reason_in_its_own_way(base_id: str, style: str, field: str) -> None:
    reasoning = can(base_id).reasoning
    assert (reasoning.style, reasoning.field) == (style, field)
    assert bool(reasoning.efforts) is (style != "none")


@pytest.mark.parametrize(
    "base_id",
    [
        "meta.llama3-1-70b-instruct-v1:0",
        "meta.llama3-3-70b-instruct-v1:0",
        "meta.llama4-maverick-17b-instruct-v1:0",
        "deepseek.r1-v1:0",
    ],
)
def test_llama_and_deepseek_r1_neither_stream_with_tools_nor_can_be_forced(base_id: str) -> None:
    assert can(base_id).tools
    assert not can(base_id).streaming_tools
    assert not can(base_id).forced_tools


def test_the_newest_claude_cannot_be_forced_to_use_a_tool() -> None:
    forced = {base_id: can(base_id).forced_tools for base_id in [*CLAUDE_BUDGET, *CLAUDE_ADAPTIVE]}
    assert [base_id for base_id, can_be in forced.items() if not can_be] == CLAUDE_ADAPTIVE[-2:]


@pytest.mark.parametrize(
    ("base_id", "strict"),
    [
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ("anthropic.claude-sonnet-5", False),
        ("anthropic.claude-opus-5", True),
        ("anthropic.claude-opus-5-5", False),
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", False),
        ("amazon.nova-lite-v1:0", False),
    ],
)
def test_strict_tools_are_for_those_that_take_them(base_id: str, strict: bool) -> None:
    assert can(base_id).strict_tools is strict


@pytest.mark.parametrize(
    "base_id", ["anthropic.claude-opus-4-7", "anthropic.claude-opus-5", "anthropic.claude-sonnet-5"]
)
def test_schemas_of_answers_are_refused_by_claude_from_opus_4_7_on(base_id: str) -> None:
    assert not can(base_id).json_schema


def test_only_claude_refuses_stop_sequences_of_white_space() -> None:
    refusing = {base_id for base_id in REAL_IDS if not can(base_id).blank_stop_sequences}
    assert refusing == {base_id for base_id in REAL_IDS if base_id.startswith("anthropic.")}


@pytest.mark.parametrize(
    ("base_id", "places", "ttls"),
    [
        ("anthropic.claude-3-5-haiku-20241022-v1:0", ("tools", "system", "messages"), ("5m",)),
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", ("tools", "system", "messages"), ("5m",)),
        ("anthropic.claude-opus-4-1-20250805-v1:0", ("tools", "system", "messages"), ("5m",)),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", ("tools", "system", "messages"), ("5m", "1h")),
        ("anthropic.claude-opus-5", ("tools", "system", "messages"), ("5m", "1h")),
        ("amazon.nova-pro-v1:0", ("system", "messages"), ("5m",)),
        ("anthropic.claude-3-haiku-20240307-v1:0", (), ("5m",)),
        ("meta.llama4-scout-17b-instruct-v1:0", (), ("5m",)),
    ],
)
def test_caches_are_where_and_as_long_as_the_model_has_them(
    base_id: str, places: tuple[str, ...], ttls: tuple[str, ...]
) -> None:
    assert (can(base_id).cache_places, can(base_id).cache_ttls) == (places, ttls)


@pytest.mark.parametrize(
    "base_id",
    [
        "amazon.titan-text-express-v1",
        "mistral.mistral-7b-instruct-v0:2",
        "mistral.mixtral-8x7b-instruct-v0:1",
        "cohere.command-text-v14",
    ],
)
def test_the_first_models_have_no_system_prompt_and_no_tools(base_id: str) -> None:
    assert not can(base_id).system
    assert not can(base_id).tools


def test_a_web_search_is_for_novas_that_have_the_tool() -> None:
    searching = {base_id for base_id in REAL_IDS if can(base_id).web_search_tool}
    assert searching == {
        base_id for base_id in REAL_IDS if base_id.startswith(("amazon.nova-2-", "amazon.nova-premier"))
    }


@pytest.mark.parametrize(
    ("base_id", "media"),
    [
        ("amazon.nova-micro-v1:0", set()),
        ("amazon.nova-lite-v1:0", {"images", "video"}),
        ("amazon.nova-2-omni-v1:0", {"images", "video", "audio"}),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", {"images"}),
        ("anthropic.claude-v2:1", set()),
        ("mistral.voxtral-mini-3b-2507", {"audio"}),
        ("mistral.pixtral-large-2502-v1:0", {"images"}),
        ("meta.llama3-2-90b-instruct-v1:0", {"images"}),
        ("meta.llama3-3-70b-instruct-v1:0", set()),
        ("google.gemma-3-27b-it", {"images"}),
        ("openai.gpt-oss-20b-1:0", set()),
        ("openai.gpt-5.6-terra", {"images"}),
        ("qwen.qwen3-vl-235b-a22b", {"images"}),
        ("moonshotai.kimi-k2.5", {"images"}),
        ("moonshot.kimi-k2-thinking", set()),
    ],
)
def test_each_model_sees_and_hears_what_it_can(base_id: str, media: set[str]) -> None:
    assert {kind for kind in ("images", "video", "audio") if getattr(can(base_id), kind)} == media


@pytest.mark.parametrize(("name", "target"), openai_names().items())
def test_a_name_of_openais_stands_for_a_model_that_does_the_same_job(name: str, target: str) -> None:
    listed = {model.model_id: model for model in MODELS}
    assert target in listed
    assert (find_family(target) is not None) is name.startswith("text-embedding-")


@pytest.mark.parametrize("name", ["gpt-5", "gpt-5-mini", "gpt-5-nano", "o3", "o4-mini"])
def test_what_stands_for_a_model_that_reasons_does_so_too(name: str) -> None:
    assert can(openai_names()[name]).reasoning.style != "none"


@pytest.mark.parametrize("base_id", [*CLAUDE_BUDGET, *CLAUDE_ADAPTIVE])
def test_claude_gets_plain_ids_no_white_space_at_a_prefills_end_and_its_own_signatures(base_id: str) -> None:
    capabilities = KNOWN.capabilities_of(base_id)
    assert capabilities.plain_tool_ids
    assert not capabilities.prefill_trailing_space
    assert capabilities.reasoning.signature_format == "anthropic-claude-v1"


@pytest.mark.parametrize("base_id", REAL_IDS)
def test_whoever_signs_is_known_by_name(base_id: str) -> None:
    reasoning = KNOWN.capabilities_of(base_id).reasoning
    assert reasoning.signed == bool(reasoning.signature_format)
