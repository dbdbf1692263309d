from __future__ import annotations

import asyncio

import pytest

from awswire.http import NotSent
from gateway.catalog.snapshot import EMPTY
from gateway.catalog.source import BedrockCatalog
from gateway.errors import BedrockError, BedrockUnreachable
from tests.awswire.fakes import FakeResponse, FakeTransport, to_json_response, to_service

FRESH_SECONDS = 600.0
NOVA = "amazon.nova-lite-v1:0"
MODEL = {
    "modelId": NOVA,
    "providerName": "Amazon",
    "outputModalities": ["TEXT"],
    "inferenceTypesSupported": ["ON_DEMAND"],
}


def profile(profile_id: str) -> dict[str, object]:
    arn = f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"
    return {"inferenceProfileId": profile_id, "type": "SYSTEM_DEFINED", "models": [{"modelArn": arn}]}


MODELS = to_json_response(200, {"modelSummaries": [MODEL]})
FIRST_PAGE = to_json_response(200, {"inferenceProfileSummaries": [profile(f"us.{NOVA}")], "nextToken": "a/b="})
LAST_PAGE = to_json_response(200, {"inferenceProfileSummaries": [profile(f"eu.{NOVA}")]})
REFUSED = to_json_response(403, {"message": "no"}, x_amzn_errortype="AccessDeniedException")


class Source:
    """A catalog over scripted answers, and its clock."""

    def __init__(self, *script: FakeResponse | Exception) -> None:
        self.transport = FakeTransport(*script)
        self.now = 1000.0
        self.catalog = BedrockCatalog(to_service(self.transport), lambda: self.now, FRESH_SECONDS)

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.transport.requests]

    async def look(self) -> None:
        """Let a look in the background come to its end."""
        for _ in range(50):
            await asyncio.sleep(0)


async def test_the_first_load_waits_and_reads_every_page() -> None:
    source = Source(MODELS, FIRST_PAGE, LAST_PAGE)
    snapshot = await source.catalog.load()
    assert set(snapshot.listed) == {NOVA, f"us.{NOVA}", f"eu.{NOVA}"}
    assert source.targets == [
        "/foundation-models",
        "/inference-profiles?maxResults=1000",
        "/inference-profiles?maxResults=1000&nextToken=a%2Fb%3D",
    ]


async def test_many_who_load_look_once() -> None:
    source = Source(MODELS, LAST_PAGE)
    snapshots = await asyncio.gather(*(source.catalog.load() for _ in range(10)))
    assert len(source.targets) == 2
    assert all(each is snapshots[0] for each in snapshots)


async def test_latest_never_waits() -> None:
    source = Source(MODELS, LAST_PAGE)
    assert source.catalog.latest() is EMPTY
    await source.look()
    assert NOVA in source.catalog.latest().listed


async def test_what_is_fresh_is_not_looked_at_again() -> None:
    source = Source(MODELS, LAST_PAGE)
    await source.catalog.load()
    source.now += FRESH_SECONDS - 1
    source.catalog.latest()
    await source.look()
    assert len(source.targets) == 2


async def test_what_is_old_is_given_while_it_is_looked_at_again() -> None:
    source = Source(MODELS, LAST_PAGE, MODELS, to_json_response(200, {"inferenceProfileSummaries": []}))
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
    source = Source(failure, failure, MODELS, LAST_PAGE)
    with pytest.raises(error):
        await source.catalog.load()
    await source.look()
    assert NOVA in (await source.catalog.load()).listed


async def test_a_failed_look_keeps_what_was_known() -> None:
    source = Source(MODELS, LAST_PAGE, REFUSED)
    known = await source.catalog.load()
    source.now += FRESH_SECONDS
    source.catalog.latest()
    await source.look()
    assert source.catalog.latest() is known
    assert await source.catalog.load() is known


async def test_closing_ends_a_look_under_way() -> None:
    source = Source(MODELS, LAST_PAGE)
    source.catalog.latest()
    await source.catalog.aclose()
    assert len(asyncio.all_tasks()) == 1
