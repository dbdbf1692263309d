"""`Idempotency-Key`: which requests are the same, the ids that they make, and what of an answer may be kept. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from tenants.errors import InvalidArgument
from tenants.idempotency import HeldClaim, KeptAnswer
from tenants.ids import time_ordered
from tenants.secret import SCANNER_REGEX

HEADER = "idempotency-key"
REPLAYED_HEADER = "idempotent-replayed"

_KEY = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?")
_SECRET = re.compile(SCANNER_REGEX)
_SECRET_FIELD = "value"  # noqa: S105 - the name of the field, in OpenAI's answers


class Claims(Protocol):
    """What keeps claims and answers: `tenants.dynamo_idempotency.DynamoClaims` says what each promises."""

    async def claim(self, digest: str, body_hash: str, now_ms: int) -> HeldClaim | KeptAnswer: ...

    async def keep(self, claim: HeldClaim, answer: KeptAnswer) -> None: ...

    async def give_up(self, claim: HeldClaim) -> None: ...

    async def forget(self, claim: HeldClaim) -> None: ...


@dataclass(slots=True)
class ClaimedIds:
    """The ids that a request makes, in order: the same ones in every attempt under one claim."""

    claim: HeldClaim
    _made: Counter[str] = field(default_factory=Counter)

    def next(self, prefix: str, width: int) -> str:
        self._made[prefix] += 1
        text = f"{self.claim.seed}\n{prefix}\n{self._made[prefix]}"
        return prefix + time_ordered(self.claim.made_at_ms, hashlib.sha256(text.encode()).digest(), width)


def require_key(text: str) -> str:
    """Raises InvalidArgument for what is no key."""
    if _KEY.fullmatch(text) is None:
        raise InvalidArgument("An idempotency key has 1 to 255 printable ASCII characters.", "Idempotency-Key")
    return text


def digest_of(*parts: str | bytes) -> str:
    """One for each list of parts: they cannot run into each other."""
    whole = hashlib.sha256()
    for part in parts:
        encoded = part.encode() if isinstance(part, str) else part
        whole.update(len(encoded).to_bytes(8, "big") + encoded)
    return whole.hexdigest()


def without_secrets(value: object) -> tuple[object, bool]:
    """An answer's JSON with null for every secret, and whether there was one."""
    if isinstance(value, dict):
        fields = {name: _without_secret(name, each) for name, each in value.items()}
        return {name: each for name, (each, _) in fields.items()}, any(dropped for _, dropped in fields.values())
    if isinstance(value, list):
        items = [without_secrets(each) for each in value]
        return [each for each, _ in items], any(dropped for _, dropped in items)
    if isinstance(value, str) and _SECRET.search(value):
        return None, True
    return value, False


def _without_secret(name: str, value: object) -> tuple[object, bool]:
    if name == _SECRET_FIELD and isinstance(value, str):
        return None, True
    return without_secrets(value)
