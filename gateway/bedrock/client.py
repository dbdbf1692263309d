"""Bedrock's runtime API as this gateway uses it: Converse, ConverseStream, InvokeModel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote

import orjson

from awswire.credentials import CredentialsUnavailable
from awswire.http import HttpResponse, NotSent, Timeouts, TransportError
from awswire.retries import Attempts, RetryPolicy, Timing
from awswire.service import AwsService
from gateway.bedrock.errors import from_answer
from gateway.bedrock.request_ids import HEADER, note_request_id
from gateway.bedrock.stream import AwsConverseStream, ConverseEvent, ConverseStream
from gateway.errors import BedrockError, BedrockUnreachable

__all__ = ["AwsBedrock", "Bedrock", "ConverseEvent", "ConverseStream", "InvokeAnswer"]

# The refusals with which Bedrock says that it did not run the model.
_NOT_RUN = frozenset({"ThrottlingException", "ModelNotReadyException", "ServiceUnavailableException"})

# Without the name of an exception of Bedrock's, these are of a proxy on the way that waited for it in vain.
_FRONT_END_STATUSES = frozenset({502, 504})

_HEADERS = {"content-type": "application/json", "accept": "application/json"}
# InvokeModel has its body for the model, so what is Converse's `requestMetadata` is a header: botocore's service model.
_METADATA_HEADER = "x-amzn-bedrock-request-metadata"
_STREAM_HEADERS = {"content-type": "application/json", "accept": "application/vnd.amazon.eventstream"}


@dataclass(frozen=True, slots=True)
class InvokeAnswer:
    """`body` in the model's own format. `input_tokens` is Bedrock's count, None where it sent none."""

    body: dict[str, Any]
    input_tokens: int | None


class Bedrock(Protocol):
    """`model_id` is a model's id, an inference profile's id or an ARN; `body` a JSON object in UTF-8.

    Raises BedrockError when Bedrock refused, with its exception's name, status and message, and BedrockUnreachable
    when no answer came, which says whether the model may have run, and so may be billed.
    """

    async def converse(self, model_id: str, body: bytes) -> dict[str, Any]:
        """The answer, in Converse's response syntax."""
        ...

    async def open_stream(self, model_id: str, body: bytes) -> ConverseStream:
        """A stream that Bedrock has accepted: every refusal before its first event is raised here."""
        ...

    async def invoke(self, model_id: str, body: bytes, metadata: Mapping[str, str]) -> InvokeAnswer:
        """The answer of one InvokeModel. `metadata` goes into Bedrock's invocation log; keys and values as Converse's
        `requestMetadata` takes them, at most 16 of them and 8,500 characters of JSON."""
        ...


class AwsBedrock:
    """Bedrock over the `bedrock-runtime` service.

    Tries again only what certainly did not run: connections that could not be made, throttles, and the 503 of a
    service without capacity. Silence and broken connections are raised at once, for the model may have run.
    """

    def __init__(self, service: AwsService, timing: Timing, retries: RetryPolicy, timeouts: Timeouts) -> None:
        self._service = service
        self._timing = timing
        self._retries = retries
        self._timeouts = timeouts

    async def converse(self, model_id: str, body: bytes) -> dict[str, Any]:
        return await _read_json(await self._send(f"{_model_path(model_id)}/converse", _HEADERS, body))

    async def open_stream(self, model_id: str, body: bytes) -> ConverseStream:
        return AwsConverseStream(await self._send(f"{_model_path(model_id)}/converse-stream", _STREAM_HEADERS, body))

    async def invoke(self, model_id: str, body: bytes, metadata: Mapping[str, str]) -> InvokeAnswer:
        # The standard library's JSON is ASCII, as headers have to be.
        headers = {**_HEADERS, _METADATA_HEADER: json.dumps(dict(metadata))} if metadata else _HEADERS
        response = await self._send(f"{_model_path(model_id)}/invoke", headers, body)
        answer = await _read_json(response)
        input_tokens = response.headers.get("x-amzn-bedrock-input-token-count", "")
        return InvokeAnswer(answer, int(input_tokens) if input_tokens.isdecimal() else None)

    async def _send(self, target: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """The answer with status 200, its body unread."""
        attempts = Attempts(self._retries, self._timing)
        while True:
            try:
                return await self._attempt(target, headers, body)
            except BedrockError as error:
                if not _did_not_run(error) or not await attempts.wait():
                    raise
            except BedrockUnreachable as error:
                if error.may_have_run or not await attempts.wait():
                    raise

    async def _attempt(self, target: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        try:
            response = await self._service.send("POST", target, headers, body, self._timeouts)
        except NotSent as error:
            raise BedrockUnreachable("Bedrock could not be reached.", may_have_run=False) from error
        except CredentialsUnavailable as error:
            raise BedrockUnreachable("The gateway has no valid AWS credentials.", may_have_run=False) from error
        except TransportError as error:
            raise BedrockUnreachable("Bedrock did not answer.", may_have_run=True) from error
        note_request_id(response.headers.get(HEADER))
        if response.status == 200:
            return response
        refusal = await _refusal(response)
        if response.status in _FRONT_END_STATUSES and "x-amzn-errortype" not in response.headers:
            raise BedrockUnreachable("Bedrock did not answer in time.", may_have_run=True)
        raise refusal


def _did_not_run(error: BedrockError) -> bool:
    # A spent daily quota ("Too many tokens per day, …") is a throttle by name, but no pause of ours outlasts it.
    return error.name in _NOT_RUN and "per day" not in error.message


async def _refusal(response: HttpResponse) -> BedrockError:
    try:
        body = await response.read()
    except TransportError:
        body = b""  # the status and the error's name have arrived: that it was a refusal is certain
    finally:
        await response.aclose()
    return from_answer(response.status, response.headers, body)


async def _read_json(response: HttpResponse) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = orjson.loads(await response.read())
    except TransportError as error:
        raise BedrockUnreachable("The connection ended within Bedrock's answer.", may_have_run=True) from error
    except orjson.JSONDecodeError as error:
        raise BedrockUnreachable("Bedrock's answer is no JSON.", may_have_run=True) from error
    finally:
        await response.aclose()
    return answer


@lru_cache(maxsize=1024)
def _model_path(model_id: str) -> str:
    """As boto3 has it: `:` as `%3A`, and the `/` of an ARN as `%2F`, without which Bedrock knows no such operation."""
    return f"/model/{quote(model_id, safe='')}"
