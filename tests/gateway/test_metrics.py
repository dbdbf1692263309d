"""What happens is counted once, in the right place, under labels that no client chooses."""

from __future__ import annotations

import asyncio
import re

import pytest

from gateway.errors import BedrockError, BedrockUnreachable, RequestTimedOut, StreamBroken
from gateway.exposition import OTHER
from gateway.metrics import BEDROCK_FAULTS, Metrics, OpenHolds, operation_of
from gateway.routes.errors import BEDROCK_ERRORS
from tenants.account import Bound
from tenants.errors import (
    FenceStale,
    GrantNeeded,
    LedgerUnavailable,
    LimitExceeded,
    ModelNotPriced,
    Refusal,
    TablesMissing,
    TooContended,
)
from tenants.event import Settlement, UsageStatus
from tenants.usage import TokenCounts
from tests.tenants.samples import HOLD, NOW_MS, SETTLEMENT, a_hold

_LINE = re.compile(
    r"# (HELP|TYPE) [a-z_]+ .+"
    r'|[a-z0-9_]+\{[a-z]+="[^"]*"(,[a-z_]+="[^"]*")*\} [0-9.e+-]+'
)


def new_metrics() -> Metrics:
    return Metrics("7", lambda: NOW_MS)


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/v1/chat/completions", "chat"),
        ("/api/v1/chat/completions", "chat"),
        ("/v1/embeddings", "embeddings"),
        ("/v1/models", "models"),
        ("/v1/models/us.anthropic.claude", "models"),
        ("/v1/organization/projects/proj_1/api_keys", "admin"),
        ("/healthz", "probe"),
        ("/metrics", "probe"),
        ("/v1/modelsandmore", OTHER),
        ("/wp-login.php", OTHER),
        ("/", OTHER),
    ],
)
def test_a_path_counts_under_what_it_asks_for(path: str, operation: str) -> None:
    metrics = new_metrics()
    assert operation_of(path) == operation
    metrics.count_request(path, 429)
    assert metrics.requests.count(operation, "4xx") == 1


def test_an_answer_that_never_began_counts_under_other() -> None:
    metrics = new_metrics()
    metrics.count_request("/v1/embeddings", 0)
    assert metrics.requests.count("embeddings", OTHER) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (LimitExceeded("", Refusal("project", "spend", 1, 1, 1)), "project_spend"),
        (LimitExceeded("", Refusal("key", "parallel", 1, 1, 1)), "key_parallel"),
        (ModelNotPriced("m"), "model_not_priced"),
        (LedgerUnavailable(), "ledger_unavailable"),
        (TablesMissing(), "ledger_unavailable"),
        (TooContended(""), "too_contended"),
        (RuntimeError(), OTHER),
    ],
)
def test_a_refusal_counts_under_its_reason(error: Exception, reason: str) -> None:
    metrics = new_metrics()
    metrics.count_refusal(error)
    assert metrics.refusals.count(reason) == 1


@pytest.mark.parametrize("error", [FenceStale(1, 1), GrantNeeded(), asyncio.CancelledError()])
def test_what_is_tried_again_is_no_refusal(error: BaseException) -> None:
    metrics = new_metrics()
    before = metrics.to_text()
    metrics.count_refusal(error)
    assert metrics.to_text() == before


def test_a_settled_request_counts_its_tokens_by_category_and_its_cost() -> None:
    metrics = new_metrics()
    tokens = TokenCounts(700, 120, 30, 40, 10)
    metrics.count_settled(HOLD.bound, Settlement(UsageStatus.OK, NOW_MS, tokens, 3_900_000_000))
    categories = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
    assert [metrics.tokens.count(each) for each in categories] == [700, 120, 30, 40, 10]
    assert 'sluice_cost_usd_total{worker="7"} 0.003900000000' in metrics.to_text()
    assert (metrics.settled.count("ok"), metrics.unpriced.count(), metrics.bound_violations.count()) == (1, 0, 0)


def test_a_request_beyond_its_bound_counts_as_a_violation_and_one_without_a_price_as_unpriced() -> None:
    metrics = new_metrics()
    metrics.count_settled(Bound(10, 10), Settlement(UsageStatus.OK, NOW_MS, TokenCounts(11, 1)))
    assert (metrics.bound_violations.count(), metrics.unpriced.count()) == (1, 1)


def test_a_model_that_served_a_request_is_told_apart_and_one_that_did_not_is_not() -> None:
    metrics = new_metrics()
    served = Settlement(UsageStatus.OK, NOW_MS, TokenCounts(700, 120), 3_900_000_000)
    metrics.count_settled(HOLD.bound, served, "amazon.nova-lite-v1:0")
    metrics.count_settled(HOLD.bound, Settlement(UsageStatus.ERROR, NOW_MS), "made.up-by-a-client")
    metrics.observe_request("/v1/chat/completions", 2.0, "amazon.nova-lite-v1:0", 0.3)
    metrics.observe_request("/v1/chat/completions", 2.0, "made.up-by-a-client", 0.3)
    metrics.observe_request("/v1/chat/completions", 2.0, None, None)
    nova, other = "amazon.nova-lite-v1:0", OTHER
    assert [metrics.model_requests.of(each).count("ok") for each in (nova, other)] == [1, 0]
    assert [metrics.model_requests.of(each).count("error") for each in (nova, other)] == [0, 1]
    assert [metrics.model_tokens.of(each).count("output") for each in (nova, other)] == [120, 0]
    assert [metrics.first_token_seconds.of(each).count() for each in (nova, other)] == [1, 1]
    assert metrics.request_seconds.count("chat") == 3
    assert 'sluice_model_cost_usd_total{worker="7",model="amazon.nova-lite-v1:0"} 0.003900000000' in metrics.to_text()
    assert "made.up" not in metrics.to_text()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BedrockError("ThrottlingException", 429, "slow down"), "ThrottlingException"),
        (BedrockError("ModelStreamErrorException", 0, ""), "ModelStreamErrorException"),
        (BedrockError("NewException", 400, ""), OTHER),
        (BedrockUnreachable("", may_have_run=True), "unreachable"),
        (StreamBroken(""), "stream_broken"),
    ],
)
def test_what_bedrock_refuses_counts_under_its_name(error: Exception, kind: str) -> None:
    metrics = new_metrics()
    metrics.count_bedrock_error(error)
    assert metrics.bedrock_errors.count(kind) == 1


def test_what_is_no_fault_of_bedrock_s_does_not_count_as_one() -> None:
    metrics = new_metrics()
    before = metrics.to_text()
    metrics.count_bedrock_error(RequestTimedOut())
    assert metrics.to_text() == before


def test_every_exception_of_bedrock_s_that_has_an_answer_has_a_label() -> None:
    assert set(BEDROCK_ERRORS) <= set(BEDROCK_FAULTS)


def test_a_hold_is_open_until_it_is_ended_or_expired() -> None:
    now_ms = [NOW_MS]
    holds = OpenHolds(lambda: now_ms[0])
    ended, early, late = (a_hold(f"req_{number}", started_at_ms=NOW_MS + number * 5_000) for number in range(3))
    for hold in (ended, early, late):
        holds.add(hold)
    assert holds.count() == 3
    for _ in range(2):
        holds.discard(ended)
    assert holds.count() == 2
    now_ms[0] = early.expires_at * 1000
    assert holds.count() == 1


def test_the_text_is_of_the_formats_lines_alone_and_names_no_caller() -> None:
    metrics = new_metrics()
    metrics.count_request("/v1/models/us.anthropic.claude", 200)
    metrics.holds.add(HOLD)
    metrics.count_settled(HOLD.bound, SETTLEMENT, "amazon.nova-lite-v1:0")
    text = metrics.to_text()
    assert [line for line in text.splitlines() if not _LINE.fullmatch(line)] == []
    assert 'sluice_holds_open{worker="7"} 1' in text
    assert [name for name in (HOLD.call.key_id, HOLD.call.tenant_id, "anthropic") if name in text] == []


def test_the_number_of_series_does_not_grow_with_what_clients_send() -> None:
    metrics = new_metrics()
    for number in range(1_000):
        metrics.count_request(f"/unknown/{number}", number)
        metrics.count_refusal(LimitExceeded("", Refusal(f"s{number}", "spend", 1, 1, 1, model=f"m{number}")))
    once = len(metrics.to_text().splitlines())
    for number in range(1_000, 3_000):
        metrics.count_request(f"/unknown/{number}", number)
        metrics.count_refusal(LimitExceeded("", Refusal(f"s{number}", "spend", 1, 1, 1, model=f"m{number}")))
    assert len(metrics.to_text().splitlines()) == once
