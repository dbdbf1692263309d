"""What a process knows of the grants that are left on accounts, so that a reserve that would be refused for the want of
one is not sent: a refused condition costs as much as a write. Pure.

All of it may be wrong: other processes spend and draw, too. What is believed to be there is asked for by the reserve's
own condition; what is believed to be missing sends its request to the draw, which reads the account. So a request is
held back once at most, and what it finds then is the truth again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from tenants.account_caps import GrantDraw
from tenants.account_item import Item, number_of
from tenants.account_memory import AccountId, Recent

_HELD_BACK_REMEMBERED = 10_000


class KnownGrants:
    """Of each account, by key id and month: what is left by grant, and what reserves that are under way take of it."""

    def __init__(self) -> None:
        self._left: Recent[Mapping[str, int]] = Recent()
        self._under_way: dict[AccountId, dict[str, tuple[GrantDraw, ...]]] = {}
        self._held_back: OrderedDict[str, None] = OrderedDict()

    def holds_back(self, account_id: AccountId, request_id: str, draws: Iterable[GrantDraw]) -> bool:
        """Whether the request has to draw first. Of each request at most once: by then it has drawn."""
        left = self._left.find(account_id)
        drew = request_id in self._held_back
        self._held_back.pop(request_id, None)
        if left is None or drew:
            return False
        if all(
            draw.grant not in left or left[draw.grant] >= draw.asked for draw in self._with_others(account_id, draws)
        ):
            return False
        self._held_back[request_id] = None
        if len(self._held_back) > _HELD_BACK_REMEMBERED:
            self._held_back.popitem(last=False)
        return True

    def begin(self, account_id: AccountId, request_id: str, draws: tuple[GrantDraw, ...]) -> None:
        """A reserve is sent. It ends with `end`, whatever becomes of it."""
        if draws:
            self._under_way.setdefault(account_id, {})[request_id] = draws

    def end(self, account_id: AccountId, request_id: str) -> None:
        sent = self._under_way.get(account_id)
        if sent is not None:
            sent.pop(request_id, None)
            if not sent:
                del self._under_way[account_id]

    def see(self, account_id: AccountId, item: Item, grants: Iterable[str]) -> None:
        """The account, or of it at least these grants, as a write left them. The last word counts, though answers come
        in any order."""
        left = {grant: number_of(item, grant) for grant in grants}
        if left:
            self._left.put(account_id, left)

    def forget(self, account_id: AccountId) -> None:
        """A write may or may not have come about."""
        self._left.pop(account_id)

    def _with_others(self, account_id: AccountId, draws: Iterable[GrantDraw]) -> list[GrantDraw]:
        """What the request and the reserves under way take together."""
        others = [each for sent in self._under_way.get(account_id, {}).values() for each in sent]
        return [
            GrantDraw(draw.grant, draw.asked + sum(each.asked for each in others if each.grant == draw.grant))
            for draw in draws
        ]
