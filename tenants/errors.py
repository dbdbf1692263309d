"""What can go wrong in the domain, without a word of HTTP. Each class says when it is raised; messages are public."""

from __future__ import annotations

from dataclasses import dataclass


class TenantsError(Exception):
    """Base of the domain's errors. Its message is public: it may go to the client as it stands."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class AuthenticationFailed(TenantsError):
    """No principal behind the credential. `reason` is for the log: the client reads one text for all reasons."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class MissingCredential(AuthenticationFailed):
    """The request carries no key at all."""

    def __init__(self) -> None:
        super().__init__(
            "You didn't provide an API key. Send it in a header: `Authorization: Bearer sk-sluice_...`.",
            "missing",
        )


class IncorrectSecret(AuthenticationFailed):
    """The key is malformed, unknown, disabled, expired, revoked, or of the other plane."""

    def __init__(self, text: str, reason: str) -> None:
        # OpenAI's own words: clients recognise a wrong key by them.
        super().__init__(f"Incorrect API key provided: {redact(text)}.", reason)


class MalformedSecret(IncorrectSecret):
    """The text is no key: wrong shape or checksum. Found without asking any store."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "malformed")


class IncorrectSignature(AuthenticationFailed):
    """The report of a secret scanner is not signed by a key that the scanner publishes."""

    def __init__(self, reason: str) -> None:
        super().__init__("The report's signature is not the secret scanner's.", reason)


class SignatureUnverifiable(TenantsError):
    """The public keys of the secret scanner cannot be had at the moment. Trying again is safe."""

    def __init__(self) -> None:
        super().__init__("The secret scanner's public keys cannot be read at the moment. Please try again.")


class IdentityProviderUnavailable(TenantsError):
    """Nobody can be signed in: the identity provider's keys cannot be had. Admin keys go on working."""

    def __init__(self) -> None:
        super().__init__("The identity provider is unavailable at the moment. Please try again, or use an admin key.")


class NotFound(TenantsError):
    """The resource does not exist, or is another tenant's: the caller cannot tell which."""


class NotSupported(TenantsError):
    """OpenAI's API has it and Sluice has not. The message says what to do instead."""


class InsufficientPermissions(TenantsError):
    """The actor may see the resource, and may not do this to it."""

    def __init__(self, permission: str) -> None:
        super().__init__(
            f"Your role does not have the permission '{permission}', which this request needs. "
            "`GET /v1/organization/me` tells your role; an owner of the organization or the project can do it for you."
        )


class Conflict(TenantsError):
    """The change cannot be made to the resource as it stands now."""


class ChangedMeanwhile(Conflict):
    """Somebody else changed the record between reading and writing it; nothing was written."""

    def __init__(self) -> None:
        super().__init__("The record was changed by somebody else at the same moment. Please try again.")


class InvalidArgument(TenantsError):
    """A request that is well-formed but cannot be meant. `param` names the field or header at fault."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


class StaleVersion(TenantsError):
    """The change was made to a version (`If-Match`) that is not the current one; nothing was changed."""


class IdempotencyKeyReused(TenantsError):
    """The key was used by the same actor on the same path, with another body."""

    def __init__(self) -> None:
        super().__init__("This idempotency key was used with another body. A new request needs a new key.")


class IdempotencyInProgress(TenantsError):
    """Another attempt with the same idempotency key is under way, or broke off less than a minute ago."""

    def __init__(self, lease_ms: int) -> None:
        seconds = -(-lease_ms // 1000)
        super().__init__(
            "A request with this idempotency key is under way. Repeat it in a moment, "
            f"or, if it broke off, in {seconds} seconds."
        )


class AnswerLost(TenantsError):
    """An earlier attempt under the same idempotency key made the change; its answer is not there any more."""

    def __init__(self) -> None:
        super().__init__("An earlier request with this idempotency key made the change. Read the resource to see it.")


class TooContended(TenantsError):
    """Others kept changing the same record; nothing was changed. Trying again is safe."""


class FenceStale(TenantsError):
    """The account knows a newer version of the key or its tenant than the caller does, or was not opened yet."""

    def __init__(self, key_version: int | None, tenant_version: int | None) -> None:
        super().__init__("The key was changed a moment ago. Please try again.")
        self.key_version = key_version
        self.tenant_version = tenant_version


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which limit a request would pass. `scope` is `key` or `project`; `used` includes what is held for requests in
    flight; amounts are pico-USD, tokens or requests, by `kind` and `currency`. `resets_at_ms` is None for a cap on
    requests in parallel."""

    scope: str
    kind: str
    limit: int
    used: int
    asked: int
    resets_at_ms: int | None = None
    interval: str | None = None
    currency: str | None = None
    model: str | None = None


class LimitExceeded(TenantsError):
    """A budget or a rate has no room for the request. Nothing was taken from any limit."""

    def __init__(self, message: str, refusal: Refusal) -> None:
        super().__init__(message)
        self.refusal = refusal


class BudgetSpent(LimitExceeded):
    """A budget has no room for the request before its interval is over."""


class GrantNeeded(TenantsError):
    """The key's account has too little left of what its tenant granted it: more has to be drawn first.

    `foreseen`: nothing was sent, so that nobody knows whether key and tenant are still what they were.
    """

    def __init__(self, *, foreseen: bool = False) -> None:
        self.foreseen = foreseen
        super().__init__("The project's budget is being shared out at the moment. Please try again.")


class ModelNotPriced(TenantsError):
    """The key or its tenant has a budget in money, and nobody here knows what the model costs."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"The price of the model `{model}` is not known, and this key has a budget in USD. Ask for another model, "
            "or ask the gateway's operator to price it."
        )


class LedgerUnavailable(TenantsError):
    """The store did not answer in time. Nothing is served that could not be recorded.

    `may_have_applied`: what was asked of it may have been done all the same.
    """

    def __init__(self, *, may_have_applied: bool = False) -> None:
        super().__init__("The usage ledger is unavailable at the moment. Please try again.")
        self.may_have_applied = may_have_applied


class TablesMissing(LedgerUnavailable):
    """The store answers, and has no such tables: nobody has migrated."""


def redact(text: str) -> str:
    """A key as messages may show it: its prefix and last four characters. Nothing of a text too short to hide."""
    if len(text) < 16:
        return "*" * len(text)
    for prefix in ("sk-sluice-admin_", "sk-sluice_", "sk-"):
        if text.startswith(prefix):
            return f"{prefix}...{text[-4:]}"
    return f"...{text[-4:]}"
