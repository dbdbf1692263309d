"""Extension: the body that imports a key which another gateway made."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from admin.operations.imported_keys import ForeignKey
from admin.schemas.api_key_changes import ApiKeyIssue

Sha256 = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True), Field(description="Of the key's text, in hex.")
]
Hint = Annotated[
    str, StringConstraints(pattern=r"^[!-~]{1,4}$"), Field(description="The key's last characters, at most four.")
]


class ApiKeyImport(ApiKeyIssue):
    """The fields of an issued key, and the key's SHA-256."""

    sha256: Sha256
    hint: Hint | None = None

    def to_foreign(self) -> ForeignKey:
        return ForeignKey(self.sha256, self.hint or "")
