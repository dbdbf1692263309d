"""The packages as they are deployed: built by SAM, measured, and served from, alone. Building downloads wheels."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.package_lambda import (
    BOTOCORE_SERVICES,
    MOST_ZIPPED_BYTES,
    PACKAGES,
    Contents,
    add_overrides,
    make,
    zipped_bytes,
)
from tests.lambda_.built import SURFACES, Built
from tests.lambda_.environment import Environment, start_runtime
from tests.lambda_.front_door import open_front_door
from tests.wire.messages import ask
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL, START_TIMEOUT_SECONDS, Stack
from tests.wire.tenancy import IssuedKey

# Modules that need what a package has not: a command line, a server, traces, the other plane. No other may.
_ELSEWHERE = {
    "gateway.cli": "typer",
    "gateway.audit_cli": "typer",
    "gateway.ledger_cli": "typer",
    "gateway.http_protocol": "uvicorn",
    "gateway.serving": "uvicorn",
    "gateway.tracing": "opentelemetry",
}
_ADMINS_ALONE = {"gateway.administration": "admin", "gateway.model_listing": "admin"}
_SIGNATURES = {"gateway.scanner_signatures": "cryptography"}
_SIGNATURES_OF_ADMINS = {"admin.oidc_tokens": "jwt"}
_IMPORT_ALL = """
import importlib, json, pkgutil, sys
missing = {}
for package in sys.argv[1].split(","):
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if module.name == "gateway.__main__" or module.name.startswith("admin.cli"):
            continue
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            missing[module.name] = error.name.split(".")[0]
print(json.dumps(missing))
"""


@pytest.mark.parametrize("function", SURFACES)
def test_a_package_is_under_12_mb_zipped(built: Built, function: str) -> None:
    """The build fails otherwise."""
    assert MOST_ZIPPED_BYTES == 12_000_000
    assert zipped_bytes(built.package_of(function)) < 12_000_000


@pytest.mark.parametrize("function", SURFACES)
def test_a_package_has_what_is_needed_alone(built: Built, function: str) -> None:
    package, surface = built.package_of(function), SURFACES[function]
    names = {path.name for path in package.iterdir()}
    assert {*PACKAGES[surface], "mangum", "botocore", "run_lambda"} <= names
    assert not names & {"uvicorn", "uvloop", "typer", "boto3", "pip", "simulator", "tests", "bin", "bench"}
    assert not names & {"cryptography", "jwt"}
    models = {path.name for path in (package / "botocore" / "data").iterdir() if path.is_dir()}
    assert models == BOTOCORE_SERVICES


@pytest.mark.parametrize("function", ["GatewayFunction", "AdminFunction"])
def test_every_module_finds_in_its_package_what_it_imports(built: Built, function: str) -> None:
    """Lazily, too."""
    surface = SURFACES[function]
    own = _ADMINS_ALONE if surface == "gateway" else _SIGNATURES_OF_ADMINS
    assert missing_in(built, built.package_of(function), surface) == _ELSEWHERE | _SIGNATURES | own


def missing_in(built: Built, package: Path, surface: str) -> dict[str, str]:
    """What modules of ours do not find with nothing else on the path, by their names."""
    command = [built.interpreter, "-s", "-c", _IMPORT_ALL, ",".join(PACKAGES[surface])]
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": str(package)}
    done = subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, check=True)
    missing: dict[str, str] = json.loads(done.stdout)
    return missing


def test_signatures_are_verified_by_a_package_that_was_asked_to(built: Built, tmp_path: Path) -> None:
    contents = Contents("admin", signatures=True)
    make(tmp_path / "package", contents, built.platform)
    assert zipped_bytes(tmp_path / "package") < contents.most_zipped_bytes
    assert missing_in(built, tmp_path / "package", "admin") == _ELSEWHERE


def test_functions_that_serve_the_same_have_the_same_package(built: Built) -> None:
    """So that SAM uploads it once."""
    ours, theirs = (built.package_of(function) for function in ("GatewayFunction", "MaintenanceFunction"))
    files = sorted(path.relative_to(ours) for path in ours.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(theirs) for path in theirs.rglob("*") if path.is_file())
    assert [path for path in files if (ours / path).read_bytes() != (theirs / path).read_bytes()] == []


def test_everything_in_it_is_compiled(built: Built) -> None:
    package = built.package_of("GatewayFunction")
    ours = [
        path for path in (package / "gateway").rglob("*.py") if not list(path.parent.glob(f"__pycache__/{path.stem}.*"))
    ]
    assert ours == []
    assert not list((package / "botocore").rglob("*.py"))


def test_the_package_serves_by_itself_and_with_overrides_as_the_wrapper_starts_it(
    built: Built, stack: Stack, tmp_path: Path, key: IssuedKey
) -> None:
    package = tmp_path / "package"
    shutil.copytree(built.package_of("GatewayFunction"), package)
    (package / "overrides").mkdir()
    (package / "overrides" / "settings.env").write_text("SLUICE_MODELS_FILE=overrides/models.toml\n")
    (package / "overrides" / "models.toml").write_text(f'[aliases]\n"our-chat" = "{CHAT_MODEL}"\n')
    with open_front_door() as door:
        variables = {
            **stack.serve_env,
            "SLUICE_SURFACES": "gateway",
            "LAMBDA_TASK_ROOT": str(package),
            "PYTHONNOUSERSITE": "1",
        }
        command = [str(package / "run_lambda"), built.interpreter, "/var/runtime/bootstrap.py"]
        log = tmp_path / "log"
        process = start_runtime(door.api.address, log, variables, command)
        try:
            eventually(lambda: process.poll() is not None or door.api.waiting, bool, START_TIMEOUT_SECONDS)
            environment = Environment(door, process, log)
            with environment.openai(key.value) as client:
                stream = client.chat.completions.create(model="our-chat", messages=ask("Hello"), stream=True)
                text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
            assert text == "echo: Hello"
            assert environment.stop() == 0
        finally:
            process.kill()
            process.wait()
        assert "Traceback" not in log.read_text()


def test_overrides_come_along_unless_no_function_would_start_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides, target = tmp_path / "overrides", tmp_path / "target"
    overrides.mkdir()
    target.mkdir()
    monkeypatch.setattr("scripts.package_lambda.OVERRIDES", overrides)
    (overrides / "settings.env").write_text("# ours\n\nSLUICE_MODELS_FILE=overrides/models.toml\n")
    add_overrides(target)
    assert (target / "overrides" / "settings.env").read_text().startswith("# ours")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("export SLUICE_METRICS=true", "write SLUICE_NAME=value"),
        ("SLUICE_METRIX=true", "there is no setting SLUICE_METRIX"),
        ("SLUICE_CORS_ORIGINS=*", "template.yaml sets SLUICE_CORS_ORIGINS"),
        ("SLUICE_PEPPER=p1:00", "template.yaml sets SLUICE_PEPPER"),
        ("SLUICE_ADMIN_KEY_FILE=overrides/key", "there is no setting SLUICE_ADMIN_KEY_FILE"),
    ],
)
def test_overrides_that_some_function_would_not_start_with_make_no_package(
    line: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides = tmp_path / "overrides"
    overrides.mkdir()
    monkeypatch.setattr("scripts.package_lambda.OVERRIDES", overrides)
    (overrides / "settings.env").write_text(f"# ours\n{line}\n")
    with pytest.raises(SystemExit, match=f"settings.env, line 2: {told}"):
        add_overrides(tmp_path / "target")
