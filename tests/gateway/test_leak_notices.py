from __future__ import annotations

import logging
from dataclasses import replace

import orjson
import pytest

from gateway.leak_notices import LeakNotices
from gateway.metrics import Metrics
from gateway.webhooks import Message
from tenants.leak import LeakedKey

NOW_MS = 1_795_132_800_000
ENDED = LeakedKey("key_1", "proj_1", "anna", "https://git.example.org/x", "commit", ended=True)
KNOWN = replace(ENDED, ended=False)
ADMIN = LeakedKey("admin_key_1", None, "admin_bootstrap", "", "", ended=True)
BOOTSTRAP = LeakedKey("admin_bootstrap", None, None, "", "", ended=False, works_on=True)


@pytest.mark.parametrize(
    ("leaked", "outcome", "level", "posted"),
    [
        (ENDED, "ended", logging.WARNING, True),
        (KNOWN, "known", logging.WARNING, False),
        (ADMIN, "ended", logging.WARNING, True),
        (BOOTSTRAP, "working", logging.ERROR, True),
    ],
)
def test_a_leak_is_logged_counted_and_posted_where_somebody_has_to_act(
    caplog: pytest.LogCaptureFixture, leaked: LeakedKey, outcome: str, level: int, posted: bool
) -> None:
    metrics, offered = Metrics("1", lambda: NOW_MS), list[Message]()
    LeakNotices(metrics, offered.append, lambda: NOW_MS).tell(leaked)
    assert metrics.leaks.count(outcome) == 1
    (line,) = caplog.records
    assert (line.levelno, line.__dict__["api_key_id"], line.__dict__["url"]) == (level, leaked.key_id, leaked.url)
    assert [orjson.loads(each.body)["data"]["api_key_id"] for each in offered] == [leaked.key_id] * posted


def test_without_a_webhook_nothing_is_posted() -> None:
    LeakNotices(Metrics("1", lambda: NOW_MS), None, lambda: NOW_MS).tell(ENDED)
