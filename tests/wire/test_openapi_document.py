"""What the OpenAPI document promises, asked of a running server by requests that schemathesis makes from it.

Every operation of both planes is called with requests that fit the document and with some that do not, by the holder of
each credential and by nobody. No answer is a 5xx, none has a status, a media type or a body that the document lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.app import create_app
from gateway.settings import Settings
from tests.wire.stack import CHAT_MODEL, Stack
from tests.wire.tenancy import Tenancy

Operation = APIOperation[Any, Any, Any, Any]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ENVIRON = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIATEST000000000000", "AWS_SECRET_ACCESS_KEY": "a-secret"}
EXAMPLES, EXAMPLES_OF_STRANGERS = 10, 3
CONTROL_PLANE, DATA_PLANE = "/v1/organization/", "/v1/"


def documented_operations() -> list[str]:
    """`get /v1/models` and so on: the document of an application with both planes, which asks nobody anything."""
    variables = {"SLUICE_PEPPER": "p1:" + "00" * 16, "SLUICE_ADMIN_KEY": "sk-sluice-admin_" + "0123456789" * 5}
    paths = create_app(Settings.from_env(variables), ENVIRON).openapi()["paths"]
    return [f"{method} {path}" for path, item in paths.items() for method in item]


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody with `headers`, who fills in the ids of things that are there; `plane` is the one they may use."""

    headers: Mapping[str, str]
    ids: Mapping[str, str]
    plane: str | None


@pytest.fixture(scope="module")
def document(stack: Stack) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{stack.root_url}/openapi.json")


@pytest.fixture
def ids(tenancy: Tenancy) -> Mapping[str, str]:
    """One of everything that a path can name, in a project of its own."""
    key = tenancy.issue_alone()
    organization = f"/organization/projects/{key.project_id}"
    account = tenancy.post(f"{organization}/service_accounts", {"name": "wire test"})
    return {
        "project_id": key.project_id,
        "api_key_id": key.id,
        "service_account_id": account["id"],
        "model_id": CHAT_MODEL,
        "secret": key.value,
    }


@pytest.fixture(params=["the holder of an admin key", "the holder of an inference key", "nobody"])
def asker(request: pytest.FixtureRequest, stack: Stack, ids: Mapping[str, str]) -> Asker:
    if request.param == "nobody":
        return Asker({}, ids, None)
    administers = "admin" in request.param
    secret = stack.admin_key if administers else ids["secret"]
    return Asker({"Authorization": f"Bearer {secret}"}, ids, CONTROL_PLANE if administers else DATA_PLANE)


@pytest.mark.parametrize("name", documented_operations())
def test_every_answer_is_one_that_the_document_promises(
    name: str, document: schemathesis.BaseSchema, asker: Asker
) -> None:
    ask_many(operation_of(document, name), asker)


def operation_of(document: schemathesis.BaseSchema, name: str) -> Operation:
    for result in document.get_all_operations():
        if isinstance(result, Ok) and f"{result.ok().method.lower()} {result.ok().path}" == name:
            return result.ok()
    raise AssertionError(f"the running server does not document {name}")


def ask_many(operation: Operation, asker: Asker) -> None:
    named = {each.name: asker.ids[each.name] for each in operation.path_parameters if each.name in asker.ids}
    cases = operation.as_strategy(path_parameters=named)
    if operation.body or operation.query or len(operation.path_parameters) > len(named):
        cases |= operation.as_strategy(GenerationMode.NEGATIVE)

    @settings(
        max_examples=EXAMPLES if plane_of(operation.path) == asker.plane else EXAMPLES_OF_STRANGERS,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=dict(asker.headers), checks=CHECKS)

    ask()


def plane_of(path: str) -> str:
    return CONTROL_PLANE if path.startswith(CONTROL_PLANE) else DATA_PLANE
