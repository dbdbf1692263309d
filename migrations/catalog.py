"""Finds the steps: modules of this package named `m<four digits>_<name>`, each with `async def apply(context)`."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import migrations
from migrations.run import Context

_NAME = re.compile(r"m(\d{4})_\w+")


@dataclass(frozen=True, slots=True)
class Step:
    """`version` is the number, `0001`. `checksum` is the SHA-256 of its source, in hex."""

    version: str
    name: str
    checksum: str
    apply: Callable[[Context], Awaitable[None]]


def discover() -> tuple[Step, ...]:
    """All steps, in the order of their numbers."""
    names = order(module.name for module in pkgutil.iter_modules(migrations.__path__))
    return tuple(_load(name) for name in names)


def order(module_names: Iterable[str]) -> tuple[str, ...]:
    """The steps among a package's modules, in order. Raises ValueError unless their numbers are 1, 2, 3, ..."""
    names = sorted(name for name in module_names if _NAME.fullmatch(name))
    numbers = [int(name[1:5]) for name in names]
    if numbers != list(range(1, len(names) + 1)):
        raise ValueError(f"migrations have to be numbered 0001, 0002, ... without a gap: {', '.join(names)}")
    return tuple(names)


def checksum(source: bytes) -> str:
    """SHA-256 in hex. Line ends are taken as `\\n`: a checkout on Windows is the same step."""
    return hashlib.sha256(source.replace(b"\r\n", b"\n")).hexdigest()


def _load(name: str) -> Step:
    module = importlib.import_module(f"{migrations.__name__}.{name}")
    source = pkgutil.get_data(migrations.__name__, f"{name}.py")
    if source is None:
        raise ValueError(f"the source of {name} is not there to be checked")
    return Step(name[1:5], name[6:], checksum(source), module.apply)
