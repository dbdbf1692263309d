from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

from gateway.local.dynoxide import BUILDS, BinaryUnusable, find_dynoxide, installed_path


def an_executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_variable_comes_before_the_pinned_one_and_the_pinned_one_before_the_path(tmp_path: Path) -> None:
    installed = an_executable(installed_path(tmp_path))
    on_path = an_executable(tmp_path / "bin/dynoxide")
    named = an_executable(tmp_path / "elsewhere/engine")
    environ = {"PATH": str(on_path.parent)}
    assert find_dynoxide({**environ, "SLUICE_DYNOXIDE": str(named)}, tmp_path) == named
    assert find_dynoxide(environ, tmp_path) == installed
    installed.unlink()
    assert find_dynoxide(environ, tmp_path) == on_path


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert find_dynoxide({}, tmp_path) is None


@pytest.mark.parametrize("mode", [None, 0o644])
def test_a_variable_that_names_nothing_to_run_is_an_error_and_no_fallback(tmp_path: Path, mode: int | None) -> None:
    an_executable(installed_path(tmp_path))
    named = tmp_path / "engine"
    if mode is not None:
        an_executable(named).chmod(mode)
    with pytest.raises(BinaryUnusable, match="SLUICE_DYNOXIDE"):
        find_dynoxide({"SLUICE_DYNOXIDE": str(named)}, tmp_path)


@pytest.mark.parametrize("build", BUILDS.values(), ids=lambda build: build.package)
def test_every_build_is_pinned_by_a_whole_sha512(build: object) -> None:
    integrity = getattr(build, "integrity", "")
    assert integrity.startswith("sha512-")
    assert len(b64decode(integrity.removeprefix("sha512-"), validate=True)) == 64
