"""The line of requests that wait for what their tenant grants, in one process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tenants.account import Hold
from tenants.escrow import Amounts

Rooms = Amounts
"""What an account has left of what it was granted, by pool."""


@dataclass(slots=True)
class DrawLine:
    """The requests of a tenant that wait in this process for a draw: one draws at a time, for all of its key. `served`
    are those, by id, that another one has drawn for."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: list[Hold] = field(default_factory=list)
    served: set[str] = field(default_factory=set)

    def serve(self, account: tuple[str, str], rooms: Rooms) -> None:
        """Those of an account's that have what they ask for in what it has by now, in the order in which they came."""
        left = dict(rooms)
        for each in self.waiting:
            if account_of(each) != account or each.call.request_id in self.served:
                continue
            if any(room < pool.amount_of(each.bound) for pool, room in left.items()):
                return
            left = {pool: room - pool.amount_of(each.bound) for pool, room in left.items()}
            self.served.add(each.call.request_id)


def account_of(hold: Hold) -> tuple[str, str]:
    """Key id and month."""
    return hold.call.key_id, hold.call.month
