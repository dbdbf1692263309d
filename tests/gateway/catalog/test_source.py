from __future__ import annotations

import asyncio

import pytest

from awswire.http import NotSent
from gateway.catalog.known_models import KnownModels, Row
from gateway.catalog.source import BedrockCatalog
from gateway.errors import BedrockError, BedrockUnreachable
from tenants.policy import NO_POLICY, Policy
from tests.awswire.fakes import FakeResponse, FakeTransport, to_json_response, to_service
from tests.gateway.catalog.listed import APPLICATION_ARN, NOVA, application, model, profile

FRESH_SECONDS = 600.0
MODELS = to_json_response(200, {"modelSummaries": [model(NOVA)]})
FIRST_PAGE = to_json_response(200, {"inferenceProfileSummaries": [profile(f"us.{NOVA}", NOVA)], "nextToken": "a/b="})
LAST_PAGE = to_json_response(200, {"inferenceProfileSummaries": [profile(f"eu.{NOVA}", NOVA)]})
APPLICATIONS = to_json_response(200, {"inferenceProfileSummaries": [application(NOVA)]})
NONE = to_json_response(200, {"inferenceProfileSummaries": []})
ALL = (MODELS, LAST_PAGE, APPLICATIONS)
REFUSED = to_json_response(403, {"message": "no"}, x_amzn_errortype="AccessDeniedException")


class Source:
    """A catalog over scripted answers, and its clock."""

    def __init__(self, *script: FakeResponse | Exception, policy: Policy = NO_POLICY) -> None:
        self.transport = FakeTransport(*script)
        self.now = 1000.0
        known = KnownModels([Row(("amazon.*",), {"prefill": False})])
        self.catalog = BedrockCatalog(to_service(self.transport), lambda: self.now, FRESH_SECONDS, known, policy)

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.transport.requests]

    async def look(self) -> None:
        """Let a look in the background come to its end."""
        for _ in range(50):
            await asyncio.sleep(0)


async def test_the_first_load_waits_and_reads_every_page() -> None:
    source = Source(MODELS, FIRST_PAGE, LAST_PAGE, APPLICATIONS)
    snapshot = await source.catalog.load()
    assert set(snapshot.listed) == {NOVA, f"us.{NOVA}", f"eu.{NOVA}", APPLICATION_ARN}
    assert source.targets == [
        "/foundation-models",
        "/inference-profiles?maxResults=1000&type=SYSTEM_DEFINED",
        "/inference-profiles?maxResults=1000&nextToken=a%2Fb%3D&type=SYSTEM_DEFINED",
        "/inference-profiles?maxResults=1000&type=APPLICATION",
    ]


async def test_many_who_load_look_once() -> None:
    source = Source(*ALL)
    snapshots = await asyncio.gather(*(source.catalog.load() for _ in range(10)))
    assert len(source.targets) == 3
    assert all(each is snapshots[0] for each in snapshots)


async def test_latest_never_waits() -> None:
    source = Source(*ALL)
    assert source.catalog.latest().listed == {}
    await source.look()
    assert NOVA in source.catalog.latest().listed


async def test_what_is_fresh_is_not_looked_at_again() -> None:
    source = Source(*ALL)
    await source.catalog.load()
    source.now += FRESH_SECONDS - 1
    source.catalog.latest()
    await source.look()
    assert len(source.targets) == 3


async def test_what_is_old_is_given_while_it_is_looked_at_again() -> None:
    source = Source(*ALL, MODELS, NONE)
    old = await source.catalog.load()
    source.now += FRESH_SECONDS
    assert source.catalog.latest() is old
    await source.look()
    assert set(source.catalog.latest().listed) == {NOVA}
    await source.catalog.aclose()


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (REFUSED, BedrockError),
        (NotSent("no"), BedrockUnreachable),
        (FakeResponse(200, [b"<html>"]), BedrockError),
    ],
)
async def test_a_failed_first_look_is_raised_and_tried_again(
    failure: FakeResponse | Exception, error: type[Exception]
) -> None:
    source = Source(failure, failure, failure, *ALL)
    with pytest.raises(error):
        await source.catalog.load()
    await source.look()
    assert NOVA in (await source.catalog.load()).listed


async def test_a_failed_look_keeps_what_was_known() -> None:
    source = Source(*ALL, REFUSED)
    known = await source.catalog.load()
    source.now += FRESH_SECONDS
    source.catalog.latest()
    await source.look()
    assert source.catalog.latest() is known
    assert await source.catalog.load() is known


async def test_closing_ends_a_look_under_way() -> None:
    source = Source(*ALL)
    source.catalog.latest()
    await source.catalog.aclose()
    assert len(asyncio.all_tasks()) == 1


async def test_what_the_models_can_do_is_known_before_anything_is_listed() -> None:
    source = Source(*ALL)
    assert not source.catalog.latest().resolve(NOVA).capabilities.prefill
    await source.catalog.aclose()


def test_the_deployments_policy_is_at_hand() -> None:
    policy = Policy(prompt_caching="5m")
    assert Source(*ALL, policy=policy).catalog.policy is policy


async def test_without_rows_of_its_own_a_catalog_has_the_shipped_ones() -> None:
    transport = FakeTransport(*ALL)
    catalog = BedrockCatalog(to_service(transport), lambda: 0.0, FRESH_SECONDS)
    assert (await catalog.resolve("amazon.nova-lite-v1:0")).capabilities.top_k == "inferenceConfig.topK"
    await catalog.aclose()


async def test_an_application_profile_waits_for_the_first_list_so_that_its_models_quirks_apply() -> None:
    resolved = await Source(*ALL).catalog.resolve("mine", Policy(aliases={"mine": APPLICATION_ARN}))
    assert (resolved.name, resolved.base_id, resolved.opaque) == ("mine", NOVA, False)
    assert not resolved.capabilities.prefill


@pytest.mark.parametrize("name", [NOVA, f"us.{NOVA}", "arn:aws:bedrock:us-east-1:123456789012:imported-model/a1b2c3"])
async def test_nothing_else_waits_for_a_list(name: str) -> None:
    source = Source(*ALL)
    await source.catalog.resolve(name)
    assert source.targets == []
    await source.catalog.aclose()


async def test_a_list_that_does_not_come_leaves_the_profile_opaque_and_delays_no_later_request() -> None:
    source = Source(REFUSED)
    for _ in range(3):
        assert (await source.catalog.resolve(APPLICATION_ARN)).opaque
    assert len(source.targets) == 3  # one look, of three lists


async def test_a_list_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.catalog.source._PATIENCE_SECONDS", 0.0)
    source = Source(*ALL)
    assert (await source.catalog.resolve(APPLICATION_ARN)).opaque
    await source.look()
    assert not (await source.catalog.resolve(APPLICATION_ARN)).opaque


async def test_a_profile_made_since_the_last_list_is_not_waited_for() -> None:
    source = Source(*ALL)
    await source.catalog.load()
    assert (await source.catalog.resolve(APPLICATION_ARN[:-1] + "9")).opaque
    assert len(source.targets) == 3
