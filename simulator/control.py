"""The simulator's own endpoints, under `/_sim/`: no signature, no part of Bedrock.

`GET /_sim/requests` lists what was answered, `DELETE` forgets it; `POST /_sim/faults` lays out
`{"directives": "throttle", "times": 2, "model": "…"}`, `GET` lists and `DELETE` takes back; `GET /_sim/health`.
"""

from __future__ import annotations

import orjson

from simulator.directives import from_words
from simulator.http import Answer, Request, to_json_answer
from simulator.journal import FaultPlan, Journal, PlannedFault
from simulator.refusals import Refused


def answer_control(request: Request, journal: Journal, faults: FaultPlan) -> Answer:
    """The answer of a control endpoint; 404 for any other path, 400 for a fault that is not understood."""
    match (request.method, request.raw_path):
        case ("GET", "/_sim/health"):
            return to_json_answer({"status": "ok"})
        case ("GET", "/_sim/requests"):
            return to_json_answer(journal.to_json())
        case ("DELETE", "/_sim/requests"):
            journal.clear()
            return to_json_answer(journal.to_json())
        case ("GET", "/_sim/faults"):
            return to_json_answer(faults.to_json())
        case ("POST", "/_sim/faults"):
            return _add_fault(request, faults)
        case ("DELETE", "/_sim/faults"):
            faults.clear()
            return to_json_answer(faults.to_json())
    return to_json_answer({"message": "simulator: no such control endpoint"}, 404)


def _add_fault(request: Request, faults: FaultPlan) -> Answer:
    try:
        asked = orjson.loads(request.body)
        words = str(asked["directives"])
        faults.add(PlannedFault(words, from_words(words), int(asked.get("times", 1)), asked.get("model")))
    except (KeyError, TypeError, ValueError, AttributeError):
        return to_json_answer({"message": "simulator: a fault is {directives, times, model}"}, 400)
    except Refused as refused:
        return to_json_answer(refused.refusal.to_body(), 400)
    return to_json_answer(faults.to_json(), 201)
