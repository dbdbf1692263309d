"""pynamodb's models of the control plane's rows, and how they are bound to the tables of one deployment.

pynamodb keeps table, region and endpoint on the class, so binding makes subclasses: two stores, of two tests or two
deployments, can live in one process.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, TypeVar, cast

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import TableError
from pynamodb.models import Model

from tenants.dynamo_access import DynamoAccess
from tenants.tables import TableNames

# Admin calls are rare and a person waits for them; a blocked thread must not outlive its request for long.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 10
MAX_POOL_CONNECTIONS = 32


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
    imported = NumberAttribute(null=True)
    user_may_enable = NumberAttribute(null=True)
    version = NumberAttribute()


class ServiceAccountRow(PointerRow):
    id = UnicodeAttribute()
    tenant_id = UnicodeAttribute()
    name = UnicodeAttribute()
    created_at = NumberAttribute()


class AdminKeyRow(PointerRow):
    id = UnicodeAttribute()
    name = UnicodeAttribute()
    role = UnicodeAttribute()
    project_id = UnicodeAttribute(null=True)
    user_id = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute()
    hint = UnicodeAttribute()
    created_at = NumberAttribute()
    created_by = UnicodeAttribute()
    expires_at = NumberAttribute(null=True)
    last_used_at = NumberAttribute(null=True)


class UserRow(PointerRow):
    id = UnicodeAttribute()
    added_at = NumberAttribute()
    role = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)


class MemberRow(UserRow):
    tenant_id = UnicodeAttribute()


class AuditRow(PointerRow):
    id = UnicodeAttribute()
    at_ms = NumberAttribute()
    action = UnicodeAttribute()
    actor_id = UnicodeAttribute()
    actor_address = UnicodeAttribute(null=True)
    actor_name = UnicodeAttribute(null=True)
    actor_email = UnicodeAttribute(null=True)
    actor_role = UnicodeAttribute(null=True)
    tenant_id = UnicodeAttribute()
    target_id = UnicodeAttribute()
    request_id = UnicodeAttribute(null=True)
    before = UnicodeAttribute(null=True)
    after = UnicodeAttribute(null=True)
    attempt = UnicodeAttribute(null=True)
    writer = UnicodeAttribute(null=True)
    number = NumberAttribute(null=True)
    previous = UnicodeAttribute(null=True)
    seen = UnicodeAttribute(null=True)
    hash = UnicodeAttribute(null=True)


class ClaimRow(PointerRow):
    """The part of a claim that a change under it writes; `dynamo_idempotency` has the rest."""

    token = UnicodeAttribute()
    steps = UnicodeSetAttribute(null=True)


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
    admin_key: type[AdminKeyRow]
    user: type[UserRow]
    member: type[MemberRow]
    audit: type[AuditRow]
    audit_pointer: type[PointerRow]
    fence: type[FenceRow]
    claim: type[ClaimRow]
    connection: Connection


def bind(access: DynamoAccess, tables: TableNames) -> Rows:
    """Bind the models. Nothing is sent yet."""
    connection = _connect(access)

    def bound(row: type[RowType], table: str) -> type[RowType]:
        meta = type("Meta", (), {"table_name": table})
        namespace = {"Meta": meta, "__module__": row.__module__}
        model = cast(
            "type[RowType]", types.new_class(row.__name__, (row,), exec_body=lambda body: body.update(namespace))
        )
        _put_on(connection, model)
        return model

    return Rows(
        pointer=bound(PointerRow, tables.core),
        tenant=bound(TenantRow, tables.core),
        key=bound(KeyRow, tables.core),
        service_account=bound(ServiceAccountRow, tables.core),
        admin_key=bound(AdminKeyRow, tables.core),
        user=bound(UserRow, tables.core),
        member=bound(MemberRow, tables.core),
        audit=bound(AuditRow, tables.audit),
        audit_pointer=bound(PointerRow, tables.audit),
        fence=bound(FenceRow, tables.usage),
        claim=bound(ClaimRow, tables.usage),
        connection=connection,
    )


class _SharedConnection(Connection):
    """Of several threads that ask at once one makes the client; clients may be shared by threads."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._making = Lock()

    @property
    def client(self) -> Any:
        with self._making:
            return super().client


@cache
def _connect(access: DynamoAccess) -> Connection:
    """One for all models and tables: pynamodb would make a botocore client for each model, and each of those takes a
    fifth of a second to read what botocore knows of DynamoDB."""
    return _SharedConnection(
        region=access.region,
        host=access.endpoint_url,
        connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
        read_timeout_seconds=READ_TIMEOUT_SECONDS,
        max_pool_connections=MAX_POOL_CONNECTIONS,
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
    )


def _put_on(connection: Connection, model: type[Model]) -> None:
    table = model._get_connection()  # a model has no public way to it
    try:
        connection.get_meta_table(table.table_name)
    except TableError:
        connection.add_meta_table(table.get_meta_table())
    table.connection = connection
