"""The remote commands as one typer app, which the entry point adds to its own."""

from __future__ import annotations

import typer

from admin.cli import key_bulk, key_issuing
from admin.cli.administrators import admin_keys, me, users
from admin.cli.export import export
from admin.cli.keys import keys
from admin.cli.models import models
from admin.cli.service_accounts import service_accounts
from admin.cli.tenants import tenants
from admin.cli.usage import reports

# They add to `keys`.
PARTS_OF_KEYS = (key_issuing, key_bulk)

remote = typer.Typer()
remote.add_typer(tenants, name="tenants")
remote.add_typer(keys, name="keys")
remote.add_typer(service_accounts, name="service-accounts")
remote.add_typer(users, name="users")
remote.add_typer(admin_keys, name="admin-keys")
remote.add_typer(models, name="models")
remote.add_typer(reports)
remote.add_typer(export)
remote.add_typer(me)
