"""What the README, the quickstart and the page on the command line show is run as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.wire.stack import PROJECT, Stack

TIMEOUT_SECONDS = 60


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (PROJECT / page).read_text(), re.MULTILINE | re.DOTALL)


def run(command: list[str], stack: Stack, folder: Path = PROJECT, timeout_seconds: int = TIMEOUT_SECONDS) -> str:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SLUICE_URL": stack.base_url,
        "SLUICE_ADMIN_KEY": stack.admin_key,
        "OPENAI_BASE_URL": stack.base_url,
        "OPENAI_API_KEY": stack.api_key,
        "OPENAI_ADMIN_KEY": stack.admin_key,
    }
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=timeout_seconds)
    assert done.returncode == 0, done.stderr
    assert '"error"' not in done.stdout
    return done.stdout


@pytest.mark.parametrize("block", blocks("docs/quickstart.md", "sh"))
def test_the_shell_lines_of_the_quickstart_work(stack: Stack, block: str) -> None:
    assert run(["bash", "-euc", block], stack)


def test_the_commands_of_the_page_on_the_command_line_work_one_after_the_other(stack: Stack, tmp_path: Path) -> None:
    """In bash with `pipefail`, so that no command fails unseen."""
    session = "\n".join(blocks("docs/cli.md", "sh"))
    commands = session.count("sluice ")
    assert commands > 25
    assert run(["bash", "-euo", "pipefail", "-c", session], stack, tmp_path, commands * 15)


@pytest.mark.parametrize("block", blocks("docs/quickstart.md", "python"))
def test_the_programs_of_the_quickstart_work(stack: Stack, block: str) -> None:
    assert run([sys.executable, "-c", block], stack)


def test_the_program_of_the_readme_streams_an_answer(stack: Stack) -> None:
    (program,) = blocks("README.md", "python")
    program = program.replace("http://127.0.0.1:8080/v1", stack.base_url).replace("sk-sluice_…", stack.api_key)
    assert run([sys.executable, "-c", program], stack) == "echo: Hello!"


def test_the_commands_of_the_readme_are_those_of_the_makefile() -> None:
    """The ones that start, set up and test are run by CI and by the other tests of this folder."""
    readme, makefile = (PROJECT / "README.md").read_text(), (PROJECT / "Makefile").read_text()
    for command in ("scripts/setup && .venv/bin/sluice dev", "scripts/setup dev && scripts/check && .venv/bin/pytest"):
        assert f"`{command}`" in readme
        assert all(part.split()[0] in makefile for part in command.split(" && "))
