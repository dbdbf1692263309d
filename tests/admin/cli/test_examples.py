"""What `--help` and the docs show can be typed: every command, option and argument in it is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from gateway.cli import app

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"
LOCAL = ("dev", "serve", "migrate", "version", "generate", "prices", "ledger")


def leaves(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, each in sorted(getattr(command, "commands", {}).items()):
        if hasattr(each, "commands"):
            yield from leaves(each, *path, name)
        else:
            yield (*path, name), each


ROOT = typer.main.get_command(app)
REMOTE = [(path, command) for path, command in leaves(ROOT) if path[0] not in LOCAL]


def example_of(command: Any) -> str:
    (example,) = re.findall(r"Example:\n  (sluice .*)$", command.epilog or "")
    return str(example)


def parse(line: str) -> tuple[str, ...]:
    """The command that a line calls, once its options and arguments are parsed. Raises what a person would see."""
    words = shlex.split(line)
    assert words.pop(0) == "sluice"
    command, path = ROOT, []
    while hasattr(command, "commands"):
        name = words.pop(0)
        assert name in command.commands, line
        command = command.commands[name]
        path.append(name)
    command.make_context(path[-1], words)
    return tuple(path)


@pytest.mark.parametrize(("path", "command"), REMOTE, ids=[" ".join(path) for path, _ in REMOTE])
def test_every_command_is_explained_and_has_an_example_of_itself(path: tuple[str, ...], command: Any) -> None:
    assert command.help
    assert parse(example_of(command))[:-1] == path[:-1]
    assert path[-1] == "delete" or parse(example_of(command)) == path
    assert all(option.help for option in command.params)


def test_what_the_page_shows_can_be_typed() -> None:
    text = PAGE.read_text()
    inline = [line for line in re.findall(r"`(sluice [^`]+)`", text) if not line.isupper() and "COMMAND" not in line]
    shown = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    lines = [re.sub(r"^.*?\(?(?=sluice )|\)$|\s*\|.*$", "", line) for line in [*inline, *shown] if "sluice " in line]
    assert len(lines) > 30
    for line in lines:
        if "--install-completion" not in line and "--show-completion" not in line:
            parse(line)


def test_the_page_has_the_exit_codes_of_the_code() -> None:
    from admin.cli.failures import ExitCode

    table = PAGE.read_text().partition("## Exit codes")[2].partition("\n## ")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == [code.value for code in ExitCode]


def test_every_group_of_commands_is_on_the_page() -> None:
    text = PAGE.read_text()
    assert [path[0] for path, _ in REMOTE if f"sluice {path[0]}" not in text] == []
