"""Writes the audit trail: every change in one transaction with its entry, every entry at the end of a chain.

A chain belongs to one thread at a time, and its number is taken only by an entry that was committed: a refused change
leaves no gap. Threads that write at once write to several chains. Where a transaction got no answer, its entry is
looked for; where it is not there, it may still come, and the chain is left for good: no number is ever used twice.
"""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from tenants.audit import ORGANIZATION, AuditEvent
from tenants.audit_chain import Head, head_of, is_witness, latest_heads, linked
from tenants.audit_rows import audit_to_row
from tenants.dynamo_models import AuditRow, ClaimRow, Rows
from tenants.errors import AnswerLost, IdempotencyInProgress, TenantsError
from tenants.idempotency import CLAIM_SORT, LEASE_MS, HeldClaim, claim_partition, step_of
from tenants.ids import time_ordered
from tenants.periods import month_before, month_of
from tenants.tables import tenant_audit_partition

logger = logging.getLogger("sluice.audit")

WRITER = "wr_"
_WRITER_ID_CHARS = 16
# More entries than all chains of a busy process write between two witnesses of theirs.
_WITNESSED_ENTRIES = 400
_MOST_HEADS = 64


@dataclass(slots=True)
class _Chain:
    writer: str
    head: Head | None = None

    @property
    def next_number(self) -> int:
        return 1 if self.head is None else self.head.number + 1


class AuditTrail:
    """The chains of one process. Its calls block: they are for threads."""

    def __init__(self, rows: Rows, clock_ms: Callable[[], int]) -> None:
        self._rows = rows
        self._clock_ms = clock_ms
        self._idle: deque[_Chain] = deque()  # the last one used is used next, so that they stay few

    def commit(self, write: Callable[[TransactWrite], None], audit: AuditEvent, attempt: int = 0) -> None:
        """Commit what `write` puts into a transaction together with the entry, or nothing. Every `attempt` is another
        one: `write` may put in something else than the last time.

        Raises TransactWriteError: with reasons where it was cancelled and nothing was written, without where nobody
        knows; AnswerLost where the change was made under the entry's claim before, IdempotencyInProgress where that is
        another attempt's by now; PynamoDBConnectionError where the trail could not be read.
        """
        chain = self._take()
        seen = self._heads_beside(chain, audit) if is_witness(chain.next_number) else []
        row = linked(audit_to_row(audit), chain.writer, chain.head, seen)
        try:
            self._transact(write, audit, row, attempt)
        except TransactWriteError as error:
            stored = self._find(audit) if _may_be_applied(error, audit) else None
            if stored is None:
                if audit.claim is not None and (item := _claim_refused(error)) is not None:
                    self._idle.append(chain)
                    raise _claim_error(item, audit, audit.claim) from error
                if error.cancellation_reasons:
                    self._idle.append(chain)
                raise
            if stored != row["hash"]:
                # An earlier attempt of this call was taken for cancelled and was not: some chain is longer than known.
                self._idle.clear()
                return
        chain.head = head_of(row)
        self._idle.append(chain)
        # `sluice audit verify --heads` takes these lines: a copy of the head that is out of the table's reach.
        place = {name: row[name] for name in ("writer", "number", "hash", "at_ms")}
        logger.info("audit entry", extra={"audit_id": audit.id, **place})

    def _take(self) -> _Chain:
        try:
            return self._idle.pop()
        except IndexError:
            randomness = secrets.token_bytes(_WRITER_ID_CHARS)
            return _Chain(WRITER + time_ordered(self._clock_ms(), randomness, _WRITER_ID_CHARS))

    def _transact(
        self, write: Callable[[TransactWrite], None], audit: AuditEvent, row: dict[str, Any], attempt: int
    ) -> None:
        # The token makes a repeat of the same call harmless: botocore repeats what got no answer. With other steps than
        # the last time, a token is refused for ten minutes (API reference, TransactWriteItems).
        token = f"{attempt}{row['hash']}"[:36]
        month = month_of(audit.at_ms)
        with TransactWrite(connection=self._rows.connection, client_request_token=token) as transaction:
            write(transaction)
            absent = AuditRow.pk.does_not_exist()
            transaction.save(self._rows.audit(month, audit.id, **row), condition=absent, return_values="ALL_OLD")
            if audit.claim is not None:
                self._note_step(transaction, audit, audit.claim)
            if audit.tenant_id != ORGANIZATION:
                transaction.save(self._rows.audit_pointer(tenant_audit_partition(audit.tenant_id, month), audit.id))

    def _note_step(self, transaction: TransactWrite, audit: AuditEvent, claim: HeldClaim) -> None:
        step = step_of(str(audit.action), audit.target_id)
        row = self._rows.claim(claim_partition(claim.digest), CLAIM_SORT)
        new = (ClaimRow.token == claim.token) & ~ClaimRow.steps.contains(step)
        transaction.update(row, actions=[ClaimRow.steps.add({step})], condition=new, return_values="ALL_OLD")

    def _find(self, audit: AuditEvent) -> str | None:
        """The hash of the entry as it is stored."""
        place = AuditRow.sk == audit.id
        for row in self._rows.audit.query(month_of(audit.at_ms), place, consistent_read=True, limit=1):
            return str(row.attribute_values.get("hash"))
        return None

    def _heads_beside(self, chain: _Chain, audit: AuditEvent) -> list[Head]:
        """The heads of the chains that others wrote to of late."""
        rows: list[dict[str, Any]] = []
        for month in (month_of(audit.at_ms), month_before(month_of(audit.at_ms))):
            rows += [row.attribute_values for row in self._latest(month, _WITNESSED_ENTRIES - len(rows))]
            if len(rows) >= _WITNESSED_ENTRIES:
                break
        heads = latest_heads(rows)
        heads.pop(chain.writer, None)
        return list(heads.values())[:_MOST_HEADS]

    def _latest(self, month: str, limit: int) -> list[AuditRow]:
        names = ["writer", "number", "hash", "at_ms"]
        return list(
            self._rows.audit.query(
                month, consistent_read=True, scan_index_forward=False, limit=limit, attributes_to_get=names
            )
        )


def _claim_refused(error: TransactWriteError) -> Mapping[str, Any] | None:
    """The claim as it is stored, where it was what cancelled the transaction."""
    for reason in error.cancellation_reasons:
        item = None if reason is None else reason.raw_item
        if item is not None and item.get("sk", {}).get("S") == CLAIM_SORT:
            return item
    return None


def _claim_error(item: Mapping[str, Any], audit: AuditEvent, claim: HeldClaim) -> TenantsError:
    if step_of(str(audit.action), audit.target_id) in item.get("steps", {}).get("SS", ()):
        claim.found_made = True
        return AnswerLost()
    return IdempotencyInProgress(LEASE_MS)


def _may_be_applied(error: TransactWriteError, audit: AuditEvent) -> bool:
    """Unless it was cancelled, for another reason than that the entry is there already."""
    if not error.cancellation_reasons:
        return True
    return any(
        reason is not None and (reason.raw_item or {}).get("sk", {}).get("S") == audit.id
        for reason in error.cancellation_reasons
    )
