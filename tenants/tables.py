"""The tables, declared once: migrations make them, the templates have to match them.

core    tenants, keys, migrations. Small, precious: point-in-time recovery and deletion protection.
        T#<tenant>   TENANT          the tenant
        T#<tenant>   KEY#<key>       pointer: the tenant's keys, in order of creation
        T#<tenant>   SA#<account>    a service account
        TENANTS      <tenant>        pointer: all tenants, in order of creation
        T#<tenant>   USER#<user>     a user in the tenant
        USERS        <user>          a user
        USER#<user>  <tenant>        pointer: the tenants that a user is in
        ADMIN_KEYS   <admin key>     an admin key
        K#<key>      KEY             the key; found by the id inside its secret, so the hot read is one GetItem
        MIGRATIONS   ...             see migrations/

usage   accounts, events and kept reasoning; written by every request, expiring.
        A#<key>             <yyyy-mm>      the account
        A#<key>#<n>         <yyyy-mm>      a further account of a busy key, its shard n, from 1
        B#<tenant>          <yyyy-mm>      what the tenant's budgets granted to its keys' accounts
        B#<tenant>          <yyyy-mm>#<key>   one of the keys that were granted something, or were deleted
        G#<tenant>          GATE           the tenant's rates: this minute, and the requests in flight
        E#<tenant>#<day>    <request id>   one usage event
        U#<tenant>          <day>          which hours of a day are rolled up, and the day; beside it the day's sums
        U#<tenant>#<day>    <digest>#<n>   the sums of an hour
        R#<key>             <call id>      reasoning kept before a tool call
        L#<hour>            <key>#<yyyy-mm>   an account that was written to in this hour
        L#SWEEP             SWEEP          how far the accounts were looked through for what crashes left
        C#<request id>      <number>       a correction of what the request was charged
        N#<tenant>          <period>#<alert>#<threshold>   an alert of the tenant whose threshold was reached
        N#UNTOLD            <tenant>#<period>#…            one of these that somebody has still to be told of
        I#<digest>          CLAIM          an idempotency key: who makes its request, and the answer

audit   append-only: the writer needs PutItem, and Query to see what became of a write without an answer.
        <yyyy-mm>               <audit id>   an entry
        P#<tenant>#<yyyy-mm>    <audit id>   pointer: the tenant's entries

Separate tables, so that restoring `usage` never revives a revoked key, and each role gets only what it needs.
"""

from __future__ import annotations

from dataclasses import dataclass

PARTITION_KEY = "pk"
SORT_KEY = "sk"
TTL_ATTRIBUTE = "ttl"


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What has to hold of a table. Keys are always `pk` and `sk`, both strings; billing is on demand."""

    role: str
    expires: bool
    recoverable: bool


CORE = TableSpec("core", expires=False, recoverable=True)
USAGE = TableSpec("usage", expires=True, recoverable=False)
AUDIT = TableSpec("audit", expires=False, recoverable=True)
ALL = (CORE, USAGE, AUDIT)


@dataclass(frozen=True, slots=True)
class TableNames:
    """The tables' names in one deployment: `<prefix>-core` and so on. Restores go to new names, so names are config."""

    prefix: str

    def of(self, spec: TableSpec) -> str:
        return f"{self.prefix}-{spec.role}"

    @property
    def core(self) -> str:
        return self.of(CORE)

    @property
    def usage(self) -> str:
        return self.of(USAGE)

    @property
    def audit(self) -> str:
        return self.of(AUDIT)


def tenant_partition(tenant_id: str) -> str:
    return f"T#{tenant_id}"


def key_partition(key_id: str) -> str:
    return f"K#{key_id}"


def user_partition(user_id: str) -> str:
    return f"USER#{user_id}"


def account_partition(key_id: str, shard: int = 0) -> str:
    return f"A#{key_id}#{shard}" if shard else f"A#{key_id}"


def funds_partition(tenant_id: str) -> str:
    return f"B#{tenant_id}"


def grantee_sort(month: str, key_id: str) -> str:
    return f"{month}#{key_id}"


def gate_partition(tenant_id: str) -> str:
    return f"G#{tenant_id}"


def event_partition(tenant_id: str, day: str) -> str:
    return f"E#{tenant_id}#{day}"


def usage_partition(tenant_id: str) -> str:
    return f"U#{tenant_id}"


def usage_day_partition(tenant_id: str, day: str) -> str:
    return f"U#{tenant_id}#{day}"


def reasoning_partition(key_id: str) -> str:
    return f"R#{key_id}"


def active_partition(hour: str) -> str:
    return f"L#{hour}"


def alert_partition(tenant_id: str) -> str:
    return f"N#{tenant_id}"


def correction_partition(request_id: str) -> str:
    return f"C#{request_id}"


def tenant_audit_partition(tenant_id: str, month: str) -> str:
    return f"P#{tenant_id}#{month}"


TENANT_SORT = "TENANT"
KEY_SORT = "KEY"
TENANTS_PARTITION = "TENANTS"
ADMIN_KEYS_PARTITION = "ADMIN_KEYS"
USERS_PARTITION = "USERS"
MEMBER = "USER#"
KEY_POINTER = "KEY#"
SERVICE_ACCOUNT = "SA#"
GATE_SORT = "GATE"
SWEEP_SORT = "SWEEP"
UNTOLD_PARTITION = "N#UNTOLD"
