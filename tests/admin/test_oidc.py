from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.oidc import LEEWAY_SECONDS, Person, TokenRefused, Trust
from tenants.group_roles import parse_group_roles
from tenants.roles import Role, RoleBinding

NOW = 1_795_132_800
TRUST = Trust(
    "https://login.example.com",
    "sluice",
    parse_group_roles("admins=org.owner,leads=project.owner:proj_1,team=project.member:proj_1"),
)
CLAIMS = {"iss": TRUST.issuer, "aud": "sluice", "sub": "anna", "exp": NOW + 300, "iat": NOW, "nbf": NOW}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": ["other", "sluice"]},
        {"iat": None, "nbf": None},
        {"exp": NOW - LEEWAY_SECONDS + 1},
        {"nbf": NOW + LEEWAY_SECONDS},
        {"exp": NOW + 0.5},
    ],
)
def test_claims_of_the_issuer_for_the_audience_and_of_now_are_accepted(claims: dict[str, Any]) -> None:
    TRUST.check({**CLAIMS, **claims}, NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://login.example.com/"},
        {"iss": ["https://login.example.com"]},
        {"iss": None},
        {"aud": "sluice2"},
        {"aud": []},
        {"aud": None},
        {"aud": {"sluice": 1}},
        {"exp": None},
        {"exp": NOW - LEEWAY_SECONDS},
        {"exp": str(NOW + 300)},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"nbf": NOW + LEEWAY_SECONDS + 1},
        {"iat": NOW + LEEWAY_SECONDS + 1},
        {"iat": "now"},
    ],
    ids=repr,
)
def test_any_other_claims_are_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        TRUST.check({**CLAIMS, **claims}, NOW)


def test_roles_are_those_of_all_groups_each_once() -> None:
    person = TRUST.to_person({**CLAIMS, "name": "Anna", "groups": ["team", "leads", "team", "others", 7]})
    member, owner = (
        RoleBinding(Role.PROJECT_MEMBER, "proj_1", "anna"),
        RoleBinding(Role.PROJECT_OWNER, "proj_1", "anna"),
    )
    assert person == Person("anna", "anna", "Anna", None, (member, owner))


@pytest.mark.parametrize("groups", [None, [], "other", {"admins": True}, [["admins"]], 5, "admins,leads"])
def test_what_names_no_group_gives_no_role(groups: Any) -> None:
    assert TRUST.to_person({**CLAIMS, "groups": groups}).bindings == ()


def test_groups_may_be_one_text_nested_or_under_a_name_with_points() -> None:
    owner = (RoleBinding(Role.ORG_OWNER, None, "anna"),)
    assert TRUST.to_person({**CLAIMS, "groups": "admins"}).bindings == owner
    nested = replace(TRUST, groups_claim="realm.roles")
    assert nested.to_person({**CLAIMS, "realm": {"roles": ["admins"]}}).bindings == owner
    assert nested.to_person({**CLAIMS, "realm.roles": ["admins"]}).bindings == owner
    assert nested.to_person({**CLAIMS, "realm": ["roles"]}).bindings == ()


def test_an_email_is_an_id_only_where_the_provider_has_not_called_it_unverified() -> None:
    by_email = replace(TRUST, user_claim="email")
    claims = {**CLAIMS, "email": "Anna@Example.com", "groups": ["team"]}
    assert by_email.to_person(claims).user_id == "anna@example.com"
    for verified in (True, "true"):
        assert by_email.to_person({**claims, "email_verified": verified}).user_id == "anna@example.com"
    refused: tuple[object, ...] = (False, "false", None, 0, "no", [])
    for unverified in refused:
        person = by_email.to_person({**claims, "email_verified": unverified})
        assert (person.id, person.user_id, person.bindings) == ("anna", None, ())


@pytest.mark.parametrize(
    "subject", [None, "", 5, "admin_bootstrap", "admin_key_1", "unknown", "secret_scanning", "a\nb", "x" * 400]
)
def test_who_has_no_subject_or_an_admin_keys_is_refused(subject: Any) -> None:
    with pytest.raises(TokenRefused):
        TRUST.to_person({**CLAIMS, "sub": subject})


def test_a_subject_that_no_key_could_be_owned_by_is_nobodys_user() -> None:
    person = TRUST.to_person({**CLAIMS, "sub": "auth0|5f7", "groups": ["team", "leads"]})
    assert (person.id, person.user_id) == ("auth0|5f7", None)
    assert person.bindings == (RoleBinding(Role.PROJECT_OWNER, "proj_1"),)


@given(st.dictionaries(st.sampled_from([*CLAIMS, "groups", "email", "name"]), values))
def test_no_claims_whatever_do_anything_but_name_a_person_or_be_refused(claims: dict[str, Any]) -> None:
    merged = {**CLAIMS, **claims}
    try:
        TRUST.check(merged, NOW)
        person = TRUST.to_person(merged)
    except TokenRefused:
        return
    assert merged["iss"] == TRUST.issuer
    assert set(person.bindings) <= {
        RoleBinding(Role.ORG_OWNER, None, person.user_id),
        RoleBinding(Role.PROJECT_OWNER, "proj_1", person.user_id),
    } | ({RoleBinding(Role.PROJECT_MEMBER, "proj_1", person.user_id)} if person.user_id else set())
