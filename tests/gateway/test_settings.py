from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import Settings, SettingsError

PEPPER = "p1:" + "ab" * 32
ADMIN_KEY = "sk-sluice-admin_" + "0123456789" * 5
NEEDED = {"SLUICE_PEPPER": PEPPER, "SLUICE_ADMIN_KEY": ADMIN_KEY}


def refusal(**changes: str) -> str:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({**NEEDED, **changes})
    return str(raised.value)


def test_pepper_and_admin_key_are_all_that_is_needed() -> None:
    settings = Settings.from_env(NEEDED)
    assert (settings.port, settings.table_prefix, settings.surfaces) == (8080, "sluice", ("gateway", "admin"))


def test_foreign_variables_are_left_alone() -> None:
    assert Settings.from_env({**NEEDED, "PATH": "/bin", "AWS_REGION": "x", "SLUICED": "y"}) == Settings.from_env(NEEDED)


def test_values_are_read_as_their_types() -> None:
    settings = Settings.from_env({**NEEDED, "SLUICE_PORT": "9", "SLUICE_KEEPALIVE_SECONDS": "0.5"})
    assert (settings.port, settings.keepalive_seconds) == (9, 0.5)


def test_surfaces_are_listed_with_commas() -> None:
    assert Settings.from_env({**NEEDED, "SLUICE_SURFACES": "admin, gateway"}).surfaces == ("admin", "gateway")
    gateway = Settings.from_env({"SLUICE_PEPPER": PEPPER, "SLUICE_SURFACES": "gateway"})
    assert gateway.admin_key is None


def test_all_unknown_settings_are_named() -> None:
    said = refusal(SLUICE_PROT="1", SLUICE_TIMEOUT="2")
    assert "SLUICE_PROT" in said
    assert "SLUICE_TIMEOUT" in said


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("SLUICE_PORT", "70000"),
        ("SLUICE_PORT", "x"),
        ("SLUICE_HOLD_SECONDS", "0"),
        ("SLUICE_HOLD_SECONDS", "-1"),
        ("SLUICE_MAX_BODY_BYTES", "0"),
        ("SLUICE_SURFACES", "console"),
        ("SLUICE_TABLE_PREFIX", "a b"),
        ("SLUICE_LOG_LEVEL", "loud"),
        ("SLUICE_HTTP_CLIENT", "requests"),
        ("SLUICE_ADMIN_KEY", "short"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(variable: str, text: str) -> None:
    assert variable in refusal(**{variable: text})


@pytest.mark.parametrize(
    "pepper", ["", "nonsense", "p1:", "p1:zz", "p1:abab", ":" + "ab" * 32, PEPPER + ",p2:ab", "p1:é" + "ab" * 32]
)
def test_a_pepper_that_cannot_be_used_is_refused_without_being_shown(pepper: str) -> None:
    said = refusal(SLUICE_PEPPER=pepper)
    assert "SLUICE_PEPPER" in said
    assert "ab" * 32 not in said


def test_the_first_pepper_is_current_and_the_others_stay_readable() -> None:
    peppers = Settings.from_env({**NEEDED, "SLUICE_PEPPER": f"p2:{'cd' * 16}, {PEPPER}"}).peppers()
    assert peppers.current == "p2"
    assert dict(peppers.by_id) == {"p2": bytes.fromhex("cd" * 16), "p1": bytes.fromhex("ab" * 32)}


def test_a_missing_pepper_says_how_to_make_one() -> None:
    with pytest.raises(SettingsError, match=r"SLUICE_PEPPER.*generate pepper"):
        Settings.from_env({"SLUICE_ADMIN_KEY": ADMIN_KEY})


def test_the_admin_api_needs_its_key() -> None:
    with pytest.raises(SettingsError, match="SLUICE_ADMIN_KEY"):
        Settings.from_env({"SLUICE_PEPPER": PEPPER})


def test_secrets_can_stand_in_files(tmp_path: Path) -> None:
    (tmp_path / "pepper").write_text(PEPPER + "\n")
    (tmp_path / "key").write_text(ADMIN_KEY + "\n")
    environ = {"SLUICE_PEPPER_FILE": str(tmp_path / "pepper"), "SLUICE_ADMIN_KEY_FILE": str(tmp_path / "key")}
    assert Settings.from_env(environ) == Settings.from_env(NEEDED)


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    assert "SLUICE_PEPPER_FILE" in refusal(SLUICE_PEPPER_FILE=str(tmp_path / "none"))


def test_secrets_are_not_in_the_settings_text() -> None:
    text = repr(Settings.from_env(NEEDED))
    assert ADMIN_KEY not in text
    assert "ab" * 32 not in text
