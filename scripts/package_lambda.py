"""Makes the package of a function of template.yaml. `sam build` calls it, by way of scripts/lambda/Makefile. Needs no
Docker, and nothing installed but Python with pip: it has to run in AWS CloudShell.

Wheels for Lambda's platform as requirements/lambda.lock pins them, our packages, all of it compiled: what is deployed
can write no .pyc files, and to compile takes longer than to import. The wheels are kept in build/lambda for the other
functions, and for the next time.
"""

from __future__ import annotations

import argparse
import ast
import fcntl
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parent.parent
TASK_ROOT = "/var/task"
KEPT = ROOT / "build" / "lambda"
LOCK = ROOT / "requirements" / "lambda.lock"
# Files of the operator's own: settings.env, and what settings name.
OVERRIDES = ROOT / "overrides"
# The first one is the template's.
RUNTIMES = ("python3.13", "python3.12", "python3.11")
ARCHITECTURES = ("arm64", "x86_64")
MOST_ZIPPED_BYTES = 12_000_000
# What verifies who signs in by OpenID Connect, and who reports leaked keys.
SIGNATURES = ("_cffi_backend*", "cryptography*", "jwt", "pyjwt*")
MOST_BYTES_OF_SIGNATURES = 6_000_000
# By what a function serves.
PACKAGES = {
    "gateway": ("awswire", "gateway", "migrations", "tenants"),
    "admin": ("admin", "awswire", "gateway", "migrations", "tenants"),
}
# Of botocore's models of 400 services: those that are spoken to, and those that its credential providers ask.
BOTOCORE_SERVICES = {"bedrock", "bedrock-runtime", "dynamodb", "secretsmanager", "sso", "sso-oidc", "sts"}
_IGNORED = shutil.ignore_patterns("__pycache__", "local")
_NEVER_READ = ("**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.c", "**/*.h", "**/tests", "**/__pycache__", "bin")
_NEVER_USED = (
    # Compiled forms of what is there in Python as well: media and webhooks alone go by aiohttp, and that is a megabyte.
    "aiohttp/_http_*.so",
    "aiohttp/_websocket/*.so",
    "anyio/_backends/_trio.py",
    "cffi*",  # makes bindings; those that are made need _cffi_backend alone
    "dateutil/zoneinfo/*.tar.gz",  # for systems without time zones
    "multidict/_testcapi*",
    "pycparser*",
    "pydantic/mypy.py",
)
# Of these the sources stay: anyio looks through its own for what to import late, and imports all of it without them.
_SOURCES_READ = {"anyio"}
_METADATA_READ = {"METADATA", "entry_points.txt"}
_SETTING = re.compile(r"\s*(#.*)?|\s*SLUICE_[A-Z0-9_]+=.*")


@dataclass(frozen=True)
class Platform:
    """What a package is made for. It has to be what is deployed: compiled code is of one version of Python."""

    runtime: str
    architecture: str


@dataclass(frozen=True)
class Contents:
    """What a package serves; and whether it can verify signatures, which only who administers needs."""

    surface: str
    signatures: bool = False

    @property
    def most_zipped_bytes(self) -> int:
        return MOST_ZIPPED_BYTES + self.signatures * MOST_BYTES_OF_SIGNATURES


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="scripts.package_lambda", description="Make a package for AWS Lambda.")
    parser.add_argument("--surface", choices=sorted(PACKAGES), default="gateway", help="what the function serves")
    parser.add_argument("--target", type=Path, help="the folder to make anew")
    parser.add_argument(
        "--signatures",
        action="store_true",
        default=os.environ.get("LAMBDA_SIGNATURES") == "yes",
        help="with what OpenID Connect and secret scanning need, where `admin` is served",
    )
    parser.add_argument("--find-runtime", action="store_true", help="only say which runtime can be compiled for here")
    parser.add_argument("--runtime", choices=RUNTIMES, default=os.environ.get("LAMBDA_RUNTIME") or RUNTIMES[0])
    parser.add_argument(
        "--architecture", choices=ARCHITECTURES, default=os.environ.get("LAMBDA_ARCHITECTURE") or ARCHITECTURES[0]
    )
    options = parser.parse_args(arguments)
    if options.find_runtime:
        sys.stdout.write(f"{find_runtime() or RUNTIMES[0]}\n")
        return
    if options.target is None:
        parser.error("--target is missing")
    contents = Contents(options.surface, options.signatures and options.surface == "admin")
    make(options.target, contents, Platform(options.runtime, options.architecture))
    zipped = zipped_bytes(options.target)
    _say(f"{options.target}: {zipped / 1e6:.1f} MB zipped, for {options.runtime} on {options.architecture}")
    if zipped > contents.most_zipped_bytes:
        sys.exit(f"The package is over {contents.most_zipped_bytes / 1e6:.0f} MB: what has come in?")


def find_runtime() -> str | None:
    """The newest of Lambda's Pythons that this machine has: .pyc files are of one minor version."""
    return next((name for name in RUNTIMES if is_here(name)), None)


def is_here(runtime: str) -> bool:
    try:
        return subprocess.run([runtime, "-c", ""], capture_output=True, check=False).returncode == 0  # noqa: S603 - ours
    except FileNotFoundError:
        return False


def make(target: Path, contents: Contents, platform: Platform) -> None:
    compiled = is_here(platform.runtime)
    if not compiled:
        _say(
            f"{platform.runtime} is not here to compile with: cold starts will take half a second longer. "
            "For another one set LAMBDA_RUNTIME, and the template's parameter PythonRuntime."
        )
    shutil.rmtree(target, ignore_errors=True)
    add_wheels(target, keep_wheels(platform, compiled), () if contents.signatures else SIGNATURES)
    for package in PACKAGES[contents.surface]:
        shutil.copytree(ROOT / package, target / package, ignore=_IGNORED)
    shutil.copy2(ROOT / "run_lambda", target)  # with its permission to be executed
    add_overrides(target)
    add_metadata(target)
    if compiled:
        _compile(platform.runtime, target, [target / package for package in PACKAGES[contents.surface]])


def keep_wheels(platform: Platform, compiled: bool) -> Path:
    """A folder with all the wheels, stripped and compiled. They are fetched anew when this file or the lock changed."""
    made_of = hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes() + str(compiled).encode()).hexdigest()[:12]
    kept = KEPT / f"{platform.runtime}-{platform.architecture}-{made_of}"
    with _alone():
        if not kept.exists():
            making = kept.with_name(f"{kept.name}.making")
            for stale in KEPT.glob(f"{platform.runtime}-{platform.architecture}-*"):
                shutil.rmtree(stale)
            install(making, platform)
            strip(making)
            if compiled:
                compile_theirs(making, platform.runtime)
            making.rename(kept)
    return kept


def add_wheels(target: Path, kept: Path, left_out: Sequence[str]) -> None:
    def ignored(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder) == kept and any(fnmatch(name, each) for each in left_out)]

    shutil.copytree(kept, target, ignore=ignored)


def install(target: Path, platform: Platform) -> None:
    machine = {"arm64": "aarch64"}.get(platform.architecture, platform.architecture)
    # Lambda's Amazon Linux 2023 has glibc 2.34.
    platforms = [f"manylinux_2_{glibc}_{machine}" for glibc in (34, 28, 17)] + [f"manylinux2014_{machine}"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    # The Python that pip runs with, CloudShell's old one perhaps, is not the one that the wheels are for.
    wanted = [
        "--ignore-requires-python",
        "--require-hashes",
        "--only-binary=:all:",
        "--no-deps",
        "--requirement",
        str(LOCK),
    ]
    place = ["--target", str(target), "--python-version", platform.runtime.removeprefix("python")]
    chosen = [option for each in platforms for option in ("--platform", each)]
    subprocess.run([*pip, *wanted, *place, "--implementation", "cp", *chosen], cwd=ROOT, check=True)  # noqa: S603 - ours


def add_overrides(target: Path) -> None:
    """Exits for a settings.env whose names some function would not start with. Their values are looked at when the
    migrations are recorded, by who has pydantic."""
    if not OVERRIDES.is_dir():
        return
    shutil.copytree(OVERRIDES, target / OVERRIDES.name)
    settings = OVERRIDES / "settings.env"
    known, in_template = _settings(), _settings_of_template()
    for number, line in enumerate(settings.read_text().splitlines() if settings.exists() else (), 1):
        name = line.partition("=")[0].strip()
        if not _SETTING.fullmatch(line):
            sys.exit(f"{settings}, line {number}: write SLUICE_NAME=value, or # and a comment")
        if not name or name.startswith("#"):
            continue
        if name in in_template:
            sys.exit(f"{settings}, line {number}: template.yaml sets {name}: use its parameter, or change it there")
        if name not in known:
            sys.exit(f"{settings}, line {number}: there is no setting {name}; docs/settings.md has all of them")


def _settings() -> set[str]:
    """Read, not imported: nothing of the package's needs to be installed where it is made."""
    tree = ast.parse((ROOT / "gateway" / "settings.py").read_text())
    (fields,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    named = (each.target.id for each in fields if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name))
    return {f"SLUICE_{name.upper()}" for name in named}


def _settings_of_template() -> set[str]:
    """Of any function: each would compare with its own alone."""
    variables = re.findall(r"^ +(SLUICE_[A-Z0-9_]+):", (ROOT / "template.yaml").read_text(), re.MULTILINE)
    return {name.removesuffix("_SECRET_ARN") for name in variables}


def add_metadata(target: Path) -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    metadata = target / f"sluice-{version[1]}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: sluice\nVersion: {version[1]}\n")


def strip(target: Path) -> None:
    for pattern in (*_NEVER_READ, *_NEVER_USED):
        for path in list(target.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for model in (target / "botocore" / "data").iterdir():
        if model.is_dir() and model.name not in BOTOCORE_SERVICES:
            shutil.rmtree(model)
    for folder in target.glob("*.dist-info"):
        for path in list(folder.rglob("*")):
            if path.name not in _METADATA_READ and path.is_file():
                path.unlink()
        metadata = folder / "METADATA"
        metadata.write_text(metadata.read_text().partition("\n\n")[0] + "\n")  # the rest is a README


def compile_theirs(target: Path, runtime: str) -> None:
    """Of what others wrote the sources go: they are a third of the package, and only tracebacks show lines of them."""
    theirs = [
        path for path in target.iterdir() if not path.name.endswith(".dist-info") and path.name not in _SOURCES_READ
    ]
    _compile(runtime, target, theirs, "-b")
    _compile(runtime, target, [target / name for name in sorted(_SOURCES_READ)])
    for source in [path for each in theirs for path in [each, *each.rglob("*.py")]]:
        if source.suffix == ".py":
            source.unlink()


def _compile(runtime: str, target: Path, folders: Sequence[Path], *options: str) -> None:
    """With hashes that are not checked: deployments change the files' times, and nobody changes the files. Under the
    names that they have on Lambda: equal packages are uploaded once, and tracebacks show their lines."""
    how = ["-q", "-j", "0", "--invalidation-mode", "unchecked-hash", "-s", str(target), "-p", TASK_ROOT, *options]
    subprocess.run([runtime, "-m", "compileall", *how, *map(str, folders)], check=True)  # noqa: S603 - all of it is ours


def zipped_bytes(target: Path) -> int:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(target.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(target))
    return buffer.tell()


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time: `sam build --parallel` makes all packages at once."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")  # of what make writes SAM shows standard error only where it fails


if __name__ == "__main__":
    main(sys.argv[1:])
