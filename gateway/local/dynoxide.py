"""dynoxide: its pinned builds, and where its binary is looked for.

dynoxide (MIT OR Apache-2.0) is a DynamoDB engine in one static binary over SQLite. It is published on npm, one package
for each platform, and not on PyPI; so it is fetched apart, by `gateway.local.install`, and pinned by its hash here.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VERSION = "1.2.1"
LOCATION_VARIABLE = "SLUICE_DYNOXIDE"


@dataclass(frozen=True, slots=True)
class Build:
    """One platform's package. `integrity` is npm's: `sha512-` and the tarball's SHA-512 in base64."""

    package: str
    version: str
    integrity: str
    member: str


# By (platform.system(), platform.machine()). A platform joins when its build has passed the engine tests there.
BUILDS: Mapping[tuple[str, str], Build] = {
    ("Linux", "x86_64"): Build(
        package="@dynoxide/linux-x64",
        version=VERSION,
        integrity="sha512-sBHqlxJ9ANkLluFkYRfd5r8Y0ApFew4FhOrlhgRAgD4XzEoFOukEo1nuBTQ1+jTtofqwn4NWQ2k0Tn5mNTjgUg==",
        member="package/dynoxide",
    ),
}


class BinaryUnusable(Exception):
    """SLUICE_DYNOXIDE names something that cannot be run. The message is for the person who set it."""


def find_build() -> Build | None:
    """The pinned build for the platform this runs on."""
    return BUILDS.get((platform.system(), platform.machine()))


def installed_path(prefix: Path) -> Path:
    """Where `gateway.local.install` puts the binary, below a Python environment's `sys.prefix`."""
    return prefix / "libexec" / "sluice" / f"dynoxide-{VERSION}"


def find_dynoxide(environ: Mapping[str, str], prefix: Path) -> Path | None:
    """The binary: what SLUICE_DYNOXIDE names, else the pinned one installed below `prefix`, else `dynoxide` on PATH.

    Raises BinaryUnusable where SLUICE_DYNOXIDE names no executable file: who sets it wants that one or none.
    """
    named = environ.get(LOCATION_VARIABLE)
    if named:
        path = Path(named).expanduser().absolute()
        if not _is_executable(path):
            raise BinaryUnusable(f"{LOCATION_VARIABLE} names {named}, which is not an executable file.")
        return path
    installed = installed_path(prefix)
    if _is_executable(installed):
        return installed
    on_path = shutil.which("dynoxide", path=environ.get("PATH", ""))
    return None if on_path is None else Path(on_path).absolute()


def _is_executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
