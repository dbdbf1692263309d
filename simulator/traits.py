"""What a family of models can do, as far as Converse lets a caller notice.

Evidence: recorded traffic, then the "supported models and features" table of the Bedrock user guide; limits of output
are those of the model cards. Where neither says anything the trait is permissive, so that nothing true is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal


class Dialect(Enum):
    """Differences of wire form between providers, seen in recordings."""

    CLAUDE = "claude"  # signed reasoning, an empty first tool delta, `type: tool_use`, cache twins even when zero
    NOVA = "nova"  # a tool's whole input in one delta
    PLAIN = "plain"  # reasoning as bare text


class Sampling(Enum):
    """Which of temperature and topP a model takes."""

    FREE = "free"
    ONE_OF = "one of"
    NONE = "none"
    UNSUPPORTED = "unsupported"  # Converse itself refuses the field, before the model does


EmbeddingFamily = Literal["titan-v1", "titan-v2", "cohere-v3", "cohere-v4", "nova-2"]


@dataclass(frozen=True, slots=True)
class Traits:
    """One family's abilities. `embedding` models serve InvokeModel only."""

    dialect: Dialect = Dialect.PLAIN
    tools: bool = True
    stream_tools: bool = True
    forced_tools: bool = True
    images: bool = False
    documents: bool = True
    video: bool = False
    s3_media: bool = False
    prefill: bool = True
    sampling: Sampling = Sampling.FREE
    stop_sequences: bool = True
    reasoning: bool = False
    count_tokens: bool = False
    max_output_tokens: int = 8192
    tool_prompt_tokens: int = 0
    embedding: EmbeddingFamily | None = None


# Recorded: a request of 365 bytes with one small tool counts 558 tokens on Claude 4.5 and 901 on Nova 2 Lite, about 25
# of which are its text. The rest is the prompt the service writes around tools, and it is billed.
_CLAUDE_TOOL_PROMPT_TOKENS = 500
_NOVA_TOOL_PROMPT_TOKENS = 360
_NOVA_2_TOOL_PROMPT_TOKENS = 840

CLAUDE_2 = Traits(dialect=Dialect.CLAUDE, tools=False, images=False, max_output_tokens=4096)
CLAUDE_3 = Traits(
    dialect=Dialect.CLAUDE, images=True, max_output_tokens=4096, tool_prompt_tokens=_CLAUDE_TOOL_PROMPT_TOKENS
)
CLAUDE_3_5 = replace(CLAUDE_3, max_output_tokens=8192, count_tokens=True)
CLAUDE_3_7 = replace(CLAUDE_3_5, max_output_tokens=64_000, reasoning=True)
CLAUDE_4 = CLAUDE_3_7
CLAUDE_OPUS_4 = replace(CLAUDE_4, max_output_tokens=32_000)
CLAUDE_OPUS_4_1 = replace(CLAUDE_OPUS_4, sampling=Sampling.ONE_OF)
CLAUDE_4_5 = replace(CLAUDE_4, sampling=Sampling.ONE_OF)
CLAUDE_4_6 = replace(CLAUDE_4_5, prefill=False)
CLAUDE_5 = replace(CLAUDE_4_6, max_output_tokens=128_000)
CLAUDE_OPUS_5 = replace(CLAUDE_5, sampling=Sampling.NONE)

NOVA_TEXT = Traits(dialect=Dialect.NOVA, max_output_tokens=10_000, tool_prompt_tokens=_NOVA_TOOL_PROMPT_TOKENS)
NOVA = replace(NOVA_TEXT, images=True, video=True, s3_media=True)
NOVA_2 = replace(NOVA, reasoning=True, max_output_tokens=65_535, tool_prompt_tokens=_NOVA_2_TOOL_PROMPT_TOKENS)
# Titan Text and Mistral 7B take no system prompt. That is not enforced: no recording has the text of the refusal.
TITAN_TEXT = Traits(tools=False, prefill=False, max_output_tokens=8192)

LLAMA_3 = Traits(tools=False, max_output_tokens=2048)
LLAMA_3_1 = replace(LLAMA_3, tools=True, stream_tools=False, forced_tools=False, max_output_tokens=8192)
LLAMA_3_2_VISION = replace(LLAMA_3_1, images=True)
LLAMA_4 = LLAMA_3_2_VISION
MISTRAL_7B = Traits(tools=False)
MISTRAL_LARGE = Traits()
PIXTRAL = replace(MISTRAL_LARGE, images=True)
DEEPSEEK_R1 = Traits(tools=True, stream_tools=False, forced_tools=False, reasoning=True, max_output_tokens=32_768)
DEEPSEEK_V3 = Traits(reasoning=True, max_output_tokens=65_536)
GPT_OSS = Traits(reasoning=True, max_output_tokens=128_000)
OPENAI_GPT = replace(GPT_OSS, images=True, sampling=Sampling.UNSUPPORTED, stop_sequences=False)
OPEN_WEIGHTS = Traits(reasoning=True, max_output_tokens=32_768)
OPEN_WEIGHTS_VISION = replace(OPEN_WEIGHTS, images=True)
COHERE_COMMAND = Traits(max_output_tokens=4096)
JAMBA = Traits(max_output_tokens=4096)
PALMYRA = Traits(max_output_tokens=8192)


def embedding_traits(family: EmbeddingFamily) -> Traits:
    """The traits of an embedding model: no conversation at all."""
    return Traits(tools=False, documents=False, prefill=False, embedding=family)
