"""The text is the format's, its series are bounded, and its numbers exact."""

from __future__ import annotations

import pytest

from gateway.exposition import OTHER, ByModel, Counter, Exposition, Gauge, Histogram

_NO_LABELS: dict[str, str] = {}


def test_a_counter_shows_every_series_from_the_start() -> None:
    counter = Counter("a_total", "Some text.", {"kind": ("x", "y")})
    counter.add("y", amount=3)
    assert counter.lines(_NO_LABELS) == [
        "# HELP a_total Some text.",
        "# TYPE a_total counter",
        'a_total{kind="x"} 0',
        'a_total{kind="y"} 3',
    ]


def test_however_many_values_come_there_are_no_more_series() -> None:
    counter = Counter("a_total", "Some text.", {"kind": ("x",)})
    for number in range(1_000):
        counter.add(f"from a client {number}")
    assert counter.lines(_NO_LABELS)[2:] == ['a_total{kind="x"} 0', 'a_total{kind="other"} 1000']


def test_money_is_shown_to_its_last_digit() -> None:
    counter = Counter("cost_usd_total", "Cost.", decimals=12)
    for amount in (123_456_789_000_000_000_001, 2):
        counter.add(amount=amount)
    assert counter.lines(_NO_LABELS)[2:] == ["cost_usd_total 123456789.000000000003"]


def test_an_amount_below_zero_neither_counts_nor_fails() -> None:
    counter = Counter("a_total", "Some text.")
    counter.add(amount=5)
    counter.add(amount=-3)
    assert counter.count() == 5


def test_the_wrong_number_of_labels_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="zip"):
        Counter("a_total", "Some text.", {"kind": ("x",)}).add("x", "y")


def test_a_histograms_buckets_are_cumulative_and_take_their_upper_end_in() -> None:
    histogram = Histogram("took_seconds", "Duration.", {"operation": ("read",)}, (0.5, 1.0))
    for seconds in (0.25, 0.5, 0.75, 8.0):
        histogram.observe(seconds, "read")
    assert histogram.lines({"worker": "7"}) == [
        "# HELP took_seconds Duration.",
        "# TYPE took_seconds histogram",
        'took_seconds_bucket{worker="7",le="0.5",operation="read"} 2',
        'took_seconds_bucket{worker="7",le="1",operation="read"} 3',
        'took_seconds_bucket{worker="7",le="+Inf",operation="read"} 4',
        'took_seconds_sum{worker="7",operation="read"} 9.5',
        'took_seconds_count{worker="7",operation="read"} 4',
    ]


def test_a_gauge_is_read_when_it_is_asked_for() -> None:
    open_things: list[int] = []
    gauge = Gauge("things", "Open things.", lambda: len(open_things))
    open_things.append(1)
    assert gauge.lines({"worker": "7"})[2:] == ['things{worker="7"} 1']


def test_label_values_are_escaped_as_the_format_asks() -> None:
    gauge = Gauge("things", "Open things.", lambda: 1)
    assert gauge.lines({"worker": 'a\\b"c\nd'})[2:] == [r'things{worker="a\\b\"c\nd"} 1']


def test_the_text_holds_every_instrument_once_and_ends_its_last_line() -> None:
    exposition = Exposition({})
    exposition.add(Counter("a_total", "A."))
    exposition.add(Counter("b_total", "B."))
    with pytest.raises(ValueError, match="a_total"):
        exposition.add(Gauge("a_total", "A again.", lambda: 1))
    text = exposition.to_text()
    assert text.endswith("b_total 0\n")
    assert text.count("# TYPE a_total") == 1


def by_model(most: int = 2) -> ByModel[Counter]:
    return ByModel(lambda: Counter("sluice_x_total", "Text.", {"kind": ("a",)}), most=most)


def test_a_model_has_a_label_once_it_was_admitted() -> None:
    counters = by_model()
    counters.of("made.up").add("a")
    counters.admit("amazon.nova-lite-v1:0").add("a")
    counters.of("amazon.nova-lite-v1:0").add("a")
    assert counters.lines({}) == [
        "# HELP sluice_x_total Text.",
        "# TYPE sluice_x_total counter",
        'sluice_x_total{model="other",kind="a"} 1',
        'sluice_x_total{model="amazon.nova-lite-v1:0",kind="a"} 2',
    ]


def test_models_beyond_the_most_count_together() -> None:
    counters = by_model(most=2)
    for number in range(50):
        counters.admit(f"model-{number}").add("a")
    assert counters.of("model-1").count("a") == 1
    assert counters.of(OTHER).count("a") == 48


@pytest.mark.parametrize(
    "model", ["arn:aws:bedrock:us-east-1:123456789012:inference-profile/x", "", 'a"b', "a\nb", "É", "x" * 200]
)
def test_what_is_no_plain_id_of_a_model_is_no_label(model: str) -> None:
    counters = by_model()
    counters.admit(model).add("a")
    assert counters.of(OTHER).count("a") == 1
