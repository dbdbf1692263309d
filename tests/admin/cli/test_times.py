from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest

from admin.cli.failures import BadUsage
from admin.cli.times import bucket_name, moment, parse_duration, parse_moment

NOW = 1_795_190_000  # 2026-11-20T15:53:20Z
BERLIN = timezone(timedelta(hours=1))


def test_a_moment_is_shown_in_the_zone_and_utc_says_so() -> None:
    assert moment(NOW, UTC) == "2026-11-20 15:53 UTC"
    assert moment(NOW, BERLIN) == "2026-11-20 16:53"
    assert moment(None, UTC, none="never") == "never"


def test_a_day_of_a_report_is_a_day_of_utc_in_every_zone() -> None:
    assert bucket_name(NOW // 86_400 * 86_400, "1d", timezone(timedelta(hours=-8))) == "2026-11-20"
    assert bucket_name(NOW, "1h", BERLIN) == "2026-11-20 16:53"


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5400), ("12h", 43_200), ("30D", 2_592_000), ("1w", 604_800)])
def test_durations_have_a_unit(text: str, seconds: int) -> None:
    assert parse_duration(text, "--expires") == seconds


@pytest.mark.parametrize("text", ["30", "", "d", "1.5h", "-1d", "1y", "9" * 30 + "d"])
def test_what_is_no_duration_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(BadUsage, match="--expires"):
        parse_duration(text, "--expires")


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        ("now", NOW),
        ("2h", NOW - 7200),
        ("today", 1_795_132_800),
        ("yesterday", 1_795_132_800 - 86_400),
        ("2026-11-20", 1_795_132_800),
        ("2026-11-20T01:00", 1_795_136_400),
        ("2026-11-20T01:00+01:00", 1_795_132_800),
        ("2026-11-20T00:00:00Z", 1_795_132_800),
        ("1795132800", 1_795_132_800),
    ],
)
def test_moments_are_read_in_the_zone_that_is_given(text: str, unix: int) -> None:
    assert parse_moment(text, "--since", NOW, UTC) == unix


def test_a_date_without_a_zone_begins_at_the_zones_own_midnight() -> None:
    assert parse_moment("2026-11-20", "--since", NOW, BERLIN) == 1_795_132_800 - 3600


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "20/11/2026"])
def test_what_is_no_moment_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(BadUsage, match="--since"):
        parse_moment(text, "--since", NOW, UTC)
