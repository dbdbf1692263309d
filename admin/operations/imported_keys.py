"""Keys that another gateway made, taken over by their SHA-256: their clients go on with what they have."""

from __future__ import annotations

from dataclasses import dataclass, replace

from admin.control_plane import ControlPlane, Requester
from admin.operations.issued_keys import KeyDraft, create_key, get_tenant_for, to_key
from tenants.audit import AuditAction
from tenants.errors import Conflict
from tenants.imported import imported_secrets
from tenants.periods import months_to_fence
from tenants.principal import KeyRecord
from tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A key as the other gateway knew it: the SHA-256 of its text, 64 hexadecimal digits in lower case, and its last
    characters, where they are known."""

    sha256: str
    hint: str = ""


async def import_key(
    control: ControlPlane, requester: Requester, project_id: str, foreign: ForeignKey, draft: KeyDraft
) -> KeyRecord:
    """The key, ready to be used. Raises NotFound, InvalidArgument as for an issued key; Conflict for an archived
    project, a key that is there already, in whatever project, and where imported keys are not accepted."""
    if not control.imported_keys:
        raise Conflict("This deployment accepts no imported keys. Set SLUICE_IMPORTED_KEYS=true for all its processes.")
    tenant = await get_tenant_for(control, project_id, draft)
    candidates = imported_secrets(foreign.sha256, control.peppers)
    for each in candidates:
        await _require_absent(control, each.key_id)
    current = candidates[0]
    await _require_unspent(control, tenant, current.key_id)
    key = await to_key(control, tenant, draft, current)
    # Above any version that a key with this id can have had: one that was deleted has left its fence on its account.
    imported = replace(key, hint=foreign.hint, imported=True, version=control.clock_ms())
    return KeyRecord(await create_key(control, requester, AuditAction.API_KEY_IMPORTED, imported), tenant)


async def _require_absent(control: ControlPlane, key_id: str) -> None:
    """Raises Conflict where there is such a key, without a word of whose it is."""
    if await control.keys.find_key(key_id) is not None:
        raise Conflict("This key was imported already.")


async def _require_unspent(control: ControlPlane, tenant: Tenant, key_id: str) -> None:
    """Raises Conflict where another project has used the key this month: its account counts in that one's budgets."""
    for month in months_to_fence(control.clock_ms()):
        account = await control.ledger.find_account(key_id, month)
        if account is not None and account.tenant_id not in (None, tenant.id):
            raise Conflict("This key was used in another project this month. Import it next month, or issue a new one.")
