"""Foreign keys at the door: off unless the deployment says so, and bounded where it does."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from gateway.admission import Admission
from gateway.key_cache import KeyCache
from gateway.reserving import Books
from tenants.errors import IncorrectSecret, LedgerUnavailable
from tenants.imported import imported_secrets
from tenants.key import KeyStatus
from tenants.principal import KeyRecord
from tenants.secret import Peppers
from tests.gateway.fakes import KEY, NOW_MS, ORDER, SECRET, TENANT, Door

TEXT = "sk-1234567890abcdefghijklmn"
OLD = Peppers({"p0": b"a former pepper"}, "p0")
BOTH = Peppers({"p1": b"the current pepper", **OLD.by_id}, "p1")


def imported(text: str, peppers: Peppers) -> KeyRecord:
    secret = imported_secrets(hashlib.sha256(text.encode()).hexdigest(), peppers)[0]
    key = replace(KEY, id=secret.key_id, fingerprints=(peppers.fingerprint(secret),), imported=True)
    return KeyRecord(key, TENANT)


class ForeignDoor(Door):
    """A Door that takes foreign keys."""

    def __init__(self, record: KeyRecord) -> None:
        super().__init__(record)
        self.keys = KeyCache(self.reader, lambda: self.now_ms / 1000, 100, 300)
        books = Books(self.ledger, self.registry, self.budgets, self.gate)
        self.admission = Admission(self.keys, books, BOTH, lambda: self.now_ms, 1800, imported_keys=True)


@pytest.mark.parametrize("peppers", [BOTH, OLD], ids=["current pepper", "former pepper"])
async def test_an_imported_key_is_admitted_whichever_pepper_it_was_imported_under(peppers: Peppers) -> None:
    record = imported(TEXT, peppers)
    door = ForeignDoor(record)
    door.ledger.publish(record)
    hold = await door.admission.reserve(await door.admission.authenticate(TEXT), ORDER)
    assert hold.call.key_id == record.key.id
    assert (await door.admission.authenticate_now(TEXT)).principal.key_id == record.key.id


async def test_a_key_of_a_former_pepper_is_read_once_and_not_looked_for_again() -> None:
    door = ForeignDoor(imported(TEXT, OLD))
    for _ in range(3):
        await door.admission.authenticate(TEXT)
        door.now_ms += 2_000
    assert len(door.reader.reads) == 2


async def test_without_the_setting_a_foreign_key_is_refused_without_asking_the_store() -> None:
    door = Door(imported(TEXT, BOTH))
    for authenticate in (door.admission.authenticate, door.admission.authenticate_now):
        with pytest.raises(IncorrectSecret):
            await authenticate(TEXT)
    assert door.reader.reads == []


@pytest.mark.parametrize("text", ["bedrock", "sk-sluice_" + "0" * 50, "sk-sluice-1234567890abcdef", SECRET.text[:-1]])
async def test_what_nobody_can_have_imported_is_refused_without_asking_the_store(text: str) -> None:
    door = ForeignDoor(imported(TEXT, BOTH))
    with pytest.raises(IncorrectSecret):
        await door.admission.authenticate(text)
    assert door.reader.reads == []


async def test_the_same_unknown_key_again_and_again_asks_the_store_once_a_second() -> None:
    door = ForeignDoor(imported(TEXT, BOTH))
    for _ in range(20):
        with pytest.raises(IncorrectSecret):
            await door.admission.authenticate(TEXT + "x")
    assert len(door.reader.reads) == len(BOTH.by_id)


async def test_a_store_that_is_away_is_no_wrong_key() -> None:
    door = ForeignDoor(imported(TEXT, BOTH))
    door.reader.failure = LedgerUnavailable()
    with pytest.raises(LedgerUnavailable):
        await door.admission.authenticate(TEXT)


async def test_a_disabled_imported_key_is_refused() -> None:
    record = imported(TEXT, BOTH)
    door = ForeignDoor(KeyRecord(replace(record.key, status=KeyStatus.DISABLED), TENANT))
    with pytest.raises(IncorrectSecret):
        await door.admission.authenticate(TEXT)


async def test_a_record_under_the_id_of_another_key_is_not_opened() -> None:
    """The id has 71 bits of the hash; the fingerprint has all of it, and decides."""
    record = imported(TEXT, BOTH)
    other = imported_secrets(hashlib.sha256(b"another key").hexdigest(), BOTH)[0]
    door = ForeignDoor(KeyRecord(replace(record.key, fingerprints=(BOTH.fingerprint(other),)), TENANT))
    with pytest.raises(IncorrectSecret):
        await door.admission.authenticate(TEXT)


async def test_native_keys_go_on_beside_them() -> None:
    record = KeyRecord(replace(KEY, fingerprints=(BOTH.fingerprint(SECRET),)), TENANT)
    door = ForeignDoor(record)
    assert (await door.admission.authenticate(SECRET.text)).principal.key_id == KEY.id
    assert door.now_ms == NOW_MS
