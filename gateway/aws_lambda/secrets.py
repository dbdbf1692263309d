"""Settings that are kept in AWS Secrets Manager: fetched once, when an environment begins.

`SLUICE_PEPPER_SECRET_ARN` names the secret that holds SLUICE_PEPPER, and so on for any setting. The secret itself in a
function's variables would be readable in its console.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import orjson

from awswire.http import Timeouts, TransportError
from awswire.retries import Attempts, RetryPolicy, Timing
from awswire.service import AwsService

PREFIX = "SLUICE_"
SUFFIX = "_SECRET_ARN"
_TARGET = "secretsmanager.GetSecretValue"
_TIMEOUTS = Timeouts(connect_seconds=1.0, read_seconds=2.0)
# Within the ten seconds that an environment has to begin.
_RETRIES = RetryPolicy(attempts=3, deadline_seconds=6.0, first_pause_seconds=0.1, longest_pause_seconds=0.5)


class SecretUnavailable(Exception):
    """A secret could not be read, or is not of a form that is understood. The message never holds it."""


async def with_secrets(environ: Mapping[str, str], service: AwsService | None, timing: Timing) -> dict[str, str]:
    """`environ` with the secrets in the places of their ARNs. `service` is Secrets Manager's; None where none is
    named. Raises SecretUnavailable, CredentialsUnavailable."""
    named = names_of(environ)
    kept = {name: value for name, value in environ.items() if name not in named}
    if not named:
        return kept
    assert service is not None
    texts = await asyncio.gather(*(_read(service, environ[name], timing) for name in named))
    return kept | {name.removesuffix(SUFFIX): text for name, text in zip(named, texts, strict=True)}


def names_of(environ: Mapping[str, str]) -> list[str]:
    """The variables that name a secret."""
    return sorted(name for name in environ if name.startswith(PREFIX) and name.endswith(SUFFIX) and environ[name])


async def _read(service: AwsService, secret_id: str, timing: Timing) -> str:
    attempts = Attempts(_RETRIES, timing)
    while True:
        try:
            return await _ask(service, secret_id)
        except _WorthRepeating as error:
            if not await attempts.wait():
                raise SecretUnavailable(f"{secret_id}: {error}") from error


class _WorthRepeating(Exception):
    pass


async def _ask(service: AwsService, secret_id: str) -> str:
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": _TARGET}
    try:
        response = await service.send("POST", "/", headers, orjson.dumps({"SecretId": secret_id}), _TIMEOUTS)
        try:
            body = await response.read()
        finally:
            await response.aclose()
    except TransportError as error:
        raise _WorthRepeating(str(error)) from error
    answer = _parse(body)
    if response.status >= 500 or "Throttling" in str(answer.get("__type")):
        raise _WorthRepeating(f"status {response.status}")
    text = answer.get("SecretString")
    if response.status != 200 or not isinstance(text, str):
        reason = answer.get("message") or answer.get("Message") or f"status {response.status}, and no SecretString"
        raise SecretUnavailable(f"{secret_id}: {reason}")
    return text_of(text)


def text_of(secret: str) -> str:
    """What a secret says: itself, or, where it is an object with `id` and `hex`, a pepper as SLUICE_PEPPER takes it.

    CloudFormation generates a value within a template of its own, never text around it. Raises SecretUnavailable.
    """
    if not secret.lstrip().startswith("{"):
        return secret.strip()
    fields = _parse(secret.encode())
    if not all(isinstance(fields.get(name), str) for name in ("id", "hex")):
        raise SecretUnavailable("a secret is neither plain text nor an object with `id` and `hex`")
    return f"{fields['id']}:{fields['hex']}"


def _parse(body: bytes) -> dict[str, object]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}
