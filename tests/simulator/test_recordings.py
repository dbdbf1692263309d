from __future__ import annotations

import base64
from pathlib import Path

import orjson

from simulator.recordings import load_recordings

FRAMES = b"\x00frames\xff"
STREAM = {
    "request": {"operation": "ConverseStream", "model_id": "m", "body": {"b": 1, "a": [2]}},
    "response": {"status": 200, "headers": {"x-amzn-requestid": "1"}, "body_base64": base64.b64encode(FRAMES).decode()},
}
REFUSED = {
    "request": {"operation": "Converse", "model_id": "m", "body": None},
    "response": {"status": 400, "headers": {}, "body": {"message": "no"}},
}


def _folder(path: Path) -> Path:
    (path / "stream.json").write_bytes(orjson.dumps(STREAM))
    (path / "refused.json").write_bytes(orjson.dumps(REFUSED))
    return path


def test_an_exact_request_gets_the_recorded_bytes_whatever_the_order_of_its_keys(tmp_path: Path) -> None:
    found = load_recordings(_folder(tmp_path)).find("ConverseStream", "m", b'{"a": [2], "b": 1}')
    assert found is not None
    assert (found.body, found.content_type) == (FRAMES, "application/vnd.amazon.eventstream")
    assert "x-amzn-requestid" not in found.headers


def test_another_request_model_or_operation_is_not_found(tmp_path: Path) -> None:
    recordings = load_recordings(_folder(tmp_path))
    assert recordings.find("ConverseStream", "m", b'{"a": [3], "b": 1}') is None
    assert recordings.find("ConverseStream", "n", b'{"a": [2], "b": 1}') is None
    assert recordings.find("Converse", "m", b'{"a": [2], "b": 1}') is None
    assert recordings.find("Converse", "m", b"not json") is None


def test_a_refusal_that_lost_its_errortype_is_a_validation_exception(tmp_path: Path) -> None:
    found = load_recordings(_folder(tmp_path)).find_by_stem("refused")
    assert found is not None
    assert found.status == 400
    assert found.headers["x-amzn-errortype"].startswith("ValidationException:")


def test_a_refusal_of_the_recorders_credentials_is_no_answer_to_its_request(tmp_path: Path) -> None:
    denied = {**STREAM, "response": {"status": 403, "headers": {}, "body": {"message": "expired"}}}
    (tmp_path / "denied.json").write_bytes(orjson.dumps(denied))
    recordings = load_recordings(tmp_path)
    assert recordings.find("ConverseStream", "m", b'{"a": [2], "b": 1}') is None
    assert recordings.find_by_stem("denied") is not None
