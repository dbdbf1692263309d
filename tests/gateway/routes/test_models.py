from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.catalog.snapshot import Snapshot, from_listings
from tenants.permissions import ModelPermissions, PermissionMode
from tests.gateway.fakes import RECORD
from tests.gateway.routes.service import Service

ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
NOVA, CLAUDE, CLAUDE_PROFILE = "amazon.nova-lite-v1:0", "anthropic.claude-x", "us.anthropic.claude-x"


def model(model_id: str, on_demand: bool) -> dict[str, object]:
    types = ["ON_DEMAND"] if on_demand else ["INFERENCE_PROFILE"]
    return {
        "modelId": model_id,
        "providerName": model_id.split(".")[0],
        "outputModalities": ["TEXT"],
        "inferenceTypesSupported": types,
    }


def profile(profile_id: str, kind: str, base_id: str) -> dict[str, object]:
    models = [{"modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{base_id}"}]
    return {"inferenceProfileId": profile_id, "inferenceProfileArn": ARN, "type": kind, "models": models}


SNAPSHOT: Snapshot = from_listings(
    [model(NOVA, True), model(CLAUDE, False)],
    [profile(CLAUDE_PROFILE, "SYSTEM_DEFINED", CLAUDE), profile("abc", "APPLICATION", NOVA)],
    "us-east-1",
)


def service(mode: PermissionMode | None = None, *model_ids: str) -> Service:
    permissions = None if mode is None else ModelPermissions(mode, model_ids)
    return Service(record=replace(RECORD, key=replace(RECORD.key, models=permissions)), snapshot=SNAPSHOT)


async def names(asked: Service) -> set[str]:
    return {each["id"] for each in (await asked.get("/models")).json()["data"]}


async def test_a_key_without_a_list_sees_everything_in_openais_form() -> None:
    answer = (await service().get("/models")).json()
    assert answer["object"] == "list"
    assert {each["id"] for each in answer["data"]} == {NOVA, CLAUDE, CLAUDE_PROFILE, ARN}
    assert all(set(each) == {"id", "object", "created", "owned_by"} for each in answer["data"])


@pytest.mark.parametrize(
    ("mode", "globs", "seen"),
    [
        (PermissionMode.ALLOW_LIST, ["amazon.*"], {NOVA}),
        (PermissionMode.ALLOW_LIST, ["us.*", "arn:*"], {CLAUDE_PROFILE, ARN}),
        (PermissionMode.ALLOW_LIST, [], set()),
        (PermissionMode.DENY_LIST, ["anthropic.*"], {NOVA, ARN}),
        (PermissionMode.DENY_LIST, [], {NOVA, CLAUDE, CLAUDE_PROFILE, ARN}),
    ],
)
async def test_a_key_sees_what_it_may_call(mode: PermissionMode, globs: list[str], seen: set[str]) -> None:
    asked = service(mode, *globs)
    assert await names(asked) == seen
    for name in (NOVA, CLAUDE, CLAUDE_PROFILE, ARN):
        assert (await asked.get(f"/models/{name}")).status_code == (200 if name in seen else 404)


async def test_a_model_that_may_not_be_seen_reads_like_one_that_does_not_exist() -> None:
    asked = service(PermissionMode.ALLOW_LIST, NOVA)
    hidden, missing = await asked.get(f"/models/{CLAUDE}"), await asked.get("/models/no.such")
    assert hidden.json()["error"]["code"] == missing.json()["error"]["code"] == "model_not_found"
    assert hidden.text.replace(CLAUDE, "…") == missing.text.replace("no.such", "…")


async def test_the_key_is_read_afresh_for_each_list() -> None:
    asked = service()
    await asked.get("/models")
    del asked.door.reader.records[RECORD.key.id]
    assert (await asked.get("/models")).status_code == 401


async def test_models_cost_the_ledger_nothing() -> None:
    asked = service()
    await asked.get("/models")
    assert asked.door.ledger.calls == []
