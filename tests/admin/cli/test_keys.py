"""What `sluice keys` asks for and shows. That a gateway takes it is tested in tests/wire/test_cli.py."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.admin.cli.gateways import ADMIN_KEY, Says, StubGateway, error, page
from tests.admin.cli.samples import KEY_ID, SECRET, a_key, a_project

KEYS = "projects/proj_1/api_keys"


@pytest.fixture(autouse=True)
def one_tenant(gateway: StubGateway) -> None:
    gateway.on("GET", "projects", page(a_project()))


def test_issue_sends_what_was_said_and_nothing_else(gateway: StubGateway) -> None:
    gateway.on("POST", KEYS, Says(body=a_key(value=SECRET)))
    done = gateway.sluice(
        *("keys", "issue", "search TEAM", "laptop", "--user", "ada", "--email", "ada@example.com", "--expires", "90d"),
        *("--allow", "amazon.nova-*", "--allow", "x", "--monthly-usd", "50", "--rpm", "1k", "--budget-mode", "clamp"),
    )
    assert done.exit_code == 0, done.output
    assert gateway.last.json == {
        "name": "laptop",
        "owner": {"type": "user", "user_id": "ada", "email": "ada@example.com"},
        "models": {"mode": "allow_list", "model_ids": ["amazon.nova-*", "x"]},
        "expires_in_seconds": 90 * 86_400,
        "spend_limits": [{"interval": "month", "currency": "usd", "threshold_amount": 5000}],
        "rate_limits": {"max_requests_per_1_minute": 1000},
        "budget_mode": "clamp",
    }
    gateway.sluice("keys", "issue", "proj_1", "bare")
    assert gateway.last.json == {"name": "bare"}


def test_quietly_the_secret_is_alone_on_standard_output(gateway: StubGateway) -> None:
    gateway.on("POST", KEYS, Says(body=a_key(value=SECRET)))
    done = gateway.sluice("keys", "issue", "proj_1", "laptop", "--quiet")
    assert done.stdout == f"{SECRET}\n"
    assert KEY_ID in done.stderr
    assert SECRET not in done.stderr


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_the_secret_is_printed_once(options: tuple[str, ...], gateway: StubGateway) -> None:
    gateway.on("POST", KEYS, Says(body=a_key(value=SECRET)))
    done = gateway.sluice("keys", "issue", "proj_1", "laptop", *options)
    assert (done.stdout.count(SECRET), done.stderr.count(SECRET)) == (1, 0)


def test_a_secret_that_was_lost_with_its_answer_is_said_to_be_lost(gateway: StubGateway) -> None:
    gateway.on("POST", KEYS, Says(body=a_key(value=None, replayed=True), headers={"idempotent-replayed": "true"}))
    done = gateway.sluice("keys", "issue", "proj_1", "laptop", "-q")
    assert (done.exit_code, done.stdout) == (1, "")
    assert KEY_ID in done.stderr
    assert "rotate" in done.stderr


@pytest.mark.parametrize(
    "options",
    [("--allow", "a", "--deny", "b"), ("--user", "ada", "--service-account", "svc_acct_1"), ("--expires", "30")],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    options: tuple[str, ...], gateway: StubGateway
) -> None:
    done = gateway.sluice("keys", "issue", "proj_1", "laptop", *options)
    assert done.exit_code == 2
    assert [asked for asked in gateway.asked if asked.method == "POST"] == []


def test_a_key_is_looked_for_in_every_tenant_unless_its_tenant_is_named(gateway: StubGateway) -> None:
    gateway.on("GET", "projects", page(a_project("proj_0", "Other"), a_project()))
    gateway.on("GET", f"projects/proj_0/api_keys/{KEY_ID}", error(404))
    gateway.on("GET", f"{KEYS}/{KEY_ID}", Says(body=a_key()))
    assert gateway.sluice("keys", "show", KEY_ID).exit_code == 0
    asked = len(gateway.asked)
    assert gateway.sluice("keys", "show", KEY_ID, "-t", "proj_1").exit_code == 0
    assert len(gateway.asked) - asked == 1


def test_a_key_says_that_another_gateway_made_it(gateway: StubGateway) -> None:
    for imported in (True, False):
        gateway.on("GET", f"{KEYS}/{KEY_ID}", Says(body=a_key(imported=imported)))
        shown = gateway.sluice("keys", "show", KEY_ID, "-t", "proj_1").stdout
        assert ("another gateway made it" in shown) is imported


def test_a_secret_in_place_of_an_id_is_sent_nowhere(gateway: StubGateway) -> None:
    assert gateway.sluice("keys", "show", SECRET).exit_code == 2
    assert gateway.asked == []


def test_an_update_names_the_version_it_was_made_from(gateway: StubGateway) -> None:
    shown = a_key(spend_limits=[{"interval": "day", "currency": "tokens", "threshold_amount": 5}])
    gateway.on("GET", f"{KEYS}/{KEY_ID}", Says(body=shown, headers={"etag": '"7"'}))
    gateway.on("POST", f"{KEYS}/{KEY_ID}", Says(body=shown))
    done = gateway.sluice(
        *(
            "keys",
            "update",
            KEY_ID,
            "-t",
            "proj_1",
            "--daily-tokens",
            "none",
            "--monthly-usd",
            "9",
            "--expires",
            "none",
        ),
        *("--any-model", "--enforcement", "none"),
    )
    assert done.exit_code == 0, done.output
    assert gateway.last.headers["if-match"] == '"7"'
    assert gateway.last.json == {
        "spend_limits": [{"interval": "month", "currency": "usd", "threshold_amount": 900}],
        "expires_at": None,
        "models": None,
        "enforcement": None,
    }


def test_an_update_of_nothing_is_refused(gateway: StubGateway) -> None:
    gateway.on("GET", f"{KEYS}/{KEY_ID}", Says(body=a_key(), headers={"etag": '"7"'}))
    assert gateway.sluice("keys", "update", KEY_ID, "-t", "proj_1").exit_code == 2
    assert gateway.last.method == "GET"


def test_a_key_is_not_revoked_without_a_yes_where_nobody_can_be_asked(gateway: StubGateway) -> None:
    gateway.on("GET", f"{KEYS}/{KEY_ID}", Says(body=a_key()))
    gateway.on("DELETE", f"{KEYS}/{KEY_ID}", Says(body={"id": KEY_ID, "deleted": True}))
    refused = gateway.sluice("keys", "revoke", KEY_ID, "-t", "proj_1", input="y\n")
    assert (refused.exit_code, gateway.last.method, "--yes" in refused.stderr) == (2, "GET", True)
    done = gateway.sluice("keys", "revoke", KEY_ID, "-t", "proj_1", "--yes", "--json")
    assert (done.exit_code, json.loads(done.stdout)["deleted"], gateway.last.method) == (0, True, "DELETE")


def test_a_list_says_that_there_is_more_and_how_to_get_it(gateway: StubGateway) -> None:
    gateway.on("GET", KEYS, page(*(a_key(f"key_{number}") for number in range(3)), has_more=True))
    done = gateway.sluice("keys", "list", "proj_1", "--limit", "2")
    assert (done.stdout.count("key_"), gateway.last.query["limit"]) == (2, ["3"])
    assert "--all" in done.stderr
    assert "--after key_1" in done.stderr


def test_a_list_as_json_is_a_document_and_all_of_it_is_lines(gateway: StubGateway) -> None:
    gateway.on("GET", KEYS, page(a_key("key_1"), a_key("key_2"), has_more=True), page(a_key("key_3")))
    lines = gateway.sluice("keys", "list", "proj_1", "--json", "--all").stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["key_1", "key_2", "key_3"]
    gateway.on("GET", KEYS, page(a_key("key_1"), a_key("key_2")))
    document = json.loads(gateway.sluice("keys", "list", "proj_1", "--json", "--limit", "1").stdout)
    assert (len(document["data"]), document["has_more"], document["last_id"]) == (1, True, "key_1")


def test_a_list_of_all_tenants_names_them_and_quietly_has_ids_alone(gateway: StubGateway) -> None:
    gateway.on("GET", "projects", page(a_project("proj_0", "Other"), a_project()))
    gateway.on("GET", "projects/proj_0/api_keys", page(a_key("key_0")))
    gateway.on("GET", KEYS, page(a_key("key_1", expires_at=1), a_key("key_2", status="disabled")))
    shown = gateway.sluice("keys", "list").stdout.splitlines()
    assert ["Other" in shown[1], "Search team" in shown[2], "expired" in shown[2], "disabled" in shown[3]] == [True] * 4
    assert gateway.sluice("keys", "list", "-q").stdout.split() == ["key_0", "key_1", "key_2"]
    assert gateway.sluice("keys", "list", "--after", "key_0").exit_code == 2


def test_no_keys_yet_says_what_to_do(gateway: StubGateway) -> None:
    gateway.on("GET", KEYS, page())
    done = gateway.sluice("keys", "list", "proj_1")
    assert (done.stdout, "sluice keys issue" in done.stderr) == ("", True)


def test_a_key_of_another_gateway_is_hashed_here_and_never_sent(gateway: StubGateway, tmp_path: Path) -> None:
    gateway.on("POST", f"{KEYS}/import", Says(body=a_key()))
    (tmp_path / "key").write_text("sk-foreign-1234\n")
    done = gateway.sluice("keys", "import", "proj_1", "ui", "--key-file", str(tmp_path / "key"), "--monthly-usd", "5")
    assert done.exit_code == 0, done.output
    sent = gateway.last.json
    assert sent["sha256"] == hashlib.sha256(b"sk-foreign-1234").hexdigest()
    assert (sent["hint"], sent["name"], len(sent["spend_limits"])) == ("1234", "ui", 1)
    assert b"foreign" not in gateway.last.body
    assert gateway.sluice("keys", "import", "proj_1", "ui").exit_code == 2


BULK = b'row,name,user_id,api_key_id,value,error\r\n2,a,ada,key_1,sk-sluice_1,\r\n3,"b\nc",,,,Not made.\r\n'


def test_bulk_secrets_go_to_a_file_for_this_user_alone_and_failed_rows_are_told(
    gateway: StubGateway, tmp_path: Path
) -> None:
    gateway.on("POST", f"{KEYS}/bulk", Says(200, BULK, {"content-type": "text/csv"}))
    (tmp_path / "people.csv").write_text("name,user_id\na,ada\n")
    output = tmp_path / "keys.csv"
    done = gateway.sluice("keys", "bulk-issue", "proj_1", str(tmp_path / "people.csv"), "-o", str(output))
    assert (done.exit_code, done.stdout) == (1, "")
    assert ("1 key is issued" in done.stderr, "1 row failed: its `error`" in done.stderr) == (True, True)
    assert output.read_bytes() == BULK
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert gateway.last.headers["content-type"].startswith("text/csv")
    assert gateway.last.body == b"name,user_id\na,ada\n"


def test_bulk_keys_are_not_issued_where_their_secrets_have_no_place(gateway: StubGateway, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("name\na\n")
    (tmp_path / "keys.csv").write_text("precious")
    done = gateway.sluice(
        "keys", "bulk-issue", "proj_1", str(tmp_path / "people.csv"), "-o", str(tmp_path / "keys.csv")
    )
    assert (done.exit_code, (tmp_path / "keys.csv").read_text()) == (2, "precious")
    assert gateway.asked == []


def test_a_refused_bulk_leaves_no_file_and_says_which_row(gateway: StubGateway, tmp_path: Path) -> None:
    gateway.on("POST", f"{KEYS}/bulk", error(400, "Row 2, column 'rpm': no number."))
    output = tmp_path / "keys.csv"
    done = gateway.sluice("keys", "bulk-issue", "proj_1", "-", "-o", str(output), input="name\na\n")
    assert (done.exit_code, output.exists(), "Row 2" in done.stderr) == (1, False, True)


def test_a_full_disk_is_said_in_one_line(gateway: StubGateway) -> None:
    gateway.on("GET", KEYS, page(a_key()))
    environ = {**os.environ, "SLUICE_URL": gateway.url, "SLUICE_ADMIN_KEY": ADMIN_KEY}
    command = [sys.executable, "-m", "gateway", "keys", "list", "proj_1"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, env=environ, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "sluice: The output cannot be written: No space left on device.\n")


def test_what_of_a_bulk_arrived_is_kept_when_the_rest_does_not(gateway: StubGateway, tmp_path: Path) -> None:
    gateway.on("POST", f"{KEYS}/bulk", Says(200, BULK, cut=75))
    output = tmp_path / "keys.csv"
    done = gateway.sluice("keys", "bulk-issue", "proj_1", "-", "-o", str(output), input="name\na\n")
    assert (done.exit_code, output.read_bytes()) == (3, BULK[:75])
    assert "sluice keys list" in done.stderr
    assert len(gateway.asked) == 1
