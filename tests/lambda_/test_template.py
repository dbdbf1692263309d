from __future__ import annotations

import os
from typing import Any

import pytest

from gateway.bound_alarm import EXCEEDED
from gateway.settings import Settings
from migrations.description import to_create_table
from scripts.package_lambda import ARCHITECTURES, RUNTIMES
from tenants.tables import ALL, TTL_ATTRIBUTE, TableSpec
from tests.lambda_.transformed import (
    ROOT,
    as_list,
    resources_of,
    run_aws_tool,
    statements_of,
    table_actions_of,
    transformed,
)

FUNCTIONS = {"GatewayFunction": "GatewayRole", "AdminFunction": "AdminRole", "MaintenanceFunction": "MaintenanceRole"}
WITH_URL = ["GatewayFunction", "AdminFunction"]


@pytest.mark.parametrize("template", ["template.yaml", "template-fargate.yaml"])
def test_the_linter_of_cloudformation_finds_nothing(template: str) -> None:
    run_aws_tool("cfn-lint", template)


def test_sam_takes_the_template() -> None:
    run_aws_tool("sam", "validate", "--lint", "--template", "template.yaml")


@pytest.mark.parametrize("template", ["template.yaml", "template-fargate.yaml"])
def test_no_yaml_alias_is_used_which_cloudformation_does_not_know(template: str) -> None:
    words = (ROOT / template).read_text().split()
    assert not [word for word in words if word[0] in "*&" and word[1:2].isalpha()]


@pytest.mark.parametrize("function", WITH_URL)
def test_a_function_url_streams_and_has_both_permissions_that_it_needs(function: str) -> None:
    url = resources_of("AWS::Lambda::Url")[f"{function}Url"]
    assert (url["AuthType"], url["InvokeMode"]) == ("NONE", "RESPONSE_STREAM")
    alias = url["TargetFunctionArn"]
    granted = [
        each
        for each in resources_of("AWS::Lambda::Permission").values()
        if each["FunctionName"] == alias and each["Principal"] == "*"
    ]
    # Since October 2025 the second one as well: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    assert {each["Action"]: each.get("FunctionUrlAuthType", each.get("InvokedViaFunctionUrl")) for each in granted} == {
        "lambda:InvokeFunctionUrl": "NONE",
        "lambda:InvokeFunction": True,
    }


@pytest.mark.parametrize("function", WITH_URL)
def test_what_streams_starts_our_loop_and_is_in_no_vpc(function: str) -> None:
    properties = resources_of("AWS::Lambda::Function")[function]
    assert properties["Environment"]["Variables"]["AWS_LAMBDA_EXEC_WRAPPER"] == "/var/task/run_lambda"
    assert "VpcConfig" not in properties


def test_a_package_is_made_for_what_the_template_deploys_unless_told() -> None:
    parameters = transformed()["Parameters"]
    for name, values in (("PythonRuntime", RUNTIMES), ("Architecture", ARCHITECTURES)):
        assert parameters[name]["Default"] == values[0]
        assert set(parameters[name]["AllowedValues"]) == set(values)
    for properties in resources_of("AWS::Lambda::Function").values():
        assert (properties["Runtime"], properties["Architectures"]) == (
            {"Ref": "PythonRuntime"},
            [{"Ref": "Architecture"}],
        )


def test_the_wrapper_can_be_executed_and_starts_the_interpreter_that_it_is_given() -> None:
    wrapper = ROOT / "run_lambda"
    assert os.access(wrapper, os.X_OK)
    text = wrapper.read_bytes()
    assert b"\r" not in text
    assert text.splitlines()[-1] == b'exec "$1" -m gateway.aws_lambda'
    assert b'export PYDANTIC_DISABLE_PLUGINS="${PYDANTIC_DISABLE_PLUGINS-__all__}"' in text.splitlines()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_a_role_of_its_own_and_a_log_that_ends(function: str) -> None:
    properties = resources_of("AWS::Lambda::Function")[function]
    assert properties["Role"] == {"Fn::GetAtt": [FUNCTIONS[function], "Arn"]}
    log = properties["LoggingConfig"]["LogGroup"]["Ref"]
    assert resources_of("AWS::Logs::LogGroup")[log]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


SECRETS = {"PepperSecret": "p1:" + "00" * 32, "AdminKeySecret": "a" * 48, "AlertWebhookSecret": "s" * 48}
CHOSEN = {
    "OidcIssuer": "https://login.example.com",
    "OidcAudience": "sluice",
    "OidcRoles": "platform=org.owner",
    "AlertWebhookUrl": "https://hooks.example.com/sluice",
    "SecretScanningKeysUrl": "https://api.github.com/meta/public_keys/secret_scanning",
}


def settings_of(function: str, **chosen: str) -> Settings:
    """As the function has them once its secrets are fetched. Parameters are as nobody chose them, unless named."""
    parameters = {name: str(each["Default"]) for name, each in transformed()["Parameters"].items()} | chosen

    def resolve(value: Any) -> str | None:
        match value:
            case str():
                return value
            case {"Fn::If": [condition, there, other]}:
                return resolve(there if holds(condition) else other)
            case {"Ref": "AWS::NoValue"}:
                return None
            case {"Ref": name}:
                return (parameters | SECRETS | {"AWS::StackName": "sluice"})[name]
        raise AssertionError(value)

    def holds(condition: str) -> bool:
        ((operand,),) = transformed()["Conditions"][condition].values()
        return bool(resolve(operand["Fn::Equals"][0]) != operand["Fn::Equals"][1])

    variables = resources_of("AWS::Lambda::Function")[function]["Environment"]["Variables"]
    resolved = {name: resolve(value) for name, value in variables.items() if name.startswith("SLUICE_")}
    given = {name.removesuffix("_SECRET_ARN"): value for name, value in resolved.items() if value is not None}
    if function == "MaintenanceFunction":  # it heeds some of them, and needs neither
        given |= {"SLUICE_PEPPER": SECRETS["PepperSecret"], "SLUICE_SURFACES": "gateway"}
    return Settings.from_env(given)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_variables_are_settings_that_are_understood(function: str) -> None:
    settings = settings_of(function)
    if function != "MaintenanceFunction":
        assert settings.sweep_seconds == 0
    longest = int(transformed()["Parameters"]["TimeoutSeconds"]["MaxValue"])
    assert settings.hold_seconds - 30 > longest  # a request's time is its hold's, less thirty seconds


def test_what_an_operator_chooses_reaches_the_functions_that_it_is_for() -> None:
    gateway, admin, maintenance = (settings_of(function, **CHOSEN) for function in FUNCTIONS)
    for settings in (gateway, admin, maintenance):  # a key's alerts, a leaked key's, a project's
        assert settings.alert_webhook_url == CHOSEN["AlertWebhookUrl"]
    assert (gateway.oidc_issuer, admin.oidc_issuer) == (None, CHOSEN["OidcIssuer"])
    assert (admin.oidc_audience, admin.oidc_roles) == ("sluice", "platform=org.owner")
    assert admin.secret_scanning_keys_url == CHOSEN["SecretScanningKeysUrl"]
    unchosen = settings_of("AdminFunction")
    assert (unchosen.oidc_issuer, unchosen.alert_webhook_url, unchosen.secret_scanning_keys_url) == (None, None, None)


@pytest.mark.parametrize("template", ["template.yaml", "template-fargate.yaml"])
def test_every_parameter_is_in_a_group_of_the_console(template: str) -> None:
    whole = transformed(template)
    groups = whole["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(whole["Parameters"])


def test_no_secret_is_in_a_variable() -> None:
    secrets = set(resources_of("AWS::SecretsManager::Secret"))
    for properties in resources_of("AWS::Lambda::Function").values():
        for name, value in properties["Environment"]["Variables"].items():
            assert "resolve:secretsmanager" not in str(value)
            if isinstance(value, dict) and value.get("Ref") in secrets:
                assert name.endswith("_SECRET_ARN")


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.role)
def test_a_table_is_what_the_migrations_would_make(spec: TableSpec) -> None:
    name = f"{spec.role.capitalize()}Table"
    whole = transformed()["Resources"][name]
    table = whole["Properties"]
    wanted = to_create_table(spec, "any")
    for part in ("AttributeDefinitions", "KeySchema", "BillingMode"):
        assert table[part] == wanted[part]
    assert table["TableName"]["Fn::Sub"][0] == f"${{Prefix}}-{spec.role}"
    ttl = {"AttributeName": TTL_ATTRIBUTE, "Enabled": True} if spec.expires else None
    assert table.get("TimeToLiveSpecification") == ttl
    recovery = {"PointInTimeRecoveryEnabled": True} if spec.recoverable else None
    assert table.get("PointInTimeRecoverySpecification") == recovery
    assert table.get("DeletionProtectionEnabled", False) is spec.recoverable
    assert whole["DeletionPolicy"] == whole["UpdateReplacePolicy"] == "Retain"


def test_secrets_outlive_the_stack() -> None:
    for name in resources_of("AWS::SecretsManager::Secret"):
        whole = transformed()["Resources"][name]
        assert whole["DeletionPolicy"] == whole["UpdateReplacePolicy"] == "Retain"


def test_the_data_plane_changes_no_key_and_no_audit_entry() -> None:
    allowed = table_actions_of("GatewayRole")
    assert {action for table, action in allowed if table == "core"} == {"GetItem", "Query", "ConditionCheckItem"}
    assert not {action for table, action in allowed if table == "audit"}


def test_the_control_plane_calls_no_model_and_cannot_change_the_audit_log() -> None:
    actions = {action for each in statements_of("AdminRole") for action in as_list(each["Action"])}
    bedrock = {action for action in actions if action.startswith("bedrock:")}
    assert bedrock == {"bedrock:ListFoundationModels", "bedrock:ListInferenceProfiles"}
    changing = {"UpdateItem", "DeleteItem", "BatchWriteItem"}
    assert not {action for table, action in table_actions_of("AdminRole") if table == "audit"} & changing


@pytest.mark.parametrize("role", FUNCTIONS.values())
def test_no_role_has_a_wildcard_where_a_name_would_do(role: str) -> None:
    for statement in statements_of(role):
        assert not [action for action in as_list(statement["Action"]) if "*" in action]
        if statement["Resource"] == "*":
            assert statement["Sid"] == "ModelList"  # lists have no resources


def test_arns_hold_in_every_partition() -> None:
    assert "arn:aws:" not in (ROOT / "template.yaml").read_text()


def test_the_alarms_read_what_the_log_says() -> None:
    patterns = {name: each["FilterPattern"] for name, each in resources_of("AWS::Logs::MetricFilter").items()}
    assert f'$.message = "{EXCEEDED}"' in patterns["ExceededBounds"]
    alarms = resources_of("AWS::CloudWatch::Alarm")
    for name, filtered in resources_of("AWS::Logs::MetricFilter").items():
        metric = filtered["MetricTransformations"][0]
        alarm = alarms[f"{name}Alarm"]
        assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])


def test_a_metric_filter_finds_the_lines_of_streams_that_broke_off() -> None:
    """Its fields are those that a request's line has; test_function_url.py has such a line made."""
    pattern = resources_of("AWS::Logs::MetricFilter")["FailedStreams"]["FilterPattern"]
    assert pattern == '{ ($.logger = "sluice.request") && ($.status = 200) && ($.error = "*") }'
