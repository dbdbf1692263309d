"""What a local instance makes for itself once and keeps: its first admin key, and the pepper of its fingerprints."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.local.data_dir import DataDir
from gateway.local.private_file import write_private
from tenants.secret import Peppers, Secret, new_admin_key, new_pepper, parse_secret

_FILE = "secrets.json"


class CredentialsUnreadable(Exception):
    """The file is there, and is not what was written. It is never made anew: issued keys hang on its pepper."""


@dataclass(frozen=True, slots=True)
class LocalCredentials:
    """`repr` shows neither."""

    admin_key: Secret
    peppers: Peppers = field(repr=False)


def load_or_make_credentials(data_dir: DataDir, random_bytes: Callable[[int], bytes]) -> LocalCredentials:
    """The folder's credentials. On first use they are made from `random_bytes`, and written for this user alone.

    Raises CredentialsUnreadable.
    """
    path = data_dir.path / _FILE
    try:
        text = path.read_text()
    except FileNotFoundError:
        text = _make(random_bytes)
        write_private(path, text)
    return _from_text(text, path)


def _make(random_bytes: Callable[[int], bytes]) -> str:
    pepper_id, pepper = new_pepper(random_bytes)
    fields = {"admin_key": new_admin_key(random_bytes).text, "pepper_id": pepper_id, "pepper": pepper.hex()}
    return json.dumps(fields, indent=2) + "\n"


def _from_text(text: str, path: Path) -> LocalCredentials:
    try:
        fields = json.loads(text)
        pepper_id = str(fields["pepper_id"])
        peppers = Peppers({pepper_id: bytes.fromhex(fields["pepper"])}, current=pepper_id)
        return LocalCredentials(parse_secret(fields["admin_key"]), peppers)
    except Exception as error:
        raise CredentialsUnreadable(f"{path} is damaged: {type(error).__name__}. Restore it, or start anew.") from error
