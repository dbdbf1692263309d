"""pynamodb's models of the control plane's rows, and how they are bound to the tables of one deployment.

pynamodb keeps table, region and endpoint on the class, so binding makes subclasses: two stores, of two tests or two
deployments, can live in one process.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.models import Model

from tenants.tables import TableNames

# Admin calls are rare and a person waits for them; a blocked thread must not outlive its request for long.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 10
MAX_POOL_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class DynamoAccess:
    """Where DynamoDB is and who asks. `endpoint_url` and the credentials are None for AWS's own chain."""

    region: str
    endpoint_url: str | None = None
    access_key: str | None = None
    secret_key: str | None = None


class PointerRow(Model):
    """A row that says only that something exists: its id is the end of `sk`."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class TenantRow(PointerRow):
    id = UnicodeAttribute()
    name = UnicodeAttribute()
    created_at = NumberAttribute()
    status = UnicodeAttribute()
    archived_at = NumberAttribute(null=True)
    models = UnicodeAttribute(null=True)
    policy = UnicodeAttribute(null=True)
    limits = UnicodeAttribute(null=True)
    version = NumberAttribute()


class KeyRow(PointerRow):
    id = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    name = UnicodeAttribute()
    owner = UnicodeAttribute()
    fingerprints = UnicodeAttribute()
    hint = UnicodeAttribute()
    created_at = NumberAttribute()
    status = UnicodeAttribute()
    expires_at = NumberAttribute(null=True)
    models = UnicodeAttribute(null=True)
    policy = UnicodeAttribute(null=True)
    limits = UnicodeAttribute(null=True)
    version = NumberAttribute()


class ServiceAccountRow(PointerRow):
    id = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    name = UnicodeAttribute()
    created_at = NumberAttribute()


class AuditRow(PointerRow):
    id = UnicodeAttribute()
    at_ms = NumberAttribute()
    action = UnicodeAttribute()
    actor_id = UnicodeAttribute()
    actor_address = UnicodeAttribute(null=True)
    tenant_id = UnicodeAttribute()
    target_id = UnicodeAttribute()
    request_id = UnicodeAttribute(null=True)
    before = UnicodeAttribute(null=True)
    after = UnicodeAttribute(null=True)


class FenceRow(PointerRow):
    """The part of an account item that the control plane writes; `account_item` says what the names mean."""

    kv = NumberAttribute(null=True)
    tv = NumberAttribute(null=True)
    t = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)
    sh = NumberAttribute(null=True)


RowType = TypeVar("RowType", bound=PointerRow)


@dataclass(frozen=True, slots=True)
class Rows:
    """The models, bound to the tables of one deployment, and the connection for transactions over them."""

    pointer: type[PointerRow]
    tenant: type[TenantRow]
    key: type[KeyRow]
    service_account: type[ServiceAccountRow]
    audit: type[AuditRow]
    fence: type[FenceRow]
    connection: Connection


def bind(access: DynamoAccess, tables: TableNames) -> Rows:
    """Bind the models. Nothing is sent yet."""
    settings: dict[str, Any] = {
        "region": access.region,
        "host": access.endpoint_url,
        "connect_timeout_seconds": CONNECT_TIMEOUT_SECONDS,
        "read_timeout_seconds": READ_TIMEOUT_SECONDS,
        "max_pool_connections": MAX_POOL_CONNECTIONS,
        "aws_access_key_id": access.access_key,
        "aws_secret_access_key": access.secret_key,
    }

    def bound(row: type[RowType], table: str) -> type[RowType]:
        meta = type("Meta", (), {"table_name": table, **settings})
        namespace = {"Meta": meta, "__module__": row.__module__}
        return cast(
            "type[RowType]", types.new_class(row.__name__, (row,), exec_body=lambda body: body.update(namespace))
        )

    return Rows(
        pointer=bound(PointerRow, tables.core),
        tenant=bound(TenantRow, tables.core),
        key=bound(KeyRow, tables.core),
        service_account=bound(ServiceAccountRow, tables.core),
        audit=bound(AuditRow, tables.audit),
        fence=bound(FenceRow, tables.usage),
        connection=Connection(**settings),
    )
