"""Extension: what a key has used and holds this month, apart."""

from __future__ import annotations

from typing import Literal

from admin.operations.budgets import Budget
from admin.schemas.wire import ResponseBody
from tenants.usage import TokenCounts


class TokenCountsFields(ResponseBody):
    """Bedrock's own categories: `input_tokens` excludes what was read from or written to a cache."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    total_tokens: int

    @classmethod
    def from_counts(cls, counts: TokenCounts) -> TokenCountsFields:
        return cls(
            input_tokens=counts.input_tokens,
            output_tokens=counts.output_tokens,
            cache_read_tokens=counts.cache_read_tokens,
            cache_write_tokens=counts.cache_write_tokens,
            total_tokens=counts.total_tokens,
        )


class BudgetObject(ResponseBody):
    """`settled` is what ended requests used, `held` the upper bound of those in flight. Money is in 10^-12 US dollars.

    Requests of models without a known price count their tokens, and no money. `limit` and `remaining` are null: no
    budget caps the key. `resets_at` (Unix seconds) is the first second of the next month, UTC.
    """

    object: Literal["organization.project.api_key.budget"] = "organization.project.api_key.budget"
    project_id: str
    api_key_id: str
    month: str
    limit: None = None
    remaining: None = None
    settled_tokens: TokenCountsFields
    held_tokens: int
    settled_pico_usd: int
    held_pico_usd: int
    requests: int
    in_flight: int
    resets_at: int

    @classmethod
    def from_budget(cls, budget: Budget) -> BudgetObject:
        account = budget.account
        return cls(
            project_id=budget.project_id,
            api_key_id=account.key_id,
            month=account.month,
            settled_tokens=TokenCountsFields.from_counts(account.settled),
            held_tokens=account.held_tokens,
            settled_pico_usd=account.settled_pico_usd,
            held_pico_usd=account.held_pico_usd,
            requests=account.requests,
            in_flight=account.in_flight,
            resets_at=budget.resets_at,
        )
