from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import NamedTuple, cast

import botocore.session
import pytest
from botocore.exceptions import CredentialRetrievalError

from awswire.credentials import (
    BotocoreCredentials,
    Credentials,
    CredentialsUnavailable,
    find_credentials,
    load_session,
)
from tests.awswire.fakes import StaticCredentials


class Frozen(NamedTuple):
    access_key: str
    secret_key: str
    token: str | None


class FakeSession:
    """Stands for botocore's session and its provider. Each snapshot has the number of the time it was taken."""

    def __init__(self) -> None:
        self.taken = 0
        self.failure: Exception | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()

    def get_credentials(self) -> FakeSession:
        return self

    def get_frozen_credentials(self) -> Frozen:
        assert self.may_answer.wait(5.0)
        self.taken += 1
        if self.failure is not None:
            raise self.failure
        return Frozen(f"AKID{self.taken}", "secret", None)


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


class Source:
    def __init__(self, session: FakeSession) -> None:
        self.now = 1_000_000.0
        self.credentials = BotocoreCredentials(cast(botocore.session.Session, session), lambda: self.now)

    async def access_key_id(self) -> str:
        return (await self.credentials.current()).access_key_id


async def test_static_credentials_are_the_ones_given() -> None:
    keys = Credentials("AKID", "secret")
    assert await StaticCredentials(keys).current() is keys


def test_secrets_are_not_shown() -> None:
    assert repr(Credentials("AKID", "secret", "token")) == "Credentials(access_key_id='AKID')"


async def test_a_young_snapshot_is_used_again(session: FakeSession) -> None:
    source = Source(session)
    assert await source.access_key_id() == "AKID1"
    source.now += 59
    assert await source.access_key_id() == "AKID1"
    assert session.taken == 1


async def test_many_callers_share_one_refresh(session: FakeSession) -> None:
    source = Source(session)
    assert set(await asyncio.gather(*(source.access_key_id() for _ in range(20)))) == {"AKID1"}
    assert session.taken == 1


async def test_an_older_snapshot_is_used_while_the_next_is_taken(session: FakeSession) -> None:
    source = Source(session)
    await source.access_key_id()
    session.may_answer.clear()
    source.now += 61
    assert await source.access_key_id() == "AKID1"
    session.may_answer.set()
    source.now += 300
    assert await source.access_key_id() == "AKID2"


async def test_a_snapshot_that_may_have_expired_is_waited_for(session: FakeSession) -> None:
    source = Source(session)
    await source.access_key_id()
    source.now += 3600
    assert await source.access_key_id() == "AKID2"


async def test_a_failed_early_refresh_harms_nobody_until_the_snapshot_is_old(session: FakeSession) -> None:
    source = Source(session)
    await source.access_key_id()
    session.failure = CredentialRetrievalError(provider="sso", error_msg="the token has expired")
    source.now += 61
    assert await source.access_key_id() == "AKID1"
    source.now += 300
    with pytest.raises(CredentialsUnavailable, match="the token has expired"):
        await source.access_key_id()


async def test_a_failure_is_not_remembered(session: FakeSession) -> None:
    source = Source(session)
    session.failure = CredentialRetrievalError(provider="sso", error_msg="the token has expired")
    with pytest.raises(CredentialsUnavailable):
        await source.access_key_id()
    session.failure = None
    assert await source.access_key_id() == "AKID2"


async def test_a_caller_that_leaves_does_not_take_the_refresh_with_it(session: FakeSession) -> None:
    source = Source(session)
    session.may_answer.clear()
    leaver, stayer = asyncio.create_task(source.access_key_id()), asyncio.create_task(source.access_key_id())
    await asyncio.sleep(0)
    leaver.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaver
    session.may_answer.set()
    assert await stayer == "AKID1"


async def test_no_credentials_at_all_says_what_to_set(isolated_session: botocore.session.Session) -> None:
    with pytest.raises(CredentialsUnavailable, match="AWS_ACCESS_KEY_ID"):
        await BotocoreCredentials(isolated_session, lambda: 0.0).current()


def test_the_chain_is_botocores(isolated_session: botocore.session.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert find_credentials(isolated_session) == Credentials("AKIDENV", "secret", "token")


def test_half_a_configuration_is_reported(
    isolated_session: botocore.session.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    with pytest.raises(CredentialsUnavailable, match="Partial credentials"):
        find_credentials(isolated_session)


def test_the_profile_of_the_environment_is_used(isolated_session: botocore.session.Session, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[team]\naws_access_key_id = AKIDTEAM\naws_secret_access_key = secret\n")
    assert find_credentials(load_session({"AWS_PROFILE": "team"})) == Credentials("AKIDTEAM", "secret")
    assert find_credentials(load_session({})) is None


def test_a_profile_that_does_not_exist_is_reported(isolated_session: botocore.session.Session) -> None:
    with pytest.raises(CredentialsUnavailable, match="nobody"):
        load_session({"AWS_PROFILE": "nobody"})
