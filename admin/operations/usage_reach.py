"""How far a requester sees usage: a report or an export, narrowed to the projects and the user that are its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from admin.identifiers import unknown
from admin.operations.usage import ReportQuestion
from admin.operations.usage_export import ExportQuestion
from tenants.errors import InvalidArgument
from tenants.roles import Access, Permission
from tenants.usage_report import Dimension


@dataclass(frozen=True, slots=True)
class UsageReach:
    """Whose usage may be told."""

    access: Access
    permission: Permission

    def narrow(self, asked: frozenset[str] | None) -> tuple[frozenset[str] | None, str | None]:
        """The projects, and the user in them, that an answer may be about; None for all of either.

        Raises NotFound for a project asked for that is not the requester's; InvalidArgument where it sees all users
        of some projects and itself alone in others: one answer cannot be both.
        """
        reached = self.access.projects_with(self.permission)
        if reached is None:
            return asked, None
        foreign = sorted((asked or frozenset()) - reached)
        if foreign:
            raise unknown("project", foreign[0])
        chosen = asked or reached
        users = {self.access.find_own_user(self.permission, project_id) for project_id in chosen}
        if len(users) > 1:
            raise InvalidArgument(
                "Your roles differ between your projects: name those of one role, by their ids.", "project_ids"
            )
        return chosen, users.pop()


def narrow_report(question: ReportQuestion, reach: UsageReach) -> ReportQuestion:
    """The question, about what may be told alone. Raises as UsageReach.narrow does."""
    project_ids, user_id = reach.narrow(question.project_ids)
    selection = question.selection
    if user_id is not None:
        own = frozenset({user_id})
        users = selection.only.get(Dimension.USER, own) & own
        selection = replace(selection, only={**selection.only, Dimension.USER: users})
    return replace(question, project_ids=project_ids, selection=selection)


def narrow_export(question: ExportQuestion, reach: UsageReach) -> ExportQuestion:
    """The same of an export. Raises as UsageReach.narrow does."""
    project_ids, user_id = reach.narrow(question.project_ids)
    return replace(question, project_ids=project_ids, user_id=user_id)
