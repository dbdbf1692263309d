from __future__ import annotations

from decimal import Decimal

from admin.cli.exact_json import Json, parse_json, to_document, to_json_line
from admin.cli.reports import UNKNOWN, CostSum, Row, UsageSum, report_start, sums_of


def chat(model: str | None, requests: int, output: int) -> Json:
    return {"model": model, "num_model_requests": requests, "input_tokens": 10, "output_tokens": output}


BUCKETS: list[Json] = [
    {"start_time": 0, "results": [chat("a", 1, 5), chat(None, 2, 0)]},
    {"start_time": 86_400, "results": []},
    {"start_time": 172_800, "results": [chat("a", 3, 1)]},
    {"start_time": 0, "results": [{"model": "b", "num_model_requests": 1, "input_tokens": 7}]},
]


def test_sums_by_a_dimension_go_over_all_buckets_and_a_null_one_has_a_row() -> None:
    assert sums_of(BUCKETS, "model", UsageSum.of, UsageSum()) == [
        Row("a", UsageSum(4, 20, 0, 6)),
        Row(UNKNOWN, UsageSum(2, 10, 0, 0)),
        Row("b", UsageSum(1, 7, 0, 0)),
    ]


def test_sums_by_day_have_days_without_usage_and_add_chats_and_embeddings() -> None:
    rows = {row.name: row.sum.requests for row in sums_of(BUCKETS, None, UsageSum.of, UsageSum())}
    assert rows == {"0": 4, "86400": 0, "172800": 3}


def test_costs_are_exact_and_an_unknown_cost_is_counted_apart() -> None:
    page = parse_json(
        b'{"results": [{"amount": {"value": 0.000000000001}, "num_unpriced_requests": 0},'
        b'{"amount": {"value": 12345678.9}, "num_unpriced_requests": 1},'
        b'{"amount": null, "num_unpriced_requests": 2}]}'
    )
    (row,) = sums_of([{"start_time": 0, **page}], None, CostSum.of, CostSum())
    assert row.sum == CostSum(Decimal("12345678.900000000001"), 3)


def test_json_keeps_all_digits_on_the_way_through() -> None:
    text = '{"value":12345678.900000000001,"count":3}'
    assert to_json_line(parse_json(text.encode())) == text
    assert "12345678.900000000001" in to_document(parse_json(text.encode()))


def test_a_report_of_days_begins_at_a_midnight_of_utc_with_today_among_them() -> None:
    now = 1_795_190_000
    assert report_start(1, now) == 1_795_132_800
    assert report_start(7, now) == 1_795_132_800 - 6 * 86_400
