"""scripts/deploy with stand-ins for what it calls: what they are called with, and what the person is told."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Each argument in brackets: that a value with spaces stays one is seen.
_PROGRAMS = {
    "python": 'case "$*" in *find-runtime*) echo python3.12 ;; esac',
    "sam": """
echo "made for $LAMBDA_RUNTIME $LAMBDA_ARCHITECTURE" >> "$CALLS"
echo "signatures: $LAMBDA_SIGNATURES" >> "$CALLS"
case "$1" in ${FAILS:-none}) exit 3 ;; esac""",
    "aws": """
case "$*" in
  *"ParameterKey=='${DEPLOYED-none}'"*) echo https://issuer.example; exit ;;
  *ParameterKey==*) echo None; exit ;;
  *get-caller-identity*) [ -z "${NO_CREDENTIALS-}" ] || exit 255; echo 123456789012 ;;
  *"configure get region"*) exit 1 ;;
  *"lambda invoke"*) for last in "$@"; do :; done; echo "${ANSWER:-{\\}}" > "$last" ;;
  *describe-stacks*--query*)
    [ -z "${NO_STACK-}" ] || exit 255
    [ -z "${NO_OUTPUTS-}" ] || { echo None; exit; }
    echo "$*" | sed "s/.*OutputKey=='\\([A-Za-z]*\\)'.*/https:\\/\\/\\1/" ;;
  *describe-stacks*) [ -n "${EXISTS-}" ] || exit 255 ;;
esac""",
    "make": "",
}


class Deployment:
    """A checkout with the script in it, and programs that only note how they were called."""

    def __init__(self, folder: Path) -> None:
        self.calls_file = folder / "calls"
        self.checkout, self.programs = folder / "checkout", folder / "programs"
        (self.checkout / "scripts").mkdir(parents=True)
        self.programs.mkdir()
        shutil.copy2(ROOT / "scripts" / "deploy", self.checkout / "scripts")
        for name, body in _PROGRAMS.items():
            self.write_program(name, body)

    def write_program(self, name: str, body: str) -> None:
        program = self.programs / name
        note = f'{{ printf {name}; for each in "$@"; do printf " [%s]" "$each"; done; echo; }} >> "$CALLS"'
        program.write_text(f"#!/bin/sh\n{note}\n{body}\n")
        program.chmod(0o755)

    def run(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "CALLS": str(self.calls_file),
            "PYTHON": str(self.programs / "python"),
            "AWS_REGION": "eu-central-1",
            **variables,
        }
        command = [str(self.checkout / "scripts" / "deploy"), *options]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    @property
    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    def calls_of(self, what: str) -> list[str]:
        return [call for call in self.calls if call.startswith(what)]


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path)


def test_it_builds_deploys_records_the_migrations_and_says_what_to_do_next(deployment: Deployment) -> None:
    done = deployment.run("--stack-name", "mine", "--parameter", "TimeoutSeconds=600", "--yes")
    assert done.returncode == 0, done.stderr
    (build,), (deploy,) = deployment.calls_of("sam [build]"), deployment.calls_of("sam [deploy]")
    for part in (
        "[--template-file] [.aws-sam/build/template.yaml]",
        "[--stack-name] [mine]",
        "[--region] [eu-central-1]",
        "[--capabilities] [CAPABILITY_IAM]",
        "[--no-confirm-changeset]",
        "[--resolve-s3]",
        '[--parameter-overrides] [PythonRuntime=python3.12] [Architecture=arm64] [TimeoutSeconds="600"]',
    ):
        assert part in deploy
    (invoke,) = deployment.calls_of("aws [lambda] [invoke]")
    assert '[{"sluice": "migrate"}]' in invoke
    order = [deployment.calls.index(call) for call in (build, deploy, invoke)]
    assert order == sorted(order)
    assert done.stdout == (
        "Base URL of OpenAI clients:  https://BaseUrl\n"
        "Base URL of the admin API:   https://AdminBaseUrl\n"
        "The console:                 https://ConsoleUrl\n"
        "The first admin key:         aws secretsmanager get-secret-value --region eu-central-1"
        " --secret-id https://AdminKeySecretArn --query SecretString --output text\n"
        "Check the deployment:        scripts/smoke https://BaseUrl --api-key <a key that you issued>\n"
    )
    assert "stack mine to account 123456789012, region eu-central-1, for python3.12 on arm64" in done.stderr


def test_what_is_made_is_what_is_deployed(deployment: Deployment) -> None:
    assert deployment.run("--architecture", "x86_64", "--yes").returncode == 0
    assert set(deployment.calls_of("made for")) == {"made for python3.12 x86_64"}
    assert "[PythonRuntime=python3.12] [Architecture=x86_64]" in deployment.calls_of("sam [deploy]")[0]


@pytest.mark.parametrize(
    ("options", "deployed", "made_with"),
    [
        ([], "none", ""),
        (["--parameter", "OidcIssuer=https://issuer.example"], "none", "yes"),
        (["--parameter", "SecretScanningKeysUrl=https://api.example/keys"], "none", "yes"),
        ([], "OidcIssuer", "yes"),
        ([], "SecretScanningKeysUrl", "yes"),
        (["--parameter", "OidcIssuer="], "OidcIssuer", ""),
        (["--guided"], "none", "yes"),
        (["--package-only"], "OidcIssuer", ""),
    ],
)
def test_signatures_can_be_verified_where_a_parameter_of_this_or_the_last_deployment_asks_for_it(
    deployment: Deployment, options: list[str], deployed: str, made_with: str
) -> None:
    assert deployment.run("--yes", *options, DEPLOYED=deployed).returncode == 0
    assert set(deployment.calls_of("signatures:")) == {f"signatures: {made_with}"}


def test_values_of_parameters_arrive_whole_and_run_nothing(deployment: Deployment, tmp_path: Path) -> None:
    value = f"a b=c,$(touch {tmp_path}/ran);`touch {tmp_path}/ran`&*"
    assert deployment.run("--yes", "--parameter", f"OidcRoles={value}").returncode == 0
    assert f'[OidcRoles="{value}"]' in deployment.calls_of("sam [deploy]")[0]
    assert not (tmp_path / "ran").exists()


def test_the_person_is_asked_before_anything_changes_unless_they_said_yes(deployment: Deployment) -> None:
    deployment.run()
    assert "[--confirm-changeset]" in deployment.calls_of("sam [deploy]")[0]


def test_a_bucket_of_ones_own_takes_the_place_of_sams(deployment: Deployment) -> None:
    deployment.run("--bucket", "ours", "--yes")
    assert "[--no-resolve-s3] [--s3-bucket] [ours]" in deployment.calls_of("sam [deploy]")[0]


def test_a_stack_that_was_named_in_the_dialogue_is_the_one_that_is_looked_at(deployment: Deployment) -> None:
    deployment.write_program("sam", """[ "$1" = build ] || echo 'stack_name = "theirs"' > samconfig.toml""")
    assert deployment.run("--guided").returncode == 0
    assert "[--guided]" in deployment.calls_of("sam [deploy]")[0]
    first, *then = deployment.calls_of("aws [cloudformation]")  # the first one looks whether it exists
    assert "[--stack-name] [sluice]" in first
    assert then
    assert all("[--stack-name] [theirs]" in call for call in then)


def test_a_region_that_was_named_in_the_dialogue_is_the_one_that_is_looked_at(deployment: Deployment) -> None:
    deployment.write_program("sam", """[ "$1" = build ] || echo 'region = "eu-west-3"' > samconfig.toml""")
    deployment.write_program("aws", _PROGRAMS["aws"] + '\necho "in $AWS_REGION" >> "$CALLS"')
    done = deployment.run("--guided")
    assert "--region eu-west-3 --secret-id" in done.stdout


def test_a_stack_that_exists_is_not_asked_for_again(deployment: Deployment) -> None:
    """SAM would propose the template's values in the place of its own."""
    done = deployment.run("--guided", EXISTS="1")
    assert done.returncode == 1
    assert "the stack sluice exists: --guided is for new ones" in done.stderr
    assert not deployment.calls_of("sam")


def test_a_dialogue_that_kept_nothing_leaves_the_name(deployment: Deployment) -> None:
    (deployment.checkout / "samconfig.toml").write_text('stack_name = "sluice"\n')
    assert deployment.run("--guided", "--stack-name", "mine").returncode == 0
    assert all("[--stack-name] [mine]" in call for call in deployment.calls_of("aws [cloudformation]"))


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"NO_CREDENTIALS": "1"}, "there are no usable AWS credentials"),
        ({"AWS_REGION": ""}, "no region is set; name one with --region"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_built(
    deployment: Deployment, variables: dict[str, str], told: str
) -> None:
    done = deployment.run("--yes", **variables)
    assert done.returncode == 1
    assert told in done.stderr
    assert not deployment.calls_of("sam")


@pytest.mark.parametrize("step", ["build", "deploy"])
def test_what_sam_cannot_do_ends_it(deployment: Deployment, step: str) -> None:
    done = deployment.run("--yes", FAILS=step)
    assert done.returncode == 3
    assert done.stdout == ""
    assert not deployment.calls_of("aws [lambda]")


@pytest.mark.parametrize("variable", ["NO_STACK", "NO_OUTPUTS"])
def test_a_deployment_that_was_declined_is_not_called_one(deployment: Deployment, variable: str) -> None:
    done = deployment.run(**{variable: "1"})
    assert done.returncode == 1
    assert "the stack sluice" in done.stderr
    assert done.stdout == ""


def test_tables_that_do_not_fit_are_an_error(deployment: Deployment) -> None:
    done = deployment.run("--yes", ANSWER='{"errorMessage": "sluice-core: billing mode"}')
    assert done.returncode == 1
    assert "billing mode" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--nonsense"], "--nonsense is no option"),
        (["--stack-name"], "--stack-name needs a value"),
        (["--parameter", "TimeoutSeconds"], "--parameter takes NAME=VALUE"),
        (["--parameter", "OidcRoles='x'"], "no quotes"),
        (["--parameter", "A;touch x=y"], "--parameter takes NAME=VALUE"),
        (["--parameter", "Architecture=x86_64"], "use --architecture"),
        (["--parameter", "PythonRuntime=python3.11"], "the newest Python that is here"),
        (["--architecture", "riscv"], "--architecture is arm64 or x86_64"),
    ],
)
def test_options_that_are_wrong_change_nothing(deployment: Deployment, options: list[str], told: str) -> None:
    done = deployment.run(*options)
    assert done.returncode == 1
    assert told in done.stderr
    assert deployment.calls == []


def test_to_package_alone_asks_aws_nothing(deployment: Deployment) -> None:
    assert deployment.run("--package-only", NO_CREDENTIALS="1").returncode == 0
    assert [call.split()[1] for call in deployment.calls_of("sam")] == ["[build]"]
    assert not deployment.calls_of("aws")


def test_its_help_has_every_option(deployment: Deployment) -> None:
    told = deployment.run("--help").stdout
    for option in ("--stack-name", "--region", "--parameter", "--architecture", "--bucket", "--guided", "--yes"):
        assert f"\n  {option}" in told
    assert told.rstrip().endswith("do not ask before changes are made")
