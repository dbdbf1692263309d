"""What every route asks of whoever calls it: the one table of the control plane's permissions.

A path with `{project_id}` asks for the permission in that project. Any other asks for it anywhere: such a route limits
what it answers to the projects in which its caller has it, by `Access.projects_with`. A route that is not here is for
owners of the organization alone, and a test fails.
"""

from __future__ import annotations

from collections.abc import Mapping

from admin.routes.unsupported import METHODS, PATHS
from tenants.roles import Permission

_P = "/projects/{project_id}"

REQUIRED: Mapping[tuple[str, str], Permission] = {
    ("GET", "/me"): Permission.ACTOR_READ,
    ("GET", "/admin_api_keys"): Permission.ADMIN_KEYS_READ,
    ("POST", "/admin_api_keys"): Permission.ADMIN_KEYS_MANAGE,
    ("GET", "/admin_api_keys/{key_id}"): Permission.ADMIN_KEYS_READ,
    ("DELETE", "/admin_api_keys/{key_id}"): Permission.ADMIN_KEYS_MANAGE,
    ("GET", "/users"): Permission.ORGANIZATION_READ,
    ("GET", "/users/{user_id}"): Permission.ORGANIZATION_READ,
    ("POST", "/users/{user_id}"): Permission.ORGANIZATION_MANAGE,
    ("DELETE", "/users/{user_id}"): Permission.ORGANIZATION_MANAGE,
    ("GET", "/projects"): Permission.PROJECT_READ,
    ("POST", "/projects"): Permission.ORGANIZATION_MANAGE,
    ("GET", _P): Permission.PROJECT_READ,
    ("POST", _P): Permission.PROJECT_MANAGE,
    ("POST", f"{_P}/archive"): Permission.PROJECT_MANAGE,
    ("GET", f"{_P}/model_permissions"): Permission.PROJECT_SETTINGS_READ,
    ("POST", f"{_P}/model_permissions"): Permission.PROJECT_MANAGE,
    ("DELETE", f"{_P}/model_permissions"): Permission.PROJECT_MANAGE,
    ("GET", f"{_P}/policy"): Permission.PROJECT_SETTINGS_READ,
    ("POST", f"{_P}/policy"): Permission.PROJECT_MANAGE,
    ("GET", f"{_P}/limits"): Permission.PROJECT_SETTINGS_READ,
    ("POST", f"{_P}/limits"): Permission.PROJECT_MANAGE,
    ("GET", f"{_P}/budget"): Permission.PROJECT_SETTINGS_READ,
    ("GET", f"{_P}/rate_limits"): Permission.PROJECT_SETTINGS_READ,
    ("POST", f"{_P}/rate_limits/{{rate_limit_id:path}}"): Permission.PROJECT_MANAGE,
    ("DELETE", f"{_P}/rate_limits/{{rate_limit_id:path}}"): Permission.PROJECT_MANAGE,
    ("GET", f"{_P}/spend_limit"): Permission.PROJECT_SETTINGS_READ,
    ("POST", f"{_P}/spend_limit"): Permission.PROJECT_MANAGE,
    ("DELETE", f"{_P}/spend_limit"): Permission.PROJECT_MANAGE,
    ("GET", f"{_P}/spend_alerts"): Permission.PROJECT_SETTINGS_READ,
    ("POST", f"{_P}/spend_alerts"): Permission.PROJECT_MANAGE,
    ("GET", f"{_P}/spend_alerts/{{alert_id}}"): Permission.PROJECT_SETTINGS_READ,
    ("POST", f"{_P}/spend_alerts/{{alert_id}}"): Permission.PROJECT_MANAGE,
    ("DELETE", f"{_P}/spend_alerts/{{alert_id}}"): Permission.PROJECT_MANAGE,
    ("GET", f"{_P}/users"): Permission.MEMBERS_READ,
    ("POST", f"{_P}/users"): Permission.MEMBERS_MANAGE,
    ("GET", f"{_P}/users/{{user_id}}"): Permission.MEMBERS_READ,
    ("POST", f"{_P}/users/{{user_id}}"): Permission.MEMBERS_MANAGE,
    ("DELETE", f"{_P}/users/{{user_id}}"): Permission.MEMBERS_MANAGE,
    ("GET", f"{_P}/service_accounts"): Permission.SERVICE_ACCOUNTS_READ,
    ("POST", f"{_P}/service_accounts"): Permission.SERVICE_ACCOUNTS_MANAGE,
    ("GET", f"{_P}/service_accounts/{{service_account_id}}"): Permission.SERVICE_ACCOUNTS_READ,
    ("POST", f"{_P}/service_accounts/{{service_account_id}}"): Permission.SERVICE_ACCOUNTS_MANAGE,
    ("DELETE", f"{_P}/service_accounts/{{service_account_id}}"): Permission.SERVICE_ACCOUNTS_MANAGE,
    ("POST", f"{_P}/service_accounts/{{service_account_id}}/api_keys"): Permission.SERVICE_ACCOUNTS_MANAGE,
    ("GET", f"{_P}/api_keys"): Permission.KEYS_READ,
    ("POST", f"{_P}/api_keys"): Permission.KEYS_MANAGE,
    ("POST", f"{_P}/api_keys/bulk"): Permission.KEYS_MANAGE,
    ("POST", f"{_P}/api_keys/import"): Permission.KEYS_MANAGE,
    ("GET", f"{_P}/api_keys/{{api_key_id}}"): Permission.KEYS_READ,
    ("POST", f"{_P}/api_keys/{{api_key_id}}"): Permission.KEYS_MANAGE,
    ("DELETE", f"{_P}/api_keys/{{api_key_id}}"): Permission.KEYS_OPERATE,
    ("GET", f"{_P}/api_keys/{{api_key_id}}/budget"): Permission.KEYS_READ,
    ("POST", f"{_P}/api_keys/{{api_key_id}}/rotate"): Permission.KEYS_OPERATE,
    ("POST", f"{_P}/api_keys/{{api_key_id}}/disable"): Permission.KEYS_OPERATE,
    ("POST", f"{_P}/api_keys/{{api_key_id}}/enable"): Permission.KEYS_OPERATE,
    ("GET", "/usage/completions"): Permission.USAGE_READ,
    ("GET", "/usage/embeddings"): Permission.USAGE_READ,
    ("GET", "/usage/export"): Permission.USAGE_READ,
    ("GET", "/costs"): Permission.USAGE_READ,
    ("POST", "/leaked_keys"): Permission.LEAKED_KEYS_REPORT,
    ("GET", "/models"): Permission.MODELS_READ,
    ("GET", "/audit_logs"): Permission.AUDIT_READ,
    **{
        (method, path): Permission.ACTOR_READ  # whoever asks is told that it is not there
        for path in PATHS
        for method in METHODS
    },
}


def required_of(method: str, path: str) -> Permission:
    """Of a route by its path below `/v1/organization`."""
    return REQUIRED.get((method, path), Permission.ORGANIZATION_MANAGE)
