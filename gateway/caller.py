"""Who calls, as proved by a secret, and the rules that hold for him."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.catalog.model import Model
from tenants.errors import IncorrectSecret, MissingCredential
from tenants.imported import secrets_in
from tenants.limits import BudgetMode
from tenants.principal import Principal
from tenants.secret import ADMIN_PREFIX, Peppers, Secret


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal together with the secret that proved it: after a fence it has to be proved again."""

    secret: Secret
    principal: Principal


class RulesChanged(Exception):
    """The caller's models or policy are others than the request was translated by. It has to begin again, as `caller`:
    it may have to go to another model, or through a guardrail that was not there before."""

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self.caller = caller


def may_call(caller: Caller, model: Model) -> bool:
    """Whether the caller, as last read, may call the model."""
    return caller.principal.may_call(model.id, model.other_ids)


def clamps(principal: Principal) -> bool:
    """Whether answers are shortened where a budget is nearly spent: as the key says, else its project."""
    record = principal.record
    return (record.key.limits.budget_mode or record.tenant.limits.budget_mode) is BudgetMode.CLAMP


def counts_money(principal: Principal) -> bool:
    """Whether a request without a known price has to be refused."""
    return principal.record.key.limits.counts_money or principal.record.tenant.limits.counts_money


def rules_of(principal: Principal) -> tuple[object, ...]:
    """All that a request's models and its translation depend on."""
    tenant, key = principal.record.tenant, principal.record.key
    return tenant.models, key.models, tenant.policy, key.policy, counts_money(principal), clamps(principal)


def parse_credential(credential: str | None, *, peppers: Peppers, imported_keys: bool) -> Sequence[Secret]:
    """What a credential may be: several secrets only where it is a foreign key and there are several peppers.

    Raises MissingCredential, IncorrectSecret.
    """
    if not credential:
        raise MissingCredential()
    secrets = secrets_in(credential, peppers, imported_keys=imported_keys)
    if secrets[0].prefix == ADMIN_PREFIX:
        raise IncorrectSecret(credential, "admin key on the data plane")
    return secrets
