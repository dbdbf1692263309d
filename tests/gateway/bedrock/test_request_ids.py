from __future__ import annotations

import asyncio

from gateway.bedrock.request_ids import BEDROCK_REQUEST_IDS, MOST, note_request_id


async def test_ids_are_noted_for_the_request_that_is_served_also_by_its_tasks() -> None:
    async def serve(name: str) -> list[str]:
        ids: list[str] = []
        BEDROCK_REQUEST_IDS.set(ids)

        async def ask(number: int) -> None:
            await asyncio.sleep(0)
            note_request_id(f"{name}-{number}")

        await asyncio.gather(*(ask(number) for number in range(3)))
        return ids

    served = await asyncio.gather(*(asyncio.create_task(serve(name)) for name in "ab"))
    assert [sorted(ids) for ids in served] == [[f"{name}-{number}" for number in range(3)] for name in "ab"]


def test_outside_of_a_request_and_without_an_id_nothing_is_noted() -> None:
    ids: list[str] = []
    note_request_id("x")
    token = BEDROCK_REQUEST_IDS.set(ids)
    note_request_id(None)
    note_request_id("")
    BEDROCK_REQUEST_IDS.reset(token)
    assert ids == []


def test_of_many_and_of_long_ids_a_part_is_kept() -> None:
    ids: list[str] = []
    token = BEDROCK_REQUEST_IDS.set(ids)
    for _ in range(MOST + 5):
        note_request_id("x" * 1000)
    BEDROCK_REQUEST_IDS.reset(token)
    assert ids == ["x" * 64] * MOST
