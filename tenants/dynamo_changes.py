"""How the control plane's calls run: pynamodb in threads, and every change one transaction with its audit entry."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pynamodb.exceptions import CancellationReason, PynamoDBConnectionError, TransactWriteError
from pynamodb.transactions import TransactWrite

from tenants.audit import AuditEvent
from tenants.dynamo_audit import AuditTrail
from tenants.errors import ChangedMeanwhile, Conflict, LedgerUnavailable, NotFound, TenantsError, TooContended
from tenants.tables import PARTITION_KEY, account_partition

T = TypeVar("T")
THREADS = 16
CONFLICT_ATTEMPTS = 12
_CONFLICT_SLEEP_SECONDS = 0.05


class Threads:
    """Where pynamodb's blocking calls run. Whoever made it must `close` it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="directory")

    async def run(self, call: Callable[..., T], *args: object) -> T:
        """`call(*args)` in a thread. Raises LedgerUnavailable where DynamoDB cannot be reached, and what `call` does.

        TransactWriteError comes as it is: only the transaction's author can tell what it means.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)
        except TransactWriteError:
            raise
        except PynamoDBConnectionError as error:
            raise LedgerUnavailable() from error

    def close(self) -> None:
        """Calls under way end by themselves; calls that wait for a thread are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Refusals:
    """What a failed condition means. Records to be replaced return what they are, so that a missing one is told from
    a changed one; a condition on the tenant returns nothing, and pynamodb puts it first.

    missing: text of NotFound where the item is not there. taken: text of Conflict where it is there and must not be;
    without that text, the record is another version than it was read as.
    """

    missing: str | None = None
    taken: str | None = None

    def find(self, reasons: Sequence[CancellationReason | None]) -> TenantsError | None:
        """The error of the first action whose condition failed; None where no condition did."""
        failed = next((each for each in reasons if _has_failed(each) and not _is_account(each)), None)
        if failed is None:
            return None
        if self.missing is not None and not failed.raw_item:
            return NotFound(self.missing)
        return ChangedMeanwhile() if self.taken is None else Conflict(self.taken)


class Changes:
    """Commits changes of records, each with its entry in the audit trail."""

    def __init__(self, trail: AuditTrail, threads: Threads) -> None:
        self._trail = trail
        self._threads = threads

    async def commit(self, write: Callable[[TransactWrite], None], audit: AuditEvent, refusals: Refusals) -> None:
        """Commit what `write` puts into a transaction together with its audit entry, or nothing.

        A failed condition raises what `refusals` has for it. Where it is an account's, of which the key has more by now
        than `write` has found, `write` is asked again. Raises TooContended, LedgerUnavailable.
        """
        for attempt in range(CONFLICT_ATTEMPTS):
            try:
                return await self._threads.run(self._trail.commit, write, audit, attempt)
            except TransactWriteError as error:
                refusal = refusals.find(error.cancellation_reasons)
                if refusal is not None:
                    raise refusal from error
                if not any(_is_passing(reason) for reason in error.cancellation_reasons):
                    raise LedgerUnavailable() from error
            await asyncio.sleep(random.uniform(0, _CONFLICT_SLEEP_SECONDS))  # noqa: S311 - jitter, not a secret
        raise TooContended("The record is being changed by others at the moment; nothing was changed. Please retry.")


def _has_failed(reason: CancellationReason | None) -> bool:
    return reason is not None and reason.code == "ConditionalCheckFailed"


def _is_passing(reason: CancellationReason | None) -> bool:
    """Whether it may not be there another time. Once `Refusals` found nothing, a failed condition is an account's."""
    return _has_failed(reason) or (reason is not None and reason.code == "TransactionConflict")


def _is_account(reason: CancellationReason | None) -> bool:
    item = None if reason is None else reason.raw_item
    return item is not None and str(item[PARTITION_KEY]["S"]).startswith(account_partition(""))
