"""Which models may be called: an allow list or a deny list of globs, of a tenant and of a key.

A model has to pass both, so a key can only narrow what its tenant may call. An allow list is matched against the id
that was asked for; a deny list also against every other id of the same model. Both err on the safe side: allowing
`amazon.nova-*` does not let data leave for `global.amazon.nova-*`, and denying `anthropic.*` denies `us.anthropic.*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache


class PermissionMode(StrEnum):
    ALLOW_LIST = "allow_list"
    DENY_LIST = "deny_list"


@dataclass(frozen=True, slots=True)
class ModelPermissions:
    """OpenAI's `model_permissions`: a mode and model ids, which may be globs (`*`, `?`, `[...]`).

    An empty allow list allows nothing; an empty deny list denies nothing.
    """

    mode: PermissionMode
    model_ids: tuple[str, ...]

    def permit(self, model_id: str, other_ids: tuple[str, ...] | None = ()) -> bool:
        """Whether a model may be called by `model_id`. `other_ids`: without a geographic prefix, as a profile, ...

        None: which model is behind it is not known, and a deny list that denies anything cannot let it through.
        """
        listed = _compiled(self.model_ids)
        if self.mode is PermissionMode.ALLOW_LIST:
            return listed.fullmatch(model_id) is not None
        if other_ids is None:
            return not self.model_ids
        return all(listed.fullmatch(each) is None for each in (model_id, *other_ids))


@lru_cache(maxsize=4096)
def _compiled(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(glob) for glob in globs) or r"(?!)")


def all_permit(
    permissions: Iterable[ModelPermissions | None], model_id: str, other_ids: tuple[str, ...] | None = ()
) -> bool:
    """Whether every one of the lists lets the model through. None lists nothing and lets everything through."""
    return all(each is None or each.permit(model_id, other_ids) for each in permissions)
