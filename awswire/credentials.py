"""AWS credentials: botocore's chain, asked off the event loop, at next to no cost per request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import botocore.session

# botocore itself refreshes 15 minutes before expiry, and insists 10 minutes before it. A snapshot of under 5 minutes
# has therefore at least 5 minutes to live, whatever the provider.
_RECHECK_SECONDS = 60.0
_LONGEST_USE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """A snapshot to sign with. The secrets stay out of `repr`, and so out of logs and tracebacks."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class CredentialsUnavailable(Exception):
    """There are no credentials, or the provider of them failed. The message says what to set."""


class CredentialSource(Protocol):
    async def current(self) -> Credentials:
        """Credentials that are valid now. Raises CredentialsUnavailable. Cheap enough to be asked for every request."""
        ...


class BotocoreCredentials:
    """botocore's provider chain: environment, shared files, SSO, assumed roles, container and instance roles.

    botocore is asked again, in a thread, for a snapshot older than a minute: by one task however many requests wait.
    Requests go on with the old snapshot meanwhile, and wait only when it is older than five minutes, as after a
    frozen process was thawed. `clock` gives wall-clock seconds: a monotonic clock stands still in a frozen process.
    """

    def __init__(self, session: botocore.session.Session, clock: Callable[[], float]) -> None:
        self._session = session
        self._clock = clock
        self._snapshot: Credentials | None = None
        self._taken_at = 0.0
        self._refresh: asyncio.Task[Credentials] | None = None

    async def current(self) -> Credentials:
        age_seconds = self._clock() - self._taken_at
        snapshot = self._snapshot
        if snapshot is not None and 0 <= age_seconds < _RECHECK_SECONDS:
            return snapshot
        refresh = self._refresh
        if refresh is None:
            refresh = self._refresh = asyncio.create_task(self._take())
            refresh.add_done_callback(self._forget)
        if snapshot is not None and 0 <= age_seconds < _LONGEST_USE_SECONDS:
            return snapshot
        # Shielded: the caller that started the refresh may leave, those who joined it still want its outcome.
        return await asyncio.shield(refresh)

    async def _take(self) -> Credentials:
        credentials = await asyncio.to_thread(find_credentials, self._session)
        if credentials is None:
            raise CredentialsUnavailable(
                "No AWS credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, "
                "or run with a role (ECS, EKS, EC2, Lambda)."
            )
        self._snapshot = credentials
        self._taken_at = self._clock()
        return credentials

    def _forget(self, refresh: asyncio.Task[Credentials]) -> None:
        self._refresh = None
        if not refresh.cancelled():
            refresh.exception()  # marks it as seen: a failed early refresh has nobody waiting, and is tried again


def load_session(environ: Mapping[str, str]) -> botocore.session.Session:
    """botocore's session for AWS_PROFILE or the default profile: boto3's, without the rest of boto3.

    Blocking: reads the shared configuration files. Raises CredentialsUnavailable when they cannot be read, or when
    they do not have the profile. The providers of its chain read the process environment themselves.
    """
    import botocore.session
    from botocore.exceptions import BotoCoreError

    session = botocore.session.Session(profile=environ.get("AWS_PROFILE") or None)
    try:
        session.get_scoped_config()
    except BotoCoreError as error:
        raise CredentialsUnavailable(f"The AWS configuration cannot be used: {error}") from error
    return session


def find_credentials(session: botocore.session.Session) -> Credentials | None:
    """Blocking: may read files, run a command or call STS. None when no provider of the chain has credentials.

    Raises CredentialsUnavailable when a provider is configured but fails.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        provider = session.get_credentials()
        if provider is None:
            return None
        frozen = provider.get_frozen_credentials()
    except (BotoCoreError, ClientError) as error:
        raise CredentialsUnavailable(f"AWS credentials could not be obtained: {error}") from error
    if not frozen.access_key or not frozen.secret_key:
        return None
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token or None)
