"""Projects and keys over HTTP: OpenAI's admin SDK, and its raw `post` for what OpenAI does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openai import OpenAI

Json = dict[str, Any]
ADMIN_PLACEHOLDER = "unused"  # the SDK wants an inference key at construction, too


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key of a project; `value` is its secret."""

    project_id: str
    id: str
    value: str


class Tenancy:
    """The control plane as its administrators use it."""

    def __init__(self, base_url: str, admin_key: str) -> None:
        self.sdk = OpenAI(api_key=ADMIN_PLACEHOLDER, admin_api_key=admin_key, base_url=base_url, max_retries=0)
        self._headers = {"Authorization": f"Bearer {admin_key}"}

    def close(self) -> None:
        self.sdk.close()

    def create_project(self, name: str = "wire test") -> str:
        return self.sdk.admin.organization.projects.create(name=name).id

    def issue(self, project_id: str, **fields: object) -> IssuedKey:
        """A user's key. `fields` are the extension's: `models`, `expires_in_seconds`, `owner`."""
        answer = self.post(f"/organization/projects/{project_id}/api_keys", {"name": "wire test", **fields})
        return IssuedKey(project_id, answer["id"], answer["value"])

    def issue_alone(self, **fields: object) -> IssuedKey:
        """A key in a project of its own, so that its ledger is nobody else's."""
        return self.issue(self.create_project(), **fields)

    def change(self, key: IssuedKey, verb: str = "", body: Mapping[str, object] | None = None) -> Json:
        """Update a key, or `rotate`, `disable`, `enable` it."""
        path = f"/organization/projects/{key.project_id}/api_keys/{key.id}"
        return self.post(f"{path}/{verb}" if verb else path, body or {})

    def rotate(self, key: IssuedKey, grace_period_seconds: int) -> IssuedKey:
        answer = self.change(key, "rotate", {"grace_period_seconds": grace_period_seconds})
        return IssuedKey(key.project_id, key.id, answer["value"])

    def delete(self, key: IssuedKey) -> None:
        self.sdk.admin.organization.projects.api_keys.delete(key.id, project_id=key.project_id)

    def archive(self, project_id: str) -> None:
        self.sdk.admin.organization.projects.archive(project_id)

    def allow(self, project_id: str, *model_ids: str) -> None:
        """Replace the project's allow list."""
        self.post(
            f"/organization/projects/{project_id}/model_permissions",
            {"mode": "allow_list", "model_ids": list(model_ids)},
        )

    def post(self, path: str, body: Mapping[str, object]) -> Json:
        """Raises openai.APIStatusError."""
        answer: Json = self.sdk.post(path, body=dict(body), cast_to=dict[str, Any], options={"headers": self._headers})
        return answer

    def get(self, path: str) -> Json:
        """Raises openai.APIStatusError."""
        return dict(self.sdk.get(path, cast_to=dict[str, Any], options={"headers": self._headers}))


def allow_list(*model_ids: str) -> Json:
    return {"mode": "allow_list", "model_ids": list(model_ids)}
