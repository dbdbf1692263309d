"""The control plane as the rig uses it: keys for the load, and what their accounts say afterwards."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    value: str


@dataclass(frozen=True, slots=True)
class Books:
    """The sum over some keys' accounts of this month."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    in_flight: int = 0

    def __add__(self, other: Books) -> Books:
        return Books(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.in_flight + other.in_flight,
        )


class Control:
    """One project of a running gateway, made for this run. All methods raise urllib.error.URLError."""

    def __init__(self, base_url: str, admin_key: str) -> None:
        self._base_url = base_url
        self._admin_key = admin_key
        self._project = (
            f"/organization/projects/{self._call('POST', '/organization/projects', {'name': 'bench'})['id']}"
        )

    def issue_keys(self, count: int) -> tuple[Key, ...]:
        answers = [self._call("POST", f"{self._project}/api_keys", {"name": f"load {n}"}) for n in range(count)]
        return tuple(Key(answer["id"], answer["value"]) for answer in answers)

    def read_books(self, keys: tuple[Key, ...]) -> Books:
        """What these keys have used, as the ledger has it."""
        return sum((self._read_account(key) for key in keys), Books())

    def _read_account(self, key: Key) -> Books:
        budget = self._call("GET", f"{self._project}/api_keys/{key.id}/budget")
        settled = budget["settled_tokens"]
        return Books(budget["requests"], settled["input_tokens"], settled["output_tokens"], budget["in_flight"])

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._admin_key}", "content-type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base_url + path, content, headers, method=method)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
