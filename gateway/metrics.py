"""What a process counts of its work, for `GET /metrics`. Names and labels are for operators' dashboards: keep them.

No key, project or user is a label: their number has no bound, and the usage reports have them exactly. A model is one
once it has served a request, and 100 of them at most. Counters begin at zero with the process, as Prometheus expects,
and with several workers each answers for itself alone, under its own `worker`: sum over that label.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import fields

from gateway.errors import BedrockError, BedrockUnreachable, StreamBroken
from gateway.exposition import OTHER, ByModel, Counter, Exposition, Gauge, Histogram
from tenants.account import Bound, Hold, exceeds
from tenants.errors import FenceStale, GrantNeeded, LedgerUnavailable, LimitExceeded, ModelNotPriced, TooContended
from tenants.event import Settlement, UsageStatus
from tenants.limits import Currency, Interval
from tenants.usage import TokenCounts

STATUS_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
SCOPES = ("key", "project")
_PATHS = {"chat/completions": "chat", "embeddings": "embeddings", "models": "models", "organization": "admin"}
_CATEGORIES = {field.name.removesuffix("_tokens"): field.name for field in fields(TokenCounts)}
_PROBES = ("/healthz", "/readyz", "/metrics")
OPERATIONS = (*_PATHS.values(), "probe")
_LIMIT_KINDS = ("spend", "requests", "tokens", "parallel")
_OTHER_REFUSALS = {
    ModelNotPriced: "model_not_priced",
    LedgerUnavailable: "ledger_unavailable",
    TooContended: "too_contended",
}
# A write to DynamoDB takes 3 to 10 ms in its region; retries and reopened windows are what the upper end is for.
_LEDGER_BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_REQUEST_BOUNDS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_FIRST_TOKEN_BOUNDS_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_PICO_DECIMALS = 12
MOST_MODELS = 100
BEDROCK_OPERATIONS = ("converse", "converse_stream", "invoke")
# Bedrock's exceptions, by their names in its service model, and the two ways in which it gives no answer.
_UNREACHABLE, _BROKEN = "unreachable", "stream_broken"
BEDROCK_FAULTS = (
    "AccessDeniedException",
    "ConflictException",
    "ExpiredTokenException",
    "InternalServerException",
    "InvalidSignatureException",
    "ModelErrorException",
    "ModelNotReadyException",
    "ModelStreamErrorException",
    "ModelTimeoutException",
    "ResourceNotFoundException",
    "ServiceQuotaExceededException",
    "ServiceUnavailableException",
    "ThrottlingException",
    "UnrecognizedClientException",
    "ValidationException",
    _UNREACHABLE,
    _BROKEN,
)


class OpenHolds:
    """The holds that this process took and has not ended. One past its expiry is no longer this process's to end."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._expiries: dict[str, int] = {}

    def add(self, hold: Hold) -> None:
        self._expiries[hold.call.request_id] = hold.expires_at

    def discard(self, hold: Hold) -> None:
        self._expiries.pop(hold.call.request_id, None)

    def count(self) -> int:
        now_seconds = self._clock_ms() / 1000
        self._expiries = {name: expiry for name, expiry in self._expiries.items() if expiry > now_seconds}
        return len(self._expiries)


class Metrics:
    """One per process. `worker` tells it from the others behind the same address: the process id will do.

    `clock_ms` is wall time in milliseconds.
    """

    def __init__(self, worker: str, clock_ms: Callable[[], int]) -> None:
        self.holds = OpenHolds(clock_ms)
        self.requests = Counter(
            "sluice_requests_total", "Requests answered.", {"operation": OPERATIONS, "status": STATUS_CLASSES}
        )
        self.settled = Counter(
            "sluice_settled_requests_total",
            "Requests that were settled, by what their counts are: Bedrock's own, or estimated, or their bound.",
            {"usage_status": tuple(UsageStatus)},
        )
        self.tokens = Counter(
            "sluice_tokens_total",
            "Tokens settled; cache_write_1h are among those of cache_write.",
            {"category": tuple(_CATEGORIES)},
        )
        self.cost = Counter("sluice_cost_usd_total", "Cost of what was settled.", decimals=_PICO_DECIMALS)
        self.unpriced = Counter("sluice_unpriced_requests_total", "Settled requests whose cost nobody knows.")
        self.request_seconds = Histogram(
            "sluice_request_seconds",
            "Duration of requests, to the last byte of the answer.",
            {"operation": OPERATIONS},
            _REQUEST_BOUNDS_SECONDS,
        )
        self.first_token_seconds = ByModel(
            lambda: Histogram(
                "sluice_first_token_seconds",
                "From the beginning of a streamed chat to the first piece of its answer, by the model that served it.",
                {},
                _FIRST_TOKEN_BOUNDS_SECONDS,
            ),
            most=MOST_MODELS,
        )
        self.model_requests = ByModel(
            lambda: Counter(
                "sluice_model_requests_total",
                "Settled requests by the model that served them.",
                {"usage_status": tuple(UsageStatus)},
            ),
            most=MOST_MODELS,
        )
        self.model_tokens = ByModel(
            lambda: Counter("sluice_model_tokens_total", "Tokens settled, by model.", {"category": tuple(_CATEGORIES)}),
            most=MOST_MODELS,
        )
        self.model_cost = ByModel(
            lambda: Counter("sluice_model_cost_usd_total", "Cost of what was settled, by model.", decimals=12),
            most=MOST_MODELS,
        )
        self.bedrock_seconds = Histogram(
            "sluice_bedrock_seconds",
            "Duration of calls to Bedrock, retries included: to the answer, of converse_stream to its acceptance.",
            {"operation": BEDROCK_OPERATIONS, "outcome": ("done", "failed")},
            _REQUEST_BOUNDS_SECONDS,
        )
        self.bedrock_errors = Counter(
            "sluice_bedrock_errors_total",
            "Calls that Bedrock refused or broke off, after all retries.",
            {"error": BEDROCK_FAULTS},
        )
        reasons = [f"{scope}_{kind}" for scope in SCOPES for kind in _LIMIT_KINDS]
        self.refusals = Counter(
            "sluice_refusals_total",
            "Requests that were not admitted, by the limit or the fault.",
            {"reason": (*reasons, *_OTHER_REFUSALS.values())},
        )
        self.bound_violations = Counter(
            "sluice_bound_violations_total", "Requests that used more than their upper bound. Should stay 0."
        )
        self.ledger_seconds = Histogram(
            "sluice_ledger_seconds",
            "Duration of a reserve or a settle, all attempts included.",
            {"operation": ("reserve", "settle"), "outcome": ("done", "refused", "failed")},
            _LEDGER_BOUNDS_SECONDS,
        )
        self.leftovers = Counter(
            "sluice_leftovers_total",
            "What other processes had left on accounts and this one finished: holds charged, events delivered.",
            {"kind": ("hold", "event")},
        )
        self.alerts = Counter(
            "sluice_alerts_total",
            "Spend alerts whose threshold was reached.",
            {"scope": SCOPES, "interval": tuple(Interval), "currency": tuple(Currency)},
        )
        self.webhooks = Counter(
            "sluice_alert_webhooks_total", "Alert webhooks, by what became of them.", {"outcome": ("delivered", "lost")}
        )
        self.leaks = Counter(
            "sluice_leaked_keys_total",
            "Keys reported as found in public: ended by it, known to have ended, or working on, the bootstrap key.",
            {"outcome": ("ended", "known", "working")},
        )
        self._exposition = Exposition({"worker": worker})
        for instrument in (
            self.requests,
            self.request_seconds,
            self.first_token_seconds,
            self.model_requests,
            self.model_tokens,
            self.model_cost,
            self.bedrock_seconds,
            self.bedrock_errors,
            self.settled,
            self.tokens,
            self.cost,
            self.unpriced,
            self.refusals,
            self.bound_violations,
            Gauge("sluice_holds_open", "Holds taken and not yet settled: requests in flight.", self.holds.count),
            self.ledger_seconds,
            self.leftovers,
            self.alerts,
            self.webhooks,
            self.leaks,
        ):
            self._exposition.add(instrument)

    def to_text(self) -> str:
        """All of it as it stands, in Prometheus's text format."""
        return self._exposition.to_text()

    def count_request(self, path: str, status: int) -> None:
        """An answer, by its path and its HTTP status; 499, the client was gone, is one of 4xx."""
        self.requests.add(operation_of(path), f"{status // 100}xx")

    def observe_request(self, path: str, seconds: float, model: str | None, first_token_seconds: float | None) -> None:
        """How long an answer took; of a stream, also until its first piece, by the model that served it."""
        self.request_seconds.observe(seconds, operation_of(path))
        if first_token_seconds is not None:
            self.first_token_seconds.of(model or OTHER).observe(first_token_seconds)

    def count_bedrock_error(self, error: Exception) -> None:
        """What Bedrock refused, or broke off."""
        if isinstance(error, BedrockError):
            self.bedrock_errors.add(error.name)
        elif isinstance(error, BedrockUnreachable):
            self.bedrock_errors.add(_UNREACHABLE)
        elif isinstance(error, StreamBroken):
            self.bedrock_errors.add(_BROKEN)

    def count_refusal(self, error: BaseException) -> None:
        """Why a request was not admitted. What the caller deals with and tries again is no refusal."""
        if isinstance(error, FenceStale | GrantNeeded | asyncio.CancelledError):
            return
        if isinstance(error, LimitExceeded):
            self.refusals.add(f"{error.refusal.scope}_{error.refusal.kind}")
        else:
            # By class, most derived first: TablesMissing is a LedgerUnavailable.
            names = (_OTHER_REFUSALS[kind] for kind in type(error).__mro__ if kind in _OTHER_REFUSALS)
            self.refusals.add(next(names, OTHER))

    def count_settled(self, bound: Bound, settlement: Settlement, model: str = OTHER) -> None:
        """What a request came to, and which model served it; once a request."""
        self._count_model(settlement, model)
        self.settled.add(settlement.status)
        for category, attribute in _CATEGORIES.items():
            self.tokens.add(category, amount=getattr(settlement.tokens, attribute))
        if settlement.cost_pico_usd is None:
            self.unpriced.add()
        else:
            self.cost.add(amount=settlement.cost_pico_usd)
        if exceeds(bound, settlement):
            self.bound_violations.add()

    def _count_model(self, settlement: Settlement, model: str) -> None:
        served = settlement.status is UsageStatus.OK and settlement.tokens.total_tokens > 0
        if served:
            self.first_token_seconds.admit(model)
        requests, tokens, cost = (
            each.admit(model) if served else each.of(model)
            for each in (self.model_requests, self.model_tokens, self.model_cost)
        )
        requests.add(settlement.status)
        for category, attribute in _CATEGORIES.items():
            tokens.add(category, amount=getattr(settlement.tokens, attribute))
        cost.add(amount=settlement.cost_pico_usd or 0)


def operation_of(path: str) -> str:
    """What a path asks for; `other` for one that is not served."""
    if path in _PROBES:
        return "probe"
    below = path.removeprefix("/api").removeprefix("/v1/")
    return next((name for begin, name in _PATHS.items() if below == begin or below.startswith(f"{begin}/")), OTHER)
