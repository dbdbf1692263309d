"""The ids by which AWS's support finds what Bedrock did for a request of ours."""

from __future__ import annotations

from contextvars import ContextVar

BEDROCK_REQUEST_IDS: ContextVar[list[str] | None] = ContextVar("bedrock_request_ids", default=None)
"""The list of the request that is being served: its tasks share it, also those that ask for several answers at once."""

HEADER = "x-amzn-requestid"
MOST = 16


def note_request_id(request_id: str | None) -> None:
    """Remember the id of an answer of Bedrock's, refusals included; of many the first ones."""
    noted = BEDROCK_REQUEST_IDS.get()
    if noted is not None and request_id and len(noted) < MOST:
        noted.append(request_id[:64])
