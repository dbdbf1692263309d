"""The shapes of identifiers: a prefix naming the kind, then base62. What has another shape exists nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable

from tenants.audit_order import AUDIT_ID
from tenants.errors import NotFound

PROJECT = "proj_"
SERVICE_ACCOUNT = "svc_acct_"
API_KEY = "key_"
ADMIN_KEY = "admin_key_"
USER = "user_"
AUDIT_EVENT = AUDIT_ID

# Users have ids of their own company's. What Bedrock takes as a value of requestMetadata, without blanks: usage is
# attributed to it there, too.
USER_ID = r"^[0-9A-Za-z._:@$=/+,-]{1,128}$"
# Of users that have a record: one that stands in a path as it is, and no path has a meaning of its own for.
RECORDED_USER_ID = r"^[0-9A-Za-z][0-9A-Za-z._:@$=+,-]{0,127}$"
# Admin keys act under ids that begin so; no person has one.
ADMIN_ACTOR = "admin_"

_LONGEST_SUFFIX_CHARS = 64


def shape(prefix: str) -> str:
    """A regular expression of the ids with this prefix."""
    return rf"^{prefix}[0-9A-Za-z]{{1,{_LONGEST_SUFFIX_CHARS}}}$"


def require(prefix: str, what: str) -> Callable[[str], str]:
    """A check that returns an id of the right shape and raises NotFound for any other text.

    Such a text is answered as an unknown id, and no store is asked: DynamoDB refuses a key of more than 1 KB or 2 KB
    with an error of its own.
    """
    pattern = re.compile(shape(prefix).removesuffix("$"))

    def check(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise unknown(what, text)
        return text

    return check


def require_user(text: str) -> str:
    """The same for the id of a user."""
    if re.fullmatch(RECORDED_USER_ID, text, re.ASCII) is None:
        raise unknown("user", text)
    return text


def unknown(what: str, text: str) -> NotFound:
    """The error for a thing that is not there, or not for the caller to see. A long text is cut."""
    shown = text if len(text) <= _LONGEST_SUFFIX_CHARS else f"{text[:_LONGEST_SUFFIX_CHARS]}..."
    return NotFound(f"No such {what}: '{shown}'.")
