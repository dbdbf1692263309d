"""What docs/audit.md and docs/api.md show of the control plane is run as it stands."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from admin.control_plane import ControlPlane
from awswire.attributes import from_attributes
from awswire.dynamodb import DynamoDb
from tenants.audit_chain import DOMAIN, WITNESS_EVERY, entry_hash
from tenants.audit_check import ProblemKind
from tenants.periods import month_of
from tenants.tables import TableNames

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "audit.md").read_text()
NOW_MS = 1_795_132_800_000
TIMEOUT_SECONDS = 60


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


async def run(command: list[str], base_url: str, control: ControlPlane) -> str:
    environment = {**os.environ, "OPENAI_BASE_URL": base_url, "OPENAI_ADMIN_KEY": control.admin_keys.bootstrap}
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_the_shell_line_lists_entries(base_url: str, control: ControlPlane) -> None:
    (line,) = blocks(PAGE, "sh")
    assert json.loads(await run(["bash", "-euc", line], base_url, control))["object"] == "list"


async def test_the_program_prints_entries(base_url: str, control: ControlPlane) -> None:
    program, _ = blocks(PAGE, "python")
    assert " project.created admin_bootstrap\n" in await run([sys.executable, "-c", program], base_url, control)


async def test_the_function_computes_the_hash_of_every_stored_entry(
    base_url: str, control: ControlPlane, dynamodb: DynamoDb, tables: TableNames
) -> None:
    await run([sys.executable, "-c", blocks(PAGE, "python")[0]], base_url, control)
    names: dict[str, Any] = {}
    exec(blocks(PAGE, "python")[1], names)  # as an auditor would run it
    body = {
        "TableName": tables.audit,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": month_of(NOW_MS)}},
    }
    items = [from_attributes(item) for item in (await dynamodb.call("Query", body, repeatable=True))["Items"]]
    assert items
    for item in items:
        assert names["entry_hash"](item) == entry_hash(item) == item["hash"]


async def test_the_shell_lines_about_idempotency_keys_make_one_project(base_url: str, control: ControlPlane) -> None:
    (line,) = [each for each in blocks((DOCS / "api.md").read_text(), "sh") if "Idempotency-Key" in each]
    answers = json.loads("[" + (await run(["bash", "-euc", line], base_url, control)).replace("}{", "},{") + "]")
    assert answers[0] == answers[1]
    assert answers[0]["object"] == "organization.project"


def test_the_page_names_every_problem_and_the_text_that_is_hashed() -> None:
    assert re.findall(r"^\| `(\w+)` \| [^|]*\|$", PAGE.split("## Verifying it")[1], re.MULTILINE) == [
        ProblemKind.CHANGED,
        ProblemKind.MISSING,
        ProblemKind.CUT_OFF,
        ProblemKind.INSERTED,
        ProblemKind.BROKEN_LINK,
        ProblemKind.MISPLACED,
        ProblemKind.UNCHAINED,
        ProblemKind.UNLISTED,
    ]
    assert f"`{DOMAIN.decode().strip()}`, a line feed" in PAGE
    assert WITNESS_EVERY == 20
    assert "each twentieth" in PAGE
