"""Makes build/lambda, which template.yaml deploys: `python3 -m scripts.package_lambda`. Needs no Docker, and nothing
installed but Python with pip: it has to run in AWS CloudShell.

Wheels for Lambda's platform as requirements/lambda.lock pins them, our packages, all of it compiled: what is deployed
can write no .pyc files, and to compile takes longer than to import. Prints the runtime that it was compiled for.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("admin", "awswire", "gateway", "migrations", "tenants")
RUNTIMES = ("python3.13", "python3.12", "python3.11")
MOST_ZIPPED_BYTES = 12 * 1024 * 1024
# Of botocore's models of 400 services: those that are spoken to, and those that its credential providers ask.
BOTOCORE_SERVICES = {"bedrock", "bedrock-runtime", "dynamodb", "secretsmanager", "sso", "sso-oidc", "sts"}
_IGNORED = shutil.ignore_patterns("__pycache__", "local")
_NEVER_READ = ("**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.c", "**/*.h", "**/tests", "**/__pycache__", "bin")
# Compiled forms of modules that nothing here uses, and that are there in Python as well.
_NEVER_USED = ("aiohttp/_websocket/*.so",)
_METADATA_READ = {"METADATA", "entry_points.txt"}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="scripts.package_lambda", description="Make the package for AWS Lambda.")
    parser.add_argument("--architecture", choices=["arm64", "x86_64"], default="arm64")
    parser.add_argument("--target", type=Path, default=ROOT / "build" / "lambda")
    options = parser.parse_args(arguments)
    runtime = find_runtime()
    shutil.rmtree(options.target, ignore_errors=True)
    install(options.target, options.architecture, runtime or RUNTIMES[0])
    add_ours(options.target)
    strip(options.target)
    if runtime is None:
        _say(f"No {' or '.join(RUNTIMES)} is here to compile with: cold starts will take half a second longer.")
    else:
        compile_all(options.target, runtime)
    zipped = zipped_bytes(options.target)
    _say(f"{options.target}: {zipped / 1e6:.1f} MB zipped")
    if zipped > MOST_ZIPPED_BYTES:
        sys.exit(f"The package is over {MOST_ZIPPED_BYTES / 1e6:.0f} MB: what has come in?")
    sys.stdout.write(f"{runtime or RUNTIMES[0]}\n")


def find_runtime() -> str | None:
    """The newest of Lambda's Pythons that this machine has: .pyc files are of one minor version."""
    for name in RUNTIMES:
        try:
            if subprocess.run([name, "-c", ""], capture_output=True, check=False).returncode == 0:  # noqa: S603 - a name of ours
                return name
        except FileNotFoundError:
            continue
    return None


def install(target: Path, architecture: str, runtime: str) -> None:
    machine = {"arm64": "aarch64"}.get(architecture, architecture)
    # Lambda's Amazon Linux 2023 has glibc 2.34.
    platforms = [f"manylinux_2_28_{machine}", f"manylinux_2_17_{machine}", f"manylinux2014_{machine}"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    wanted = ["--require-hashes", "--only-binary=:all:", "--no-deps", "--requirement", "requirements/lambda.lock"]
    place = ["--target", str(target), "--python-version", runtime.removeprefix("python"), "--implementation", "cp"]
    chosen = [option for platform in platforms for option in ("--platform", platform)]
    subprocess.run([*pip, *wanted, *place, *chosen], cwd=ROOT, check=True)  # noqa: S603 - all of it is ours


def add_ours(target: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, target / package, ignore=_IGNORED)
    shutil.copy2(ROOT / "run_lambda", target)  # with its permission to be executed
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
    for path in list(target.glob("*.dist-info/*")):
        if path.name not in _METADATA_READ and path.is_file():
            path.unlink()


def compile_all(target: Path, runtime: str) -> None:
    """With hashes that are not checked: deployments change the files' times, and nobody changes the files. Of what
    others wrote the sources go: they are a third of the package, and only tracebacks would show lines of them."""
    command = [runtime, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    ours = [str(target / package) for package in PACKAGES]
    theirs = [
        str(path) for path in target.iterdir() if path.name not in PACKAGES and not path.name.endswith(".dist-info")
    ]
    subprocess.run([*command, *ours], check=True)  # noqa: S603 - all of it is ours
    subprocess.run([*command, "-b", *theirs], check=True)  # noqa: S603
    for source in [path for each in theirs for path in [Path(each), *Path(each).rglob("*.py")]]:
        if source.suffix == ".py":
            source.unlink()


def zipped_bytes(target: Path) -> int:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(target.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(target))
    return buffer.tell()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
