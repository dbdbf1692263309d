"""`sluice keys`, `usage` and the others against a running gateway, on terminals and in pipes, too."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from tests.engines import dynoxide_binary
from tests.wire.messages import ask
from tests.wire.stack import CHAT_MODEL, Stack, running_stack
from tests.wire.tenancy import Tenancy
from tests.wire.terminals import run_on_terminal

TIMEOUT_SECONDS = 60
SLUICE = [sys.executable, "-m", "gateway"]
SGR = re.compile(r"\x1b\[[0-9;]*m")


class Cli:
    """`sluice` with a gateway's address and admin key in its environment."""

    def __init__(self, stack: Stack) -> None:
        self.environ = {
            **{name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")},
            "SLUICE_URL": stack.base_url,
            "SLUICE_ADMIN_KEY": stack.admin_key,
            "TERM": "xterm-256color",
        }

    def run(self, *arguments: str, **variables: str) -> Result:
        """In this process: to start one takes longer than all that is asked of the gateway."""
        result = CliRunner().invoke(app, arguments, env={**self.environ, **variables})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    def said(self, *arguments: str) -> str:
        """What a command that has to succeed writes, without the last line's end."""
        done = self.run(*arguments)
        assert done.exit_code == 0, done.stderr
        return done.stdout.rstrip("\n")

    @contextmanager
    def started(self, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
        command, environ = [*SLUICE, *arguments], {**self.environ, **variables}
        with subprocess.Popen(
            command,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # A shell that starts the tests in the background has them, and so this, ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            yield process
            process.kill()


@pytest.fixture
def cli(stack: Stack) -> Cli:
    return Cli(stack)


@pytest.fixture
def tenant(cli: Cli, request: pytest.FixtureRequest) -> str:
    """A tenant with a name of its own."""
    name = f"cli {request.node.name}"[:200]
    cli.said("tenants", "create", name)
    return name


def outcome(stack: Stack, secret: str) -> str:
    with stack.openai(secret) as client:
        try:
            client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"))
        except openai.APIStatusError as error:
            return str(error.status_code)
    return "ok"


def test_a_keys_whole_life_from_the_command_line(cli: Cli, stack: Stack, tenant: str) -> None:
    secret = cli.said("keys", "issue", tenant, "laptop", "--user", "ada", "--monthly-usd", "5", "--quiet")
    assert outcome(stack, secret) == "ok"
    key_id = cli.said("keys", "list", tenant, "--quiet")
    cli.said("keys", "disable", key_id)
    assert outcome(stack, secret) == "401"
    cli.said("keys", "enable", key_id, "-t", tenant)
    assert outcome(stack, secret) == "ok"
    renewed = cli.said("keys", "rotate", key_id, "-t", tenant, "--grace", "1h", "-q")
    assert [outcome(stack, each) for each in (secret, renewed)] == ["ok", "ok"]
    cli.said("keys", "update", key_id, "-t", tenant, "--allow", "no.such-model", "--monthly-usd", "none")
    assert outcome(stack, renewed) == "404"
    cli.said("keys", "update", key_id, "-t", tenant, "--any-model")
    shown = json.loads(cli.said("keys", "show", key_id, "-t", tenant, "--json"))
    assert (shown["models"], shown["spend_limits"], shown["name"]) == (None, [], "laptop")
    cli.said("keys", "revoke", key_id, "-t", tenant, "--yes")
    assert outcome(stack, renewed) == "401"
    assert cli.run("keys", "show", key_id, "-t", tenant).exit_code == 4


def test_what_was_used_is_in_budget_usage_costs_and_export(cli: Cli, stack: Stack, tenant: str, tmp_path: Path) -> None:
    secret = cli.said("keys", "issue", tenant, "laptop", "--daily-tokens", "100k", "-q")
    assert outcome(stack, secret) == "ok"
    project_id = json.loads(cli.said("tenants", "show", tenant, "--json"))["id"]
    budget = json.loads(cli.said("tenants", "budget", tenant, "--json"))
    assert budget["settled_pico_usd"] > 0
    usage = json.loads(cli.said("usage", "--by", "model", "--tenant", tenant, "--json"))
    assert [row["requests"] for row in usage["data"]] == [1]
    assert usage["total"]["input_tokens"] + usage["total"]["output_tokens"] > 0
    costs = cli.said("costs", "--by", "tenant", "--tenant", tenant, "--since", "1d")
    assert tenant in costs
    assert "$0.00" in costs
    assert cli.said("usage", "--width", "1h", "--since", "2h", "-t", tenant, "--utc").count("UTC") >= 2
    output = tmp_path / "usage.ndjson"
    cli.said("export", "--since", "1h", "-t", tenant, "--format", "ndjson", "-o", str(output))
    cli.said("export", "--since", "1h", "-t", tenant, "--format", "ndjson", "-o", str(output), "--resume")
    (row,) = map(json.loads, output.read_text().splitlines())
    assert (row["project_id"], row["cost_pico_usd"]) == (project_id, budget["settled_pico_usd"])
    (header, line) = cli.said("export", "--since", "1h", "-t", tenant).splitlines()
    assert dict(zip(header.split(","), line.split(","), strict=True))["request_id"] == row["request_id"]


def test_a_tenants_limits_models_and_alerts_are_changed_and_shown(cli: Cli, tenant: str) -> None:
    cli.said("tenants", "limits", "set", tenant, "--monthly-usd", "500", "--rpm", "600")
    cli.said("tenants", "limits", "set", tenant, "--model", "amazon.nova-pro-v1:0", "--tpm", "50k")
    cli.said("tenants", "limits", "set", tenant.upper(), "--rpm", "none", "--daily-usd", "20.50")
    cli.said("tenants", "models", "deny", tenant, "anthropic.*")
    shown = cli.said("tenants", "show", tenant)
    for part in ("$500.00", "$20.50", "50,000 tokens a minute", "all but anthropic.*"):
        assert part in shown
    assert "requests a minute" not in shown
    cli.said("tenants", "models", "clear", tenant)
    assert cli.said("tenants", "models", "show", tenant).split() == ["Models", "all"]
    cli.said("tenants", "alerts", "add", tenant, "--usd", "400", "--email", "a@example.com", "--email", "b@example.com")
    alert = cli.said("tenants", "alerts", "list", tenant, "-q")
    assert "a@example.com, b@example.com" in cli.said("tenants", "alerts", "list", tenant)
    cli.said("tenants", "alerts", "remove", tenant, alert)
    assert cli.said("tenants", "alerts", "list", tenant) == ""


def test_pages_are_walked_to_the_end_and_no_object_comes_twice(cli: Cli, tenancy: Tenancy, tenant: str) -> None:
    project_id = json.loads(cli.said("tenants", "show", tenant, "--json"))["id"]
    for number in range(103):
        tenancy.post(
            f"/organization/projects/{project_id}/service_accounts",
            {"name": f"robot {number}", "create_service_account_only": True},
        )
    every = cli.said("service-accounts", "list", tenant, "--all", "-q").split()
    assert len(set(every)) == len(every) == 103
    first = cli.run("service-accounts", "list", tenant, "--limit", "2")
    after = re.findall(r"--after (\S+)", first.stderr)[0]
    assert first.stdout.count("robot") == 2
    assert cli.said("service-accounts", "list", tenant, "--limit", "101", "--after", after, "-q").split() == every[2:]
    assert len(cli.said("service-accounts", "list", tenant, "--all", "--json").splitlines()) == 103


def test_a_name_that_two_tenants_have_is_refused_with_their_ids(cli: Cli, tenant: str) -> None:
    cli.said("tenants", "create", tenant)
    done = cli.run("keys", "list", tenant)
    assert (done.exit_code, len(re.findall(r"proj_\w+", done.stderr))) == (2, 2)


def test_each_way_to_fail_has_its_exit_code_and_one_line(cli: Cli, stack: Stack, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}"
    ways = [
        (1, cli.run("tenants", "create", "\u200b")),
        (2, cli.run("keys", "list", SLUICE_ADMIN_KEY="")),
        (2, cli.run("keys", "list", "--no-such-option")),
        (3, cli.run("tenants", "list", SLUICE_URL=nobody)),
        (4, cli.run("tenants", "show", "proj_nobody")),
        (5, cli.run("tenants", "list", SLUICE_ADMIN_KEY=stack.api_key)),
    ]
    assert [done.exit_code for _, done in ways] == [code for code, _ in ways]
    assert all(done.stdout == "" and "Traceback" not in done.stderr for _, done in ways)
    assert stack.api_key not in ways[-1][1].stderr


def test_a_folder_of_sluice_dev_is_all_that_a_new_user_needs_and_says_so(tmp_path: Path) -> None:
    dynoxide_binary()
    folder = tmp_path / ".sluice"
    bare = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}

    def keys_list(*options: str) -> subprocess.CompletedProcess[str]:
        command = [*SLUICE, "keys", "list", *options]
        search = {"PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.run(command, env={**bare, **search}, cwd=tmp_path, capture_output=True, text=True)

    with running_stack(folder) as stack:
        refused = keys_list()
        assert (refused.returncode, "--data-dir .sluice" in refused.stderr) == (2, True)
        assert "first key" in keys_list("--data-dir", ".sluice").stdout
        assert re.search(rf"^\S*sluice keys list --data-dir {folder}$", stack.banner.read_text(), re.MULTILINE)
    assert keys_list("--data-dir", ".sluice").returncode == 3
    assert not (folder / "address.json").exists()


def test_a_terminal_has_colours_and_tables_of_its_width_and_no_color_has_none(cli: Cli, tenant: str) -> None:
    cli.said("keys", "issue", tenant, "a name that is much too long for a narrow terminal " * 4, "-q")
    command = [*SLUICE, "keys", "list", tenant]
    seen = run_on_terminal(command, cli.environ, columns=70)
    assert (seen.exit_code, "\x1b[32mactive\x1b[0m" in seen.text) == (0, True)
    lines = SGR.sub("", seen.text).splitlines()
    assert all(len(line) <= 70 for line in lines), lines
    assert "…" in seen.text
    bare = run_on_terminal(command, {**cli.environ, "NO_COLOR": "1"}, columns=70)
    assert bare.text == SGR.sub("", seen.text)
    assert "\x1b" not in cli.said("keys", "list", tenant)
    assert "…" not in cli.said("keys", "list", tenant)


@pytest.mark.parametrize(("typed", "exit_code", "left"), [("n\n", 1, 1), ("\n", 1, 1), ("y\n", 0, 0)])
def test_a_person_is_asked_before_a_key_ends(typed: str, exit_code: int, left: int, cli: Cli, tenant: str) -> None:
    cli.said("keys", "issue", tenant, "laptop", "-q")
    key_id = cli.said("keys", "list", tenant, "-q")
    command = [*SLUICE, "keys", "revoke", key_id, "-t", tenant]
    seen = run_on_terminal(command, cli.environ, typed=typed, asked="[y/N]")
    assert (seen.exit_code, "Revoke 'laptop'" in seen.text) == (exit_code, True)
    assert len(cli.said("keys", "list", tenant, "-q").split()) == left


def test_ctrl_c_ends_a_command_at_once_and_plainly(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with cli.started("tenants", "list", SLUICE_URL=address) as process:
            connection, _ = listener.accept()
            with connection:
                assert connection.recv(65_536)  # it waits for an answer now
                process.send_signal(signal.SIGINT)
                _, said = process.communicate(timeout=TIMEOUT_SECONDS)
    assert (process.returncode, b"Traceback" in said) == (130, False)


@pytest.mark.parametrize(
    "arguments", [("tenants", "list", "--all"), ("tenants", "list", "--all", "--json"), ("export",)]
)
def test_a_reader_that_goes_away_is_no_crash(arguments: tuple[str, ...], cli: Cli, tenant: str) -> None:
    with cli.started(*arguments) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(TIMEOUT_SECONDS)
        assert process.stderr is not None
        assert (process.returncode, b"rror" in process.stderr.read()) == (141, False)


def test_the_command_line_loads_nothing_of_the_gateways_own_libraries(cli: Cli) -> None:
    """typer itself loads pydantic when it parses a command."""
    program = (
        "import runpy, sys\n"
        "try:\n    runpy.run_module('gateway', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "print(len(sys.modules), *{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    heavy = {"fastapi", "starlette", "uvicorn", "aiohttp", "botocore", "pynamodb", "rich", "moto", "yarl", "httptools"}
    for arguments, most in ((["--help"], 300), (["keys", "list", "--limit", "1"], 420)):
        command = [sys.executable, "-c", program, *arguments]
        done = subprocess.run(command, env=cli.environ, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        count, *loaded = done.stderr.splitlines()[-1].split()
        assert not heavy & set(loaded)
        assert int(count) < most


def completions(shell_line: str, environ: Mapping[str, str]) -> list[str]:
    """What bash offers at the end of the line, by the script that `--show-completion` prints for it."""
    words = shell_line.split(" ")
    program = (
        'eval "$(_SLUICE_COMPLETE=source_bash sluice)"\n'
        f"COMP_WORDS=({' '.join(repr(word) for word in words)}) COMP_CWORD={len(words) - 1}\n"
        '_sluice_completion sluice && printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["bash", "-euc", program]
    done = subprocess.run(
        command, env={**environ, **path}, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True
    )
    return done.stdout.split()


def test_bash_completes_commands_and_options(cli: Cli) -> None:
    assert completions("sluice ke", cli.environ) == ["keys"]
    assert {"issue", "rotate", "revoke"} <= set(completions("sluice keys ", cli.environ))
    assert completions("sluice keys issue --monthly-u", cli.environ) == ["--monthly-usd"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed_and_parse(shell: str, cli: Cli, tmp_path: Path) -> None:
    program = [str(Path(sys.executable).parent / "sluice")]
    environ = {**cli.environ, "_SLUICE_COMPLETE": f"source_{shell}"}
    done = subprocess.run(program, env=environ, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    assert (done.returncode, "sluice" in done.stdout) == (0, True)
    if shutil.which(shell):
        (tmp_path / "script").write_text(done.stdout)
        assert subprocess.run([shell, "-n", str(tmp_path / "script")], timeout=TIMEOUT_SECONDS).returncode == 0
