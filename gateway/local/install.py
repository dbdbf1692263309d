"""Fetches the pinned dynoxide with npm, verifies it, and places its binary in this Python environment.

npm is only the carrier: it knows the person's registry, proxy and certificates. What it brought is trusted after its
SHA-512 has been compared with the one pinned in `gateway.local.dynoxide`, and not a byte is unpacked before that.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from gateway.local.dynoxide import Build, find_build, installed_path

EXIT_FAILED = 3
_FETCH_TIMEOUT_SECONDS = 180
_LARGEST_BINARY_BYTES = 64 * 2**20


class InstallFailed(Exception):
    """The binary could not be fetched, verified or placed. The message says why, in one line."""


def fetch(build: Build, npm: str | None) -> bytes:
    """The package's tarball, as `npm pack` brings it. Raises InstallFailed, also where `npm` is None: not found."""
    if npm is None:
        raise InstallFailed("npm is not installed")
    with tempfile.TemporaryDirectory(prefix="sluice-npm-") as folder:
        command = [npm, "pack", f"{build.package}@{build.version}", "--ignore-scripts", "--loglevel=error"]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_FETCH_TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise InstallFailed(f"npm did not fetch it within {_FETCH_TIMEOUT_SECONDS} s") from error
        except OSError as error:
            raise InstallFailed(f"npm could not be run: {error.strerror}") from error
        tarballs = list(Path(folder).glob("*.tgz"))
        if done.returncode != 0 or len(tarballs) != 1:
            raise InstallFailed(f"npm could not fetch it ({_first_line(done.stderr) or 'no message'})")
        return tarballs[0].read_bytes()


def verify(tarball: bytes, build: Build) -> None:
    """Raises InstallFailed unless the tarball is the pinned one."""
    found = "sha512-" + b64encode(hashlib.sha512(tarball).digest()).decode()
    if not hmac.compare_digest(found, build.integrity):
        raise InstallFailed(f"its hash is {found}, and {build.integrity} is pinned")


def extract(tarball: bytes, build: Build) -> bytes:
    """The binary. No other member is looked at, and none is written by its own path. Raises InstallFailed."""
    try:
        with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
            member = archive.getmember(build.member)
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is None or member.size > _LARGEST_BINARY_BYTES:
                raise InstallFailed(f"{build.member} is no ordinary file of at most {_LARGEST_BINARY_BYTES} bytes")
            return stream.read()
    except (KeyError, tarfile.TarError, EOFError, OSError) as error:
        raise InstallFailed(f"{build.member} cannot be read from its tarball: {error}") from error


def place(binary: bytes, target: Path) -> None:
    """Writes `target`, executable, whole or not at all: another process may be starting it. Raises InstallFailed."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(binary)
                file.flush()
                os.fchmod(descriptor, 0o755)
                os.fsync(descriptor)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InstallFailed(f"{target} cannot be written: {error.strerror}") from error


def install(build: Build | None, target: Path, npm: str | None) -> None:
    """Fetches, verifies and places the binary. Raises InstallFailed, also where `build` is None: no such platform."""
    if build is None:
        raise InstallFailed("no build for this platform is pinned")
    tarball = fetch(build, npm)
    verify(tarball, build)
    place(extract(tarball, build), target)


def main(arguments: Sequence[str]) -> int:
    """The command. 0 when the binary is in place, or is not and `--optional` was given; 3 otherwise."""
    parser = argparse.ArgumentParser(
        prog="python -m gateway.local.install",
        description="Installs dynoxide, the embedded DynamoDB engine of `sluice dev`, into this Python environment.",
    )
    parser.add_argument("--optional", action="store_true", help="exit 0 even if it cannot be installed")
    parser.add_argument("--force", action="store_true", help="fetch it again if it is already installed")
    options = parser.parse_args(arguments)
    target = installed_path(Path(sys.prefix))
    if target.is_file() and not options.force:
        print(f"dynoxide is already installed: {target}")
        return 0
    build = find_build()
    try:
        install(build, target, shutil.which("npm"))
    except InstallFailed as failure:
        print(
            f"dynoxide was not installed: {failure}. `sluice dev` will use the volatile fallback (moto), "
            "which forgets everything when it stops."
        )
        return 0 if options.optional else EXIT_FAILED
    print(f"dynoxide was fetched with npm, its SHA-512 verified, and installed: {target}")
    return 0


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
