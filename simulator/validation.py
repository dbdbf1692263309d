"""Bedrock's order of checks on a Converse request: Coral's constraints, Converse's own rules, the model's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator import constraints
from simulator.constraints import Shape
from simulator.converse_rules import CONVERSE_RULES
from simulator.evidence import Conversation
from simulator.model_rules import MODEL_RULES
from simulator.refusals import validation
from simulator.traits import Traits

RULES = (*CONVERSE_RULES, *MODEL_RULES)


def check_converse(shapes: Mapping[str, Shape], body: Mapping[str, Any], traits: Traits, streaming: bool) -> str | None:
    """Raises Refused with the first refusal. Returns the message of one that a stream reports in its body, or None."""
    constraints.check(shapes, "ConverseStreamRequest" if streaming else "ConverseRequest", body)
    conversation = Conversation(body, traits, streaming)
    for rule in RULES:
        message = rule.find(conversation)
        if message is not None:
            if streaming and rule.in_stream:
                return message
            raise validation(message)
    return None
