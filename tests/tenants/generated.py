"""Strategies: any record that the domain can hold."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from tenants.account import Bound, Entry, Hold
from tenants.audit import Actor, AuditAction, AuditEvent
from tenants.event import Call, Operation, Settlement, UsageEvent, UsageStatus
from tenants.key import ApiKey, KeyStatus, Owner, OwnerKind
from tenants.permissions import ModelPermissions, PermissionMode
from tenants.policy import Guardrail, Policy, PromptCaching, ReasoningFormat
from tenants.secret import Fingerprint
from tenants.tenant import ServiceAccount, Tenant, TenantStatus
from tenants.usage import TokenCounts

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ids = st.text("abcXYZ019_-", min_size=1, max_size=24)
seconds = st.integers(0, 2**40)
# Until the year 2200: past that datetime still works, but no ledger will be asked.
moments_ms = st.integers(0, 7_258_118_400_000)
counts = st.integers(0, 10**9)
costs_pico_usd = st.none() | st.integers(0, 10**18)

permissions = st.builds(ModelPermissions, st.sampled_from(PermissionMode), st.lists(texts, max_size=4).map(tuple))
policies = st.builds(
    Policy,
    aliases=st.dictionaries(ids, ids, max_size=3),
    fallbacks=st.dictionaries(ids, st.lists(ids, max_size=3).map(tuple), max_size=3),
    guardrail=st.none() | st.builds(Guardrail, ids, ids),
    prompt_caching=st.none() | st.sampled_from(get_args(PromptCaching)),
    reasoning_format=st.none() | st.sampled_from(get_args(ReasoningFormat)),
    strict_params=st.none() | st.booleans(),
)
fingerprints = st.builds(Fingerprint, texts, texts, st.none() | seconds)
owners = st.builds(Owner, st.sampled_from(OwnerKind), ids, texts, seconds, st.none() | texts)
tenants = st.builds(
    Tenant,
    id=ids,
    name=texts,
    created_at=seconds,
    status=st.sampled_from(TenantStatus),
    archived_at=st.none() | seconds,
    models=st.none() | permissions,
    version=counts,
    policy=policies,
)
service_accounts = st.builds(ServiceAccount, ids, ids, texts, seconds)
api_keys = st.builds(
    ApiKey,
    id=ids,
    tenant_id=ids,
    name=texts,
    owner=owners,
    fingerprints=st.lists(fingerprints, max_size=2).map(tuple),
    hint=texts,
    created_at=seconds,
    status=st.sampled_from(KeyStatus),
    expires_at=st.none() | seconds,
    models=st.none() | permissions,
    version=counts,
    policy=policies,
    imported=st.booleans(),
    user_may_enable=st.booleans(),
)
fields = st.none() | st.dictionaries(texts, st.none() | st.booleans() | counts | texts | st.lists(texts), max_size=3)
audit_events = st.builds(
    AuditEvent,
    id=ids,
    at_ms=moments_ms,
    action=st.sampled_from(AuditAction),
    actor=st.builds(Actor, ids, st.none() | texts),
    tenant_id=ids,
    target_id=ids,
    request_id=st.none() | ids,
    before=fields,
    after=fields,
)

request_ids = ids.map("req_{}".format)
calls = st.builds(Call, request_ids, ids, ids, texts, st.sampled_from(Operation), texts, texts, moments_ms)
bounds = st.builds(Bound, counts, counts, costs_pico_usd)
token_counts = st.builds(TokenCounts, counts, counts, counts, counts, st.just(0) | counts)
settlements = st.builds(Settlement, st.sampled_from(UsageStatus), moments_ms, token_counts, costs_pico_usd)
entries = st.builds(
    Entry,
    day=st.integers(1, 31),
    minute=st.none() | counts,
    slot=st.none() | st.text("0123456789abcdef", min_size=4, max_size=4),
    slot_minute=st.none() | counts,
    grants=st.lists(st.sampled_from(["au", "ak", "eu", "ek"]), unique=True).map(tuple),
)
holds = st.builds(Hold, calls, bounds, seconds, entries)
usage_events = st.builds(UsageEvent, calls, settlements)
