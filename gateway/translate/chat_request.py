"""Chat Completions to Converse: the request."""

from __future__ import annotations

from gateway.bedrock.converse import ConverseRequest, InferenceConfig
from gateway.catalog.model import Model
from gateway.errors import InvalidRequest
from gateway.openai.chat import ChatCompletionRequest
from gateway.translate.messages import to_conversation
from gateway.translate.tools import to_tool_config


def to_converse(request: ChatCompletionRequest, model: Model) -> ConverseRequest:
    """The body for Converse and ConverseStream. Raises InvalidRequest, whose `param` is the path of what is wrong.

    `maxTokens` is always set, to the model's default if the client gives no limit: Bedrock's own default cuts answers
    at about 4096 on Claude, and a hold on a budget needs an upper bound.
    """
    conversation = to_conversation(request.messages)
    body: ConverseRequest = {
        "messages": conversation.messages,
        "inferenceConfig": _to_inference_config(request, model),
    }
    if conversation.system:
        body["system"] = conversation.system
    tool_config = to_tool_config(request.tools or (), request.tool_choice, conversation.tool_names)
    if tool_config is not None:
        body["toolConfig"] = tool_config
    return body


def _to_inference_config(request: ChatCompletionRequest, model: Model) -> InferenceConfig:
    limit = request.max_output_tokens
    config: InferenceConfig = {"maxTokens": limit if limit is not None else model.default_max_tokens}
    if request.temperature is not None:
        # Refused, not clamped: a clamp would answer another question than the one asked, and say nothing of it.
        if request.temperature > 1:
            raise InvalidRequest(
                f"'temperature' is {request.temperature:g}, but models on Bedrock take 0 to 1. Send at most 1.",
                "temperature",
            )
        config["temperature"] = request.temperature
    if request.top_p is not None:
        config["topP"] = request.top_p
    stop = [request.stop] if isinstance(request.stop, str) else request.stop or ()
    sequences = [sequence for sequence in stop if sequence]
    if sequences:
        config["stopSequences"] = sequences
    return config
