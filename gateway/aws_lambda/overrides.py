"""Settings that the package brings along, `overrides/settings.env`: those that the template has no parameter for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FILE = Path("overrides") / "settings.env"
_PREFIX = "SLUICE_"
_TASK_ROOT = "LAMBDA_TASK_ROOT"  # where the package is; Lambda sets it


class OverridesUnusable(Exception):
    """The file cannot be used as it is. The message says what to do, and shows no value."""


def with_overrides(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` and the settings of the package's file, if it has one. A setting that the function has as well is
    refused: its parameter is what the other functions go by. Raises OverridesUnusable."""
    settings = read_overrides(environ)
    theirs = {setting_of(name) for name in environ}
    if twice := sorted(name for name in settings if setting_of(name) in theirs):
        raise OverridesUnusable(f"{FILE} sets {', '.join(twice)}, and so does the template: use its parameter.")
    return {**environ, **settings}


def read_overrides(environ: Mapping[str, str]) -> dict[str, str]:
    """Those of the package that `environ` tells of: none, where there is no such file. Raises OverridesUnusable."""
    if _TASK_ROOT not in environ:
        return {}
    try:
        text = (Path(environ[_TASK_ROOT]) / FILE).read_text()
    except FileNotFoundError:
        return {}
    return parse(text)


def setting_of(variable: str) -> str:
    """SLUICE_PEPPER for SLUICE_PEPPER_SECRET_ARN, which names where it is kept."""
    return variable.removesuffix("_SECRET_ARN")


def parse(text: str) -> dict[str, str]:
    """A line for each setting, `SLUICE_NAME=value`, with nothing quoted; empty lines, and those that begin with #, are
    none. Pure. Raises OverridesUnusable."""
    settings = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.strip().partition("=")
        if line.strip() and not name.startswith("#"):
            if not equals or not name.startswith(_PREFIX):
                raise OverridesUnusable(f"{FILE}, line {number}: write {_PREFIX}NAME=value.")
            settings[name.strip()] = value.strip()
    return settings
