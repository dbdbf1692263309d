"""Many keys at once. All rows are checked before the first key is made; what fails after that is told row by row."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from admin.control_plane import ControlPlane, Requester
from admin.operations.issued_keys import (
    KeyDraft,
    ServiceAccountOwner,
    create_key,
    new_key_secret,
    to_key,
)
from admin.operations.projects import require_active
from tenants.audit import AuditAction
from tenants.errors import InvalidArgument, LedgerUnavailable, NotFound, TenantsError
from tenants.key import ApiKey
from tenants.secret import Secret
from tenants.tenant import Tenant

_UNCERTAIN = "The store did not answer: the key may have been made. Look for it, and delete it if you do not use it."
_ANSWER_LOST = "Made by an earlier attempt, and its secret was lost with the answer: rotate the key."
_NOT_TRIED = "Not made: an earlier row failed."


@dataclass(frozen=True, slots=True)
class BulkRow:
    """A key to be issued, and the number of the row that asks for it."""

    number: int
    draft: KeyDraft


@dataclass(frozen=True, slots=True)
class IssuedRow:
    """What became of a row: a key with its secret, or an error, or both where nobody knows whether it was made."""

    row: BulkRow
    key: ApiKey | None = None
    secret: Secret | None = None
    error: str | None = None


async def check_rows(control: ControlPlane, project_id: str, rows: Sequence[BulkRow]) -> Tenant:
    """The project that all these keys can be made in. Raises NotFound, Conflict as `issue_key`; InvalidArgument for a
    row that cannot be meant."""
    tenant = await control.directory.get_tenant(project_id)
    require_active(tenant)  # no column asks for an enforcement, the one thing that a project's limits may not allow
    known: set[str] = set()
    for row in rows:
        owner = row.draft.owner
        if isinstance(owner, ServiceAccountOwner) and owner.service_account_id not in known:
            await _require_account(control, project_id, row, owner.service_account_id)
            known.add(owner.service_account_id)
    return tenant


async def issue_rows(
    control: ControlPlane, requester: Requester, tenant: Tenant, rows: Sequence[BulkRow]
) -> AsyncGenerator[IssuedRow, None]:
    """The keys in the order of the rows, each as soon as it is made. One after the other: transactions on one project
    that run at the same time refuse each other.

    What the first row fails with is raised, for nothing was made then; a later row's failure is told in it, and in the
    rows after it, which are not tried.
    """
    failed = False
    for place, row in enumerate(rows):
        if failed:
            yield IssuedRow(row, error=_NOT_TRIED)
            continue
        secret, key = new_key_secret(control), None
        try:
            key = await to_key(control, tenant, row.draft, secret)
            stored = await create_key(control, requester, AuditAction.API_KEY_CREATED, key)
        except LedgerUnavailable:
            if place == 0:
                raise
            failed = True
            yield IssuedRow(row, key, secret, _UNCERTAIN)
        except TenantsError as error:
            if place == 0:
                raise
            failed = True
            yield IssuedRow(row, error=f"Not made: {error.message}")
        else:
            lost = stored.fingerprints != key.fingerprints
            yield IssuedRow(row, stored, error=_ANSWER_LOST) if lost else IssuedRow(row, key, secret)


async def _require_account(control: ControlPlane, project_id: str, row: BulkRow, account_id: str) -> None:
    try:
        await control.directory.get_service_account(project_id, account_id)
    except NotFound as error:
        message = f"Row {row.number}, column 'service_account_id': {error.message}"
        raise InvalidArgument(message, f"rows[{row.number}].service_account_id") from error
