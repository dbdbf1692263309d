from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import Settings, SettingsError

PEPPER = "p1:" + "ab" * 32
ADMIN_KEY = "sk-sluice-admin_" + "0123456789" * 5
NEEDED = {"SLUICE_PEPPER": PEPPER, "SLUICE_ADMIN_KEY": ADMIN_KEY}
URL, SECRET = "https://hooks.example.com/alerts", "0123456789abcdef" * 2
WEBHOOK = {"SLUICE_ALERT_WEBHOOK_URL": URL, "SLUICE_ALERT_WEBHOOK_SECRET": SECRET}


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


def test_what_the_command_line_reads_does_not_keep_a_gateway_from_starting() -> None:
    Settings.from_env({**NEEDED, "SLUICE_URL": "http://127.0.0.1:8080", "SLUICE_API_KEY": "sk-sluice_x"})


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
        ("SLUICE_ALERT_WEBHOOK_SECRET", "short"),
        ("SLUICE_OIDC_ISSUER", "http://login.example.com"),
        ("SLUICE_OIDC_ISSUER", "login.example.com"),
        ("SLUICE_OIDC_AUDIENCE", ""),
        ("SLUICE_OIDC_ROLES", "admins"),
        ("SLUICE_OIDC_ROLES", "leads=project.owner"),
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


def test_a_webhook_is_an_url_and_a_secret_that_can_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    from_file = {"SLUICE_ALERT_WEBHOOK_URL": URL, "SLUICE_ALERT_WEBHOOK_SECRET_FILE": str(tmp_path / "secret")}
    settings = Settings.from_env({**NEEDED, **from_file})
    assert settings == Settings.from_env({**NEEDED, **WEBHOOK})
    assert settings.alert_webhook_secret is not None
    assert settings.alert_webhook_secret.get_secret_value() == SECRET
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("variable", WEBHOOK)
def test_half_a_webhook_is_refused_with_both_names(variable: str) -> None:
    said = refusal(**{variable: WEBHOOK[variable]})
    assert all(each in said for each in WEBHOOK)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x",
        "http://localhost/x",
        "http://[::1]:9",
        "HTTPS://a.example",
        "https://a.example:8443/?x=y",
    ],
)
def test_a_webhook_is_https_or_on_this_machine(url: str) -> None:
    assert Settings.from_env({**NEEDED, **WEBHOOK, "SLUICE_ALERT_WEBHOOK_URL": url}).alert_webhook_url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com/secretpath",
        "http://hooks.example.com/secretpath",
        "http://10.0.0.1/secretpath",
        "http://127.0.0.1.example.com/secretpath",
        "http://localhost@hooks.example.com/secretpath",
        "https://user:secretpath@hooks.example.com",
        "https://:8443/secretpath",
        "https://hooks.example.com:port/secretpath",
        "https://hooks.example.com:99999/secretpath",
        "https://hooks.example.com/secretpath#part",
        "https://hooks.example.com/secretpath 2",
        "https://hooks.example.com/secretpath\n",
        "https://[::1/secretpath",
        "ftp://hooks.example.com/secretpath",
    ],
)
def test_a_webhook_that_anybody_might_read_or_nobody_get_is_refused_without_being_shown(url: str) -> None:
    said = refusal(**{**WEBHOOK, "SLUICE_ALERT_WEBHOOK_URL": url})
    assert "SLUICE_ALERT_WEBHOOK_URL" in said
    assert "secretpath" not in said


def test_signing_in_needs_an_issuer_and_an_audience() -> None:
    issuer, audience = "https://login.example.com/realm", "sluice"
    settings = Settings.from_env({**NEEDED, "SLUICE_OIDC_ISSUER": issuer, "SLUICE_OIDC_AUDIENCE": audience})
    assert (settings.oidc_issuer, settings.oidc_audience, settings.oidc_user_claim) == (issuer, audience, "sub")
    for variable, text in (("SLUICE_OIDC_ISSUER", issuer), ("SLUICE_OIDC_AUDIENCE", audience)):
        said = refusal(**{variable: text})
        assert "SLUICE_OIDC_ISSUER" in said
        assert "SLUICE_OIDC_AUDIENCE" in said
