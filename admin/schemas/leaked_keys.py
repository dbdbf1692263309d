"""Extension: reports of leaked keys, and the answer to them, as GitHub's secret scanning has them.

https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partner-program
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints

from admin.operations.leaked_keys import LeakReport
from admin.schemas.wire import ResponseBody

MOST_REPORTS = 2_000
_KEPT_CHARS = 2_048


class LeakReportBody(BaseModel):
    """One find. GitHub may add fields: unlike in other bodies, unknown ones are passed over."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    token: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    type: Annotated[str, StringConstraints(max_length=256)] = ""
    url: Annotated[str, Field(description="Where it was found; may be empty.")] | None = None
    source: Annotated[str, Field(description="What kind of place that is: `content`, `commit`, ...")] | None = None

    def to_report(self) -> LeakReport:
        return LeakReport(self.token, self.type, _printable(self.url or ""), _printable(self.source or ""))


class LeakReportList(RootModel[Annotated[list[LeakReportBody], Field(min_length=1, max_length=MOST_REPORTS)]]):
    """The body: a JSON array."""


class LeakLabel(ResponseBody):
    """What a reported token is, by its SHA-256: the answer repeats no secret."""

    token_hash: str
    token_type: str
    label: Literal["true_positive", "false_positive"]

    @classmethod
    def of(cls, report: LeakReport, *, genuine: bool) -> LeakLabel:
        token_hash = hashlib.sha256(report.token.encode("utf-8", "surrogatepass")).hexdigest()
        return cls(
            token_hash=token_hash,
            token_type=report.type,
            label="true_positive" if genuine else "false_positive",
        )


def _printable(text: str) -> str:
    """For logs and the audit trail: strangers write these, in public."""
    return "".join(each if each.isprintable() else "?" for each in text[:_KEPT_CHARS])
