"""What `sluice ledger` tells: as JSON for programs, as lines for people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.reconciling import Reconciled, Verdict
from gateway.replaying import Replayed
from gateway.rolling_up import RolledUp
from gateway.sweeping import Swept
from tenants.corrections import NO_CHARGE, Charge

_PICO_USD = 10**12
_COLUMNS = ("input", "output", "cache read", "cache write", "cost")


def rolled_up_to_json(rolled_up: RolledUp) -> dict[str, int]:
    return {"days": rolled_up.days, "pages": rolled_up.pages, "failed": rolled_up.failed}


def swept_to_json(swept: Swept) -> dict[str, int]:
    return {
        "accounts": swept.accounts,
        "abandoned": swept.abandoned,
        "delivered": swept.delivered,
        "failed": swept.failed,
    }


def swept_to_lines(swept: Swept) -> list[str]:
    lines = [
        f"{swept.accounts} accounts seen, {swept.abandoned} abandoned requests charged at their bound, "
        f"{swept.delivered} events delivered."
    ]
    return lines + ([f"{swept.failed} accounts could not be finished."] if swept.failed else [])


def replayed_to_json(replayed: Sequence[Replayed], unreadable: int) -> dict[str, Any]:
    """Every request, and how many came to what."""
    requests = [
        {
            "request_id": each.event.call.request_id,
            "api_key_id": each.event.call.key_id,
            "project_id": each.event.call.tenant_id,
            "outcome": each.outcome.value,
        }
        for each in replayed
    ]
    outcomes = Counter(each.outcome.value for each in replayed)
    return {"requests": requests, "outcomes": dict(outcomes), "unreadable_lines": unreadable}


def replayed_to_lines(replayed: Sequence[Replayed], unreadable: int) -> list[str]:
    rows = [
        (call.request_id, call.key_id, each.event.settlement.status.value, each.outcome.value)
        for each in replayed
        for call in [each.event.call]
    ]
    lines = _table(("request", "key", "status", "outcome"), rows) if rows else ["No settle is in this log."]
    return lines + _unreadable(unreadable)


@dataclass(slots=True)
class Reconciliation:
    """All that a reconcile found: how many requests of each verdict, totals, and those that do not agree."""

    verdicts: Counter[str] = field(default_factory=Counter)
    applied: int = 0
    change: Charge = NO_CHARGE
    differing: list[Reconciled] = field(default_factory=list)

    def add(self, reconciled: Reconciled) -> None:
        self.verdicts[reconciled.verdict.value] += 1
        self.applied += reconciled.applied
        if reconciled.verdict is not Verdict.OK:
            self.differing.append(reconciled)
        if reconciled.verdict in (Verdict.DRIFT, Verdict.MISSING):
            self.change += reconciled.change

    @property
    def open(self) -> int:
        """Requests that differ and were not put right."""
        left = (Verdict.DRIFT, Verdict.MISSING, Verdict.NOT_PRICED)
        return sum(each.verdict in left and not each.applied for each in self.differing)


def reconciliation_to_json(found: Reconciliation, foreign: int, unreadable: int) -> dict[str, Any]:
    """`change` is what the ledger lacks, or with a minus has too much; of each request, and of all that drift or are
    missing."""
    return {
        "requests": [_difference(each) for each in found.differing],
        "verdicts": dict(found.verdicts),
        "applied": found.applied,
        "change": _amounts(found.change),
        "foreign_lines": foreign,
        "unreadable_lines": unreadable,
    }


def reconciliation_to_lines(found: Reconciliation, foreign: int, unreadable: int) -> list[str]:
    rows = [
        (
            each.request.request_id,
            each.verdict.value,
            "-" if each.status is None else each.status.value,
            *_signed(each.change),
            "yes" if each.applied else "no",
        )
        for each in found.differing
    ]
    lines = _table(("request", "", "status", *_COLUMNS, "applied"), rows) if rows else []
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(found.verdicts.items()))
    lines.append(f"{sum(found.verdicts.values())} requests: {counts or 'none'}; {found.applied} corrected.")
    if found.change != NO_CHARGE:
        lines.append("Drift: " + ", ".join(map(" ".join, zip(_COLUMNS, _signed(found.change), strict=True))))
    if foreign:
        lines.append(f"{foreign} lines are of calls that the gateway did not make.")
    return lines + _unreadable(unreadable)


def _difference(each: Reconciled) -> dict[str, Any]:
    return {
        "request_id": each.request.request_id,
        "api_key_id": each.request.key_id,
        "project_id": each.request.tenant_id,
        "verdict": each.verdict.value,
        "status": None if each.status is None else each.status.value,
        "recorded": None if each.recorded is None else _amounts(each.recorded),
        "change": _amounts(each.change),
        "applied": each.applied,
    }


def _amounts(charge: Charge) -> dict[str, int | None]:
    tokens = charge.tokens
    return {
        "input_tokens": tokens.input_tokens,
        "output_tokens": tokens.output_tokens,
        "cache_read_tokens": tokens.cache_read_tokens,
        "cache_write_tokens": tokens.cache_write_tokens,
        "cache_write_1h_tokens": tokens.cache_write_1h_tokens,
        "cost_pico_usd": charge.cost_pico_usd,
    }


def _signed(charge: Charge) -> tuple[str, ...]:
    tokens = charge.tokens
    counts = (tokens.input_tokens, tokens.output_tokens, tokens.cache_read_tokens, tokens.cache_write_tokens)
    cost = charge.cost_pico_usd
    return (*(f"{count:+}" if count else "0" for count in counts), "unknown" if cost is None else _to_usd(cost))


def _to_usd(pico_usd: int) -> str:
    whole, rest = divmod(abs(pico_usd), _PICO_USD)
    return f"{'-' if pico_usd < 0 else '+'}${whole}.{f'{rest:012}'.rstrip('0'):0<2}"


def _unreadable(lines: int) -> list[str]:
    return [f"{lines} lines could not be read."] if lines else []


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    every = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in every]
