"""The models of the simulated account: one row each. Ids are AWS's public ones; the choice covers every family.

A row without `on_demand` is reachable through its profiles only, as the newer models are.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator import traits
from simulator.traits import Traits


@dataclass(frozen=True, slots=True)
class Model:
    """One foundation model; `geographies` are the prefixes of its cross-region inference profiles."""

    model_id: str
    name: str
    traits: Traits
    geographies: tuple[str, ...] = ()
    on_demand: bool = True
    legacy: bool = False

    @property
    def provider(self) -> str:
        """The provider's name as the control plane spells it."""
        return _PROVIDERS[self.model_id.partition(".")[0]]

    @property
    def input_modalities(self) -> tuple[str, ...]:
        """TEXT, and what else the model reads."""
        seen = ("TEXT", *(("IMAGE",) if self.traits.images else ()), *(("VIDEO",) if self.traits.video else ()))
        return ("TEXT", "IMAGE", "VIDEO", "AUDIO") if self.traits.embedding == "nova-2" else seen

    @property
    def output_modality(self) -> str:
        """TEXT or EMBEDDING."""
        return "EMBEDDING" if self.traits.embedding else "TEXT"


_PROVIDERS = {
    "ai21": "AI21 Labs",
    "amazon": "Amazon",
    "anthropic": "Anthropic",
    "cohere": "Cohere",
    "deepseek": "DeepSeek",
    "google": "Google",
    "meta": "Meta",
    "minimax": "MiniMax",
    "mistral": "Mistral AI",
    "moonshot": "Moonshot AI",
    "moonshotai": "Moonshot AI",
    "nvidia": "NVIDIA",
    "openai": "OpenAI",
    "qwen": "Qwen",
    "writer": "Writer",
    "zai": "Z.AI",
}

_WORLD = ("us", "eu", "apac")
_WORLD_AND_GLOBAL = ("us", "eu", "apac", "global")


def _profile_only(model_id: str, name: str, family: Traits, geographies: tuple[str, ...]) -> Model:
    return Model(model_id, name, family, geographies, on_demand=False)


def _embedding(model_id: str, name: str, family: traits.EmbeddingFamily, geographies: tuple[str, ...] = ()) -> Model:
    return Model(model_id, name, traits.embedding_traits(family), geographies)


MODELS: tuple[Model, ...] = (
    Model("anthropic.claude-instant-v1", "Claude Instant", traits.CLAUDE_2, legacy=True),
    Model("anthropic.claude-v2", "Claude", traits.CLAUDE_2, legacy=True),
    Model("anthropic.claude-v2:1", "Claude", traits.CLAUDE_2, legacy=True),
    Model("anthropic.claude-3-haiku-20240307-v1:0", "Claude 3 Haiku", traits.CLAUDE_3, _WORLD),
    Model("anthropic.claude-3-sonnet-20240229-v1:0", "Claude 3 Sonnet", traits.CLAUDE_3, _WORLD, legacy=True),
    Model("anthropic.claude-3-5-haiku-20241022-v1:0", "Claude 3.5 Haiku", traits.CLAUDE_3_5, ("us",)),
    Model("anthropic.claude-3-5-sonnet-20240620-v1:0", "Claude 3.5 Sonnet", traits.CLAUDE_3_5, _WORLD),
    Model("anthropic.claude-3-5-sonnet-20241022-v2:0", "Claude 3.5 Sonnet v2", traits.CLAUDE_3_5, ("us", "apac")),
    _profile_only("anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 Sonnet", traits.CLAUDE_3_7, _WORLD),
    _profile_only("anthropic.claude-sonnet-4-20250514-v1:0", "Claude Sonnet 4", traits.CLAUDE_4, _WORLD_AND_GLOBAL),
    _profile_only("anthropic.claude-opus-4-20250514-v1:0", "Claude Opus 4", traits.CLAUDE_OPUS_4, ("us",)),
    _profile_only("anthropic.claude-opus-4-1-20250805-v1:0", "Claude Opus 4.1", traits.CLAUDE_OPUS_4_1, ("us",)),
    _profile_only(
        "anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5", traits.CLAUDE_4_5, _WORLD_AND_GLOBAL
    ),
    _profile_only("anthropic.claude-haiku-4-5-20251001-v1:0", "Claude Haiku 4.5", traits.CLAUDE_4_5, _WORLD_AND_GLOBAL),
    _profile_only("anthropic.claude-opus-4-5-20251101-v1:0", "Claude Opus 4.5", traits.CLAUDE_4_5, _WORLD_AND_GLOBAL),
    _profile_only("anthropic.claude-sonnet-4-6", "Claude Sonnet 4.6", traits.CLAUDE_4_6, _WORLD_AND_GLOBAL),
    _profile_only("anthropic.claude-opus-4-8", "Claude Opus 4.8", traits.CLAUDE_4_6, _WORLD_AND_GLOBAL),
    _profile_only("anthropic.claude-sonnet-5", "Claude Sonnet 5", traits.CLAUDE_5, _WORLD_AND_GLOBAL),
    _profile_only("anthropic.claude-opus-5", "Claude Opus 5", traits.CLAUDE_OPUS_5, _WORLD_AND_GLOBAL),
    Model("amazon.nova-micro-v1:0", "Nova Micro", traits.NOVA_TEXT, _WORLD),
    Model("amazon.nova-lite-v1:0", "Nova Lite", traits.NOVA, _WORLD),
    Model("amazon.nova-pro-v1:0", "Nova Pro", traits.NOVA, _WORLD),
    _profile_only("amazon.nova-premier-v1:0", "Nova Premier", traits.NOVA, ("us",)),
    _profile_only("amazon.nova-2-lite-v1:0", "Nova 2 Lite", traits.NOVA_2, _WORLD_AND_GLOBAL),
    Model("amazon.titan-text-lite-v1", "Titan Text G1 - Lite", traits.TITAN_TEXT, legacy=True),
    Model("amazon.titan-text-express-v1", "Titan Text G1 - Express", traits.TITAN_TEXT, legacy=True),
    Model("amazon.titan-tg1-large", "Titan Text Large", traits.TITAN_TEXT, legacy=True),
    _embedding("amazon.titan-embed-text-v1", "Titan Embeddings G1 - Text", "titan-v1"),
    _embedding("amazon.titan-embed-text-v2:0", "Titan Text Embeddings V2", "titan-v2"),
    _embedding("amazon.nova-2-multimodal-embeddings-v1:0", "Nova Multimodal Embeddings", "nova-2"),
    _embedding("cohere.embed-english-v3", "Embed English", "cohere-v3"),
    _embedding("cohere.embed-multilingual-v3", "Embed Multilingual", "cohere-v3"),
    _embedding("cohere.embed-v4:0", "Embed v4", "cohere-v4", ("us", "eu", "global")),
    Model("cohere.command-r-v1:0", "Command R", traits.COHERE_COMMAND),
    Model("cohere.command-r-plus-v1:0", "Command R+", traits.COHERE_COMMAND),
    Model("meta.llama3-8b-instruct-v1:0", "Llama 3 8B Instruct", traits.LLAMA_3),
    Model("meta.llama3-70b-instruct-v1:0", "Llama 3 70B Instruct", traits.LLAMA_3),
    Model("meta.llama3-1-8b-instruct-v1:0", "Llama 3.1 8B Instruct", traits.LLAMA_3_1, ("us",)),
    Model("meta.llama3-1-70b-instruct-v1:0", "Llama 3.1 70B Instruct", traits.LLAMA_3_1, ("us",)),
    Model("meta.llama3-2-1b-instruct-v1:0", "Llama 3.2 1B Instruct", traits.LLAMA_3_1, ("us", "eu")),
    _profile_only("meta.llama3-2-90b-instruct-v1:0", "Llama 3.2 90B Instruct", traits.LLAMA_3_2_VISION, ("us",)),
    _profile_only("meta.llama3-3-70b-instruct-v1:0", "Llama 3.3 70B Instruct", traits.LLAMA_3_1, ("us",)),
    _profile_only("meta.llama4-scout-17b-instruct-v1:0", "Llama 4 Scout 17B Instruct", traits.LLAMA_4, ("us",)),
    _profile_only("meta.llama4-maverick-17b-instruct-v1:0", "Llama 4 Maverick 17B Instruct", traits.LLAMA_4, ("us",)),
    Model("mistral.mistral-7b-instruct-v0:2", "Mistral 7B Instruct", traits.MISTRAL_7B),
    Model("mistral.mixtral-8x7b-instruct-v0:1", "Mixtral 8x7B Instruct", traits.MISTRAL_7B),
    Model("mistral.mistral-small-2402-v1:0", "Mistral Small (24.02)", traits.MISTRAL_LARGE),
    Model("mistral.mistral-large-2402-v1:0", "Mistral Large (24.02)", traits.MISTRAL_LARGE),
    Model("mistral.mistral-large-3-675b-instruct", "Mistral Large 3", traits.PIXTRAL),
    Model("mistral.voxtral-mini-3b-2507", "Voxtral Mini 3B", traits.MISTRAL_LARGE),
    _profile_only("mistral.pixtral-large-2502-v1:0", "Pixtral Large (25.02)", traits.PIXTRAL, ("us", "eu")),
    _profile_only("deepseek.r1-v1:0", "DeepSeek-R1", traits.DEEPSEEK_R1, ("us",)),
    Model("deepseek.v3-v1:0", "DeepSeek-V3.1", traits.DEEPSEEK_V3),
    Model("deepseek.v3.2", "DeepSeek-V3.2", traits.DEEPSEEK_V3),
    Model("openai.gpt-oss-20b-1:0", "gpt-oss-20b", traits.GPT_OSS),
    Model("openai.gpt-oss-120b-1:0", "gpt-oss-120b", traits.GPT_OSS),
    _profile_only("openai.gpt-5.6-terra", "GPT-5.6 Terra", traits.OPENAI_GPT, ("us", "global")),
    Model("qwen.qwen3-32b-v1:0", "Qwen3 32B (dense)", traits.OPEN_WEIGHTS),
    Model("qwen.qwen3-coder-30b-a3b-v1:0", "Qwen3 Coder 30B A3B", traits.OPEN_WEIGHTS),
    Model("google.gemma-3-27b-it", "Gemma 3 27B IT", traits.OPEN_WEIGHTS_VISION),
    Model("minimax.minimax-m2", "MiniMax M2", traits.OPEN_WEIGHTS),
    Model("moonshotai.kimi-k2.5", "Kimi K2.5", traits.OPEN_WEIGHTS_VISION),
    Model("nvidia.nemotron-nano-12b-v2", "Nemotron Nano 12B v2", traits.OPEN_WEIGHTS_VISION),
    Model("zai.glm-4.7", "GLM 4.7", traits.OPEN_WEIGHTS),
    Model("ai21.jamba-1-5-mini-v1:0", "Jamba 1.5 Mini", traits.JAMBA),
    _profile_only("writer.palmyra-x4-v1:0", "Palmyra X4", traits.PALMYRA, ("us",)),
)
