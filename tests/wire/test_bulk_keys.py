"""Many keys from one CSV, over a socket."""

from __future__ import annotations

import csv
import io

import httpx2

from tests.wire.messages import ask
from tests.wire.stack import CHAT_MODEL, Stack
from tests.wire.tenancy import Tenancy
from tests.wire.test_shown_commands import blocks, run


def test_the_command_of_the_page_works(stack: Stack) -> None:
    (block,) = blocks("docs/bulk-keys.md", "sh")
    made = list(csv.DictReader(io.StringIO(run(["bash", "-euo", "pipefail", "-c", block], stack))))
    assert [(each["user_id"], each["error"]) for each in made] == [("anna", ""), ("ben", "")]


def test_keys_of_a_whole_team_work(stack: Stack, tenancy: Tenancy) -> None:
    project_id = tenancy.create_project()
    body = "name,user_id\n" + "".join(f"laptop,user{number}\n" for number in range(60))
    url = f"{stack.base_url}/organization/projects/{project_id}/api_keys/bulk"
    headers = {"authorization": f"Bearer {stack.admin_key}", "content-type": "text/csv"}
    answer = httpx2.post(url, content=body, headers=headers, timeout=60)
    made = list(csv.DictReader(io.StringIO(answer.text)))
    assert len({each["value"] for each in made}) == 60
    for each in (made[0], made[-1]):
        with stack.openai(each["value"]) as client:
            client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello!"))


def test_no_more_keys_are_made_for_a_client_that_left(stack: Stack, tenancy: Tenancy) -> None:
    project_id = tenancy.create_project()
    url = f"{stack.base_url}/organization/projects/{project_id}/api_keys/bulk"
    headers = {"authorization": f"Bearer {stack.admin_key}", "content-type": "text/csv"}
    with httpx2.stream("POST", url, content="name\n" + "x\n" * 900, headers=headers, timeout=60) as answer:
        next(answer.iter_lines())
    keys = tenancy.sdk.admin.organization.projects.api_keys.list(project_id, limit=100)
    assert len(list(keys)) < 900
