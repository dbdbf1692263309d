"""Events as Lambda's doors make them of HTTP requests, with the fields that AWS's pages show."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]

# What a Function URL hands over as text; everything else comes in base64.
_TEXT = ("application/json", "text/", "application/xml", "application/javascript")


def function_url_event(
    method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"", query: str = ""
) -> Json:
    """Of a Function URL, and of an HTTP API: payload format 2.0."""
    fields = {"host": "abc.lambda-url.us-east-1.on.aws", "x-forwarded-proto": "https", **(headers or {})}
    cookies = fields.pop("cookie", "")
    event: Json = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": fields,
        "requestContext": {
            "accountId": "anonymous",
            "domainName": fields["host"],
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.9",
                "userAgent": "tests",
            },
            "requestId": "the-door's",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies.split("; ")
    return event | _body_of(fields, body)


def rest_event(
    method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"", query: str = ""
) -> Json:
    """Of a REST API of API Gateway, with a proxy integration."""
    fields = {"Host": "abc.execute-api.us-east-1.amazonaws.com", "X-Forwarded-Proto": "https", **(headers or {})}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": fields,
        "multiValueHeaders": {name: [value] for name, value in fields.items()},
        "queryStringParameters": dict(parse_qsl(query)) or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in parse_qsl(query)} or None,
        "requestContext": {"stage": "prod", "identity": {"sourceIp": "203.0.113.9"}, "httpMethod": method},
        "isBase64Encoded": False,
    } | _body_of(fields, body)


def _body_of(headers: Mapping[str, str], body: bytes) -> Json:
    if not body:
        return {}
    content_type = {name.lower(): value for name, value in headers.items()}.get("content-type", "")
    if content_type.startswith(_TEXT):
        return {"body": body.decode()}
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
