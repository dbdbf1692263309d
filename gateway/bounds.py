"""How many tokens a request can use at most, and how many it used where Bedrock's own count never came. Pure.

The bound, part by part:

text           a token stands for at least one byte of UTF-8, in the form that the model's tokenizer brings it into
template       what is written around messages and tools is bounded by constants, over every recorded request's
image          by its pixels and its model's family: media_tokens/families.toml
document       by its format: media_tokens/documents.py
video, sound   by the longest prompt that the family takes, as no header tells their length for certain; media all
               together by that, too
web search     by a constant: no figure is documented

A bound that Bedrock's count exceeds is an error here, and an alarm (`bound_alarm`): the request is charged in full.
"""

from __future__ import annotations

import unicodedata
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn

from gateway.errors import InvalidRequest
from gateway.media_tokens.families import MediaTokens, media_tokens_of
from gateway.media_tokens.image_pixels import HEADER_BYTES, find_pixels
from gateway.media_tokens.zip_bomb import MOST_UNPACKED_BYTES, ZipBomb
from gateway.translate.chat_context import Origins
from tenants.account import Bound
from tenants.usage import TokenCounts

# The most that an image makes for a model that embeds; those of chats: families.toml.
IMAGE_TOKENS = 6_400
MESSAGE_TOKENS = 16
# Recorded: gpt-oss counts some 70 tokens of template on a request of two words.
TEMPLATE_TOKENS = 128
# Recorded: one tool of 340 bytes makes 901 tokens on Nova 2 Lite, 655 on Claude 4.5; of two and more, each takes no
# more than its bytes.
TOOLS_TOKENS = 1_024
TOOL_TOKENS = 64
# What a search of Bedrock's own finds is read by the model, and counted as input. No figure is documented.
WEB_SEARCH_TOKENS = 32_768

# English text has about four bytes per token with every current tokenizer; other scripts have fewer tokens per byte.
_BYTES_PER_TOKEN = 4

_NO_ORIGINS: Final = Origins()
_MEDIA: Final = ("image", "document", "video", "audio")
_HEADER_CHARACTERS: Final = -(-HEADER_BYTES // 3) * 4


def bound_of(
    converse: Mapping[str, Any],
    body: bytes,
    output_tokens: int,
    tokens: MediaTokens | None = None,
    origins: Origins = _NO_ORIGINS,
) -> Bound:
    """Upper bound of a Converse request, whose JSON is `body`, from which `output_tokens` may come.

    The JSON of the request has at least as many bytes as its text; the base64 of media is taken off. `tokens` are the
    model's family's (`media_tokens_of`), None for bounds that hold for any. Raises InvalidRequest for a document that
    unpacks to more than a document can hold; `origins` name its part in `param`.
    """
    tokens = media_tokens_of("") if tokens is None else tokens
    encoded = media = 0
    for index, message in enumerate(converse["messages"]):
        for at, kind, block in _media_of(message["content"]):
            encoded += len(block["source"].get("bytes", ""))
            try:
                media += _media_tokens(kind, block, tokens)
            except ZipBomb:
                _refuse_bomb(origins, index, at)
    input_tokens = (
        len(body)
        - encoded
        + min(media, tokens.window_tokens)
        + (0 if body.isascii() else _normalisation_surplus(converse))
        + TEMPLATE_TOKENS
        + len(converse["messages"]) * MESSAGE_TOKENS
        + _tools_surplus(converse)
    )
    return Bound(input_tokens, output_tokens)


def bound_of_texts(bodies: Iterable[bytes]) -> Bound:
    """Upper bound of InvokeModel requests for embeddings: their bodies are text, and nothing comes out."""
    return Bound(sum(map(len, bodies)), 0)


def widest(bounds: Iterable[Bound], times: int) -> Bound:
    """The bound of whichever of several requests is made, `times` over. Its cost is known where that of each is."""
    every = list(bounds)
    costs = [each.cost_pico_usd for each in every if each.cost_pico_usd is not None]
    return Bound(
        max(each.input_tokens for each in every) * times,
        max(each.output_tokens for each in every) * times,
        max(costs) * times if len(costs) == len(every) else None,
    )


def estimate_of(bound: Bound, output_bytes: int) -> TokenCounts:
    """What a chat used whose stream broke off before Bedrock's count: from the bytes that went in and came out."""
    input_tokens = -(-bound.input_tokens // _BYTES_PER_TOKEN)
    output_tokens = min(-(-output_bytes // _BYTES_PER_TOKEN), bound.output_tokens)
    return TokenCounts(input_tokens=input_tokens, output_tokens=output_tokens)


def estimate_of_whole(bound: Bound, _output_bytes: int = 0) -> TokenCounts:
    """The same of an answer that Bedrock goes on writing to its end: all of it may be billed, whatever was seen."""
    return TokenCounts(estimate_of(bound, 0).input_tokens, bound.output_tokens)


def _tools_surplus(converse: Mapping[str, Any]) -> int:
    tools = (converse.get("toolConfig") or {}).get("tools", ())
    # Anthropic's own tools (computer use) come among the fields of the model, whatever the client writes there.
    own = (converse.get("additionalModelRequestFields") or {}).get("tools") or ()
    own_tools = len(own) if isinstance(own, list) else 1 if own else 0
    if not tools and not own_tools:
        return 0
    searches = any("systemTool" in tool for tool in tools)
    return (1 + own_tools) * TOOLS_TOKENS + len(tools) * TOOL_TOKENS + (WEB_SEARCH_TOKENS if searches else 0)


def _media_of(blocks: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Index, kind and content of the blocks of media; those in tool results have the index of the result."""
    for index, block in enumerate(blocks):
        inner = block["toolResult"]["content"] if "toolResult" in block else (block,)
        for each in inner:
            yield from ((index, kind, each[kind]) for kind in _MEDIA if kind in each)


def _media_tokens(kind: str, block: Mapping[str, Any], tokens: MediaTokens) -> int:
    encoded = block["source"].get("bytes", "")
    if kind == "image":
        return tokens.of_image(find_pixels(b64decode(encoded[:_HEADER_CHARACTERS])))
    if kind == "document":
        # Not above: what unpacks and reads documents is loaded with the first one.
        from gateway.media_tokens.documents import document_tokens

        return document_tokens(block["format"], b64decode(encoded), tokens)
    return tokens.window_tokens


def _refuse_bomb(origins: Origins, message: int, block: int) -> NoReturn:
    paths = origins.messages[message] if message < len(origins.messages) else ()
    param = (paths[block] if block < len(paths) else "") or f"messages[{message}]"
    text = f"The file '{param}' unpacks to more than {MOST_UNPACKED_BYTES} bytes. Send its text, or a part of it."
    raise InvalidRequest(text, param)


def _normalisation_surplus(part: object) -> int:
    """By how many bytes text grows where a tokenizer writes it in Unicode's form NFKC, as sentencepiece does: one
    character of three bytes can become one of eighteen words."""
    match part:
        case str():
            return 0 if part.isascii() else _growth(part)
        case dict():
            return sum(_normalisation_surplus(each) for each in (*part, *part.values()))
        case list() | tuple():
            return sum(map(_normalisation_surplus, part))
    return 0


def _growth(text: str) -> int:
    normal = unicodedata.normalize("NFKC", text)
    return max(0, _utf8_bytes(normal) - _utf8_bytes(text))


def _utf8_bytes(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))
