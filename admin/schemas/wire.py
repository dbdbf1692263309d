"""What all bodies share: strictness, lists and their cursors, bounds of values, the error body."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

# Ten years: beyond any rotation policy, and far from the 38 digits that DynamoDB can store.
LONGEST_LIFETIME_SECONDS = 10 * 365 * 24 * 3600
LAST_TIMESTAMP = 253_402_300_799  # the end of the year 9999, where calendars of most languages end

ExpiresInSeconds = Annotated[
    int, Field(ge=1, le=LONGEST_LIFETIME_SECONDS, description="Seconds from now until the key expires.")
]


class RequestBody(BaseModel):
    """A body that the client sends. A field that is not known is refused: dropped, it would seem to work."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ResponseBody(BaseModel):
    model_config = ConfigDict(frozen=True)


class PageQuery(BaseModel):
    """A cursor: `after` is the id of the last object of the page before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # An id's alphabet and no longer than any id, so that it is safe inside a key condition of the store.
    after: Annotated[str | None, Field(pattern=r"^[0-9A-Za-z_]{1,128}$")] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class ListedObject(ResponseBody):
    """An object that comes in lists."""

    id: str


ItemT = TypeVar("ItemT", bound=ListedObject)


class ListPage(ResponseBody, Generic[ItemT]):
    """A page of a list. `last_id` is the `after` of the next page, if `has_more`."""

    object: Literal["list"] = "list"
    data: list[ItemT]
    first_id: str | None
    last_id: str | None
    has_more: bool

    @classmethod
    def of(cls, items: list[ItemT], *, has_more: bool) -> ListPage[ItemT]:
        first_id, last_id = (items[0].id, items[-1].id) if items else (None, None)
        return cls(data=items, first_id=first_id, last_id=last_id, has_more=has_more)
