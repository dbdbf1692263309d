"""Tenant budgets on DynamoDB: draws for keys' accounts, takes back what is not spent, tells where a tenant stands.

None of it is on the path of an ordinary request: a draw follows a reserve that was refused with GrantNeeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from awswire.dynamodb import ConditionFailed, DynamoDb
from awswire.retries import Attempts, RetryPolicy, Timing
from tenants.account import Hold
from tenants.demand import Demand
from tenants.dynamo_calls import call_store, transact
from tenants.dynamo_draw_line import DrawLine, Rooms, account_of
from tenants.dynamo_escrow_books import EscrowBooks
from tenants.dynamo_shards import recall
from tenants.errors import FenceStale, LedgerUnavailable, LimitExceeded
from tenants.escrow import Escrow, Funds, Position, Share, Shortfall, Transfer, Want, exceeded, wants_of
from tenants.escrow_item import open_update, transfer_transaction
from tenants.escrow_plan import count_granted, is_over, plan_grants, plan_shrink, plan_takes
from tenants.principal import Fence
from tenants.refusals import limit_exceeded
from tenants.tables import TableNames
from tenants.tenant import Tenant
from tenants.tenant_standing import TenantStanding, standing_of
from tenants.window import Window

# A transfer that meets others, or requests on the accounts it moves between, is planned anew.
TRANSFERS = RetryPolicy(attempts=30, deadline_seconds=5.0, first_pause_seconds=0.01, longest_pause_seconds=0.3)

# A spent budget is not looked for again for so long: each look reads all accounts. What requests in flight give back
# is found that much later; a change of the tenant's limits at once.
SPENT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Spent:
    """That a tenant's budgets had no room for a request, and until when, on the monotonic clock, to believe it."""

    escrow: Escrow
    want: Want
    refusal: LimitExceeded
    until: float


class TenantBudgets:
    """One per process. `timing` is for retries, and for how long a spent budget is believed to be spent."""

    def __init__(self, client: DynamoDb, tables: TableNames, timing: Timing, retries: RetryPolicy = TRANSFERS) -> None:
        self._client = client
        self._tables = tables
        self._timing = timing
        self._retries = retries
        self._books = EscrowBooks(client, tables)
        self._lines: dict[str, DrawLine] = {}
        self._spent: dict[str, _Spent] = {}

    async def draw(self, fence: Fence, hold: Hold, demand: Demand) -> None:
        """Grant the key's account what a reserve needs that was refused with GrantNeeded, and reserve again then.

        Others may be faster with what was granted: the reserve may be refused with GrantNeeded once more, and the
        draw be called again. Raises LimitExceeded where the tenant's budgets have no room for the request, also not
        in what other keys have not spent; FenceStale; LedgerUnavailable. Nothing is ever taken for the request itself.
        """
        escrow = Escrow(fence.tenant_id, fence.tenant_version, hold.call.month, demand.tenant_limits)
        line = self._lines.setdefault(fence.tenant_id, DrawLine())
        line.waiting.append(hold)
        try:
            async with line.lock:
                if hold.call.request_id in line.served:
                    return
                self._refuse_if_spent(escrow, hold)
                waiting = [each for each in line.waiting if account_of(each) == account_of(hold)]
                wants = wants_of(escrow.limits, hold.bound, [each.bound for each in waiting])
                line.serve(account_of(hold), await self._draw(fence, escrow, wants, demand.window))
        except LedgerUnavailable as error:
            if error.may_have_applied:  # of the request itself, nothing was
                raise LedgerUnavailable() from error
            raise
        finally:
            line.waiting.remove(hold)
            line.served.discard(hold.call.request_id)
            if not line.waiting:
                del self._lines[fence.tenant_id]

    async def shrink(self, tenant: Tenant, window: Window) -> None:
        """Take back what is granted beyond the tenant's caps in the window's month, as far as it is not spent.

        For the control plane, after a change of the tenant and before it is answered. Safe to repeat. Raises
        FenceStale where the tenant has a newer version by now, LedgerUnavailable.
        """
        escrow = Escrow(tenant.id, tenant.version, window.month, tenant.limits)
        attempts = Attempts(self._retries, self._timing)
        while escrow.caps:
            funds = await self._books.find_funds(escrow.tenant_id, escrow.month)
            if await self._is_open(escrow, funds, window.day_of_month):
                day = max(window.day_of_month, funds.day or 0)
                shares = await self._books.list_shares(escrow)
                if recalled := is_over(escrow, funds, day) and await self._recall(escrow, shares):
                    shares = await self._books.list_shares(escrow)
                transfer = plan_shrink(escrow, funds, shares, day)
                if transfer.empty and not recalled:
                    return
                await self._commit(escrow, Position(funds, Share(""), True, day), transfer)
            if not await attempts.wait():
                raise LedgerUnavailable()

    async def standing(self, tenant_id: str, month: str, day: str) -> TenantStanding:
        """What the tenant's keys used and hold, and what they were granted. Raises LedgerUnavailable."""
        funds = await self._books.find_funds(tenant_id, month)
        return standing_of(month, day, funds, await self._books.list_whole_accounts(tenant_id, month))

    async def _draw(self, fence: Fence, escrow: Escrow, wants: tuple[Want, ...], window: Window) -> Rooms:
        """What the account has left of each pool by now, which does for the request that asks."""
        attempts = Attempts(self._retries, self._timing)
        while True:
            position = await self._books.get_position(escrow, fence.key_id, window.day_of_month)
            _require_current(fence, position.share)
            if await self._is_open(escrow, position.funds, position.day):
                transfer = await self._plan(escrow, wants, position)
                if transfer is not None and (transfer.empty or await self._commit(escrow, position, transfer)):
                    rooms = {want.pool: position.room(want) + transfer.grants.get(want.pool, 0) for want in wants}
                    if all(rooms[want.pool] >= want.amount for want in wants):
                        return rooms
            if not await attempts.wait():
                raise LedgerUnavailable()

    async def _plan(self, escrow: Escrow, wants: tuple[Want, ...], position: Position) -> Transfer | None:
        """None where the books changed while they were read. Raises LimitExceeded."""
        transfer = plan_grants(wants, position)
        if transfer is not None:
            return transfer
        shares = await self._books.list_shares(escrow)
        others = [share for share in shares if share.key_id != position.share.key_id]
        plan = plan_takes(wants, position, others)
        if not isinstance(plan, Shortfall):
            return plan
        if await self._recall(escrow, shares):
            return None
        now = await self._books.find_funds(escrow.tenant_id, escrow.month)
        if now.transfers != position.funds.transfers or await self._lent(escrow, [position.share, *others]):
            return None  # what was missing may have been on its way from one account to another
        if _miscounts(escrow, position, [position.share, *others]):
            await self._open(escrow, now, position.day)
            return None
        refusal = exceeded(escrow, plan, position)
        until = self._timing.monotonic() + SPENT_SECONDS
        self._spent[escrow.tenant_id] = _Spent(escrow, plan.want, refusal, until)
        raise refusal

    async def _recall(self, escrow: Escrow, shares: Sequence[Share]) -> bool:
        """Have busy keys' shards give back what they have not spent. Whether any of them had something."""
        spread = [share.key_id for share in shares if share.shards > 1]
        return any([await recall(self._client, self._tables.usage, escrow, key_id) for key_id in spread])

    async def _lent(self, escrow: Escrow, shares: Sequence[Share]) -> bool:
        """Whether a busy key lent or took back since its share was read: for another process's draw, for example."""
        spread = {share.key_id: share.loans for share in shares if share.shards > 1}
        now = await self._books.list_shares(escrow) if spread else []
        return any(share.loans != spread.get(share.key_id, share.loans) for share in now)

    async def _commit(self, escrow: Escrow, position: Position, transfer: Transfer) -> bool:
        """False where it was refused, or where nobody knows: then the books tell."""
        return await transact(self._client, transfer_transaction(self._tables, escrow, position, transfer))

    async def _is_open(self, escrow: Escrow, funds: Funds, day: int) -> bool:
        """Whether the tenant's item is open for the escrow's limits; where it is for older ones, it is opened."""
        if funds.tenant_version == escrow.tenant_version:
            return True
        if (funds.tenant_version or 0) > escrow.tenant_version:
            raise FenceStale(None, funds.tenant_version)
        await self._open(escrow, funds, day)
        return False

    async def _open(self, escrow: Escrow, former: Funds, day: int) -> None:
        """Count what the accounts have, spent or not, as granted: limits may be new, and other ones than before."""
        shares = await self._books.fence_shares(escrow)
        grantees = await self._books.list_grantees(escrow.tenant_id, escrow.month)
        current = max(day, former.day or 0, *(share.day or 0 for share in shares))
        granted = count_granted(escrow, shares, current)
        try:
            body = open_update(
                self._tables, escrow, former, replace(former, day=current, grants=granted), len(grantees)
            )
            await call_store(self._client, "UpdateItem", body)
        except ConditionFailed:
            pass  # somebody else's write came first, or an earlier attempt of this one; the caller reads again

    def _refuse_if_spent(self, escrow: Escrow, hold: Hold) -> None:
        spent = self._spent.get(escrow.tenant_id)
        if spent is None:
            return
        if spent.escrow != escrow or self._timing.monotonic() >= spent.until:
            del self._spent[escrow.tenant_id]
            return
        asked = spent.want.pool.amount_of(hold.bound)
        if asked >= spent.want.amount:
            raise limit_exceeded(replace(spent.refusal.refusal, asked=asked))


def _require_current(fence: Fence, share: Share) -> None:
    versions = (share.key_version, share.tenant_version)
    if versions != (fence.key_version, fence.tenant_version):
        raise FenceStale(*versions)


def _miscounts(escrow: Escrow, position: Position, shares: list[Share]) -> bool:
    """Whether something else counts as granted than the accounts have: so it is when a request ended that had been
    taken before there was a budget, and what it did not use went to no account's room."""
    granted = count_granted(escrow, shares, position.day)
    return any(position.funds.granted(pool, position.day) != amount for pool, amount in granted.items())
