"""The text of a key: `sk-sluice_` + 12 of key id + 32 of secret + 6 of CRC32, all base62.

It starts with `sk-` for clients that check, a double-click selects all of it, the id inside names the key without its
secret, and the checksum refuses a typo or a made-up key before any store is asked. Secret scanners match it with
`SCANNER_REGEX`. What is stored is HMAC-SHA256(pepper, text): the secret has 190 bits, so a slow hash would only slow
the hot path, and a dump of the table alone cannot confirm a leaked key.
"""

from __future__ import annotations

import hmac
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tenants.errors import MalformedSecret
from tenants.ids import ALPHABET, to_base62

KEY_PREFIX = "sk-sluice_"
ADMIN_PREFIX = "sk-sluice-admin_"
ID_CHARS = 12
SECRET_CHARS = 32
CHECKSUM_CHARS = 6
BODY_CHARS = ID_CHARS + SECRET_CHARS + CHECKSUM_CHARS
SCANNER_REGEX = rf"sk-sluice(?:-admin)?_[0-9A-Za-z]{{{BODY_CHARS}}}"

# 32 characters of base62 are 190 bits; anything much shorter was typed by a person.
SHORTEST_ADMIN_KEY_CHARS = 32
_PEPPER_ID_BYTES = 4
_PEPPER_BYTES = 32

_SHAPE = re.compile(rf"(sk-sluice(?:-admin)?_)([0-9A-Za-z]{{{BODY_CHARS}}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Secret:
    """A well-formed key: its checksum holds. `repr` never shows the text.

    `sha256` is set for one that another gateway made, see `tenants/imported.py`: hexadecimal, in lower case.
    """

    text: str = field(repr=False)
    prefix: str
    key_id: str
    sha256: str | None = field(default=None, repr=False)

    @property
    def evidence(self) -> str:
        """What its fingerprint is made of: the text, or of a foreign key the one thing that its import knew."""
        return self.text if self.sha256 is None else f"sha256:{self.sha256}"

    @property
    def id_chars(self) -> str:
        """The id inside, without the prefix that tells of which kind of key it is."""
        return self.key_id.removeprefix("key_")

    @property
    def hint(self) -> str:
        """The last four characters: enough to recognise a key, of no use to anybody else."""
        return self.text[-4:]


def new_secret(prefix: str, id_chars: str, randomness: bytes) -> Secret:
    """Compose a key from its id's 12 characters and at least 32 random bytes."""
    if len(id_chars) != ID_CHARS or not set(id_chars) <= set(ALPHABET):
        raise ValueError(f"a key id has {ID_CHARS} base62 characters, got {id_chars!r}")
    if len(randomness) < SECRET_CHARS:
        raise ValueError(f"{SECRET_CHARS} random bytes are needed")
    body = id_chars + to_base62(int.from_bytes(randomness, "big") % 62**SECRET_CHARS, SECRET_CHARS)
    return Secret(prefix + body + _checksum(prefix + body), prefix, f"key_{id_chars}")


def new_admin_key(random_bytes: Callable[[int], bytes]) -> Secret:
    """An admin key with an id of its own. `random_bytes` gives as many secret-grade random bytes as asked for."""
    id_chars = to_base62(int.from_bytes(random_bytes(ID_CHARS), "big") % 62**ID_CHARS, ID_CHARS)
    return new_secret(ADMIN_PREFIX, id_chars, random_bytes(SECRET_CHARS))


def new_pepper(random_bytes: Callable[[int], bytes]) -> tuple[str, bytes]:
    """The id and the 32 bytes of a new pepper, from `random_bytes` as `new_admin_key` takes it."""
    return f"pepper_{random_bytes(_PEPPER_ID_BYTES).hex()}", random_bytes(_PEPPER_BYTES)


def parse_secret(text: str) -> Secret:
    """The key that `text` spells. Raises MalformedSecret for a wrong shape or checksum."""
    match = _SHAPE.fullmatch(text)
    if match is None or _checksum(text[:-CHECKSUM_CHARS]) != text[-CHECKSUM_CHARS:]:
        raise MalformedSecret(text)
    return Secret(text, match[1], f"key_{match[2][:ID_CHARS]}")


def key_id_in(text: str) -> str | None:
    """The id that a text of a key's shape names, valid or not; for logs. None where it names none."""
    match = _SHAPE.fullmatch(text)
    return None if match is None else f"key_{match[2][:ID_CHARS]}"


def find_credential(headers: Mapping[str, str]) -> str | None:
    """The key in a request's headers, by lower-case name: `authorization: Bearer …`, else `x-api-key`, else `api-key`,
    which clients of Azure OpenAI send."""
    scheme, _, credential = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer" and credential.strip():
        return credential.strip()
    return headers.get("x-api-key", "").strip() or headers.get("api-key", "").strip() or None


def _checksum(text: str) -> str:
    return to_base62(zlib.crc32(text.encode()), CHECKSUM_CHARS)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is stored of a secret. `expires_at` (Unix seconds) is set on the old one while a rotation's grace lasts."""

    pepper_id: str
    digest: str
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Peppers:
    """The keys of the fingerprints, by id. New fingerprints use `current`; older ones stay readable until rotated."""

    by_id: Mapping[str, bytes] = field(repr=False)
    current: str

    def fingerprint(self, secret: Secret) -> Fingerprint:
        """HMAC-SHA256 of the secret's evidence under the current pepper."""
        return Fingerprint(self.current, _digest(self.by_id[self.current], secret.evidence))

    def matches(self, secret: Secret, fingerprint: Fingerprint) -> bool:
        """Compare in constant time. False where the fingerprint's pepper is not known here."""
        pepper = self.by_id.get(fingerprint.pepper_id)
        return pepper is not None and hmac.compare_digest(_digest(pepper, secret.evidence), fingerprint.digest)


def _digest(pepper: bytes, text: str) -> str:
    return hmac.digest(pepper, text.encode(), "sha256").hex()
