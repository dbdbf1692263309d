from __future__ import annotations

from dataclasses import replace
from unittest.mock import create_autospec

import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.bulk_keys import BulkRow, IssuedRow, check_rows, issue_rows
from admin.operations.issued_keys import KeyDraft, ServiceAccountOwner, UserOwner
from tenants.errors import Conflict, InvalidArgument, LedgerUnavailable, NotFound, TenantsError
from tenants.store import Directory
from tenants.tenant import Tenant, TenantStatus

TENANT = Tenant("proj_1", "team", 0)
ROWS = [BulkRow(number, KeyDraft(f"k{number}", UserOwner())) for number in (2, 3, 4, 5)]


def failing_at(control: ControlPlane, place: int, error: TenantsError) -> ControlPlane:
    """A control plane whose store takes keys until the one at `place`."""
    directory = create_autospec(Directory, instance=True)
    directory.get_tenant.return_value = TENANT
    directory.create_key.side_effect = [*[None] * place, error, *[None] * 9]
    return replace(control, directory=directory)


async def issue(control: ControlPlane, requester: Requester) -> list[IssuedRow]:
    return [each async for each in issue_rows(control, requester, TENANT, ROWS)]


@pytest.mark.parametrize("error", [Conflict("changed"), NotFound("archived")])
async def test_keys_made_before_a_failure_are_given_out_and_none_is_tried_after_it(
    control: ControlPlane, requester: Requester, error: TenantsError
) -> None:
    failing = failing_at(control, 2, error)
    issued = await issue(failing, requester)
    assert [each.row.number for each in issued] == [2, 3, 4, 5]
    assert [each.secret is not None for each in issued] == [True, True, False, False]
    assert [each.error for each in issued] == [
        None,
        None,
        f"Not made: {error.message}",
        "Not made: an earlier row failed.",
    ]
    assert failing.directory.create_key.await_count == 3  # type: ignore[attr-defined]  # an autospec


async def test_a_key_that_may_have_been_made_is_told_with_its_id_and_its_secret(
    control: ControlPlane, requester: Requester
) -> None:
    uncertain = (await issue(failing_at(control, 1, LedgerUnavailable()), requester))[1]
    assert uncertain.key is not None
    assert uncertain.secret is not None
    assert uncertain.error is not None
    assert "may have been made" in uncertain.error


@pytest.mark.parametrize("error", [Conflict("changed"), LedgerUnavailable()])
async def test_a_failure_of_the_first_row_is_the_request_s(
    control: ControlPlane, requester: Requester, error: TenantsError
) -> None:
    with pytest.raises(type(error)):
        await issue(failing_at(control, 0, error), requester)


async def test_a_missing_service_account_is_named_by_its_row_before_any_key_is_made(
    control: ControlPlane, requester: Requester
) -> None:
    failing = failing_at(control, 0, Conflict("no key may be made"))
    failing.directory.get_service_account.side_effect = NotFound("No such service account.")  # type: ignore[attr-defined]  # an autospec
    rows = [*ROWS, BulkRow(6, KeyDraft("bot", ServiceAccountOwner("svc_acct_x")))]
    with pytest.raises(InvalidArgument) as refused:
        await check_rows(failing, TENANT.id, rows)
    assert refused.value.param == "rows[6].service_account_id"
    assert failing.directory.create_key.await_count == 0  # type: ignore[attr-defined]  # an autospec


async def test_an_archived_project_gets_no_keys(control: ControlPlane) -> None:
    failing = failing_at(control, 0, Conflict("no key may be made"))
    failing.directory.get_tenant.return_value = replace(TENANT, status=TenantStatus.ARCHIVED)  # type: ignore[attr-defined]  # an autospec
    with pytest.raises(Conflict):
        await check_rows(failing, TENANT.id, ROWS)
