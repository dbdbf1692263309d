from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from awswire.attributes import from_attributes, to_attributes
from tenants.audit import AuditEvent
from tenants.audit_rows import audit_from_row, audit_to_row
from tenants.key import ApiKey
from tenants.limits import NO_LIMITS, Limits
from tenants.policy import NO_POLICY
from tenants.rows import (
    Row,
    key_from_row,
    key_to_row,
    service_account_from_row,
    service_account_to_row,
    tenant_from_row,
    tenant_to_row,
)
from tenants.tenant import ServiceAccount, Tenant
from tests.tenants.generated import api_keys, audit_events, service_accounts, tenants
from tests.tenants.limit_strategies import limits
from tests.tenants.samples import KEY, SERVICE_ACCOUNT, TENANT, an_audit

# What a newer process may have added.
UNKNOWN: Row = {"budget": '{"limit":5}', "zone": 7}


def through_dynamodb(row: Row) -> Row:
    return from_attributes(to_attributes({**row, **UNKNOWN, "pk": "p", "sk": "s"}))


@given(tenants, limits)
def test_a_tenant_reads_back_as_written(tenant: Tenant, limits: Limits) -> None:
    tenant = replace(tenant, limits=limits)
    assert tenant_from_row(through_dynamodb(tenant_to_row(tenant))) == tenant


@given(api_keys, limits)
def test_a_key_reads_back_as_written(key: ApiKey, limits: Limits) -> None:
    key = replace(key, limits=limits)
    assert key_from_row(through_dynamodb(key_to_row(key))) == key


@given(service_accounts)
def test_a_service_account_reads_back_as_written(account: ServiceAccount) -> None:
    assert service_account_from_row(through_dynamodb(service_account_to_row(account))) == account


@given(audit_events)
def test_an_audit_event_reads_back_as_written(event: AuditEvent) -> None:
    assert audit_from_row(through_dynamodb(audit_to_row(event))) == event


@given(tenants.map(tenant_to_row) | api_keys.map(key_to_row) | audit_events.map(audit_to_row))
def test_rows_are_flat_and_leave_out_what_is_absent(row: Row) -> None:
    assert {type(value) for value in row.values()} <= {str, int}


@pytest.mark.parametrize("row", [tenant_to_row(TENANT), key_to_row(KEY), service_account_to_row(SERVICE_ACCOUNT)])
def test_rows_leave_the_keys_of_the_table_to_the_store(row: Row) -> None:
    assert not {"pk", "sk", "ttl"} & row.keys()


@pytest.mark.parametrize("name", ["id", "name", "created_at", "status", "version"])
def test_a_row_without_what_every_record_has_is_no_record(name: str) -> None:
    row = tenant_to_row(TENANT)
    del row[name]
    with pytest.raises(KeyError):
        tenant_from_row(row)


@pytest.mark.parametrize("row", [tenant_to_row(TENANT), key_to_row(KEY)])
def test_an_empty_policy_and_no_limits_are_no_attributes_as_in_rows_from_before_them(row: Row) -> None:
    assert not {"policy", "limits"} & row.keys()


def test_a_row_from_before_policies_and_limits_reads_as_one_without() -> None:
    tenant, key = tenant_from_row(tenant_to_row(TENANT)), key_from_row(key_to_row(KEY))
    assert tenant.policy == key.policy == NO_POLICY
    assert tenant.limits == key.limits == NO_LIMITS


def test_empty_audit_fields_are_not_absent_ones() -> None:
    row = audit_to_row(an_audit())
    assert audit_from_row({**row, "before": "{}"}).before == {}
    assert audit_from_row(row).before is None
