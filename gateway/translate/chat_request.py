"""Chat Completions to Converse: the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.bedrock.converse import ConverseRequest, InferenceConfig
from gateway.catalog.model import Model
from gateway.openai.chat import ChatCompletionRequest
from gateway.translate.chat_context import AnswerForm, ChatContext, Translation
from gateway.translate.conversation.instructions import with_instruction
from gateway.translate.conversation.messages import Conversation, to_conversation
from gateway.translate.parameters.bedrock_fields import to_extra_fields
from gateway.translate.parameters.call_options import CallOptions, to_call_options
from gateway.translate.parameters.response_format import AnswerFormat, to_answer_format
from gateway.translate.parameters.sampling import to_sampling
from gateway.translate.plain_chat import find_plain
from gateway.translate.prompt_caching.points import Prompt, to_cached
from gateway.translate.reasoning.effort import Occasion, to_reasoning
from gateway.translate.reasoning.requested import to_reasoning_format, to_reasoning_wish
from gateway.translate.reasoning.think_tags import without_think_tags
from gateway.translate.tools.requested import to_tool_wishes
from gateway.translate.tools.toolset import Toolset, to_tool_config, to_toolset, with_single_call


def to_converse(request: ChatCompletionRequest, model: Model, context: ChatContext) -> Translation:
    """The body for Converse and ConverseStream. Raises InvalidRequest, whose `param` is the path of what is wrong.

    `maxTokens` is set, to the model's default if the client gives no limit: Bedrock's own default cuts answers at about
    4096 on Claude, and a hold on a budget needs an upper bound. It is left out only where the model refuses it, and
    `output_tokens` is then the model's own limit. `n` is no part of the body: the route asks as often.
    """
    return find_plain(request, model, context) or to_converse_in_full(request, model, context)


def to_converse_in_full(request: ChatCompletionRequest, model: Model, context: ChatContext) -> Translation:
    """`to_converse` of any request, plain ones as well."""
    capabilities = model.capabilities
    extra = to_extra_fields(request)
    reasoning_format = to_reasoning_format(request, context.policy.reasoning_format)
    messages = without_think_tags(request.messages) if reasoning_format == "think_tags" else request.messages
    conversation = to_conversation(messages, model, context)
    wishes = to_tool_wishes(request)
    toolset = to_toolset(wishes, conversation.tool_names, capabilities)
    occasion = _occasion_of(request, conversation, toolset, extra.model_fields)
    reasoning = to_reasoning(to_reasoning_wish(request), occasion, capabilities)
    answer = to_answer_format(request.response_format, toolset, capabilities, reasoning.thinks)
    conversation = with_instruction(conversation, answer.instruction, has_system=capabilities.system)
    sampling = to_sampling(request, extra.top_k, capabilities, reasoning)
    origins = replace(conversation.origins, tools=answer.toolset.origins)
    uncached = Prompt(list(answer.toolset.tools), conversation.system, conversation.messages, origins)
    cached = to_cached(uncached, capabilities, context.policy.prompt_caching, extra.prompt_caching)
    options = to_call_options(request, extra, context)
    fields = with_single_call(sampling.fields, answer.toolset, capabilities) if wishes.single_call else sampling.fields
    body = _to_body(cached.prompt, answer, sampling.config, fields, options)
    form = AnswerForm(
        json_tool=answer.json_tool,
        single_call=wishes.single_call,
        legacy_function=wishes.legacy,
        reasoning=reasoning_format,
        offered=toolset.callable_names,
        signature_format=capabilities.reasoning.signature_format,
    )
    parts = (conversation, toolset, reasoning, answer, sampling, cached, options)
    dropped = dict.fromkeys(path for part in parts for path in part.dropped)
    noted = tuple(dict.fromkeys((*conversation.noted, *reasoning.noted)))
    return Translation(body, reasoning.output_tokens, form, tuple(dropped), noted, cached.prompt.origins)


def _occasion_of(
    request: ChatCompletionRequest, conversation: Conversation, toolset: Toolset, fields: Mapping[str, Any]
) -> Occasion:
    return Occasion(
        limit_tokens=request.max_output_tokens,
        forced=toolset.choice is not None,
        prefilled=conversation.messages[-1]["role"] == "assistant",
        broken=conversation.thinking_broken,
        tools=bool(toolset.tools),
        fields=fields,
    )


def _to_body(
    prompt: Prompt, answer: AnswerFormat, config: InferenceConfig, fields: Mapping[str, Any], options: CallOptions
) -> ConverseRequest:
    """Empty members are left out: Converse refuses some of them, such as tools without any tool."""
    body: ConverseRequest = {"messages": prompt.messages, "inferenceConfig": config}
    options.set_on(body)
    if prompt.system:
        body["system"] = prompt.system
    if (tool_config := to_tool_config(prompt.tools, answer.toolset.choice)) is not None:
        body["toolConfig"] = tool_config
    if answer.output_config is not None:
        body["outputConfig"] = answer.output_config
    if fields:
        body["additionalModelRequestFields"] = dict(fields)
    return body
