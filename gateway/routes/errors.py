"""THE error table: what an exception is on the wire, as JSON and as a frame of a stream.

The body is always OpenAI's, with all four keys: `{"error": {"message", "type", "param", "code"}}`. Looked up by the
exception's class, most derived first; Bedrock's refusals by the name of their exception. What has no row is a 500 with
a fixed text: nothing internal reaches a client by default.

`x-should-retry` is sent deliberately: OpenAI's SDKs retry 408, 409, 429 and 5xx twice unless told otherwise, which
multiplies load where trying again cannot help, and bills twice where the model may have run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from starlette.responses import Response

from gateway.bedrock.errors import needs_profile, public_text, says_unknown_model
from gateway.errors import (
    BedrockError,
    BedrockUnreachable,
    InvalidRequest,
    ModelNotFound,
    RequestTimedOut,
    RequestTooLarge,
    ShuttingDown,
    StreamBroken,
    UnsupportedEncoding,
)
from tenants.errors import (
    AnswerLost,
    AuthenticationFailed,
    BudgetSpent,
    ChangedMeanwhile,
    Conflict,
    FenceStale,
    GrantNeeded,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    IdentityProviderUnavailable,
    IncorrectSignature,
    InsufficientPermissions,
    InvalidArgument,
    LedgerUnavailable,
    LimitExceeded,
    ModelNotPriced,
    NotFound,
    NotSupported,
    Refusal,
    SignatureUnverifiable,
    StaleVersion,
    TooContended,
)


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """`code` may be given by the exception itself; `retry` is `x-should-retry`, None to leave it to the client."""

    status: int
    type: str
    code: str | None
    retry: bool | None = None


_INVALID = "invalid_request_error"
_SERVER = "server_error"

ERRORS: Mapping[type[Exception], ErrorRow] = {
    InvalidRequest: ErrorRow(400, _INVALID, None),
    RequestTooLarge: ErrorRow(413, _INVALID, "request_too_large"),
    UnsupportedEncoding: ErrorRow(415, _INVALID, "unsupported_content_encoding"),
    ModelNotFound: ErrorRow(404, _INVALID, "model_not_found"),
    AuthenticationFailed: ErrorRow(401, _INVALID, "invalid_api_key"),
    IncorrectSignature: ErrorRow(401, _INVALID, "invalid_signature", retry=False),
    SignatureUnverifiable: ErrorRow(503, _SERVER, "signature_unverifiable", retry=True),
    NotFound: ErrorRow(404, _INVALID, "not_found"),
    NotSupported: ErrorRow(404, _INVALID, "not_supported"),
    InvalidArgument: ErrorRow(400, _INVALID, None),
    InsufficientPermissions: ErrorRow(403, "permission_error", "insufficient_permissions", retry=False),
    Conflict: ErrorRow(409, _INVALID, "conflict", retry=False),
    ChangedMeanwhile: ErrorRow(409, _INVALID, "conflict", retry=True),
    StaleVersion: ErrorRow(412, _INVALID, "stale_version", retry=False),
    IdempotencyKeyReused: ErrorRow(422, _INVALID, "idempotency_key_reused", retry=False),
    IdempotencyInProgress: ErrorRow(409, _INVALID, "idempotency_in_progress", retry=True),
    AnswerLost: ErrorRow(409, _INVALID, "idempotency_answer_lost", retry=False),
    TooContended: ErrorRow(503, _SERVER, "too_contended", retry=True),
    FenceStale: ErrorRow(503, _SERVER, "too_contended", retry=True),
    ModelNotPriced: ErrorRow(403, "permission_error", "model_not_priced", retry=False),
    # OpenAI's words for a spent budget: trying again cannot help before the interval is over.
    BudgetSpent: ErrorRow(429, "insufficient_quota", "insufficient_quota", retry=False),
    LimitExceeded: ErrorRow(429, "rate_limit_error", "rate_limit_exceeded"),
    GrantNeeded: ErrorRow(503, _SERVER, "too_contended", retry=True),
    LedgerUnavailable: ErrorRow(503, _SERVER, "ledger_unavailable", retry=True),
    IdentityProviderUnavailable: ErrorRow(503, _SERVER, "identity_provider_unavailable", retry=True),
    RequestTimedOut: ErrorRow(504, _SERVER, "request_timed_out", retry=False),
    ShuttingDown: ErrorRow(503, _SERVER, "shutting_down", retry=True),
    StreamBroken: ErrorRow(502, _SERVER, "bedrock_stream_broken", retry=False),
}

# Bedrock's exceptions, by their names in its service model; unknown ones are a 502.
BEDROCK_ERRORS: Mapping[str, ErrorRow] = {
    "ValidationException": ErrorRow(400, _INVALID, None),
    "ConflictException": ErrorRow(400, _INVALID, None),
    "ResourceNotFoundException": ErrorRow(404, _INVALID, "model_not_found"),
    "ThrottlingException": ErrorRow(429, "rate_limit_error", "bedrock_throttled", retry=True),
    "ServiceQuotaExceededException": ErrorRow(429, "rate_limit_error", "bedrock_quota_exceeded", retry=False),
    "ModelNotReadyException": ErrorRow(429, "rate_limit_error", "bedrock_model_not_ready", retry=True),
    "AccessDeniedException": ErrorRow(403, "permission_error", "bedrock_access_denied", retry=False),
    "UnrecognizedClientException": ErrorRow(502, _SERVER, "bedrock_credentials_refused", retry=False),
    "ExpiredTokenException": ErrorRow(502, _SERVER, "bedrock_credentials_refused", retry=True),
    "InvalidSignatureException": ErrorRow(502, _SERVER, "bedrock_credentials_refused", retry=False),
    "ModelTimeoutException": ErrorRow(504, _SERVER, "bedrock_timeout", retry=False),
    "ModelErrorException": ErrorRow(502, _SERVER, "bedrock_model_error", retry=True),
    "ModelStreamErrorException": ErrorRow(502, _SERVER, "bedrock_model_error", retry=True),
    "InternalServerException": ErrorRow(502, _SERVER, "bedrock_error", retry=True),
    "ServiceUnavailableException": ErrorRow(503, _SERVER, "bedrock_unavailable", retry=True),
}
_UNKNOWN_BEDROCK_ERROR = ErrorRow(502, _SERVER, "bedrock_error", retry=False)
NO_ANSWER_NOT_RUN = ErrorRow(503, _SERVER, "bedrock_unreachable", retry=True)
NO_ANSWER_MAYBE_RUN = ErrorRow(504, _SERVER, "bedrock_unreachable", retry=False)
INTERNAL = ErrorRow(500, _SERVER, "internal_error", retry=False)

# Messages about the gateway's own credentials and permissions say nothing to a client, and name roles.
_PRIVATE = frozenset(
    {"AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException", "InvalidSignatureException"}
)
_PRIVATE_MESSAGES = {
    403: "Bedrock denies this gateway access to the model. Ask the gateway's operator to grant it.",
    502: "Bedrock refused the gateway's credentials. Ask the gateway's operator to look at its log.",
}


_FAILED = "Bedrock failed to answer this request. The gateway's log tells why, by the request id."


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error ready for either wire."""

    row: ErrorRow
    message: str
    param: str | None = None
    refusal: Refusal | None = None
    """Of a limit: how long to wait is for whoever has a clock to say."""

    @property
    def status(self) -> int:
        return self.row.status

    def body(self) -> bytes:
        error = {"message": self.message, "type": self.row.type, "param": self.param, "code": self.row.code}
        return orjson.dumps({"error": error})

    def frame(self) -> bytes:
        """The error inside a stream. SDKs raise it; `[DONE]` follows, for clients that wait for it."""
        return b"data: " + self.body() + b"\n\n"

    def headers(self) -> dict[str, str]:
        headers = {"content-type": "application/json"}
        if self.row.retry is not None:
            headers["x-should-retry"] = "true" if self.row.retry else "false"
        if self.row.status == 401:
            headers["www-authenticate"] = "Bearer"
        return headers


def answer_of(error: Exception) -> ErrorAnswer:
    """The row of an exception, with what of its message is public. What was charged in part is not to be retried."""
    answer = _answer_of(error)
    return replace(answer, row=replace(answer.row, retry=False)) if getattr(error, "charged", False) else answer


def _answer_of(error: Exception) -> ErrorAnswer:
    if isinstance(error, BedrockError):
        return _answer_of_bedrock(error)
    if isinstance(error, BedrockUnreachable):
        return ErrorAnswer(NO_ANSWER_MAYBE_RUN if error.may_have_run else NO_ANSWER_NOT_RUN, error.message)
    for cls in type(error).__mro__:
        row = ERRORS.get(cls)
        if row is not None:
            code = getattr(error, "code", None) or row.code
            message, param = getattr(error, "message", ""), getattr(error, "param", None)
            refusal = getattr(error, "refusal", None)
            return ErrorAnswer(ErrorRow(row.status, row.type, code, row.retry), message, param, refusal)
    return ErrorAnswer(INTERNAL, "The gateway failed to answer this request. Please report the request id.")


def is_internal(error: Exception) -> bool:
    """Whether it is a failure of Bedrock's whose text was not written for clients: the log has to have it."""
    unknown = isinstance(error, BedrockError) and error.name not in BEDROCK_ERRORS
    return unknown or (isinstance(error, BedrockError) and error.name == "InternalServerException")


def has_row(error: Exception) -> bool:
    """False for what the gateway did not foresee: it is logged with its traceback."""
    known = isinstance(error, BedrockError | BedrockUnreachable)
    return known or any(cls in ERRORS for cls in type(error).__mro__)


def answer_of_status(status: int, method: str, path: str) -> ErrorAnswer:
    """What the router itself refuses: unknown paths and methods."""
    if status == 405:
        return ErrorAnswer(ErrorRow(405, _INVALID, "method_not_allowed"), f"{method} is not allowed on {path}.")
    if status == 404:
        return ErrorAnswer(ErrorRow(404, _INVALID, "unknown_url"), f"Unknown request URL: {method} {path}.")
    return ErrorAnswer(ErrorRow(status, _INVALID, None), f"{method} {path} was refused.")


def answer_of_validation(faults: Sequence[Any]) -> ErrorAnswer:
    """What pydantic refused of a body or query, as FastAPI reports it: the first fault, at OpenAI's kind of path."""
    fault = faults[0]
    if fault["type"] == "json_invalid":
        return ErrorAnswer(ErrorRow(400, _INVALID, None), "The body is not valid JSON.")
    place, *path = fault["loc"]
    # Clients choose the names of unknown parameters; a message is no place for kilobytes of them.
    param = "".join(f"[{part}]" if isinstance(part, int) else f".{part[:64]}" for part in path).removeprefix(".")
    name = f"'{param}'" if param else f"The {place}"
    if fault["type"] == "extra_forbidden":
        return ErrorAnswer(ErrorRow(400, _INVALID, "unknown_parameter"), f"Unknown parameter: {name}.", param)
    if fault["type"] == "missing":
        return ErrorAnswer(ErrorRow(400, _INVALID, None), f"{name} is missing.", param or None)
    return ErrorAnswer(ErrorRow(400, _INVALID, None), f"{name} is invalid: {fault['msg']}.", param or None)


def to_response(answer: ErrorAnswer, headers: Mapping[str, str] | None = None) -> Response:
    """`headers` come in addition."""
    return Response(answer.body(), answer.status, {**(headers or {}), **answer.headers()})


def _answer_of_bedrock(error: BedrockError) -> ErrorAnswer:
    row = BEDROCK_ERRORS.get(error.name, _UNKNOWN_BEDROCK_ERROR)
    if error.name in _PRIVATE:
        return ErrorAnswer(row, _PRIVATE_MESSAGES[row.status])
    if says_unknown_model(error):
        return ErrorAnswer(ERRORS[ModelNotFound], "The model does not exist or you do not have access to it.", "model")
    if needs_profile(error):
        message = "Bedrock serves this model only through an inference profile: GET /v1/models lists the ids to use."
        return ErrorAnswer(ErrorRow(404, _INVALID, "model_not_found"), message, "model")
    if is_internal(error):
        return ErrorAnswer(row, _FAILED)
    return ErrorAnswer(row, public_text(error))
