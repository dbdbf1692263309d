"""Where the control plane's DynamoDB is. Apart from pynamodb's models: the data plane is built without those."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DynamoAccess:
    """Where DynamoDB is and who asks. `endpoint_url` and the credentials are None for AWS's own chain."""

    region: str
    endpoint_url: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
