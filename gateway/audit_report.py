"""What `sluice audit verify` reads and tells: heads as JSON lines, verdicts as JSON or as lines for people. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from tenants.audit_chain import Head
from tenants.audit_check import Verdict


def heads_from_lines(lines: Iterable[str]) -> list[Head]:
    """The heads among lines of JSON: those that `verify --keep` wrote, and a gateway's log. Others are passed over."""
    heads = []
    for line in lines:
        try:
            fields = json.loads(line)
            head = Head(str(fields["writer"]), int(fields["number"]), str(fields["hash"]), int(fields["at_ms"]))
        except (KeyError, TypeError, ValueError):
            continue
        heads.append(head)
    return heads


def heads_to_lines(heads: Sequence[Head]) -> list[str]:
    return [json.dumps(asdict(head)) for head in heads]


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "intact": not verdict.problems,
        "entries": verdict.entries,
        "problems": [{**asdict(each), "kind": each.kind.value} for each in verdict.problems],
        "heads": [asdict(head) for head in verdict.heads],
    }


def verdict_to_lines(verdict: Verdict) -> list[str]:
    lines = [f"{each.kind.value}: {each.text}" for each in verdict.problems]
    read = f"{verdict.entries} entries in {len(verdict.heads)} chains"
    found = f"{len(lines)} problems" if lines else "all of them as they were written"
    return [*lines, f"{read}: {found}."]
