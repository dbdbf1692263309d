"""What a chat request may say in the words of Bedrock and its models, besides OpenAI's.

OpenAI's SDKs write their `extra_body` into the body itself; other clients send a literal `extra_body` object. Both are
read here: the same names in either place. In a literal `extra_body`, names that are not declared are fields of the
model.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from gateway.openai.wire import WireModel, array
from tenants.policy import GUARDRAIL_ID, GUARDRAIL_VERSION, LONGEST_GUARDRAIL_ID_CHARS

JsonObject = dict[str, Any]

MODEL_FIELDS: Final = (
    "thinking",
    "reasoning_config",
    "reasoningConfig",
    "output_config",
    "anthropic_beta",
    "inferenceConfig",
)
"""Fields that go to the model under their own name. `inferenceConfig` is Nova's, with `topK` in it; not Converse's."""


class GuardrailFields(WireModel):
    guardrailIdentifier: Annotated[str, Field(max_length=LONGEST_GUARDRAIL_ID_CHARS, pattern=f"^({GUARDRAIL_ID})$")]
    guardrailVersion: Annotated[str, Field(pattern=f"^({GUARDRAIL_VERSION})$")]
    trace: Literal["enabled", "disabled", "enabled_full"] | None = None


class PerformanceFields(WireModel):
    latency: Literal["standard", "optimized"]


class ServiceTierFields(WireModel):
    type: Literal["priority", "default", "flex", "reserved"]


class PromptCaching(WireModel):
    """bedrock-access-gateway's switch: cache points after the system prompt, and in the last user message."""

    system: bool | None = None
    messages: bool | None = None


# Only what is made of it is ever validated.
class BedrockFields(WireModel, defer_build=True):
    thinking: JsonObject | None = None
    reasoning_config: JsonObject | str | None = None
    reasoningConfig: JsonObject | None = None
    output_config: JsonObject | None = None
    anthropic_beta: str | Annotated[tuple[str, ...], array(32)] | None = None
    inferenceConfig: JsonObject | None = None
    top_k: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    additionalModelRequestFields: JsonObject | None = None
    additional_model_request_fields: JsonObject | None = None
    additionalModelResponseFieldPaths: (
        Annotated[tuple[Annotated[str, Field(min_length=1, max_length=256)], ...], array(max_items=10)] | None
    ) = None
    guardrailConfig: GuardrailFields | None = None
    performanceConfig: PerformanceFields | None = None
    serviceTier: ServiceTierFields | None = None
    prompt_caching: PromptCaching | None = None


class ExtraBody(BedrockFields, defer_build=False):
    """A literal `extra_body`."""

    passes_unknown: ClassVar[bool] = True
