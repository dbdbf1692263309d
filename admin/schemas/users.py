"""`organization.user` and `organization.project.user`, as OpenAI shows them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from admin.identifiers import ADMIN_ACTOR, RECORDED_USER_ID
from admin.operations.members import MemberDraft
from admin.schemas.text import Email, Name, RecordedUserId
from admin.schemas.wire import ListedObject, RequestBody, ResponseBody
from tenants.errors import InvalidArgument
from tenants.user import Member, MemberRole, User, UserRole

MOST_EMAILS = 100


class UserPageQuery(BaseModel):
    """A cursor: `after` is the id of the last user of the page before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Annotated[str | None, Field(pattern=RECORDED_USER_ID)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class UserListQuery(UserPageQuery):
    emails: Annotated[tuple[Annotated[str, Field(max_length=320)], ...], Field(max_length=MOST_EMAILS)] = ()


class MemberCreate(RequestBody):
    """`user_id` is the id that tokens of sign-in name and keys are owned by; without one, it is the e-mail address in
    lower case. `name` extends it."""

    role: MemberRole = Field(strict=False)
    user_id: RecordedUserId | None = None
    email: Email | None = None
    name: Name | None = None

    def to_draft(self) -> MemberDraft:
        """Raises InvalidArgument where neither of the two names a user."""
        user_id = self.user_id or (self.email or "").lower()
        if re.fullmatch(RECORDED_USER_ID, user_id, re.ASCII) is None or user_id.startswith(ADMIN_ACTOR):
            raise InvalidArgument("Give the 'user_id' of the user, or an 'email' that can be one.", "user_id")
        return MemberDraft(user_id, self.role, self.email, self.name)


class MemberUpdate(RequestBody):
    """`role` null or absent keeps the role, as with OpenAI."""

    role: Annotated[MemberRole | None, Field(strict=False)] = None


class UserUpdate(RequestBody):
    """`role` null or absent keeps the role, as with OpenAI."""

    role: Annotated[UserRole | None, Field(strict=False)] = None


class MemberObject(ListedObject):
    object: Literal["organization.project.user"] = "organization.project.user"
    role: MemberRole
    email: str | None
    name: str | None
    added_at: int

    @classmethod
    def from_member(cls, member: Member) -> MemberObject:
        return cls(id=member.user_id, role=member.role, email=member.email, name=member.name, added_at=member.added_at)


class MemberDeleted(ResponseBody):
    object: Literal["organization.project.user.deleted"] = "organization.project.user.deleted"
    id: str
    deleted: Literal[True] = True


class UserObject(ListedObject):
    object: Literal["organization.user"] = "organization.user"
    role: UserRole
    email: str | None
    name: str | None
    added_at: int

    @classmethod
    def from_user(cls, user: User) -> UserObject:
        return cls(id=user.id, role=user.role, email=user.email, name=user.name, added_at=user.added_at)


class UserDeleted(ResponseBody):
    object: Literal["organization.user.deleted"] = "organization.user.deleted"
    id: str
    deleted: Literal[True] = True
