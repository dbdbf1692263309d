"""A way to the store that lets through what a role may do, and refuses the rest as IAM does."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tenants.tables import PARTITION_KEY

# What IAM asks for each part of a transaction:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


_ANY = ("*",)


@dataclass(frozen=True, slots=True)
class Asked:
    """One action on a table, named without its prefix, and the partitions that it is about, where it names any."""

    table: str
    action: str
    partitions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grant:
    """An action that a role allows on a table. `partitions` are the patterns of its condition on the leading keys, as
    IAM's StringLike takes them; without it, all."""

    table: str
    action: str
    partitions: tuple[str, ...] = _ANY

    def allows(self, asked: Asked) -> bool:
        named = (self.table, self.action) == (asked.table, asked.action)
        return named and all(any(fnmatchcase(each, like) for like in self.partitions) for each in asked.partitions)


@dataclass
class GuardedStore:
    """`used` are the grants that were needed, `refused` what none of them allowed."""

    endpoint_url: str
    grants: Set[Grant]
    used: set[Grant] = field(default_factory=set)
    refused: set[Asked] = field(default_factory=set)

    def admit(self, asked: Asked) -> bool:
        """One without a condition makes those with one superfluous."""
        found = next((grant for grant in sorted(self.grants, key=_narrowness) if grant.allows(asked)), None)
        if found is None:
            self.refused.add(asked)
            return False
        self.used.add(found)
        return True


def _narrowness(grant: Grant) -> bool:
    return grant.partitions != _ANY


def asked_by(operation: str, body: dict[str, Any]) -> list[Asked]:
    """What a request to DynamoDB asks IAM for."""
    if operation.startswith("Transact"):
        parts = [part for item in body["TransactItems"] for part in item.items()]
        return [Asked(_role_of(part["TableName"]), _TRANSACTED[kind], _partitions(part)) for kind, part in parts]
    if operation.startswith("Batch"):
        tables = body["RequestItems"].items()
        return [Asked(_role_of(name), operation, frozenset().union(*_batched(each))) for name, each in tables]
    return [Asked(_role_of(body["TableName"]), operation, _partitions(body))]


def _batched(asked: Any) -> Iterator[frozenset[str]]:
    if isinstance(asked, dict):
        yield from (frozenset({key[PARTITION_KEY]["S"]}) for key in asked["Keys"])
    else:
        yield from (_partitions(part) for each in asked for part in each.values())


def _partitions(asked: dict[str, Any]) -> frozenset[str]:
    if "KeyConditionExpression" in asked:
        name, value = re.findall(r"([#\w]+) = (:\w+)", asked["KeyConditionExpression"])[0]
        assert asked.get("ExpressionAttributeNames", {}).get(name, name) == PARTITION_KEY
        return frozenset({asked["ExpressionAttributeValues"][value]["S"]})
    item = asked.get("Item") or asked.get("Key")
    return frozenset({item[PARTITION_KEY]["S"]}) if item else frozenset()


def _role_of(table: str) -> str:
    return table.rpartition("-")[2]


@contextmanager
def guarded(upstream: str, grants: Set[Grant]) -> Iterator[GuardedStore]:
    """`upstream` is the engine's URL."""
    target = urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            asked = asked_by(self.headers["x-amz-target"].partition(".")[2], json.loads(content))
            if missing := [each for each in asked if not store.admit(each)]:
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
    store = GuardedStore(f"http://127.0.0.1:{server.server_port}", grants)
    thread = threading.Thread(target=server.serve_forever, name="guarded-store")
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
