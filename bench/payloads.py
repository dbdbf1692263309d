"""What the load sends: one and the same chat, as a client of OpenAI writes it and as Converse has it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from bench.wire import HOST

CHAT_MODEL = "amazon.nova-lite-v1:0"
EMBEDDING_MODEL = "cohere.embed-english-v3"
EMBEDDING_TEXTS = tuple(f"Text number {number}: the brown fox jumps over the lazy dog." for number in range(96))

_SYSTEM = "You are a helpful assistant of an operations team. Answer briefly, in plain words."
_TURNS = (
    ("user", "Our service answers slowly since this morning. Where would you look first?"),
    ("assistant", "At what changed: deployments, traffic, and the health of what it depends on."),
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One kind of chat: so many tokens, streamed or not, and the simulator's directives that pace a stream."""

    tokens: int
    stream: bool = False
    pace: str = ""

    @property
    def question(self) -> str:
        directives = f"tokens={self.tokens} {self.pace}".strip()
        return f"Nothing was deployed today, and the traffic is as always. [[sim:{directives}]]"


def to_chat_request(ask: Ask, key: str) -> bytes:
    """POST /v1/chat/completions, about 600 bytes, four messages."""
    messages = [{"role": "system", "content": _SYSTEM}]
    messages += [{"role": role, "content": text} for role, text in (*_TURNS, ("user", ask.question))]
    body: dict[str, Any] = {"model": CHAT_MODEL, "messages": messages, "max_tokens": 500, "temperature": 0.5}
    if ask.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return to_post("/v1/chat/completions", key, orjson.dumps(body))


def to_converse_request(ask: Ask, key: str) -> bytes:
    """The same chat as the gateway sends it to Bedrock; `key` is for the floor to check."""
    turns = (*_TURNS, ("user", ask.question))
    body = {
        "messages": [{"role": role, "content": [{"text": text}]} for role, text in turns],
        "system": [{"text": _SYSTEM}],
        "inferenceConfig": {"maxTokens": 500, "temperature": 0.5},
        "requestMetadata": {"sluice_request_id": "req_AAAAAAAAAAAAAAAA", "sluice_key_id": "key_AAAAAAAAAAAA"},
    }
    operation = "converse-stream" if ask.stream else "converse"
    return to_post(f"/model/{quote(CHAT_MODEL, safe='')}/{operation}", key, orjson.dumps(body))


def to_embeddings_request(key: str) -> bytes:
    """96 texts, answered in base64, as OpenAI's SDKs ask for it."""
    body = {"model": EMBEDDING_MODEL, "input": EMBEDDING_TEXTS, "encoding_format": "base64"}
    return to_post("/v1/embeddings", key, orjson.dumps(body))


def to_post(target: str, key: str, body: bytes) -> bytes:
    head = (
        f"POST {target} HTTP/1.1\r\nhost: {HOST}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n"
        f"accept: */*\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
