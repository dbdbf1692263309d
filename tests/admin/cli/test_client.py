from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from admin.cli.client import AdminClient, Rim, to_query_string
from admin.cli.connection import Connection
from admin.cli.failures import ExitCode, NotPermitted, Refused, Unavailable
from admin.cli.paths import path_of
from admin.cli.transport import HttpTransport
from tests.admin.cli.gateways import ADMIN_KEY, HANG_UP, Says, StubGateway, error, page

PROJECTS = path_of("projects")


@dataclass
class Hand:
    """What the client does beside its calls."""

    slept: list[float] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    tokens: int = 0

    def token(self) -> str:
        self.tokens += 1
        return f"token-{self.tokens}"


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def client(gateway: StubGateway, hand: Hand) -> AdminClient:
    rim = Rim(hand.slept.append, lambda: 1.0, hand.token, hand.noted.append)
    return AdminClient(Connection(gateway.url, ADMIN_KEY, "SLUICE_ADMIN_KEY"), HttpTransport(5.0), rim)


def test_a_read_is_tried_again_after_a_failure_and_says_so(
    client: AdminClient, gateway: StubGateway, hand: Hand
) -> None:
    gateway.on("GET", "projects", error(503), HANG_UP, page({"id": "proj_1"}))
    assert client.get(PROJECTS)["data"] == [{"id": "proj_1"}]
    assert hand.slept == [0.5, 1.0]
    assert len(hand.noted) == 2


def test_the_gateways_wait_is_kept_to(client: AdminClient, gateway: StubGateway, hand: Hand) -> None:
    gateway.on("GET", "projects", error(429, retry_after_ms="1250"), page())
    client.get(PROJECTS)
    assert hand.slept == [1.25]


def test_a_change_is_repeated_under_the_same_idempotency_key_and_another_change_has_another(
    client: AdminClient, gateway: StubGateway
) -> None:
    gateway.on("POST", "projects", HANG_UP, error(503), Says(body={"id": "proj_1"}))
    client.post(PROJECTS, {"name": "a"})
    client.post(PROJECTS, {"name": "a"})
    assert [asked.headers["idempotency-key"] for asked in gateway.asked] == ["token-1"] * 3 + ["token-2"]


def test_a_replayed_answer_is_told_from_a_first_one(client: AdminClient, gateway: StubGateway) -> None:
    gateway.on("POST", "projects", Says(body={}), Says(body={}, headers={"idempotent-replayed": "true"}))
    assert [client.post(PROJECTS).replayed for _ in range(2)] == [False, True]


def test_a_delete_whose_answer_was_lost_is_not_repeated(client: AdminClient, gateway: StubGateway) -> None:
    gateway.on("DELETE", "projects/a", HANG_UP)
    with pytest.raises(Unavailable):
        client.delete(path_of("projects", "a"))
    assert len(gateway.asked) == 1


def test_what_is_final_is_asked_once(client: AdminClient, gateway: StubGateway, hand: Hand) -> None:
    gateway.on("POST", "projects", error(400, "No name."))
    with pytest.raises(Refused, match="No name"):
        client.post(PROJECTS)
    assert (len(gateway.asked), hand.slept) == (1, [])


def test_attempts_end(client: AdminClient, gateway: StubGateway) -> None:
    gateway.on("GET", "projects", error(503, "Away."))
    with pytest.raises(Unavailable, match="Away"):
        client.get(PROJECTS)
    assert len(gateway.asked) == 4


def test_a_wrong_key_is_said_with_its_source(client: AdminClient, gateway: StubGateway) -> None:
    gateway.on("GET", "projects", error(401, "Incorrect API key provided."))
    with pytest.raises(NotPermitted, match="SLUICE_ADMIN_KEY") as refused:
        client.get(PROJECTS)
    assert ADMIN_KEY not in refused.value.message


def test_pages_are_walked_to_the_end_and_only_as_they_are_needed(client: AdminClient, gateway: StubGateway) -> None:
    gateway.on("GET", "projects", page({"id": "a"}, {"id": "b"}, has_more=True), page({"id": "c"}))
    objects = client.walk(PROJECTS, {"include_archived": True}, 2)
    assert [next(objects)["id"], next(objects)["id"], len(gateway.asked)] == ["a", "b", 1]
    assert [each["id"] for each in objects] == ["c"]
    assert gateway.last.query == {"include_archived": ["true"], "limit": ["2"], "after": ["b"]}


def test_buckets_are_walked_by_the_page_tokens(client: AdminClient, gateway: StubGateway) -> None:
    first = Says(body={"data": [{"start_time": 0}], "has_more": True, "next_page": "page_1"})
    gateway.on("GET", "costs", first, Says(body={"data": [{"start_time": 1}], "has_more": False}))
    assert [each["start_time"] for each in client.buckets(path_of("costs"), {"start_time": 0})] == [0, 1]
    assert gateway.last.query == {"start_time": ["0"], "page": ["page_1"]}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_another_server_is_not_taken_for_a_gateway(body: bytes, client: AdminClient, gateway: StubGateway) -> None:
    gateway.on("GET", "projects", Says(200, body))
    with pytest.raises(Unavailable, match="SLUICE_URL") as failed:
        client.get(PROJECTS)
    assert failed.value.exit_code is ExitCode.UNAVAILABLE


def test_a_redirect_is_not_followed_with_the_key(client: AdminClient, gateway: StubGateway) -> None:
    gateway.on("GET", "projects", Says(302, b"", {"location": f"{gateway.url}/v1/organization/elsewhere"}))
    with pytest.raises(Unavailable):
        client.get(PROJECTS)
    assert [asked.path for asked in gateway.asked] == ["/v1/organization/projects"]


def test_a_body_that_breaks_off_is_no_answer(client: AdminClient, gateway: StubGateway, hand: Hand) -> None:
    gateway.on("GET", "projects", Says(body={"data": ["long"]}, cut=5), page())
    assert client.get(PROJECTS)["data"] == []
    assert "broke off" in hand.noted[0]


def test_queries_have_lists_as_openais_sdks_write_them_and_no_nothing() -> None:
    assert to_query_string({"a": None, "b": True, "c": 1, "d": ["x", "y z"], "effective_at[gte]": 5}) == (
        "b=true&c=1&d%5B%5D=x&d%5B%5D=y+z&effective_at%5Bgte%5D=5"
    )


def test_an_id_cannot_lead_to_another_path() -> None:
    assert path_of("projects", "../admin_api_keys?x#y") == "/organization/projects/..%2Fadmin_api_keys%3Fx%23y"
