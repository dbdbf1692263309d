"""One invocation, as the Runtime API hands it out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Invocation:
    """`event` is the JSON that the function was invoked with; `deadline_ms` is wall time, in milliseconds since 1970.

    `invocation_id` is given back with the answer where there is one: awslambdaric does so since 4.2.
    """

    request_id: str
    deadline_ms: int
    event: bytes = field(repr=False)
    invocation_id: str | None = None

    @property
    def aws_request_id(self) -> str:
        """The name that handlers know it by, in what AWS calls the context."""
        return self.request_id


def from_next(headers: Mapping[str, str], body: bytes) -> Invocation:
    """The answer to `GET /runtime/invocation/next`; names of headers in lower case. Raises KeyError, ValueError."""
    return Invocation(
        request_id=headers["lambda-runtime-aws-request-id"],
        deadline_ms=int(headers["lambda-runtime-deadline-ms"]),
        event=body,
        invocation_id=headers.get("lambda-runtime-invocation-id"),
    )
