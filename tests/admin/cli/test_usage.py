from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.admin.cli.gateways import Says, StubGateway, error, page
from tests.admin.cli.samples import Json, a_bucket, a_project

DAY = 1_795_132_800


def chat(**fields: object) -> Json:
    return {"num_model_requests": 1, "input_tokens": 1200, "output_tokens": 34, "input_cached_tokens": 5, **fields}


def report(*buckets: Json) -> Says:
    return Says(body={"object": "page", "data": list(buckets), "has_more": False, "next_page": None})


def test_usage_adds_chats_and_embeddings_and_has_a_total(gateway: StubGateway) -> None:
    gateway.on("GET", "usage/completions", report(a_bucket(DAY, chat()), a_bucket(DAY + 86_400)))
    gateway.on("GET", "usage/embeddings", report(a_bucket(DAY, {"num_model_requests": 2, "input_tokens": 7})))
    lines = gateway.sluice("usage").stdout.splitlines()
    assert [line.split()[:5] for line in lines] == [
        ["DAY", "REQUESTS", "INPUT", "CACHED", "OUTPUT"],
        ["2026-11-20", "3", "1,207", "5", "34"],
        ["2026-11-21", "0", "0", "0", "0"],
        ["Total", "3", "1,207", "5", "34"],
    ]
    assert gateway.last.query["bucket_width"] == ["1d"]


def test_usage_by_tenant_has_their_names_and_the_largest_first(gateway: StubGateway) -> None:
    gateway.on("GET", "projects", page(a_project("proj_1", "Small"), a_project("proj_2", "Large")))
    gateway.on(
        "GET",
        "usage/completions",
        report(a_bucket(DAY, chat(project_id="proj_1"), chat(project_id="proj_2", output_tokens=99))),
    )
    done = gateway.sluice("usage", "--by", "tenant", "--operation", "chat", "--since", "2026-11-20")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["TENANT", "Large", "Small", "Total"]
    query = gateway.asked[0].query
    assert (query["group_by[]"], query["start_time"]) == (["project_id"], [str(DAY)])


def test_costs_keep_their_digits_in_json_and_say_what_no_sum_has(gateway: StubGateway) -> None:
    body = (
        b'{"data": [{"start_time": 0, "results": ['
        b'{"line_item": "a", "amount": {"value": 1234567.000000000001}, "num_unpriced_requests": 0},'
        b'{"line_item": "b", "amount": null, "num_unpriced_requests": 3}]}], "has_more": false}'
    )
    gateway.on("GET", "costs", Says(200, body))
    assert '"usd": 1234567.000000000001' in gateway.sluice("costs", "--by", "model", "--json").stdout
    done = gateway.sluice("costs", "--by", "model", "--user", "ada", "--model", "a")
    assert "a      $1,234,567.00" in done.stdout
    assert "3 requests have no known price" in done.stderr
    assert (gateway.last.query["line_items[]"], gateway.last.query["user_ids[]"]) == (["a"], ["ada"])


def test_nothing_used_is_said(gateway: StubGateway) -> None:
    gateway.on("GET", "costs", report())
    assert "Nothing was used" in gateway.sluice("costs", "--by", "key").stderr


HEADER = b"request_id,api_key_id,model\r\n"
ROWS = [b"req_1,key_1,a\r\n", b'req_2,key_1,"two\nlines"\r\n', b"req_3,key_1,b\r\n"]


def test_an_export_goes_on_after_the_last_whole_row_when_it_breaks_off(gateway: StubGateway) -> None:
    whole = HEADER + b"".join(ROWS)
    broken = Says(200, whole, cut=len(HEADER + ROWS[0]) + 18)
    gateway.on("GET", "usage/export", broken, Says(200, HEADER + ROWS[1] + ROWS[2]))
    done = gateway.sluice("export", "--since", "2026-11-20")
    assert (done.exit_code, done.stdout_bytes) == (0, whole)
    assert gateway.last.query["after"] == ["req_1"]
    assert "3 rows." in done.stderr


def test_a_gateway_that_is_away_for_a_while_does_not_end_an_export(gateway: StubGateway) -> None:
    gateway.on("GET", "usage/export", error(503, "Away."), Says(200, HEADER + ROWS[0]))
    done = gateway.sluice("export")
    assert (done.exit_code, done.stdout_bytes) == (0, HEADER + ROWS[0])


def test_an_export_that_never_gets_on_ends_as_unavailable(gateway: StubGateway) -> None:
    gateway.on("GET", "usage/export", Says(200, HEADER + ROWS[0], cut=5))
    assert gateway.sluice("export").exit_code == 3
    assert len(gateway.asked) == 4


def test_an_export_to_a_file_resumes_behind_its_last_whole_row(gateway: StubGateway, tmp_path: Path) -> None:
    file = tmp_path / "usage.csv"
    file.write_bytes(HEADER + ROWS[0] + b'req_2,key_1,"tw')
    gateway.on("GET", "usage/export", Says(200, HEADER + ROWS[1] + ROWS[2], {"x-sluice-complete-until": str(DAY)}))
    refused = gateway.sluice("export", "-o", str(file))
    assert (refused.exit_code, "--resume" in refused.stderr, gateway.asked) == (2, True, [])
    done = gateway.sluice("export", "-o", str(file), "--resume", "--utc")
    assert (done.exit_code, file.read_bytes()) == (0, HEADER + b"".join(ROWS))
    assert gateway.last.query["after"] == ["req_1"]
    assert "2026-11-20 00:00 UTC" in done.stderr


def test_an_export_never_cuts_a_file_that_is_none(gateway: StubGateway, tmp_path: Path) -> None:
    file = tmp_path / "thesis.txt"
    file.write_text("Chapter one.\nIt was a dark night.\nAnd so on")
    gateway.on("GET", "usage/export", Says(200, HEADER))
    assert gateway.sluice("export", "-o", str(file), "--resume").exit_code == 2
    assert file.read_text().endswith("And so on")
    for number, text in enumerate(("no line break at all", "one line\nand a half", '{"a": 1}\n{"b')):
        other = tmp_path / str(number)
        other.write_text(text)
        for format in ("csv", "ndjson"):
            assert gateway.sluice("export", "-o", str(other), "--resume", "--format", format).exit_code == 2
        assert other.read_text() == text


def test_json_lines_resume_too(gateway: StubGateway, tmp_path: Path) -> None:
    file = tmp_path / "usage.ndjson"
    first, second = (json.dumps({"request_id": f"req_{number}"}).encode() + b"\n" for number in (1, 2))
    gateway.on("GET", "usage/export", Says(200, first), Says(200, second))
    for _ in range(2):
        assert gateway.sluice("export", "--format", "ndjson", "-o", str(file), "--resume").exit_code == 0
    assert file.read_bytes() == first + second


def test_a_refused_export_leaves_no_file_behind(gateway: StubGateway, tmp_path: Path) -> None:
    gateway.on("GET", "usage/export", error(403, "No."))
    assert gateway.sluice("export", "-o", str(tmp_path / "usage.csv")).exit_code == 5
    assert not (tmp_path / "usage.csv").exists()


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ({"id": "a", "owned_by": "A", "capabilities": None, "price": {"input": 3_000_000, "output": None}}, "$3.00"),
        ({"id": "b", "owned_by": "B", "capabilities": {"tools": True, "max_output_tokens": 5}, "price": None}, "tools"),
    ],
)
def test_the_catalogue_has_prices_a_million_tokens_and_abilities(model: Json, shown: str, gateway: StubGateway) -> None:
    gateway.on("GET", "models", Says(body={"object": "list", "data": [model]}))
    assert shown in gateway.sluice("models", "list").stdout


def test_the_models_of_a_key_are_asked_for_with_that_key(gateway: StubGateway) -> None:
    gateway.on("GET", "", Says())
    gateway.sluice("models", "list", "--as-key", SLUICE_API_KEY="sk-sluice_key")
    assert (gateway.last.path, gateway.last.headers["authorization"]) == ("/v1/models", "Bearer sk-sluice_key")
