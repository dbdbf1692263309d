"""Every route with every role of every tenant, and without a credential. The table says who may; nothing else does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.admin_keys import AdminKeyDraft, create_admin_key
from admin.routes.admitted import PREFIX
from admin.routes.permissions import REQUIRED, required_of
from admin.routes.router import Neighbours, create_router
from admin.routes.unsupported import METHODS, PATHS
from gateway.routes.application import Application
from tenants.dynamo_audit_books import DynamoAuditBooks
from tenants.dynamo_escrow import TenantBudgets
from tenants.roles import ALLOWED, FULL_ACCESS, Permission, Role, RoleBinding
from tests.admin.conftest import BOOTSTRAP, NOW_MS
from tests.admin.routes.test_models import TwoModels
from tests.admin.routes.usage_service import assembled, opened
from tests.admin.usage_books import ListedBooks

# Who may: o and v, owners and viewers of the organization; P and M, owners and members of the path's project, or,
# where the path has none, of any.
ALL, ORG, OWNER = "ovPM", "ov", "o"
SETTINGS, MANAGED = "ovP", "oP"
P = "/projects/{project_id}"
MATRIX = {
    "GET /me": ALL,
    "GET /admin_api_keys": SETTINGS,
    "POST /admin_api_keys": MANAGED,
    "GET /admin_api_keys/{key_id}": SETTINGS,
    "DELETE /admin_api_keys/{key_id}": MANAGED,
    "GET /users": ORG,
    "GET /users/{user_id}": ORG,
    "POST /users/{user_id}": OWNER,
    "DELETE /users/{user_id}": OWNER,
    "GET /projects": ALL,
    "POST /projects": OWNER,
    f"GET {P}": ALL,
    f"POST {P}": OWNER,
    f"POST {P}/archive": OWNER,
    f"GET {P}/model_permissions": SETTINGS,
    f"POST {P}/model_permissions": OWNER,
    f"DELETE {P}/model_permissions": OWNER,
    f"GET {P}/policy": SETTINGS,
    f"POST {P}/policy": OWNER,
    f"GET {P}/limits": SETTINGS,
    f"POST {P}/limits": OWNER,
    f"GET {P}/budget": SETTINGS,
    f"GET {P}/rate_limits": SETTINGS,
    f"POST {P}/rate_limits/{{rate_limit_id}}": OWNER,
    f"DELETE {P}/rate_limits/{{rate_limit_id}}": OWNER,
    f"GET {P}/spend_limit": SETTINGS,
    f"POST {P}/spend_limit": OWNER,
    f"DELETE {P}/spend_limit": OWNER,
    f"GET {P}/spend_alerts": SETTINGS,
    f"POST {P}/spend_alerts": OWNER,
    f"GET {P}/spend_alerts/{{alert_id}}": SETTINGS,
    f"POST {P}/spend_alerts/{{alert_id}}": OWNER,
    f"DELETE {P}/spend_alerts/{{alert_id}}": OWNER,
    f"GET {P}/users": SETTINGS,
    f"POST {P}/users": MANAGED,
    f"GET {P}/users/{{user_id}}": SETTINGS,
    f"POST {P}/users/{{user_id}}": MANAGED,
    f"DELETE {P}/users/{{user_id}}": MANAGED,
    f"GET {P}/service_accounts": SETTINGS,
    f"POST {P}/service_accounts": MANAGED,
    f"GET {P}/service_accounts/{{service_account_id}}": SETTINGS,
    f"POST {P}/service_accounts/{{service_account_id}}": MANAGED,
    f"DELETE {P}/service_accounts/{{service_account_id}}": MANAGED,
    f"POST {P}/service_accounts/{{service_account_id}}/api_keys": MANAGED,
    f"GET {P}/api_keys": ALL,
    f"POST {P}/api_keys": MANAGED,
    f"POST {P}/api_keys/bulk": MANAGED,
    f"POST {P}/api_keys/import": MANAGED,
    f"GET {P}/api_keys/{{api_key_id}}": ALL,
    f"POST {P}/api_keys/{{api_key_id}}": MANAGED,
    f"DELETE {P}/api_keys/{{api_key_id}}": "oPM",
    f"GET {P}/api_keys/{{api_key_id}}/budget": ALL,
    f"POST {P}/api_keys/{{api_key_id}}/rotate": "oPM",
    f"POST {P}/api_keys/{{api_key_id}}/disable": "oPM",
    f"POST {P}/api_keys/{{api_key_id}}/enable": "oPM",
    "GET /usage/completions": ALL,
    "GET /usage/embeddings": ALL,
    "GET /usage/export": ALL,
    "GET /costs": ALL,
    "GET /models": ALL,
    "GET /audit_logs": SETTINGS,
    "POST /leaked_keys": OWNER,
}
CREDENTIALS = ("owner", "viewer", "P owner", "P member", "Q owner", "Q member")
LETTERS = {"owner": "o", "viewer": "v", "P owner": "P", "P member": "M", "Q owner": "P", "Q member": "M"}
SECRET_NAME = "Merger with Initech"


@dataclass(frozen=True, slots=True)
class World:
    """A project P with a bit of everything, another one Q, and a credential of every role. `ids` are of P."""

    ids: dict[str, str]
    others_key_id: str
    secrets: dict[str, str]

    def path(self, route: str) -> str:
        return route.partition(" ")[2].format(**self.ids)


@dataclass(frozen=True, slots=True)
class Maker:
    client: httpx2.AsyncClient
    control: ControlPlane
    requester: Requester

    async def post(self, path: str, body: dict[str, object]) -> dict[str, Any]:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        fields: dict[str, Any] = answer.json()
        return fields

    async def credential(
        self, role: Role, project_id: str | None = None, user_id: str | None = None
    ) -> tuple[str, str]:
        draft = AdminKeyDraft(f"{role} of {project_id}", RoleBinding(role, project_id, user_id))
        made = await create_admin_key(self.control, self.requester, draft)
        return made.key.id, made.secret.text

    async def make(self) -> World:
        p, q = [(await self.post("/projects", {"name": name}))["id"] for name in (SECRET_NAME, "Q")]
        at = f"/projects/{p}"
        anna, bob = [
            await self.post(f"{at}/api_keys", {"name": SECRET_NAME, "owner": {"type": "user", "user_id": user_id}})
            for user_id in ("anna", "bob")
        ]
        bot = await self.post(f"{at}/service_accounts", {"name": SECRET_NAME})
        spend = {"currency": "USD", "interval": "month", "threshold_amount": 5}
        await self.post(f"{at}/spend_limit", spend)
        notice = {"type": "email", "recipients": ["anna@example.com"]}
        alert = await self.post(f"{at}/spend_alerts", {**spend, "notification_channel": notice})
        await self.post(f"{at}/rate_limits/rl-m", {"max_requests_per_1_minute": 5})
        await self.post(f"{at}/users", {"user_id": "carl", "role": "member"})
        member_id, member = await self.credential(Role.PROJECT_MEMBER, p, "anna")
        ids = {
            "project_id": p,
            "api_key_id": anna["id"],
            "service_account_id": bot["id"],
            "alert_id": alert["id"],
            "rate_limit_id": "rl-m",
            "key_id": member_id,
            "user_id": "carl",
        }
        secrets = {
            "owner": BOOTSTRAP,
            "viewer": (await self.credential(Role.ORG_VIEWER))[1],
            "P owner": (await self.credential(Role.PROJECT_OWNER, p))[1],
            "P member": member,
            "Q owner": (await self.credential(Role.PROJECT_OWNER, q))[1],
            "Q member": (await self.credential(Role.PROJECT_MEMBER, q, "anna"))[1],
        }
        return World(ids, bob["id"], secrets)


@pytest.fixture
def app(control: ControlPlane, budgets: TenantBudgets, audit_books: DynamoAuditBooks) -> Application:
    return assembled(create_router(control, Neighbours(budgets, ListedBooks(), audit_books, TwoModels())))


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx2.AsyncClient]:
    async with opened(app) as client:
        yield client


@pytest.fixture
def maker(client: httpx2.AsyncClient, control: ControlPlane, requester: Requester) -> Maker:
    return Maker(client, control, replace(requester, access=FULL_ACCESS))


def routes_of(app: Application) -> set[str]:
    paths = {path: item for path, item in app.openapi()["paths"].items() if path.startswith(PREFIX)}
    return {f"{method.upper()} {path.removeprefix(PREFIX)}" for path, item in paths.items() for method in item}


async def call(client: httpx2.AsyncClient, route: str, path: str, secret: str | None) -> httpx2.Response:
    """Bodies are cut short: whoever gets as far as to have one read is permitted, and told of it by a 400."""
    headers = {"content-type": "application/json", "authorization": "" if secret is None else f"Bearer {secret}"}
    params = {"start_time": str(NOW_MS // 1000)} if route.partition(" ")[2].startswith(("/usage", "/costs")) else {}
    content = b"{" if route.startswith("POST") and not route.endswith(("/archive", "/disable", "/enable")) else b""
    method = route.partition(" ")[0]
    return await client.request(method, path, params=params, content=content, headers=headers)


def test_the_matrix_has_every_route(app: Application) -> None:
    assert routes_of(app) == set(MATRIX)


def test_every_route_declares_its_permission_and_no_declaration_is_left_over(app: Application) -> None:
    declared = {(method, path) for method, path in REQUIRED if path not in PATHS}
    assert {f"{method} {path.replace(':path}', '}')}" for method, path in declared} == routes_of(app)
    assert all(REQUIRED[method, path] is Permission.ACTOR_READ for path in PATHS for method in METHODS)


def test_what_nobody_declared_is_for_owners_of_the_organization() -> None:
    assert ALLOWED[required_of("GET", "/nowhere")] == {Role.ORG_OWNER}


@pytest.mark.parametrize("credential", CREDENTIALS)
async def test_a_role_may_do_what_the_matrix_says_and_nothing_else(
    maker: Maker, client: httpx2.AsyncClient, credential: str
) -> None:
    world = await maker.make()
    for route, who in MATRIX.items():
        permitted = LETTERS[credential] in who
        foreign = credential.startswith("Q") and "{project_id}" in route
        answer = await call(client, route, world.path(route), world.secrets[credential])
        said = f"{route}: {answer.status_code} {answer.text[:300]}"
        if foreign:
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), said
        elif not permitted:
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_permissions"), said
        elif credential.startswith("Q") and "{key_id}" in route:
            assert answer.status_code == 404, said
        else:
            assert answer.status_code in (200, 400), said
        if credential.startswith("Q"):
            assert SECRET_NAME not in answer.text, said
        if permitted and not foreign and (route.startswith("DELETE") or route.endswith("/archive")):
            world = await maker.make()


async def test_nobody_may_do_anything_without_a_credential(maker: Maker, client: httpx2.AsyncClient) -> None:
    world = await maker.make()
    for route in MATRIX:
        answer = await call(client, route, world.path(route), None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key"), route


async def test_another_tenants_things_read_like_things_that_are_not_there(
    maker: Maker, client: httpx2.AsyncClient
) -> None:
    """By a project that is there and one that is not, with the same role and the same route: the same words."""
    world = await maker.make()
    nowhere = "proj_" + "0" * 16
    for route in MATRIX:
        if "{project_id}" not in route:
            continue
        for credential in ("Q owner", "Q member"):
            theirs = await call(client, route, world.path(route), world.secrets[credential])
            path = route.partition(" ")[2].format(**{**world.ids, "project_id": nowhere})
            nobodys = await call(client, route, path, world.secrets[credential])
            assert theirs.status_code == nobodys.status_code == 404
            assert theirs.text == nobodys.text.replace(nowhere, world.ids["project_id"])


async def test_a_member_does_not_learn_of_another_users_key(maker: Maker, client: httpx2.AsyncClient) -> None:
    world, unknown = await maker.make(), "key_" + "0" * 12
    routes = [route for route, who in MATRIX.items() if "{api_key_id}" in route and "M" in who]
    assert len(routes) == 6
    for route in routes:
        answers = []
        for key_id in (world.others_key_id, unknown):
            path = route.partition(" ")[2].format(**{**world.ids, "api_key_id": key_id})
            body = b"" if route.endswith("/rotate") else None
            headers = {"authorization": f"Bearer {world.secrets['P member']}"}
            answer = await client.request(route.partition(" ")[0], path, headers=headers, content=body)
            assert answer.status_code == 404, route
            answers.append(answer.text.replace(key_id, ""))
        assert answers[0] == answers[1]
    still = await client.get(f"/projects/{world.ids['project_id']}/api_keys/{world.others_key_id}")
    assert (still.json()["status"], still.json()["version"]) == ("active", 1)


async def test_a_deleted_admin_key_is_refused_on_its_next_request(maker: Maker, client: httpx2.AsyncClient) -> None:
    world = await maker.make()
    member = {"authorization": f"Bearer {world.secrets['P member']}"}
    assert (await client.get("/me", headers=member)).status_code == 200
    assert (await client.delete(f"/admin_api_keys/{world.ids['key_id']}")).status_code == 200
    assert (await client.get("/me", headers=member)).status_code == 401
