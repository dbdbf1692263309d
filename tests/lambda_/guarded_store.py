"""A way to the store that lets through what a role may do, and refuses the rest as IAM does."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

# What IAM asks for each part of a transaction:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}

Actions = set[tuple[str, str]]


@dataclass
class GuardedStore:
    """`allowed`, `used` and `refused` are pairs of a table, without its prefix, and an action."""

    endpoint_url: str
    allowed: Set[tuple[str, str]]
    used: Actions = field(default_factory=set)
    refused: Actions = field(default_factory=set)


def actions_of(operation: str, body: dict[str, Any]) -> Actions:
    """What a request to DynamoDB asks IAM for."""
    if operation.startswith("Transact"):
        parts = [part for item in body["TransactItems"] for part in item.items()]
        return {(_role_of(asked["TableName"]), _TRANSACTED[kind]) for kind, asked in parts}
    if operation.startswith("Batch"):
        return {(_role_of(table), operation) for table in body["RequestItems"]}
    return {(_role_of(body["TableName"]), operation)}


def _role_of(table: str) -> str:
    return table.rpartition("-")[2]


@contextmanager
def guarded(upstream: str, allowed: Set[tuple[str, str]]) -> Iterator[GuardedStore]:
    """`upstream` is the engine's URL."""
    target = urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            asked = actions_of(self.headers["x-amz-target"].partition(".")[2], json.loads(content))
            store.used |= asked
            if missing := asked - store.allowed:
                store.refused |= missing
                told = {"__type": "com.amazon.coral.service#AccessDeniedException", "message": str(missing)}
                self._send(400, json.dumps(told).encode())
                return
            upstream_connection = http.client.HTTPConnection(target.hostname or "", target.port)
            try:
                upstream_connection.request("POST", self.path, content, dict(self.headers))
                answer = upstream_connection.getresponse()
                self._send(answer.status, answer.read())
            finally:
                upstream_connection.close()

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/x-amz-json-1.0")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    store = GuardedStore(f"http://127.0.0.1:{server.server_port}", allowed)
    thread = threading.Thread(target=server.serve_forever, name="guarded-store")
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
