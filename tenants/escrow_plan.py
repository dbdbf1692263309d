"""How much to grant to a key's account, and what to take back from whom. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tenants.escrow import Amounts, Escrow, Funds, Pool, Position, Share, Shortfall, Take, Transfer, Want

GRANT_REQUESTS = 50
"""The most that is granted ahead, in requests as costly as the one that asks."""

LEAST_REQUESTS = 10
"""The least, where there is as much. Every draw costs four write units; the last of a budget would take one for each
request. Too much with one key costs a taking back, once."""

MOST_SOURCES = 40
"""From how many accounts one transfer takes. DynamoDB's limit is 100 items in a transaction (developer guide, quotas);
every further one is a further chance of a conflict."""


def plan_grants(wants: Sequence[Want], position: Position) -> Transfer | None:
    """What to grant of what is not granted yet; empty where the account has enough already.

    None where that does not do for the request, so that the other accounts have to be looked at.
    """
    grants = {}
    for want in wants:
        if max(0, position.ungranted(want)) + position.room(want) < want.amount:
            return None
        grants[want.pool] = _grant_size(want, position)
    return Transfer(position.day, _positive(grants))


def plan_takes(wants: Sequence[Want], position: Position, others: Sequence[Share]) -> Transfer | Shortfall:
    """As `plan_grants`, taking back from other accounts what is missing, from those with the most room first.

    It may grant less than is needed where too many accounts have too little each: then another transfer has to follow.
    """
    grants, missing = {}, {}
    for want in wants:
        ungranted, room = position.ungranted(want), position.room(want)
        if max(0, ungranted) + room >= want.amount:
            grants[want.pool] = _grant_size(want, position)
            continue
        # What one account is overdrawn by has to stay with another: together they are within the cap.
        unspent = sum(share.room(want.pool, position.day) for share in others)
        if ungranted + unspent + room < want.amount:
            return Shortfall(want, unspent + room)
        grants[want.pool] = min(max(want.together, _level(want, position, unspent)) - room, ungranted + unspent)
        missing[want.pool] = grants[want.pool] - ungranted
    takes = _take(missing, others, position.day)
    for pool, amount in missing.items():
        grants[pool] -= amount - sum(take.amounts.get(pool, 0) for take in takes)
    return Transfer(position.day, _positive(grants), takes)


def plan_shrink(escrow: Escrow, funds: Funds, shares: Sequence[Share], day: int) -> Transfer:
    """What to take back where more is granted than the caps allow; empty where nothing is, or nothing can be."""
    return Transfer(day, {}, _take(_positive(_excess(escrow, funds, day)), shares, day))


def is_over(escrow: Escrow, funds: Funds, day: int) -> bool:
    """Whether more is granted than a cap allows."""
    return any(excess > 0 for excess in _excess(escrow, funds, day).values())


def _excess(escrow: Escrow, funds: Funds, day: int) -> dict[Pool, int]:
    return {pool: funds.granted(pool, day) - cap for pool, cap in escrow.caps.items()}


def count_granted(escrow: Escrow, shares: Sequence[Share], day: int) -> dict[Pool, int]:
    """What all accounts of a tenant were granted, from the accounts themselves."""
    return {pool: sum(share.total(pool, day) for share in shares) for pool in escrow.caps}


def _grant_size(want: Want, position: Position) -> int:
    """An equal part of what is left for every key that is granted to, within LEAST_REQUESTS and GRANT_REQUESTS; but
    at least what is waited for. Not less than an equal part: what turns out to be too much is taken back."""
    needed = want.together - position.room(want)
    if needed <= 0:
        return 0
    ungranted = max(0, position.ungranted(want))
    part = max(ungranted // max(1, _grantees(position)), LEAST_REQUESTS * want.amount)
    return min(ungranted, max(needed, min(part, GRANT_REQUESTS * want.amount)))


def _level(want: Want, position: Position, unspent: int) -> int:
    """How much an account is filled up to from others': what each would have if all had the same, so that the next one
    that asks is not asked from at once; at most GRANT_REQUESTS."""
    left = max(0, position.ungranted(want)) + max(0, position.room(want)) + unspent
    return min(left // max(1, _grantees(position)), GRANT_REQUESTS * want.amount)


def _grantees(position: Position) -> int:
    return position.funds.grantees + (0 if position.known_grantee else 1)


def _take(missing: Amounts, shares: Sequence[Share], day: int) -> tuple[Take, ...]:
    left = dict(missing)
    takes: dict[str, dict[Pool, int]] = {}
    for pool in missing:
        for share in sorted(shares, key=lambda each: -_unspent(each, pool, day)):
            amount = min(left[pool], _unspent(share, pool, day))
            if amount <= 0 or (share.key_id not in takes and len(takes) >= MOST_SOURCES):
                break
            takes.setdefault(share.key_id, {})[pool] = amount
            left[pool] -= amount
    return tuple(Take(key_id, amounts) for key_id, amounts in takes.items())


def _unspent(share: Share, pool: Pool, day: int) -> int:
    return max(0, share.room(pool, day))


def _positive(amounts: Amounts) -> dict[Pool, int]:
    return {pool: amount for pool, amount in amounts.items() if amount > 0}
