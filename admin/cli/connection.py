"""Which gateway a command speaks to, and with which credential. Secrets come from files and the environment alone:
every user of a machine can read the arguments of its processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from admin.cli.failures import BadUsage

URL_VARIABLE = "SLUICE_URL"
ADMIN_KEY_VARIABLE = "SLUICE_ADMIN_KEY"
ADMIN_KEY_FILE_VARIABLE = "SLUICE_ADMIN_KEY_FILE"
API_KEY_VARIABLES = ("SLUICE_API_KEY", "OPENAI_API_KEY")
DEFAULT_URL = "http://127.0.0.1:8080"
DEFAULT_DATA_DIR = Path(".sluice")

# What `sluice dev` keeps in its folder. Whole files of JSON, each replaced at once.
_SECRETS_FILE = "secrets.json"
_ADDRESS_FILE = "address.json"


@dataclass(frozen=True, slots=True)
class Connection:
    """`root_url` has no `/v1` and no slash at its end. `repr` shows no credential."""

    root_url: str
    credential: str = field(repr=False)
    source: str
    """Where the credential was found, for who has the wrong one."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the options say; None where they say nothing."""

    url: str | None = None
    key_file: Path | None = None
    data_dir: Path | None = None


def find_connection(place: Place, environ: Mapping[str, str]) -> Connection:
    """Options win over the environment. Raises BadUsage that says what to set."""
    root_url = _root_url(place, environ)
    if place.key_file is not None:
        text, source = _read_secret(place.key_file), str(place.key_file)
    elif place.data_dir is not None:
        text, source = _admin_key_in(place.data_dir), str(place.data_dir)
    else:
        text, source = _admin_key_of(environ)
    return Connection(root_url, _checked_secret(text, source), source)


def connection_as_key(place: Place, environ: Mapping[str, str], api_key_file: Path | None) -> Connection:
    """For what inference keys may ask. Raises BadUsage."""
    named = next((name for name in API_KEY_VARIABLES if environ.get(name)), None)
    if api_key_file is not None:
        text, source = _read_secret(api_key_file), str(api_key_file)
    elif named is not None:
        text, source = environ[named].strip(), named
    else:
        raise BadUsage(f"No API key. Set {API_KEY_VARIABLES[0]}, or name a file that holds it with --api-key-file.")
    return Connection(_root_url(place, environ), _checked_secret(text, source), source)


def to_root_url(text: str) -> str:
    """`https://host/v1/` -> `https://host`. Raises BadUsage for what is no address of a gateway."""
    url = text.strip().rstrip("/").removesuffix("/v1").rstrip("/")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise BadUsage(f"'{text}' is no address of a gateway. Write {DEFAULT_URL}, for one.")
    if parts.username is not None or parts.query or parts.fragment:
        raise BadUsage("The gateway's address has a host, a port and a path alone: no name, password or query.")
    return url


def _root_url(place: Place, environ: Mapping[str, str]) -> str:
    if place.url is not None:
        return to_root_url(place.url)
    if place.data_dir is not None:
        return to_root_url(_address_in(place.data_dir) or DEFAULT_URL)
    return to_root_url(environ.get(URL_VARIABLE) or DEFAULT_URL)


def _admin_key_of(environ: Mapping[str, str]) -> tuple[str, str]:
    """The key, and the variable that has it or names its file: as the gateway's own settings have it."""
    if environ.get(ADMIN_KEY_VARIABLE):
        return environ[ADMIN_KEY_VARIABLE].strip(), ADMIN_KEY_VARIABLE
    file = environ.get(ADMIN_KEY_FILE_VARIABLE)
    if not file:
        raise BadUsage(_no_admin_key())
    return _read_secret(Path(file)), ADMIN_KEY_FILE_VARIABLE


def _no_admin_key() -> str:
    where = "`sluice dev` prints one as it starts."
    if (DEFAULT_DATA_DIR / _SECRETS_FILE).exists():
        where = f"For the `sluice dev` of this folder, add --data-dir {DEFAULT_DATA_DIR}."
    return f"No admin key. Set {ADMIN_KEY_VARIABLE}, or name a file that holds it with --admin-key-file. {where}"


def _read_secret(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError) as error:
        raise BadUsage(f"The file {path} cannot be read: {_reason(error)}.") from error


def _checked_secret(text: str, source: str) -> str:
    """What HTTP can carry in a header. It is never shown."""
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise BadUsage(f"What {source} holds is no key: a key is one word of printable ASCII characters.")
    return text


def _admin_key_in(data_dir: Path) -> str:
    path = data_dir / _SECRETS_FILE
    try:
        return str(json.loads(path.read_text())["admin_key"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadUsage(f"{data_dir} is no folder of `sluice dev`: {path} {_reason(error)}.") from error


def _address_in(data_dir: Path) -> str | None:
    """Where the folder's `sluice dev` serves; None where none does."""
    try:
        return str(json.loads((data_dir / _ADDRESS_FILE).read_text())["base_url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _reason(error: Exception) -> str:
    return (error.strerror or "cannot be read") if isinstance(error, OSError) else "is damaged"
