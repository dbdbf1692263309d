from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.admission import Order
from gateway.caller import Caller, RulesChanged
from gateway.catalog.capabilities import Capabilities
from gateway.catalog.model import Model
from gateway.errors import ModelNotFound
from tenants.errors import (
    FenceStale,
    IncorrectSecret,
    LedgerUnavailable,
    LimitExceeded,
    MissingCredential,
    ModelNotPriced,
    Refusal,
    TooContended,
)
from tenants.event import UsageStatus
from tenants.key import KeyStatus
from tenants.limits import BudgetMode, Currency, Enforcement, Interval, Limits, RateLimit, SpendLimit
from tenants.permissions import ModelPermissions, PermissionMode
from tenants.principal import KeyRecord, Principal
from tenants.refusals import limit_exceeded
from tenants.secret import ADMIN_PREFIX, Fingerprint, new_secret
from tenants.tenant import TenantStatus
from tenants.usage import NO_TOKENS, TokenCounts
from tests.gateway.fakes import (
    BOUND,
    KEY,
    MODEL,
    NOW_MS,
    ORDER,
    OTHER_SECRET,
    PEPPERS,
    RECORD,
    SECRET,
    Door,
    changed,
    until,
)

USED = TokenCounts(11, 7, 3, 1)
US_CLAUDE = "us.anthropic.claude-x"
ONLY_MICRO = ModelPermissions(PermissionMode.ALLOW_LIST, ("amazon.nova-micro-v1:0",))


def order(number: int) -> Order:
    return replace(ORDER, request_id=f"req_{number:016}")


async def opened() -> Door:
    """A door whose account has been opened by an earlier request."""
    door = Door()
    await (await door.reserve(order=order(0))).settle(UsageStatus.OK)
    door.ledger.calls.clear()
    door.ledger.settled.clear()
    door.reader.reads.clear()
    return door


async def test_a_request_of_a_known_key_costs_one_write_and_no_read() -> None:
    door = await opened()
    await door.reserve()
    assert (door.ledger.calls, door.reader.reads) == (["reserve"], [])


async def test_the_hold_says_who_asks_what_and_until_when() -> None:
    door = await opened()
    await door.reserve()
    (hold,) = door.ledger.holds.values()
    assert hold.bound == BOUND
    assert hold.expires_at == NOW_MS // 1000 + 1800
    call = hold.call
    assert (call.request_id, call.key_id, call.tenant_id, call.user_id) == (
        ORDER.request_id,
        KEY.id,
        "proj_1",
        "user_1",
    )
    assert (call.model, call.bedrock_model, call.started_at_ms) == (MODEL.name, MODEL.bedrock_id, NOW_MS)


@pytest.mark.parametrize("credential", [None, ""])
async def test_no_key_is_refused(credential: str | None) -> None:
    with pytest.raises(MissingCredential):
        await Door().admission.authenticate(credential)


@pytest.mark.parametrize(
    "text",
    ["sk-wrong", SECRET.text[:-1] + "!", SECRET.text[:-1] + "0", new_secret(ADMIN_PREFIX, "0" * 12, bytes(32)).text],
)
async def test_what_is_no_inference_key_is_refused_without_asking_the_store(text: str) -> None:
    door = Door()
    with pytest.raises(IncorrectSecret):
        await door.admission.authenticate(text)
    assert door.reader.reads == []


async def test_a_wrong_secret_of_a_known_key_is_refused() -> None:
    with pytest.raises(IncorrectSecret):
        await Door().admission.authenticate(OTHER_SECRET.text)


async def test_a_new_secret_works_at_once_where_the_old_one_is_remembered() -> None:
    door = await opened()
    door.ledger.publish(changed(RECORD, fingerprints=(PEPPERS.fingerprint(OTHER_SECRET),)))
    await door.reserve(OTHER_SECRET)
    with pytest.raises(IncorrectSecret):
        await door.reserve(SECRET, order(2))


async def test_a_former_secret_works_until_its_grace_ends() -> None:
    door = await opened()
    ends_at = NOW_MS // 1000 + 60
    former = replace(PEPPERS.fingerprint(SECRET), expires_at=ends_at)
    door.ledger.publish(changed(RECORD, fingerprints=(PEPPERS.fingerprint(OTHER_SECRET), former)))
    await door.reserve()
    door.now_ms = ends_at * 1000
    with pytest.raises(IncorrectSecret):
        await door.reserve(order=order(2))


@pytest.mark.parametrize(
    "record",
    [
        changed(RECORD, status=KeyStatus.DISABLED),
        changed(RECORD, expires_at=NOW_MS // 1000),
        changed(RECORD, fingerprints=(Fingerprint("p1", "0" * 64),)),
        replace(RECORD, tenant=replace(RECORD.tenant, status=TenantStatus.ARCHIVED, version=2)),
    ],
)
async def test_a_revocation_unseen_by_this_process_is_refused_by_the_fence(record: object) -> None:
    door = await opened()
    door.ledger.publish(record)  # type: ignore[arg-type]  # parameters have no types of their own
    with pytest.raises(IncorrectSecret):
        await door.reserve()
    assert door.ledger.holds == {}


async def test_a_deleted_key_is_refused_by_the_fence() -> None:
    door = await opened()
    door.ledger.publish(changed(RECORD))
    del door.reader.records[KEY.id]
    with pytest.raises(IncorrectSecret):
        await door.reserve()


async def test_an_enabled_key_works_at_once_where_it_is_remembered_as_disabled() -> None:
    door = await opened()
    disabled = changed(RECORD, status=KeyStatus.DISABLED)
    door.ledger.publish(disabled)
    with pytest.raises(IncorrectSecret):
        await door.reserve()
    door.ledger.publish(changed(disabled, status=KeyStatus.ACTIVE))
    await door.reserve()


async def test_a_narrowed_allow_list_begins_the_request_again_after_the_fence() -> None:
    door = await opened()
    door.ledger.publish(changed(RECORD, models=ONLY_MICRO))
    with pytest.raises(RulesChanged) as begins_again:
        await door.reserve()
    assert door.ledger.holds == {}
    with pytest.raises(ModelNotFound):
        await door.admission.authorize(begins_again.value.caller, MODEL)


async def test_after_a_change_that_still_allows_it_the_request_is_served_with_one_read() -> None:
    door = await opened()
    door.ledger.publish(changed(RECORD, name="renamed"))
    await door.reserve()
    assert door.ledger.calls == ["reserve", "reserve"]
    assert door.reader.reads == [KEY.id]


async def test_the_first_requests_of_a_month_open_the_account_once() -> None:
    door = Door()
    door.ledger.gates["open_account"] = asyncio.Event()
    asked = [asyncio.create_task(door.reserve(order=order(number))) for number in range(10)]
    await until(lambda: "open_account" in door.ledger.calls)
    door.ledger.gates["open_account"].set()
    await asyncio.gather(*asked)
    assert door.ledger.calls.count("open_account") == 1
    assert len(door.ledger.holds) == 10


async def test_a_key_that_never_stops_changing_is_too_contended() -> None:
    door = await opened()
    door.ledger.failures["reserve"] = [FenceStale(9, 9) for _ in range(100)]
    door.ledger.failures["open_account"] = [FenceStale(None, None) for _ in range(100)]
    with pytest.raises(TooContended):
        await door.reserve()


async def test_a_store_that_does_not_answer_a_read_is_no_refusal_of_the_key() -> None:
    door = Door()
    door.reader.failure = LedgerUnavailable()
    with pytest.raises(LedgerUnavailable):
        await door.admission.authenticate(SECRET.text)


async def test_a_hold_whose_reply_was_lost_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.unsettled._FIRST_PAUSE_SECONDS", 0)
    door = await opened()
    caller = await door.admission.authenticate(SECRET.text)
    hold = await door.admission.reserve(caller, ORDER)
    left_behind = dict(door.ledger.holds)
    await hold.settle(UsageStatus.OK)
    door.ledger.settled.clear()
    door.ledger.holds.update(left_behind)  # as a write leaves it whose reply was lost
    door.ledger.failures["reserve"] = [LedgerUnavailable(may_have_applied=True)]
    with pytest.raises(LedgerUnavailable):
        await door.admission.reserve(caller, ORDER)
    await door.admission.close(grace_seconds=5)
    assert door.ledger.holds == {}
    assert [(each.call, each.settlement.tokens) for each in door.ledger.settled] == [(hold.call, NO_TOKENS)]


async def test_a_settle_replaces_the_hold_and_delivers_its_event() -> None:
    door = await opened()
    door.admission.start()
    hold = await door.reserve()
    await hold.settle(UsageStatus.OK, USED)
    assert [(each.settlement.status, each.settlement.tokens) for each in door.ledger.settled] == [
        (UsageStatus.OK, USED)
    ]
    await door.admission.close(grace_seconds=5)
    assert door.ledger.events[-1:] == door.ledger.settled
    assert door.ledger.holds == {}


async def test_only_the_first_settle_counts() -> None:
    door = await opened()
    async with await door.reserve() as hold:
        await hold.settle(UsageStatus.OK, USED)
        await hold.settle(UsageStatus.ERROR)
    assert hold.settled
    assert [each.settlement.tokens for each in door.ledger.settled] == [USED]


async def test_a_hold_that_nobody_settled_ends_as_an_error_without_tokens() -> None:
    door = await opened()
    with pytest.raises(RuntimeError):
        async with await door.reserve():
            raise RuntimeError
    assert [(each.settlement.status, each.settlement.tokens) for each in door.ledger.settled] == [
        (UsageStatus.ERROR, NO_TOKENS)
    ]


async def test_a_settle_outlives_the_cancellation_of_its_request() -> None:
    door = await opened()
    hold = await door.reserve()
    door.ledger.gates["settle"] = asyncio.Event()
    settling = asyncio.create_task(hold.settle(UsageStatus.OK, USED))
    await until(lambda: "settle" in door.ledger.calls)
    settling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await settling
    door.ledger.gates["settle"].set()
    await door.admission.close(grace_seconds=5)
    assert [each.settlement.tokens for each in door.ledger.settled] == [USED]


async def test_a_settle_waits_for_a_store_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.unsettled._FIRST_PAUSE_SECONDS", 0)
    door = await opened()
    hold = await door.reserve()
    door.ledger.failures["settle"] = [LedgerUnavailable(), LedgerUnavailable()]
    await hold.settle(UsageStatus.OK, USED)
    assert door.ledger.settled == []
    await door.admission.close(grace_seconds=5)
    assert [each.settlement.tokens for each in door.ledger.settled] == [USED]


@pytest.mark.parametrize(
    ("tenant", "key", "allowed"),
    [
        (None, None, True),
        (None, ONLY_MICRO, False),
        (ONLY_MICRO, None, False),
        (ModelPermissions(PermissionMode.ALLOW_LIST, ("amazon.*",)), None, True),
        (ModelPermissions(PermissionMode.ALLOW_LIST, ("amazon.*",)), ONLY_MICRO, False),
        (ModelPermissions(PermissionMode.DENY_LIST, ("amazon.nova-lite*",)), None, False),
    ],
)
async def test_a_model_has_to_pass_the_lists_of_tenant_and_key(
    tenant: ModelPermissions | None, key: ModelPermissions | None, allowed: bool
) -> None:
    record = replace(RECORD, tenant=replace(RECORD.tenant, models=tenant), key=replace(KEY, models=key))
    caller = Caller(SECRET, Principal(record))
    if allowed:
        assert await Door(record).admission.authorize(caller, MODEL) is caller
    else:
        with pytest.raises(ModelNotFound):
            await Door(record).admission.authorize(caller, MODEL)


async def test_a_denied_model_is_denied_under_its_profiles_name_as_well() -> None:
    denied = ModelPermissions(PermissionMode.DENY_LIST, ("anthropic.*",))
    record = replace(RECORD, key=replace(KEY, models=denied))
    profile = Model(US_CLAUDE, US_CLAUDE, US_CLAUDE, "anthropic.claude-x", Capabilities())
    with pytest.raises(ModelNotFound):
        await Door(record).admission.authorize(Caller(SECRET, Principal(record)), profile)


async def test_a_widened_allow_list_acts_at_once_where_the_narrow_one_is_remembered() -> None:
    door = await opened()
    narrow = changed(RECORD, models=ONLY_MICRO)
    door.ledger.publish(narrow)
    await door.keys.read(KEY.id)
    caller = await door.admission.authenticate(SECRET.text)
    with pytest.raises(ModelNotFound):
        await door.admission.authorize(caller, MODEL)
    door.ledger.publish(changed(narrow, models=None))
    with pytest.raises(RulesChanged) as begins_again:
        await door.admission.authorize(caller, MODEL)
    fresh = await door.admission.authorize(begins_again.value.caller, MODEL)
    assert fresh.principal.fence.key_version == 3
    await door.admission.reserve(fresh, ORDER)
    assert door.ledger.calls == ["reserve"]


GATED = Limits(rates=(RateLimit(requests_per_minute=5),))
BUDGET = Limits(spend=(SpendLimit(Interval.MONTH, Currency.USD, 10**12),))
GATE_FULL = limit_exceeded(Refusal("project", "requests", 5, 5, 1, NOW_MS + 1))


def with_tenant_limits(limits: Limits, version: int = 1) -> KeyRecord:
    return replace(RECORD, tenant=replace(RECORD.tenant, limits=limits, version=version))


async def test_a_gate_that_refuses_by_a_remembered_limit_is_asked_again_by_the_one_that_holds() -> None:
    door = Door(with_tenant_limits(GATED))
    await (await door.reserve()).settle(UsageStatus.OK)
    door.ledger.publish(with_tenant_limits(Limits(), version=2))
    door.gate.refusal = GATE_FULL
    await (await door.reserve(order=order(2))).settle(UsageStatus.OK)
    assert len(door.ledger.settled) == 2


async def test_a_gate_that_refuses_by_the_limit_that_holds_is_asked_once() -> None:
    door = Door(with_tenant_limits(GATED))
    await (await door.reserve()).settle(UsageStatus.OK)
    door.gate.refusal = GATE_FULL
    door.ledger.calls.clear()
    door.reader.reads.clear()
    with pytest.raises(LimitExceeded):
        await door.reserve(order=order(2))
    assert "reserve" not in door.ledger.calls
    assert door.reader.reads == [KEY.id]


async def test_a_refusal_by_an_account_costs_no_read() -> None:
    door = await opened()
    door.ledger.failures["reserve"] = [limit_exceeded(Refusal("key", "requests", 5, 5, 1, NOW_MS + 1))]
    with pytest.raises(LimitExceeded):
        await door.reserve()
    assert door.reader.reads == []


@pytest.mark.parametrize("change", [BUDGET, Limits(budget_mode=BudgetMode.CLAMP)])
async def test_limits_that_change_what_may_be_asked_begin_the_request_again(change: Limits) -> None:
    door = await opened()
    door.ledger.publish(changed(RECORD, limits=change))
    with pytest.raises(RulesChanged) as raised:
        await door.reserve()
    assert raised.value.caller.principal.record.key.limits == change
    assert door.ledger.holds == {}


async def test_the_want_of_a_price_is_no_matter_once_the_budget_is_gone() -> None:
    door = Door(changed(RECORD, limits=BUDGET))
    caller = await door.admission.authenticate(SECRET.text)
    with pytest.raises(ModelNotPriced):
        await door.admission.reserve(caller, ORDER)
    door.ledger.publish(replace(RECORD, key=replace(KEY, version=3)))
    with pytest.raises(RulesChanged) as raised:
        await door.admission.reserve(caller, ORDER)
    await (await door.admission.reserve(raised.value.caller, ORDER)).settle(UsageStatus.OK)


async def test_a_hold_is_given_back_whatever_its_reserve_failed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.unsettled._FIRST_PAUSE_SECONDS", 0.0)
    door = await opened()
    reserve = door.ledger.reserve

    async def break_after(*asked: Any) -> Any:
        await reserve(*asked)
        raise ValueError("unforeseen")

    monkeypatch.setattr(door.ledger, "reserve", break_after)
    with pytest.raises(ValueError, match="unforeseen"):
        await door.reserve()
    await until(lambda: not door.ledger.holds)
    assert [each.settlement.tokens for each in door.ledger.settled] == [NO_TOKENS]


async def test_what_a_soft_key_may_leave_on_its_account_can_be_found() -> None:
    door = Door(changed(RECORD, limits=Limits(enforcement=Enforcement.SOFT)))
    await (await door.reserve()).settle(UsageStatus.OK)
    assert {key_id for key_id, _, _ in door.registry.noted} == {KEY.id}
    assert [at_ms for _, _, at_ms in door.registry.noted] == [NOW_MS, NOW_MS + 1_800_000]


async def test_a_fence_that_turns_a_request_back_leaves_it_in_the_gate_once() -> None:
    door = Door(with_tenant_limits(GATED))
    hold = await door.reserve()  # the account is opened by the first attempt's refusal
    assert door.gate.inside == {ORDER.request_id}
    await hold.settle(UsageStatus.OK, USED)
    await door.admission.close(1)
    assert (door.gate.inside, door.gate.left) == (set(), [USED.total_tokens])
