"""The control plane, built on the store. `app` imports it where it is served alone: on AWS Lambda the data plane has
a function of its own, and pynamodb would be a fifth of what that one imports."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial

from fastapi import APIRouter

from admin.auth import AdminKeys
from admin.control_plane import ControlPlane
from admin.oidc import IdentityProvider, Trust
from admin.oidc_keys import SigningKeys, fetch_document
from admin.operations.leaked_keys import LeakReporting
from admin.refused_attempts import RefusedAttempts
from admin.routes.console import create_router as create_console
from admin.routes.router import Neighbours, create_router
from gateway.aws import Aws
from gateway.leak_notices import LeakNotices
from gateway.metrics import Metrics
from gateway.model_listing import ModelListing
from gateway.plane import DataPlane
from gateway.settings import Settings, SettingsError
from gateway.store import Store
from gateway.wall_clock import clock_ms
from gateway.webhooks import Message
from tenants.dynamo_administrators import DynamoAdministrators
from tenants.dynamo_audit_books import DynamoAuditBooks
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_idempotency import DynamoClaims
from tenants.dynamo_models import bind
from tenants.dynamo_usage import DynamoUsage
from tenants.dynamo_users import DynamoUsers
from tenants.group_roles import parse_group_roles

_HOW_TO_VERIFY = (
    "install `sluice[oidc]`; for AWS Lambda set LAMBDA_SIGNATURES=yes for `sam build`, or use scripts/deploy"
)


class Administration:
    """The control plane of one application: to be mounted, and closed at the end.

    Raises SettingsError for an unusable setting.
    """

    def __init__(self, settings: Settings, aws: Aws, store: Store) -> None:
        self._settings = settings
        self._aws = aws
        self._store = store
        self._control = _build_control_plane(settings, aws, store)

    def create_router(
        self, data_plane: DataPlane, metrics: Metrics, offer: Callable[[Message], None] | None
    ) -> APIRouter:
        """The admin API, and the console where the settings have it. `offer`: `Webhooks.offer`."""
        neighbours = Neighbours(
            budgets=self._store.budgets,
            usage=DynamoUsage(self._aws.dynamodb, self._store.tables, self._settings.hold_seconds),
            audit=DynamoAuditBooks(self._aws.dynamodb, self._store.tables),
            models=ModelListing(data_plane.catalog, data_plane.pricing),
            leaks=_build_leaks(self._settings, metrics, offer),
        )
        router = create_router(self._control, neighbours)
        if self._settings.console:
            router.routes.extend(create_console().routes)
        return router

    async def close(self) -> None:
        if self._control.refused_attempts is not None:
            await self._control.refused_attempts.close()
        await self._control.directory.close()
        await self._control.administrators.close()
        await self._control.users.close()


def _build_control_plane(settings: Settings, aws: Aws, store: Store) -> ControlPlane:
    assert settings.admin_key is not None  # Settings refuses the surface without it
    rows = bind(aws.dynamo_access, store.tables)
    directory = DynamoDirectory(rows, clock_ms, store.budgets)
    return ControlPlane(
        directory=directory,
        administrators=DynamoAdministrators(rows, clock_ms),
        users=DynamoUsers(rows, clock_ms),
        ledger=store.ledger,
        keys=store.reader,
        peppers=store.peppers,
        admin_keys=AdminKeys(settings.admin_key.get_secret_value()),
        clock_ms=clock_ms,
        randomness=os.urandom,
        identity_provider=_build_identity_provider(settings),
        refused_attempts=RefusedAttempts(directory.record, clock_ms),
        imported_keys=settings.imported_keys,
        hours=store.active,
        claims=DynamoClaims(aws.dynamodb, store.tables),
    )


def _build_identity_provider(settings: Settings) -> IdentityProvider | None:
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    try:
        from admin.oidc_tokens import OidcProvider  # PyJWT is an extra
    except ModuleNotFoundError as error:
        raise SettingsError(f"SLUICE_OIDC_ISSUER needs a package: {_HOW_TO_VERIFY}.") from error
    roles = parse_group_roles(settings.oidc_roles)
    trust = Trust(
        settings.oidc_issuer, settings.oidc_audience, roles, settings.oidc_groups_claim, settings.oidc_user_claim
    )
    return OidcProvider(trust, SigningKeys(trust.issuer, time.monotonic, fetch_document), clock_ms)


def _build_leaks(settings: Settings, metrics: Metrics, offer: Callable[[Message], None] | None) -> LeakReporting:
    notices = LeakNotices(metrics, offer, clock_ms)
    url = settings.secret_scanning_keys_url
    if url is None:
        return LeakReporting(notices.tell)
    try:
        # Not above: the package that it verifies with is an extra.
        from gateway.scanner_signatures import ScannerSignatures, fetch_public_keys
    except ImportError as error:
        raise SettingsError(f"SLUICE_SECRET_SCANNING_KEYS_URL needs a package: {_HOW_TO_VERIFY}.") from error
    return LeakReporting(notices.tell, ScannerSignatures(partial(fetch_public_keys, url), time.monotonic))
