"""The first project and key of a local instance, issued over its own admin API once it serves, and kept."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.local.private_file import write_private

_FILE = "demo_key.json"
_TIMEOUT_SECONDS = 30.0


class FirstKeyNotIssued(Exception):
    """The instance serves, but its own admin API refused. The message says why."""


@dataclass(frozen=True, slots=True)
class AdminClient:
    """Speaks to the instance's own admin API, as any other client would."""

    base_url: str
    admin_key: str

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Raises urllib.error.HTTPError."""
        return self._send("POST", path, json.dumps(body).encode())

    def get(self, path: str) -> dict[str, Any]:
        """Raises urllib.error.HTTPError."""
        return self._send("GET", path, None)

    def _send(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self.admin_key}", "content-type": "application/json"}
        request = urllib.request.Request(self.base_url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
            return answer


def load_or_issue(admin: AdminClient, data_dir: Path, *, keep: bool) -> str:
    """The kept key, if it still exists and is active; else a new one, in a project made for it, and kept if `keep`."""
    path = data_dir / _FILE
    try:
        kept = json.loads(path.read_text())
        url = f"/organization/projects/{kept['project_id']}/api_keys/{kept['key_id']}"
        if admin.get(url)["status"] == "active":
            return str(kept["value"])
    except (OSError, ValueError, KeyError):  # HTTPError is an OSError
        pass
    project = admin.post("/organization/projects", {"name": "Local development"})
    key = admin.post(f"/organization/projects/{project['id']}/api_keys", {"name": "first key"})
    fields = {"project_id": project["id"], "key_id": key["id"], "value": key["value"]}
    if keep:
        write_private(path, json.dumps(fields))
    return str(key["value"])
