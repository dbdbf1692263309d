from __future__ import annotations

from unittest.mock import create_autospec

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.types import Message

from admin.auth import BOOTSTRAP_ACTOR_ID, AdminKeys
from admin.control_plane import ControlPlane
from admin.routes.admitted import LARGEST_BODY_BYTES, Admitted, admitted_of, route_class_of
from tenants.administrators import Administrators
from tenants.errors import AuthenticationFailed
from tenants.secret import Peppers
from tenants.store import Directory, KeyReader, Ledger
from tenants.users import Users

KEYS = {"one": "1" * 32, "other": "2" * 32}


def control_with(admin_key: str) -> ControlPlane:
    return ControlPlane(
        directory=create_autospec(Directory, instance=True),
        administrators=create_autospec(Administrators, instance=True),
        users=create_autospec(Users, instance=True),
        ledger=create_autospec(Ledger, instance=True),
        keys=create_autospec(KeyReader, instance=True),
        peppers=Peppers({"p1": b"pepper of the tests"}, "p1"),
        admin_keys=AdminKeys(admin_key),
        clock_ms=lambda: 0,
        randomness=lambda size: b"\x01" * size,
    )


class Service:
    """One route for each of KEYS, inside two routers, in one application."""

    def __init__(self) -> None:
        self.controls = {name: control_with(key) for name, key in KEYS.items()}
        self.app = FastAPI()
        self.bodies: list[dict[str, int]] = []
        self.admitted: list[Admitted] = []
        for name, control in self.controls.items():
            inner = APIRouter(prefix=f"/{name}", route_class=route_class_of(control))
            inner.post("/things")(self.create)
            outer = APIRouter(prefix="/v1")
            outer.include_router(inner)
            self.app.include_router(outer)

    async def create(self, request: Request, body: dict[str, int]) -> None:
        self.admitted.append(admitted_of(request))
        self.bodies.append(body)

    async def post(self, name: str, key: str) -> httpx2.Response:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app), base_url="http://s") as client:
            headers = {"authorization": f"Bearer {key}"}
            return await client.post(f"/v1/{name}/things", json={"a": 1}, headers=headers)


@pytest.fixture
def service() -> Service:
    return Service()


async def test_the_class_stays_through_two_routers_and_knows_its_control_plane(service: Service) -> None:
    for name, key in KEYS.items():
        assert (await service.post(name, key)).status_code == 200
    assert [each.control for each in service.admitted] == list(service.controls.values())
    assert {each.requester.actor.id for each in service.admitted} == {BOOTSTRAP_ACTOR_ID}


async def test_the_key_of_another_control_plane_opens_nothing(service: Service) -> None:
    with pytest.raises(AuthenticationFailed):
        await service.post("one", KEYS["other"])
    assert service.bodies == []


async def test_an_answer_is_not_for_caches(service: Service) -> None:
    assert (await service.post("one", KEYS["one"])).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers", [[], [(b"authorization", b"Bearer wrong-wrong-wrong")]], ids=["no key", "wrong key"]
)
async def test_401_without_reading_any_of_the_body(app: FastAPI, headers: list[tuple[bytes, bytes]]) -> None:
    reads, sent = [], []

    async def receive() -> Message:
        reads.append("read")
        return {"type": "http.request", "body": b"[{}", "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/organization/projects",
        "raw_path": b"/v1/organization/projects",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"999999"), *headers],
        "client": ("192.0.2.7", 50_000),
        "server": ("sluice.test", 80),
    }
    await app(scope, receive, send)
    assert (sent[0]["status"], reads) == (401, [])


async def test_400_for_a_body_that_is_no_json_from_whoever_has_the_key(client: httpx2.AsyncClient) -> None:
    response = await client.post("/projects", content=b"{", headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert "JSON" in response.json()["error"]["message"]


async def test_400_for_a_body_larger_than_any_that_is_meant(client: httpx2.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    fits, too_large = (b'{"name": "x"'.ljust(size - 1) + b"}" for size in (LARGEST_BODY_BYTES, LARGEST_BODY_BYTES + 1))
    assert (await client.post("/projects", content=fits, headers=headers)).status_code == 200
    response = await client.post("/projects", content=too_large, headers=headers)
    assert (response.status_code, response.json()["error"]["param"]) == (400, "body")
