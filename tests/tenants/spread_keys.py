"""A key that is spread over its accounts by a few requests, and the processes that ask for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tenants.busy_keys import Spread
from tenants.limits import Limits
from tenants.principal import Fence
from tests.tenants.limited import BOUND
from tests.tenants.samples import KEY, NOW_MS, a_hold, an_audit, asking
from tests.tenants.stores import Store, later

# So few in flight on an account that a test's requests are on all sixteen.
EAGER = Spread(requests=1)
SHARDS = EAGER.shards


async def spread(store: Store, fence: Fence, limits: Limits, started_at_ms: int = NOW_MS) -> Fence:
    """All accounts of KEY are open, and were lent to without limits; then it gets these."""
    ledger = store.new_ledger(EAGER)
    wanted = [a_hold(f"req_o{each}", fence.key_id, started_at_ms, BOUND) for each in range(SHARDS)]
    held = await asyncio.gather(*(ledger.reserve(fence, *asking(each)) for each in wanted))
    await asyncio.gather(*(ledger.drop_hold(each.hold) for each in held))
    assert {(each.hold.entry.shard if each.hold.entry else 0) for each in held} == set(range(SHARDS))
    return await change(store, fence, limits)


async def change(store: Store, fence: Fence, limits: Limits) -> Fence:
    """The key's limits, as the control plane changes them."""
    former = await store.directory.get_key(KEY.tenant_id, fence.key_id)
    changed = later(former, limits=limits)
    await store.directory.update_key(changed, an_audit())
    return replace(fence, key_version=changed.version)
