"""The import rules of docs/architecture.md, asserted: a rule that a reviewer would say twice is a test."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("gateway", "admin", "tenants", "awswire", "migrations", "simulator")
FOREIGN_IO = {
    "aiohttp", "boto3", "botocore", "fastapi", "httptools", "pynamodb", "socket", "starlette", "uvicorn", "yarl",
}  # fmt: skip
IMPURE = FOREIGN_IO | {"asyncio", "logging", "os", "random", "secrets", "time"}

# Where a foreign thing may be imported: it has one place, or a few that belong together.
HOMES = {
    "boto3": (),  # it belongs to the tests: botocore does all that is shipped
    "botocore": ("awswire/",),
    "pynamodb": tuple(
        f"tenants/dynamo_{part}.py"
        for part in ("models", "directory", "administrators", "users", "changes", "fences", "audit")
    ),
    "aiohttp": (
        "awswire/transport_aiohttp.py",
        "gateway/media/",
        "gateway/webhooks.py",
        "gateway/scanner_signatures.py",
    ),
    "opentelemetry": ("gateway/tracing.py",),
    "cryptography": ("gateway/scanner_signatures.py",),
    "yarl": ("awswire/transport_aiohttp.py", "gateway/media/fetcher.py"),
    "httptools": ("awswire/lean_http1.py", "gateway/http_protocol.py"),
    "uvicorn": ("gateway/serving.py", "gateway/http_protocol.py", "gateway/local/", "simulator/"),
    "fastapi": ("gateway/app.py", "gateway/administration.py", "gateway/routes/", "admin/routes/"),
    "mangum": ("gateway/lambda_runtime.py",),
    "starlette": ("admin/routes/unsupported.py", "gateway/routes/", "gateway/aws_lambda/", "gateway/tracing.py"),
    "typer": ("gateway/cli.py", "gateway/ledger_cli.py", "gateway/audit_cli.py", "admin/cli/"),
    "jwt": ("admin/oidc_tokens.py",),
    "moto": ("gateway/local/moto_server.py",),
}

# Who may import which of our packages, besides itself.
MAY_IMPORT = {
    "awswire": set(),
    "simulator": set(),
    "tenants": {"awswire"},
    "migrations": {"awswire", "tenants"},
    "admin": {"tenants"},
    "gateway": {"awswire", "tenants"},
}
# The composition root mounts both planes, the command line both kinds of commands; the entry points migrate.
EXCEPTIONS = {
    ("gateway/administration.py", "admin"),
    ("gateway/cli.py", "admin"),
    ("gateway/model_listing.py", "admin"),
    ("gateway/migrating.py", "migrations"),
    ("gateway/cli.py", "migrations"),
    ("gateway/local/failures.py", "migrations"),
}

# Settings are read by entry points and composition roots; everybody else is given plain values.
SETTINGS_READERS = (
    "gateway/app.py", "gateway/store.py", "gateway/inference.py", "gateway/administration.py", "gateway/upkeep.py",
    "gateway/aws.py", "gateway/cli.py", "gateway/serving.py", "gateway/local/", "gateway/lambda_runtime.py",
    "gateway/predecessor.py",
)  # fmt: skip
ENVIRONMENT_READERS = (
    "gateway/cli.py", "gateway/ledger_cli.py", "gateway/audit_cli.py", "gateway/serving.py", "gateway/local/",
    "gateway/lambda_runtime.py", "admin/cli/session.py",
)  # fmt: skip
# What opens connections in the standard library: the command line has one place for it.
CONNECTIONS = {"http.client", "socket", "ssl", "urllib.error", "urllib.request"}

PURE = (
    "gateway/translate/", "gateway/openai/", "gateway/bedrock/converse.py", "gateway/bedrock/embeddings.py",
    "gateway/media/addresses.py",
)  # fmt: skip
PURE_CATALOG = ("gateway/catalog/capabilities.py", "gateway/catalog/model.py", "gateway/catalog/snapshot.py")
TENANTS_WITH_IO = ("tenants/dynamo_", "tenants/delivery.py")


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """Each import as (module, imported name); TYPE_CHECKING imports count: they are knowledge, too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def top_level_imports(path: Path) -> set[str]:
    return {module.split(".")[0] for module, _ in imports_of(path)}


def reads_settings(path: Path) -> bool:
    return "gateway.settings" in {module for module, _ in imports_of(path)}


def reads_environment(path: Path) -> bool:
    attributes = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    return bool(attributes & {"environ", "getenv", "environb"})


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_foreign_packages_are_imported_only_at_home(path: Path) -> None:
    for package in top_level_imports(path) & HOMES.keys():
        assert name_of(path).startswith(HOMES[package]), f"{package} belongs in {HOMES[package]}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_packages_import_only_what_is_below_them(path: Path) -> None:
    package = name_of(path).split("/")[0]
    for other in top_level_imports(path) & set(PACKAGES) - {package}:
        allowed = other in MAY_IMPORT[package] or (name_of(path), other) in EXCEPTIONS
        assert allowed, f"{package} may import only {sorted(MAY_IMPORT[package])} of ours, not {other}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_pure_modules_know_no_io_clock_or_randomness(path: Path) -> None:
    name = name_of(path)
    domain = name.startswith("tenants/") and not name.startswith(TENANTS_WITH_IO)
    if name.startswith(PURE + PURE_CATALOG) or domain:
        assert not top_level_imports(path) & IMPURE


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_settings_and_environment_are_read_by_entry_points_alone(path: Path) -> None:
    name = name_of(path)
    if name != "gateway/settings.py" and not name.startswith(SETTINGS_READERS):
        assert not reads_settings(path)
    assert not reads_environment(path) or name.startswith(ENVIRONMENT_READERS), "take the environment as an argument"


def test_the_command_line_knows_the_gateway_by_its_api_alone_and_has_one_place_of_http() -> None:
    for path in (each for each in modules() if name_of(each).startswith("admin/cli/")):
        imported = {module for module, _ in imports_of(path)}
        ours = {module for module in imported if module.split(".")[0] in PACKAGES}
        assert all(f"{module}.".startswith("admin.cli.") for module in ours), name_of(path)
        assert not imported & CONNECTIONS or name_of(path) == "admin/cli/transport.py", name_of(path)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_underscore_names_stay_in_their_module(path: Path) -> None:
    ours = [(module, name) for module, name in imports_of(path) if module.split(".")[0] in PACKAGES]
    assert not [name for _, name in ours if name.startswith("_")]


def test_importing_does_nothing() -> None:
    """No module calls anything of ours, opens anything or logs at its top level: only definitions and constants."""
    for path in modules():
        if path.name == "__main__.py":
            continue
        for node in ast.parse(path.read_text()).body:
            bare_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
            assert not bare_call or _declares(node), f"{name_of(path)}:{node.lineno} acts when imported"


def _declares(node: ast.stmt) -> bool:
    """`app.add_typer(...)` and the like put a declared thing under a declared thing."""
    assert isinstance(node, ast.Expr)
    assert isinstance(node.value, ast.Call)
    return isinstance(node.value.func, ast.Attribute) and node.value.func.attr in ("add_typer", "include_router")


def test_no_permission_is_left_for_an_import_that_is_gone() -> None:
    imported = {name_of(path): top_level_imports(path) for path in modules()}

    def used(place: str, package: str) -> bool:
        return any(package in names for name, names in imported.items() if name.startswith(place))

    stale = {(place, package) for package, places in HOMES.items() for place in places if not used(place, package)}
    stale |= {(owner, other) for owner, others in MAY_IMPORT.items() for other in others if not used(owner, other)}
    stale |= {(place, package) for place, package in EXCEPTIONS if not used(place, package)}
    assert stale == set()


def test_no_permission_to_read_settings_or_environment_is_left_unused() -> None:
    def used(place: str, wanted: Callable[[Path], bool]) -> bool:
        return any(wanted(path) for path in modules() if name_of(path).startswith(place))

    assert [place for place in SETTINGS_READERS if not used(place, reads_settings)] == []
    assert [place for place in ENVIRONMENT_READERS if not used(place, reads_environment)] == []


def test_every_place_that_a_rule_names_has_modules() -> None:
    names = [name_of(path) for path in modules()]
    for place in PURE + PURE_CATALOG + TENANTS_WITH_IO:
        assert [name for name in names if name.startswith(place)], place
    for package in PACKAGES:
        assert [name for name in names if name.startswith(f"{package}/")], package
