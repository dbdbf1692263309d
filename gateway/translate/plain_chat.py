"""The chats that most clients send, translated in a few steps: texts, a limit, sampling, and nothing else.

What `gateway/translate/chat_request.py` would make of them, by the same rules, without asking for each of the many
things that are not there. A test holds the two against each other for any request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.bedrock.converse import ConverseRequest, Message, SystemBlock
from gateway.catalog.model import Model
from gateway.openai import messages as openai
from gateway.openai.chat import ChatCompletionRequest
from gateway.translate.chat_context import AnswerForm, ChatContext, Origins, Translation
from gateway.translate.parameters.bedrock_fields import NO_EXTRA
from gateway.translate.parameters.call_options import to_call_options
from gateway.translate.parameters.sampling import to_sampling
from gateway.translate.reasoning.effort import Reasoning

_PLAIN: Final = frozenset(
    "model messages max_tokens max_completion_tokens temperature top_p stop n stream stream_options metadata user "
    "safety_identifier service_tier".split()
)
_NOT_PLAIN: Final = frozenset(ChatCompletionRequest.model_fields) - _PLAIN
_ANSWER_FIELDS: Final = frozenset({"role", "content"})

_Spoken = tuple[list[SystemBlock], list[Message], Origins]


def find_plain(request: ChatCompletionRequest, model: Model, context: ChatContext) -> Translation | None:
    """None for a chat that has anything else in it, or whose policy adds something. Raises as `to_converse`."""
    policy, capabilities = context.policy, model.capabilities
    if not _NOT_PLAIN.isdisjoint(request.model_fields_set) or policy.prompt_caching in ("5m", "1h"):
        return None
    # Thoughts are cut out of the assistant's texts.
    if policy.reasoning_format == "think_tags":
        return None
    spoken = _find_spoken(request.messages)
    if spoken is None or (spoken[0] and not capabilities.system):
        return None
    system, messages, origins = spoken
    limit = request.max_output_tokens
    limit = capabilities.default_max_tokens if limit is None else limit
    sampling = to_sampling(request, None, capabilities, Reasoning(limit, limit, {}))
    options = to_call_options(request, NO_EXTRA, context)
    body: ConverseRequest = {"messages": messages, "inferenceConfig": sampling.config}
    options.set_on(body)
    if system:
        body["system"] = system
    form = AnswerForm(
        reasoning=policy.reasoning_format or "field", signature_format=capabilities.reasoning.signature_format
    )
    return Translation(body, limit, form, (*sampling.dropped, *options.dropped), (), origins)


def _find_spoken(messages: Sequence[openai.Message]) -> _Spoken | None:
    """Instructions first, then user and assistant in turn, the user first and last, each with one text that is not
    blank. None for any other conversation."""
    system: list[SystemBlock] = []
    turns: list[Message] = []
    paths: list[tuple[str, ...]] = []
    for index, message in enumerate(messages):
        content = message.content
        if type(content) is not str or not content or content.isspace():
            return None
        if type(message) is openai.UserMessage:
            if message.cache_control is not None or len(turns) % 2:
                return None
            turns.append({"role": "user", "content": [{"text": content}]})
        elif type(message) is openai.AssistantMessage:
            if not message.model_fields_set <= _ANSWER_FIELDS or not len(turns) % 2:
                return None
            turns.append({"role": "assistant", "content": [{"text": content}]})
        elif type(message) is openai.SystemMessage:
            if turns or message.cache_control is not None:
                return None
            system.append({"text": content})
            continue
        else:
            return None
        paths.append((f"messages[{index}].content",))
    if not len(turns) % 2:
        return None
    return system, turns, Origins(tuple(paths), tuple(f"messages[{index}].content" for index in range(len(system))))
