"""From what a person types to the thing that is meant: tenants by id or by name, keys by id."""

from __future__ import annotations

import re
from collections.abc import Iterable

from admin.cli.exact_json import Json
from admin.cli.failures import BadUsage, Missing
from admin.cli.paths import path_of
from admin.cli.session import Session

PROJECT_ID = re.compile(r"proj_[0-9A-Za-z]{1,64}")
KEY_ID = re.compile(r"key_[0-9A-Za-z]{1,64}")


def get_tenant(session: Session, named: str) -> Json:
    """The project with this id or name. Raises Missing, and BadUsage where several have the name."""
    if PROJECT_ID.fullmatch(named):
        return session.client.get(path_of("projects", named))
    projects = session.client.walk(path_of("projects"), {"include_archived": True})
    return choose(named, projects)


def tenant_id(session: Session, named: str) -> str:
    """As `get_tenant`, but an id is taken as it is: the gateway says whether it exists."""
    return named if PROJECT_ID.fullmatch(named) else str(get_tenant(session, named)["id"])


def choose(named: str, projects: Iterable[Json]) -> Json:
    """The one with this name: an active one before archived ones, the very spelling before any. Raises Missing and
    BadUsage."""
    alike = [each for each in projects if str(each["name"]).casefold() == named.casefold()]
    if not alike:
        raise Missing(f"No tenant is called '{named}'. `sluice tenants list --all` lists them.")
    exact = [each for each in alike if each["name"] == named] or alike
    active = [each for each in exact if each.get("status") == "active"] or exact
    if len(active) > 1:
        listed = "".join(f"\n  {each['id']}  {each['name']}" for each in active)
        raise BadUsage(f"{len(active)} tenants are called '{named}'. Use an id:{listed}")
    return active[0]


def check_key_id(key_id: str) -> str:
    """Raises BadUsage for what is no id: a secret, for one, which does not belong on a command line."""
    if KEY_ID.fullmatch(key_id) is None:
        raise BadUsage("A key is named by its id: key_ and 12 characters, as `sluice keys list` shows it.")
    return key_id


def tenant_of_key(session: Session, key_id: str, named: str | None) -> str:
    """The id of the key's tenant: the named one, or the one that has the key. The API has no key without its tenant,
    so that each of them is asked; naming it spares that. Raises Missing and BadUsage."""
    check_key_id(key_id)
    if named is not None:
        return tenant_id(session, named)
    for project in session.client.walk(path_of("projects"), {"include_archived": True}):
        try:
            session.client.get(path_of("projects", project["id"], "api_keys", key_id))
        except Missing:
            continue
        return str(project["id"])
    raise Missing(f"No tenant has the key {key_id}.")
