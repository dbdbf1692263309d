from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from gateway.routes.openapi import answers, error_responses
from tests.gateway.routes.service import ORIGIN, Service

Document = dict[str, Any]


@pytest.fixture
def document() -> Document:
    return Service().app.openapi()


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, item in document["paths"].items():
        yield from ((f"{method} {path}", operation) for method, operation in item.items())


def test_the_document_is_valid_openapi(document: Document) -> None:
    validate(document)


async def test_the_document_is_served_without_a_key(document: Document) -> None:
    assert (await Service().get(f"{ORIGIN}/openapi.json")).json() == document


@pytest.mark.parametrize(
    ("path", "required"),
    [("/v1/chat/completions", {"model", "messages"}), ("/v1/embeddings", {"model", "input"})],
)
def test_bodies_that_routes_parse_themselves_are_described(document: Document, path: str, required: set[str]) -> None:
    body = document["paths"][path]["post"]["requestBody"]
    name = body["content"]["application/json"]["schema"]["$ref"].removeprefix("#/components/schemas/")
    assert body["required"] is True
    assert set(document["components"]["schemas"][name]["required"]) == required


def test_no_operation_announces_the_frameworks_own_422(document: Document) -> None:
    assert [name for name, operation in operations(document) if "422" in operation["responses"]] == []
    assert not {"HTTPValidationError", "ValidationError"} & document["components"]["schemas"].keys()


def test_every_operation_of_the_data_plane_names_its_two_credentials(document: Document) -> None:
    tagged = {name: operation for name, operation in operations(document) if "tags" in operation}
    assert len(tagged) == 5
    for name, operation in tagged.items():
        assert [list(each) for each in operation["security"]] == [["ApiKey"], ["ApiKeyHeader"]], name
    assert {"ApiKey", "ApiKeyHeader"} <= document["components"]["securitySchemes"].keys()


def test_a_bodys_parts_are_named_after_it_so_that_another_planes_parts_may_have_the_same_names(
    document: Document,
) -> None:
    schemas = document["components"]["schemas"]
    assert "ChatCompletionRequest.GuardrailFields" in schemas
    assert "GuardrailFields" not in schemas


def test_the_document_describes_each_operation_once(document: Document) -> None:
    assert [path for path in document["paths"] if path.startswith("/api/")] == []


def test_asking_twice_changes_nothing() -> None:
    app = Service().app
    assert app.openapi() is app.openapi()


def test_refusals_are_only_those_named_or_all() -> None:
    assert set(error_responses(401, 404)) == {401, 404}
    assert {400, 401, 404, 429, 503} <= set(error_responses())
    assert set(answers("application/json")) == {200, *error_responses()}


def test_an_answer_is_described_for_each_of_its_media_types() -> None:
    content = answers("application/json", "text/event-stream")[200]["content"]
    assert {name: each["schema"]["type"] for name, each in content.items()} == {
        "application/json": "object",
        "text/event-stream": "string",
    }
