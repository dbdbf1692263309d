from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.permissions import ModelPermissions, PermissionMode, all_permit
from tests.tenants.generated import permissions

CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
IDS = st.sampled_from([CLAUDE, f"us.{CLAUDE}", f"global.{CLAUDE}", "amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1:0"])
GLOBS = st.sampled_from(["*", "anthropic.*", "us.*", "*.anthropic.*", CLAUDE, "amazon.nova-*", "?s.*", "[ag]*", ""])
LISTS = st.builds(ModelPermissions, st.sampled_from(PermissionMode), st.lists(GLOBS, max_size=3).map(tuple))


def allow(*globs: str) -> ModelPermissions:
    return ModelPermissions(PermissionMode.ALLOW_LIST, globs)


def deny(*globs: str) -> ModelPermissions:
    return ModelPermissions(PermissionMode.DENY_LIST, globs)


@pytest.mark.parametrize(
    ("glob", "model_id", "matches"),
    [
        (CLAUDE, CLAUDE, True),
        (CLAUDE, CLAUDE + ":1", False),
        ("anthropic.*", CLAUDE, True),
        ("anthropic.*", f"us.{CLAUDE}", False),
        ("*", "anything/at all\nin two lines", True),
        ("amazon.nova-????-v1:0", "amazon.nova-lite-v1:0", True),
        ("amazon.nova-[lm]*", "amazon.nova-pro-v1:0", False),
        ("amazon.nova-[!lm]*", "amazon.nova-pro-v1:0", True),
        ("Anthropic.*", CLAUDE, False),
        ("anthropic.claude", "anthropicXclaude", False),
        ("anthropic", CLAUDE, False),
        ("claude", CLAUDE, False),
        ("a|b", "a", False),
        ("(", "(", True),
        ("[z-a]", "z", False),
    ],
)
def test_globs_match_whole_ids_and_nothing_of_regular_expressions(glob: str, model_id: str, matches: bool) -> None:
    assert allow(glob).permit(model_id) is matches
    assert deny(glob).permit(model_id) is not matches


@given(st.text())
def test_an_empty_allow_list_allows_nothing_and_an_empty_deny_list_denies_nothing(model_id: str) -> None:
    assert not allow().permit(model_id)
    assert deny().permit(model_id)


def test_allowing_a_model_does_not_allow_its_profile_elsewhere() -> None:
    assert not allow("anthropic.*").permit(f"global.{CLAUDE}", (CLAUDE,))
    assert allow("anthropic.*").permit(CLAUDE, (f"global.{CLAUDE}",))


def test_denying_a_model_denies_it_by_all_its_ids() -> None:
    assert not deny("anthropic.*").permit(f"us.{CLAUDE}", (CLAUDE,))
    assert not deny("anthropic.*").permit("my-alias", (f"us.{CLAUDE}", CLAUDE))
    assert deny("anthropic.*").permit("us.amazon.nova-lite-v1:0", ("amazon.nova-lite-v1:0",))


@given(LISTS, IDS, st.lists(IDS, max_size=3).map(tuple))
def test_other_ids_can_only_deny(listed: ModelPermissions, model_id: str, other_ids: tuple[str, ...]) -> None:
    assert not listed.permit(model_id, other_ids) or listed.permit(model_id)


@given(LISTS | st.none(), LISTS | st.none(), IDS, st.lists(IDS, max_size=2).map(tuple))
def test_a_key_only_narrows_what_its_tenant_may_call(
    tenant: ModelPermissions | None, key: ModelPermissions | None, model_id: str, other_ids: tuple[str, ...]
) -> None:
    together = all_permit((tenant, key), model_id, other_ids)
    alone = [all_permit((each,), model_id, other_ids) for each in (tenant, key)]
    assert together == all(alone)


@given(st.text())
def test_no_list_lets_everything_through(model_id: str) -> None:
    assert all_permit((None, None), model_id)
    assert all_permit((), model_id)


@given(permissions, st.text())
def test_any_globs_can_be_asked(listed: ModelPermissions, model_id: str) -> None:
    opposite = PermissionMode.DENY_LIST if listed.mode is PermissionMode.ALLOW_LIST else PermissionMode.ALLOW_LIST
    assert listed.permit(model_id) is not ModelPermissions(opposite, listed.model_ids).permit(model_id)


def test_many_stars_do_not_take_exponential_time() -> None:
    # Exponential backtracking would not come back within the life of the test run.
    assert not allow("*a" * 40 + "b").permit("a" * 200)


def test_a_deny_list_lets_nothing_through_that_nobody_can_tell_the_model_of() -> None:
    denying = ModelPermissions(PermissionMode.DENY_LIST, ("amazon.*",))
    assert not denying.permit("arn:aws:bedrock:us-east-1:1:imported-model/x", None)
    assert ModelPermissions(PermissionMode.DENY_LIST, ()).permit("arn:aws:bedrock:us-east-1:1:imported-model/x", None)


def test_an_allow_list_lets_through_by_name_what_nobody_can_tell_the_model_of() -> None:
    allowing = ModelPermissions(PermissionMode.ALLOW_LIST, ("arn:aws:bedrock:*:imported-model/x",))
    assert allowing.permit("arn:aws:bedrock:us-east-1:1:imported-model/x", None)
