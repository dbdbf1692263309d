"""What a model refuses for lack of an ability. Texts that begin "The model returned" are the model's own."""

from __future__ import annotations

import base64
import binascii

from simulator.evidence import Conversation, Evidence, Rule
from simulator.traits import Dialect, Sampling

_MODEL_SAYS = "The model returned the following errors: "


def _conversational(conversation: Conversation) -> str | None:
    if conversation.traits.embedding:
        return "This action doesn't support the model that you provided. Try again with a supported text or chat model."
    return None


def _tools(conversation: Conversation) -> str | None:
    if conversation.tools and not conversation.traits.tools:
        return "This model doesn't support tool use."
    return None


def _stream_tools(conversation: Conversation) -> str | None:
    if conversation.streaming and conversation.tools and not conversation.traits.stream_tools:
        return "This model doesn't support tool use in streaming mode."
    return None


def _forced_tools(conversation: Conversation) -> str | None:
    kind = next((kind for kind in ("any", "tool") if kind in conversation.tool_choice), None)
    if kind and not conversation.traits.forced_tools:
        field = f"toolConfig.toolChoice.{kind}"
        return f"This model doesn't support the {field} field. Remove {field} and try again."
    return None


def _thinking_with_forced_tool(conversation: Conversation) -> str | None:
    thinking = conversation.extra_fields.get("thinking")
    enabled = isinstance(thinking, dict) and thinking.get("type") == "enabled"
    if enabled and ("any" in conversation.tool_choice or "tool" in conversation.tool_choice):
        return _MODEL_SAYS + "Thinking may not be enabled when tool_choice forces tool use."
    return None


def _images(conversation: Conversation) -> str | None:
    if not conversation.traits.images and any(conversation.blocks("image")):
        return "This model doesn't support the image field for user messages. Remove image and try again."
    return None


def _video(conversation: Conversation) -> str | None:
    if not conversation.traits.video and any(conversation.blocks("video")):
        return (
            "This model doesn't support the video content block that you provided. "
            "Update the content block and try again."
        )
    return None


def _s3_images(conversation: Conversation) -> str | None:
    if conversation.traits.s3_media:
        return None
    if any("s3Location" in block.content["image"]["source"] for block in conversation.blocks("image")):
        return "This model doesn't support the s3Uri field. Remove s3Uri and try again."
    return None


def _s3_documents(conversation: Conversation) -> str | None:
    if conversation.traits.s3_media:
        return None
    for block in conversation.blocks("document"):
        if "s3Location" in block.content["document"]["source"]:
            return f"{_MODEL_SAYS}{block.path}.document.source.type: Field required"
    return None


def _s3_documents_in_results(conversation: Conversation) -> str | None:
    if conversation.traits.dialect is not Dialect.NOVA:
        return None
    for block in conversation.blocks("toolResult"):
        documents = (item["document"] for item in block.content["toolResult"]["content"] if "document" in item)
        if any("s3Location" in document["source"] for document in documents):
            place = f"#/messages/{block.message_index}/content/{block.content_index}"
            return (
                f"{_MODEL_SAYS}Malformed input request: {place}: extraneous key [toolResult] is not permitted, "
                "please reformat your input and try again."
            )
    return None


def _image_format(conversation: Conversation) -> str | None:
    for block in conversation.blocks("image"):
        image = block.content["image"]
        packed = image["source"].get("bytes")
        found, stated = _mime_type(packed) if packed else None, f"image/{image['format']}"
        # A PNG sent as "jpeg" was accepted (recorded, Claude 3.5); what is no image at all was not.
        if found is not None and not found.startswith("image/"):
            return (
                f"{_MODEL_SAYS}The detected file MIME type {found} does not match the expected type {stated}. "
                "Reformat your input and try again."
            )
    return None


def _max_tokens(conversation: Conversation) -> str | None:
    limit = conversation.traits.max_output_tokens
    if conversation.inference.get("maxTokens", 0) > limit:
        return (
            f"The maximum tokens you requested exceeds the model limit of {limit}. "
            f"Try again with a maximum tokens value that is lower than {limit}."
        )
    return None


def _sampling(conversation: Conversation) -> str | None:
    given = [name for name in ("temperature", "topP") if conversation.inference.get(name) is not None]
    match conversation.traits.sampling:
        case Sampling.ONE_OF if len(given) == 2:
            return (
                f"{_MODEL_SAYS}`temperature` and `top_p` cannot both be specified for this model. Please use only one."
            )
        case Sampling.NONE if given:
            name = "temperature" if given[0] == "temperature" else "top_p"
            return f"{_MODEL_SAYS}`{name}` is deprecated for this model."
        case Sampling.UNSUPPORTED if given:
            return f"This model doesn't support the {given[0]} field. Remove {given[0]} and try again."
    return None


def _stop_sequences(conversation: Conversation) -> str | None:
    sequences = conversation.inference.get("stopSequences")
    if not sequences:
        return None
    if not conversation.traits.stop_sequences:
        return "This model doesn't support the stopSequences field. Remove stopSequences and try again."
    if conversation.traits.dialect is Dialect.CLAUDE and not all(sequence.strip() for sequence in sequences):
        return f"{_MODEL_SAYS}stop_sequences: each stop sequence must contain non-whitespace"
    return None


def _prefill(conversation: Conversation) -> str | None:
    claude = conversation.traits.dialect is Dialect.CLAUDE
    if claude and not conversation.traits.prefill and conversation.messages[-1]["role"] == "assistant":
        return (
            f"{_MODEL_SAYS}This model does not support assistant message prefill. "
            "The conversation must end with a user message."
        )
    return None


def _mime_type(packed: str) -> str | None:
    """The type that the first bytes of base64 text show; None where the text is no base64 (nothing is claimed then)."""
    try:
        head = base64.b64decode(packed[:64], validate=True)
    except (binascii.Error, ValueError):
        return None
    for magic, mime_type in ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif")):
        if head.startswith(magic):
            return mime_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "text/plain" if head.isascii() and b"\x00" not in head else "application/octet-stream"


MODEL_RULES: tuple[Rule, ...] = (
    Rule("conversational model", Evidence.QUOTED, _conversational),
    Rule("tools", Evidence.ASSUMED, _tools),
    Rule("tools in streams", Evidence.QUOTED, _stream_tools),
    Rule("forced tools", Evidence.QUOTED, _forced_tools),
    Rule("max tokens", Evidence.QUOTED, _max_tokens),
    Rule("images", Evidence.FIXTURE, _images),
    Rule("video", Evidence.RECORDED, _video),
    Rule("images by S3 location", Evidence.RECORDED, _s3_images),
    Rule("documents by S3 location", Evidence.RECORDED, _s3_documents),
    Rule("documents by S3 location in results", Evidence.RECORDED, _s3_documents_in_results),
    Rule("sampling", Evidence.FIXTURE, _sampling),
    Rule("stop sequences", Evidence.FIXTURE, _stop_sequences),
    Rule("thinking with a forced tool", Evidence.FIXTURE, _thinking_with_forced_tool),
    Rule("prefill", Evidence.QUOTED, _prefill),
    Rule("image bytes match the format", Evidence.RECORDED, _image_format, in_stream=True),
)
