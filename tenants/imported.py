"""Keys that another gateway made: known by their SHA-256 alone, and found without an index. Pure.

    sha256 = SHA-256 of the key's text                        what the other gateway stored, and the import is given
    id     = key_ + 12 base62 of HMAC(pepper, id + sha256)    where the record is: found with the one read of any key
    stored = HMAC(pepper, "sha256:" + sha256)                 the fingerprint, compared in full after the read

The id has a pepper in it as well: people choose keys that can be guessed, and from the id of such a key, which is in
every log, nobody else may confirm a guess. The twelve characters are those of an id of ours, so that a rotation gives
the same record a secret of ours. Where several peppers are set, a key may be under the id of any of them.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from tenants.errors import MalformedSecret
from tenants.ids import to_base62
from tenants.secret import ID_CHARS, Peppers, Secret, parse_secret

SHORTEST_CHARS = 16
LONGEST_CHARS = 512

OWN_PREFIX = "sk-sluice"
"""What begins so is a key of ours, or a typo: never a foreign one."""

# Printable and without blanks, as a header can carry it.
_FOREIGN = re.compile(rf"(?!{OWN_PREFIX})[!-~]{{{SHORTEST_CHARS},{LONGEST_CHARS}}}", re.ASCII)


def secrets_in(text: str, peppers: Peppers, *, imported_keys: bool) -> tuple[Secret, ...]:
    """What a credential may be: one of our keys, inference or admin; with `imported_keys`, a foreign one as well.

    Raises MalformedSecret for what is none.
    """
    if imported_keys and not text.startswith(OWN_PREFIX):
        return parse_foreign(text, peppers)
    return (parse_secret(text),)


def parse_foreign(text: str, peppers: Peppers) -> tuple[Secret, ...]:
    """What `text` is, if it is an imported key: one for each pepper that its id may be made with, the current first.

    Raises MalformedSecret for what nobody can have imported.
    """
    if _FOREIGN.fullmatch(text) is None:
        raise MalformedSecret(text)
    return imported_secrets(hashlib.sha256(text.encode()).hexdigest(), peppers, text)


def imported_secrets(sha256: str, peppers: Peppers, text: str = "") -> tuple[Secret, ...]:
    """The same from the hash, 64 hexadecimal digits in lower case; `text` where it is known."""
    others = [pepper_id for pepper_id in peppers.by_id if pepper_id != peppers.current]
    return tuple(
        Secret(text, "", f"key_{_id_chars(peppers.by_id[pepper_id], sha256)}", sha256)
        for pepper_id in (peppers.current, *others)
    )


def _id_chars(pepper: bytes, sha256: str) -> str:
    digest = hmac.digest(pepper, f"key id of sha256:{sha256}".encode(), "sha256")
    return to_base62(int.from_bytes(digest, "big") % 62**ID_CHARS, ID_CHARS)
