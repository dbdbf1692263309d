"""How a client's JSON becomes a typed request, and how what is wrong with it becomes OpenAI's kind of error."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Final, TypeVar

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from gateway.errors import InvalidRequest, UnsupportedParameter
from gateway.openai.json_structure import StructureTooLarge, check_structure

Request = TypeVar("Request", bound="WireModel")

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
_LENGTH_MESSAGES: Final[Mapping[str, str]] = {
    "too_long": "'{param}' has {actual_length} items; at most {max_length} are allowed.",
    "too_short": "'{param}' has {actual_length} items; the minimum is {min_length}.",
}


# As long as an ARN may be in Bedrock's path: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
ModelName = Annotated[str, Field(min_length=1, max_length=2048)]


class WireModel(BaseModel):
    """A JSON object of OpenAI's. Types are not coerced; null is absent; fields not declared are kept for the report
    of what was ignored (`unknown_fields`)."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    passes_unknown: ClassVar[bool] = False
    """Fields that are not declared have an effect all the same."""


def array(max_items: int, min_items: int | None = None) -> FieldInfo:
    """Declares on a tuple that it is a JSON array of at most `max_items`.

    Its first wrong item ends the validation: an error for each, to report one of them, takes 3 us and 1 KB an item,
    so that an invalid body would cost a hundred times as much as a valid one.
    """
    # A model is strict, and a strict tuple refuses the list that JSON parses to; items stay strict.
    field: FieldInfo = Field(strict=False, min_length=min_items, max_length=max_items, fail_fast=True)
    return field


def only(*values: object, why: str) -> AfterValidator:
    """Declares on a field that any value but null and `values` is refused, with `why`, as UnsupportedParameter."""

    def check(value: object) -> object:
        if value is None or value in values:
            return value
        raise unsupported(why)

    return AfterValidator(check)


def unsupported(why: str, member: str = "") -> PydanticCustomError:
    """What a validator raises to have its field refused as UnsupportedParameter; that of an object, one `member`."""
    return PydanticCustomError(_UNSUPPORTED, "{why}", {"why": why, "member": member})


def parse_body(model: type[Request], body: bytes, refused_tags: Mapping[str, str]) -> Request:
    """The body as a `model`. Raises InvalidRequest or UnsupportedParameter with OpenAI's path as `param`.

    `refused_tags` tells, for a `type` or `role` of OpenAI's that is known but not supported, why. A byte order mark,
    with which some editors and shells begin a file, is passed over.
    """
    try:
        parsed = parse_json(body.removeprefix(codecs.BOM_UTF8))
    except StructureTooLarge as error:
        raise InvalidRequest(f"The request body is too large: {error}.") from None
    except ValueError as error:
        fault = f"not valid JSON: {error}" if _is_utf8(body) else "not UTF-8"
        raise InvalidRequest(f"The request body is {fault}. Send one JSON object in UTF-8.") from None
    if not isinstance(parsed, dict):
        raise InvalidRequest("The request body must be one JSON object.")
    try:
        return model.model_validate(parsed)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise _to_invalid_request(details, parsed, refused_tags) from None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def parse_json(text: bytes | str) -> object:
    """JSON without NaN or lone surrogates; ValueError for other texts. Raises StructureTooLarge, itself a ValueError,
    before anything is built."""
    encoded = text.encode() if isinstance(text, str) else text
    check_structure(encoded)
    parsed: object = orjson.loads(encoded)
    return parsed


_LEAVES: Final = frozenset({str, int, float, bool})


def unknown_fields(model: WireModel, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Path and value of every field, at any depth, that no model declares or passes: `messages[].name`. Nulls are
    absent."""
    if model.model_extra and not model.passes_unknown:
        for name, value in model.model_extra.items():
            if value is not None:
                yield prefix + name, value
    for name, value in model.__dict__.items():
        # Most fields are not sent, or hold a text or a number: nothing of those is looked at any closer.
        if value is None or type(value) in _LEAVES:
            continue
        for inner, at in ((value, "."),) if isinstance(value, WireModel) else _models_in(value):
            if not _is_known(inner):
                yield from unknown_fields(inner, f"{prefix}{name}{at}")


def _models_in(value: object) -> Iterator[tuple[WireModel, str]]:
    if type(value) is tuple:
        yield from ((item, "[].") for item in value if isinstance(item, WireModel))


def _is_known(model: WireModel) -> bool:
    """Whether it surely holds nothing unknown: without looking deeper."""
    return not model.model_extra and all(value is None or type(value) in _LEAVES for value in model.__dict__.values())


def _to_invalid_request(
    details: list[ErrorDetails], parsed: dict[str, object], refused_tags: Mapping[str, str]
) -> InvalidRequest:
    """The one error that tells most: a refusal first, else the deepest, since a union reports each branch it tried;
    of two at one place a wrong length, which only the branch of the right type finds."""
    paths = [_to_path(detail, parsed) for detail in details]
    kinds = [detail["type"] for detail in details]
    told = max(
        range(len(details)), key=lambda i: (kinds[i] == _UNSUPPORTED, len(paths[i]), kinds[i] in _LENGTH_MESSAGES)
    )
    detail, param = details[told], to_param(paths[told]) or None
    if detail["type"] == _UNSUPPORTED:
        return UnsupportedParameter(detail["msg"], to_param((*paths[told], *filter(None, [detail["ctx"]["member"]]))))
    tag = str(detail.get("ctx", {}).get("tag", ""))
    if detail["type"] == "union_tag_invalid" and tag in refused_tags:
        return UnsupportedParameter(refused_tags[tag], param or "")
    if detail["type"] in _LENGTH_MESSAGES:
        if detail["ctx"].get("actual_length") is None:  # an object's validation does not count what is too much
            message = f"'{param}' has too many members; at most {detail['ctx']['max_length']} are allowed."
            return InvalidRequest(message, param, "object_above_max_properties")
        code = "array_above_max_length" if detail["type"] == "too_long" else None
        return InvalidRequest(_LENGTH_MESSAGES[detail["type"]].format(param=param, **detail["ctx"]), param, code)
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
            said = re.sub("^(Input|Value|String) should ", "", detail["msg"])
            return f"Invalid value for '{param}': it should {said}."


def _to_path(detail: ErrorDetails, parsed: object) -> tuple[str | int, ...]:
    """Pydantic's location without its own marks (`str`, `tuple[...]`, a union's tag): they are no keys of the input."""
    return _followed(detail, detail["loc"], parsed)


def _followed(detail: ErrorDetails, loc: tuple[str | int, ...], current: object) -> tuple[str | int, ...]:
    path: list[str | int] = []
    for place, element in enumerate(loc):
        if isinstance(element, int) and isinstance(current, list) and element < len(current):
            current = current[element]
            path.append(element)
        elif isinstance(element, str) and isinstance(current, dict) and element in current:
            rest = loc[place + 1 :]
            as_key = (element, *_followed(detail, rest, current[element]))
            # A text part has a key of its tag's name: of both readings, the one that explains more of the location.
            as_mark = _followed(detail, rest, current) if element == current.get("type") else ()
            return (*path, *max(as_mark, as_key, key=len))
    if detail["type"] == "missing" and isinstance(current, dict):
        path.append(detail["loc"][-1])
    elif detail["type"] in ("union_tag_not_found", "union_tag_invalid"):
        path.append(str(detail.get("ctx", {}).get("discriminator", "")).strip("'"))
    return tuple(path)


def to_param(path: tuple[str | int, ...]) -> str:
    """OpenAI's way to write a path: `messages[0].content`."""
    return "".join(f"[{e}]" if isinstance(e, int) else f".{e}" for e in path).removeprefix(".")
