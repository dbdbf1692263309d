from __future__ import annotations

import hashlib
import json

import httpx2
import pytest
from fastapi import FastAPI

from admin.control_plane import ControlPlane, Requester
from admin.operations.api_keys import KeyTarget
from admin.operations.issued_keys import IssuedKey, KeyDraft, UserOwner, issue_key, rotate_key
from admin.operations.leaked_keys import LeakReporting
from admin.operations.projects import create_project
from admin.routes.admitted import LARGEST_BODY_BYTES
from admin.routes.router import create_router
from admin.schemas.leaked_keys import MOST_REPORTS
from gateway.routes.application import Application
from tenants.errors import IncorrectSignature, MissingCredential
from tenants.leak import LeakedKey
from tests.admin.conftest import AuditTrail

PATH = "/leaked_keys"
SIGNED = {
    "github-public-key-identifier": "k1",
    "github-public-key-signature": "good",
    "content-type": "application/json",
}


class Signatures:
    """Takes the signature `good` of anything."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def verify(self, key_id: str, signature: str, body: bytes) -> None:
        self.bodies.append(body)
        if (key_id, signature) != ("k1", "good"):
            raise IncorrectSignature("test")


@pytest.fixture
def signatures() -> Signatures:
    return Signatures()


@pytest.fixture
def told() -> list[LeakedKey]:
    return []


@pytest.fixture
def leaks(signatures: Signatures, told: list[LeakedKey]) -> LeakReporting:
    return LeakReporting(told.append, signatures)


@pytest.fixture
async def issued(control: ControlPlane, requester: Requester) -> IssuedKey:
    project = await create_project(control, requester, "team")
    return await issue_key(control, requester, project.id, KeyDraft("k", UserOwner()))


def find(token: str, **more: object) -> dict[str, object]:
    return {"token": token, "type": "sluice_api_key", "url": "https://example.org", "source": "commit", **more}


async def test_200_tokens_are_labelled_in_github_s_words_and_order_without_their_text(
    client: httpx2.AsyncClient, issued: IssuedKey
) -> None:
    answer = await client.post(PATH, json=[find("made up"), find(issued.secret.text)])
    assert answer.json() == [
        {"token_hash": hashlib.sha256(token.encode()).hexdigest(), "token_type": "sluice_api_key", "label": label}
        for token, label in (("made up", "false_positive"), (issued.secret.text, "true_positive"))
    ]
    assert issued.secret.text not in answer.text


async def test_200_a_signed_report_needs_no_admin_key(
    app: Application, issued: IssuedKey, told: list[LeakedKey], signatures: Signatures
) -> None:
    body = json.dumps([find(issued.secret.text)], indent=3).encode()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as scanner:
        answer = await scanner.post("http://sluice.test/v1/organization/leaked_keys", content=body, headers=SIGNED)
    assert answer.json()[0]["label"] == "true_positive"
    assert [each.key_id for each in told] == [issued.record.key.id]
    assert signatures.bodies == [body]  # as it came


@pytest.mark.parametrize(
    "headers", [{"github-public-key-signature": "bad"}, {"github-public-key-identifier": ""}], ids=["wrong", "no key"]
)
async def test_401_a_wrong_signature_is_refused_before_anything_is_read(
    app: Application, told: list[LeakedKey], issued: IssuedKey, headers: dict[str, str]
) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), headers={**SIGNED, **headers}) as stranger:
        url = "http://sluice.test/v1/organization/leaked_keys"
        for content in (json.dumps([find(issued.secret.text)]), '{"cut'):
            answer = await stranger.post(url, content=content)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_signature")
    assert told == []


async def test_401_a_signature_opens_no_other_route(app: Application) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), headers=SIGNED) as scanner:
        assert (await scanner.get("http://sluice.test/v1/organization/projects")).status_code == 401


async def test_401_without_a_scanner_a_signature_counts_for_nothing(control: ControlPlane) -> None:
    app = FastAPI()
    app.include_router(create_router(control))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), headers=SIGNED) as scanner:
        with pytest.raises(MissingCredential):
            await scanner.post("http://sluice.test/v1/organization/leaked_keys", json=[find("x")])


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        [{}],
        ["sk"],
        [find("")],
        [find("x" * 1025)],
        [{"token": 7}],
        [find("x", type=None)],
        [find("x", url=7)],
        [find("x")] * (MOST_REPORTS + 1),
    ],
    ids=["object", "empty", "no token", "text", "empty token", "long token", "number", "null type", "url", "too many"],
)
async def test_400_what_is_no_list_of_finds(client: httpx2.AsyncClient, body: object) -> None:
    assert (await client.post(PATH, json=body)).status_code == 400


@pytest.mark.parametrize("signed", [False, True])
async def test_400_a_body_that_is_too_large(client: httpx2.AsyncClient, signed: bool) -> None:
    headers = SIGNED if signed else {}
    answer = await client.post(PATH, content=b" " * (LARGEST_BODY_BYTES + 1), headers=headers)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "body")


async def test_200_what_a_finder_may_add_or_leave_out_does_no_harm(
    client: httpx2.AsyncClient, issued: IssuedKey, told: list[LeakedKey]
) -> None:
    body = [
        {"token": "x"},
        find("y", url="", source=None, confidence=3),
        find(issued.secret.text, url="a\nb" + "c" * 9000),
    ]
    answer = await client.post(PATH, json=body)
    assert [each["label"] for each in answer.json()] == ["false_positive", "false_positive", "true_positive"]
    assert told[0].url == "a?b" + "c" * 2045


async def test_200_both_secrets_of_a_key_end_in_one_report_with_an_idempotency_key(
    client: httpx2.AsyncClient, control: ControlPlane, requester: Requester, issued: IssuedKey
) -> None:
    """In the grace of a rotation there are two, and ending either is the same kind of change to the same key."""
    target = KeyTarget(issued.record.tenant.id, issued.record.key.id)
    rotated = (await rotate_key(control, requester, target, 3600)).issued
    body = [find(issued.secret.text), find(rotated.secret.text)]
    answer = await client.post(PATH, json=body, headers={"idempotency-key": "both"})
    assert [each["label"] for each in answer.json()] == ["true_positive", "true_positive"], answer.text
    key = await control.directory.get_key(target.project_id, target.key_id)
    assert not key.has_working_secret(control.now_seconds())


async def test_200_a_replay_of_a_report_that_has_a_key_in_the_wrong_field(
    client: httpx2.AsyncClient, issued: IssuedKey
) -> None:
    body = [find("x", type=issued.secret.text)]
    answers = [await client.post(PATH, json=body, headers={"idempotency-key": "twice"}) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[1].json() == [{**answers[0].json()[0], "token_type": None}]


@pytest.mark.parametrize("headers", [{"authorization": "Bearer x"}, {**SIGNED, "github-public-key-signature": "bad"}])
async def test_a_refused_report_has_one_entry_in_the_audit_trail(
    app: FastAPI, audit_trail: AuditTrail, headers: dict[str, str]
) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), headers=headers) as stranger:
        answer = await stranger.post("http://sluice.test/v1/organization/leaked_keys", json=[find("x")])
    assert answer.status_code == 401
    assert len(await audit_trail()) == 1
