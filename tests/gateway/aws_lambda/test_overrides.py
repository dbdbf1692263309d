"""Settings that come with the package, beside those that the function has."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.aws_lambda.overrides import OverridesUnusable, parse, with_overrides
from gateway.lambda_runtime import maintain
from gateway.settings import SettingsError


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "overrides").mkdir()
    return tmp_path


def write(package: Path, text: str) -> dict[str, str]:
    """The function's variables."""
    (package / "overrides" / "settings.env").write_text(text)
    return {"LAMBDA_TASK_ROOT": str(package), "SLUICE_HOLD_SECONDS": "960"}


def test_settings_of_the_package_are_added(package: Path) -> None:
    environ = write(package, "SLUICE_MODELS_FILE=overrides/models.toml\nSLUICE_METRICS = true\n")
    added = {"SLUICE_MODELS_FILE": "overrides/models.toml", "SLUICE_METRICS": "true"}
    assert with_overrides(environ) == environ | added


def test_a_setting_that_the_template_has_is_refused_and_its_value_not_shown(package: Path) -> None:
    environ = write(package, "SLUICE_HOLD_SECONDS=12345\n")
    with pytest.raises(OverridesUnusable, match="sets SLUICE_HOLD_SECONDS, and so does the template") as refused:
        with_overrides(environ)
    assert "12345" not in str(refused.value)


def test_a_secret_whose_arn_the_function_has_is_refused(package: Path) -> None:
    environ = write(package, "SLUICE_PEPPER=p1:00\n") | {"SLUICE_PEPPER_SECRET_ARN": "arn:aws:secretsmanager:…"}
    with pytest.raises(OverridesUnusable, match="sets SLUICE_PEPPER, and so does the template"):
        with_overrides(environ)


@pytest.mark.parametrize("line", ["SLUICE_METRICS", "export SLUICE_METRICS=true", "AWS_REGION=us-east-1", "=true"])
def test_a_line_that_is_no_setting_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(OverridesUnusable, match=r"line 3: write SLUICE_NAME=value"):
        parse(f"# ours\n\n{line}\n")


def test_values_are_taken_as_they_are() -> None:
    text = "SLUICE_OIDC_ROLES=platform=org.owner,finance=org.viewer\n  # not this one\nSLUICE_A='b # c'"
    assert parse(text) == {"SLUICE_OIDC_ROLES": "platform=org.owner,finance=org.viewer", "SLUICE_A": "'b # c'"}


def test_a_value_that_the_gateway_would_not_start_with_ends_the_deployment(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in write(package, "SLUICE_METRICS=perhaps\n").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="SLUICE_METRICS"):
        maintain({"sluice": "migrate"}, None)


def test_without_such_a_file_or_a_package_nothing_changes(tmp_path: Path) -> None:
    for environ in ({"LAMBDA_TASK_ROOT": str(tmp_path), "A": "b"}, {"A": "b"}):
        assert with_overrides(environ) == environ
