"""Claims of idempotency keys on DynamoDB, in the usage table: it expires, and what is lost with it is replays."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from awswire.attributes import from_attributes, to_attributes
from awswire.dynamodb import ConditionFailed, DynamoDb
from tenants.dynamo_calls import call_store
from tenants.errors import IdempotencyInProgress, IdempotencyKeyReused
from tenants.idempotency import CLAIM_SORT, KEPT_MS, LEASE_MS, HeldClaim, KeptAnswer, claim_partition
from tenants.tables import TableNames


class DynamoClaims:
    def __init__(self, client: DynamoDb, tables: TableNames) -> None:
        self._client = client
        self._table = tables.usage

    async def claim(self, digest: str, body_hash: str, now_ms: int) -> HeldClaim | KeptAnswer:
        """The claim, for this attempt to hold; or the answer to an earlier one.

        Raises IdempotencyKeyReused for another body, IdempotencyInProgress while another attempt holds it,
        LedgerUnavailable.
        """
        mine = HeldClaim(digest, secrets.token_hex(16), secrets.token_hex(16), now_ms)
        found = await self._put(mine, body_hash, now_ms)
        if found is None:
            return mine
        if found["body_hash"] != body_hash:
            raise IdempotencyKeyReused
        if "answer_status" in found:
            return KeptAnswer(
                found["answer_status"], found.get("answer"), found.get("etag"), bool(found.get("secrets_dropped"))
            )
        if found["lease_ms"] > now_ms:
            raise IdempotencyInProgress(found["lease_ms"] - now_ms)
        return await self._take_over(HeldClaim(digest, mine.token, found["seed"], found["made_at_ms"]), found, now_ms)

    async def keep(self, claim: HeldClaim, answer: KeptAnswer) -> None:
        """Leave the answer with the claim, unless another attempt holds it by now. Raises LedgerUnavailable."""
        fields: dict[str, Any] = {"answer_status": answer.status, "secrets_dropped": int(answer.secrets_dropped)}
        fields |= {name: text for name, text in (("answer", answer.body), ("etag", answer.etag)) if text is not None}
        await self._update(claim, fields)

    async def give_up(self, claim: HeldClaim) -> None:
        """Let the next attempt begin at once. Raises LedgerUnavailable."""
        await self._update(claim, {"lease_ms": 0})

    async def forget(self, claim: HeldClaim) -> None:
        """As if the key had not been used, unless something was changed under it. Raises LedgerUnavailable."""
        body = {
            **self._place(claim.digest),
            "ConditionExpression": "#t = :t AND attribute_not_exists(steps)",
            "ExpressionAttributeNames": {"#t": "token"},
            "ExpressionAttributeValues": to_attributes({":t": claim.token}),
        }
        try:
            await call_store(self._client, "DeleteItem", body)
        except ConditionFailed:
            await self.give_up(claim)

    async def _put(self, mine: HeldClaim, body_hash: str, now_ms: int) -> dict[str, Any] | None:
        """None where this call made the claim; else the one that is there. One that has expired is not."""
        item: dict[str, str | int] = {
            "pk": claim_partition(mine.digest),
            "sk": CLAIM_SORT,
            "token": mine.token,
            "seed": mine.seed,
            "made_at_ms": now_ms,
            "lease_ms": now_ms + LEASE_MS,
            "body_hash": body_hash,
            "ttl": (now_ms + KEPT_MS) // 1000,
        }
        body = {
            "TableName": self._table,
            "Item": to_attributes(item),
            "ConditionExpression": "attribute_not_exists(pk) OR made_at_ms < :gone OR #t = :t",
            "ExpressionAttributeNames": {"#t": "token"},
            "ExpressionAttributeValues": to_attributes({":gone": now_ms - KEPT_MS, ":t": mine.token}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            await call_store(self._client, "PutItem", body)
        except ConditionFailed as error:
            return from_attributes(error.item or {})
        return None

    async def _take_over(self, claim: HeldClaim, found: Mapping[str, Any], now_ms: int) -> HeldClaim:
        body = {
            **self._place(claim.digest),
            "UpdateExpression": "SET #t = :t, lease_ms = :l",
            "ConditionExpression": "#t IN (:old, :t) AND attribute_not_exists(answer_status)",
            "ExpressionAttributeNames": {"#t": "token"},
            "ExpressionAttributeValues": to_attributes(
                {":t": claim.token, ":l": now_ms + LEASE_MS, ":old": found["token"]}
            ),
        }
        try:
            await call_store(self._client, "UpdateItem", body)
        except ConditionFailed as error:
            raise IdempotencyInProgress(LEASE_MS) from error
        return claim

    async def _update(self, claim: HeldClaim, fields: Mapping[str, Any]) -> None:
        body = {
            **self._place(claim.digest),
            "UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in fields),
            "ConditionExpression": "#t = :t AND attribute_not_exists(answer_status)",
            "ExpressionAttributeNames": {"#t": "token"},
            "ExpressionAttributeValues": to_attributes(
                {":t": claim.token, **{f":{name}": value for name, value in fields.items()}}
            ),
        }
        try:
            await call_store(self._client, "UpdateItem", body)
        except ConditionFailed:
            return  # another attempt took it over; or this call was repeated, and is done

    def _place(self, digest: str) -> dict[str, Any]:
        return {"TableName": self._table, "Key": to_attributes({"pk": claim_partition(digest), "sk": CLAIM_SORT})}
