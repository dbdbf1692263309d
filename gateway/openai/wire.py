"""How a client's JSON becomes a typed request, and how what is wrong with it becomes OpenAI's kind of error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, TypeVar

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from gateway.errors import InvalidRequest, UnsupportedParameter

Request = TypeVar("Request", bound="WireModel")

# Both orjson (254 levels out) and Bedrock's own parser have a floor; no real tool schema comes near this.
MAX_NESTING: Final = 128

_UNSUPPORTED: Final = "unsupported_parameter"
_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "a string",
    "tuple_type": "an array",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


# As long as an ARN may be in Bedrock's path: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
ModelName = Annotated[str, Field(min_length=1, max_length=2048)]


class WireModel(BaseModel):
    """A JSON object of OpenAI's. Types are not coerced; null is absent; fields not declared are kept for the report
    of what was ignored (`unknown_fields`)."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)


def only(*values: object, why: str) -> AfterValidator:
    """Declares on a field that any value but null and `values` is refused, with `why`, as UnsupportedParameter."""

    def check(value: object) -> object:
        if value is None or value in values:
            return value
        raise unsupported(why)

    return AfterValidator(check)


def unsupported(why: str) -> PydanticCustomError:
    """What a validator raises to have its field refused as UnsupportedParameter."""
    return PydanticCustomError(_UNSUPPORTED, "{why}", {"why": why})


def parse_body(model: type[Request], body: bytes, refused_tags: Mapping[str, str]) -> Request:
    """The body as a `model`. Raises InvalidRequest or UnsupportedParameter with OpenAI's path as `param`.

    `refused_tags` tells, for a `type` or `role` of OpenAI's that is known but not supported, why.
    """
    try:
        parsed = parse_json(body)
    except ValueError as error:
        raise InvalidRequest(f"The request body is not valid JSON: {error}. Send one JSON object in UTF-8.") from None
    if not isinstance(parsed, dict):
        raise InvalidRequest("The request body must be one JSON object.")
    try:
        return model.model_validate(parsed)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise _to_invalid_request(details, parsed, refused_tags) from None


def parse_json(text: bytes | str) -> object:
    """JSON without NaN, lone surrogates or more than MAX_NESTING levels. Raises ValueError."""
    parsed: object = orjson.loads(text)
    brackets = text.count("{") + text.count("[") if isinstance(text, str) else text.count(b"{") + text.count(b"[")
    if brackets > MAX_NESTING and not _nests_within(parsed, MAX_NESTING):
        raise ValueError(f"it nests deeper than {MAX_NESTING} levels")
    return parsed


def unknown_fields(model: WireModel, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Path and value of every field, at any depth, that no model declares: `messages[].name`. Nulls are absent."""
    for name, value in (model.model_extra or {}).items():
        if value is not None:
            yield prefix + name, value
    for name, value in model.__dict__.items():
        if isinstance(value, WireModel):
            yield from unknown_fields(value, f"{prefix}{name}.")
        elif type(value) is tuple:
            for item in value:
                if isinstance(item, WireModel):
                    yield from unknown_fields(item, f"{prefix}{name}[].")


def _nests_within(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        children: list[object] = list(value.values())
    elif isinstance(value, list):
        children = value
    else:
        return True
    return levels > 0 and all(_nests_within(child, levels - 1) for child in children)


def _to_invalid_request(
    details: list[ErrorDetails], parsed: dict[str, object], refused_tags: Mapping[str, str]
) -> InvalidRequest:
    """The one error that tells most: a refusal first, else the deepest, since a union reports each branch it tried."""
    paths = [_to_path(detail, parsed) for detail in details]
    told = max(range(len(details)), key=lambda i: (details[i]["type"] == _UNSUPPORTED, len(paths[i])))
    detail, param = details[told], to_param(paths[told]) or None
    if detail["type"] == _UNSUPPORTED:
        return UnsupportedParameter(detail["msg"], param or "")
    tag = str(detail.get("ctx", {}).get("tag", ""))
    if detail["type"] == "union_tag_invalid" and tag in refused_tags:
        return UnsupportedParameter(refused_tags[tag], param or "")
    same_place = [other for other, path in zip(details, paths, strict=True) if path == paths[told]]
    return InvalidRequest(_to_message(same_place, param), param)


def _to_message(details: list[ErrorDetails], param: str | None) -> str:
    detail, ctx = details[0], details[0].get("ctx", {})
    expected = list(dict.fromkeys(_EXPECTED[d["type"]] for d in details if d["type"] in _EXPECTED))
    match detail["type"]:
        case "missing" | "union_tag_not_found":
            return f"Missing required parameter: '{param}'."
        case "union_tag_invalid":
            return f"Invalid value for '{param}': '{ctx['tag'][:64]}'. Supported values are: {ctx['expected_tags']}."
        case _ if expected:
            return f"Invalid type for '{param}': expected {' or '.join(expected)}."
        case _:
            said = detail["msg"].removeprefix("Input should ").removeprefix("Value should ")
            return f"Invalid value for '{param}': it should {said}."


def _to_path(detail: ErrorDetails, parsed: object) -> tuple[str | int, ...]:
    """Pydantic's location without its own marks (`str`, `tuple[...]`, a union's tag): they are no keys of the input."""
    path: list[str | int] = []
    current = parsed
    for element in detail["loc"]:
        if isinstance(element, int) and isinstance(current, list) and element < len(current):
            current = current[element]
            path.append(element)
        elif isinstance(element, str) and isinstance(current, dict) and element in current:
            current = current[element]
            path.append(element)
    if detail["type"] == "missing" and isinstance(current, dict):
        path.append(detail["loc"][-1])
    elif detail["type"] in ("union_tag_not_found", "union_tag_invalid"):
        path.append(str(detail.get("ctx", {}).get("discriminator", "")).strip("'"))
    return tuple(path)


def to_param(path: tuple[str | int, ...]) -> str:
    """OpenAI's way to write a path: `messages[0].content`."""
    return "".join(f"[{e}]" if isinstance(e, int) else f".{e}" for e in path).removeprefix(".")
