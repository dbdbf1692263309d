"""GET /v1/me: what the caller's own key may do, has used, and has left, and what its project allows all keys together;
for those who have no admin key. No other key is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.plane import DataPlane
from gateway.routes.edge import authenticate_now, plane_of
from gateway.routes.openapi import SECURED, error_responses
from gateway.routes.route_table import RouteTable
from tenants.account import Account, Spend
from tenants.escrow import interval_ends_at_ms
from tenants.key import ApiKey
from tenants.limits import Currency, Interval, RateLimit
from tenants.permissions import ModelPermissions
from tenants.tenant import Tenant
from tenants.usage import TokenCounts
from tenants.window import Window, window_of

routes = RouteTable(error_responses(401, 500, 503))


@routes.get(
    "/me",
    response_model=None,
    openapi_extra=SECURED,
    summary="The key's own limits, budgets and usage, and its project's limits",
)
async def get_me(request: Request) -> Response:
    """Strongly consistent: exact right after a request; `project` may be some seconds old. Money is in 10^-12 US
    dollars."""
    caller = await authenticate_now(request)
    plane, record = plane_of(request), caller.principal.record
    today = window_of(plane.clock_ms())
    found = await plane.admission.find_account(record.key.id, today.month)
    account = found or Account(record.key.id, today.month)
    answer = {
        "object": "api_key.self",
        **_to_wire_key(record.key),
        "models": [_to_wire_models(each) for each in (record.tenant.models, record.key.models) if each is not None],
        "rate_limits": [_to_wire_rate(rate) for rate in record.key.limits.rates],
        "budgets": list(_budgets(record.key, account, today)),
        "project": {
            "id": record.tenant.id,
            "rate_limits": [_to_wire_rate(rate) for rate in record.tenant.limits.rates],
            "budgets": await _project_budgets(plane, record.tenant),
        },
        "month": account.month,
        "in_flight": account.in_flight,
        "requests": account.requests,
        "settled_pico_usd": account.settled_pico_usd,
        "held_pico_usd": account.held_pico_usd,
        "tokens": _to_wire_tokens(account.settled),
    }
    return Response(orjson.dumps(answer), media_type="application/json")


def _to_wire_key(key: ApiKey) -> dict[str, Any]:
    owner = {"type": key.owner.kind.value, "id": key.owner.id, "name": key.owner.name}
    return {
        "id": key.id,
        "name": key.name,
        "project_id": key.tenant_id,
        "owner": owner,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
    }


def _budgets(key: ApiKey, account: Account, today: Window) -> Iterator[dict[str, Any]]:
    """What is used of every interval in every currency, and of a budget what is left."""
    day = max(today.day_of_month, account.day.number)
    for interval in Interval:
        for currency in Currency:
            limit, spend = key.limits.spend_limit(interval, currency), account.spend(interval, currency, today)
            resets_at = interval_ends_at_ms(interval, today.month, day) // 1000
            yield _to_wire_budget(interval, currency, limit, spend, resets_at)


async def _project_budgets(plane: DataPlane, project: Tenant) -> list[dict[str, Any]]:
    """Of those that there are: what else its other keys use is nobody's but its owner's."""
    if not project.limits.spend:
        return []
    standing = await plane.admission.get_project_standing(project.id)
    lines = []
    for limit in project.limits.spend:
        pool = standing.of(limit.interval, limit.currency)
        resets_at = interval_ends_at_ms(limit.interval, standing.month, int(standing.day[8:])) // 1000
        spend = Spend(pool.settled, pool.held)
        lines.append(_to_wire_budget(limit.interval, limit.currency, limit.threshold, spend, resets_at))
    return lines


def _to_wire_budget(
    interval: Interval, currency: Currency, limit: int | None, spend: Spend, resets_at: int
) -> dict[str, Any]:
    return {
        "interval": interval.value,
        "currency": currency.value,
        "unit": "pico_usd" if currency is Currency.USD else "tokens",
        "limit": limit,
        "settled": spend.settled,
        "held": spend.held,
        "remaining": None if limit is None else max(0, limit - spend.settled - spend.held),
        "resets_at": resets_at,
    }


def _to_wire_models(permissions: ModelPermissions) -> dict[str, Any]:
    return {"mode": permissions.mode.value, "model_ids": list(permissions.model_ids)}


def _to_wire_rate(rate: RateLimit) -> dict[str, Any]:
    return {
        "model": rate.model,
        "max_requests_per_1_minute": rate.requests_per_minute,
        "max_tokens_per_1_minute": rate.tokens_per_minute,
        "max_parallel_requests": rate.parallel_requests,
    }


def _to_wire_tokens(tokens: TokenCounts) -> dict[str, int]:
    """`input_tokens` includes what was read from a cache or written to it, as in OpenAI's usage."""
    return {
        "input_tokens": tokens.prompt_tokens,
        "input_cached_tokens": tokens.cache_read_tokens,
        "input_cache_write_tokens": tokens.cache_write_tokens,
        "output_tokens": tokens.output_tokens,
    }
