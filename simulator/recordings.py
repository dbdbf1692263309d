"""Answers from a folder of recorded traffic: one JSON file each, with `request` and `response` (see README.md)."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from simulator.refusals import Refusal

_EVENT_STREAM = "application/vnd.amazon.eventstream"
_KEPT_HEADER_PREFIX = "x-amzn-"
_REDACTED = "**REDACTED**"
Key = tuple[str, str, bytes]


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded answer, byte for byte where the bytes were kept."""

    stem: str
    status: int
    headers: Mapping[str, str]
    content_type: str
    body: bytes


class Recordings:
    """An index by exact request, and by file stem."""

    def __init__(self, by_stem: Mapping[str, Recording], by_request: Mapping[Key, Recording]) -> None:
        self._by_stem = by_stem
        self._by_request = by_request

    def find(self, operation: str, model_id: str, body: bytes) -> Recording | None:
        """The answer recorded for this very request (keys in any order), or None."""
        if not self._by_request:
            return None
        try:
            return self._by_request.get((operation, model_id, _canonical(orjson.loads(body))))
        except orjson.JSONDecodeError:
            return None

    def find_by_stem(self, stem: str) -> Recording | None:
        """The answer in `<stem>.json`, or None."""
        return self._by_stem.get(stem)


EMPTY = Recordings({}, {})


def load_recordings(folder: Path) -> Recordings:
    """Reads every `*.json` of a folder. The first of two files with the same request wins, in order of their names."""
    by_stem: dict[str, Recording] = {}
    by_request: dict[Key, Recording] = {}
    for stem, record in _read(folder):
        recording = from_record(stem, record)
        by_stem[stem] = recording
        request = record["request"]
        # A 403 tells of the recorder's credentials, not of the request: it is found by its name alone.
        if request.get("body") is not None and recording.status != 403:
            key = (request["operation"], request["model_id"] or "", _canonical(request["body"]))
            by_request.setdefault(key, recording)
    return Recordings(by_stem, by_request)


def from_record(stem: str, record: Mapping[str, Any]) -> Recording:
    """The answer of one record. A 400 that lost its `x-amzn-errortype` is given that of a ValidationException."""
    response = record["response"]
    headers = {
        name.lower(): text
        for name, text in (response.get("headers") or {}).items()
        if name.lower().startswith(_KEPT_HEADER_PREFIX) and text != _REDACTED and name.lower() != "x-amzn-requestid"
    }
    if response["status"] == 400:
        headers.setdefault("x-amzn-errortype", Refusal("ValidationException", "").errortype)
    packed = response.get("body_base64")
    if packed is not None:
        return Recording(stem, response["status"], headers, _EVENT_STREAM, base64.b64decode(packed))
    return Recording(stem, response["status"], headers, "application/json", orjson.dumps(response.get("body")))


def _read(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in sorted(folder.glob("*.json")):
        yield path.stem, orjson.loads(path.read_bytes())


def _canonical(body: object) -> bytes:
    if isinstance(body, dict):
        body = {name: member for name, member in body.items() if name != "modelId"}
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
