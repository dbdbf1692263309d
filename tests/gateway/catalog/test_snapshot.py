from __future__ import annotations

import pytest

from gateway.catalog.known_models import KnownModels, Row
from gateway.catalog.listings import from_listings
from gateway.catalog.snapshot import EMPTY, Snapshot
from gateway.errors import ModelNotFound
from tenants.policy import NO_POLICY, Policy
from tests.gateway.catalog.listed import APPLICATION_ARN, CLAUDE, NOVA, application, model, profile

IMPORTED = "arn:aws:bedrock:us-east-1:123456789012:imported-model/a1b2c3"
KNOWN = KnownModels([Row(("anthropic.*",), {"prefill": False}), Row((IMPORTED,), {"tools": False})])
LISTED = from_listings(
    [model(NOVA), model(CLAUDE, on_demand=False), model("x.embed", outputs=("EMBEDDING",))],
    [profile(f"us.{CLAUDE}"), application(CLAUDE)],
    "us-east-1",
    KNOWN,
)


def aliases(**names: str) -> Policy:
    return Policy(aliases=names)


@pytest.mark.parametrize("name", ["no.such-model", IMPORTED])
def test_what_is_not_listed_is_called_as_it_stands(name: str) -> None:
    resolved = EMPTY.resolve(name)
    assert (resolved.name, resolved.id, resolved.bedrock_id) == (name, name, name)


def test_a_model_reads_back_under_the_name_it_was_asked_for() -> None:
    resolved = LISTED.resolve(CLAUDE)
    assert (resolved.name, resolved.id, resolved.base_id) == (CLAUDE, CLAUDE, CLAUDE)
    assert resolved.other_ids == (CLAUDE, f"us.{CLAUDE}")


@pytest.mark.parametrize("arn", [APPLICATION_ARN, IMPORTED])
def test_nobody_knows_what_is_behind_an_arn_that_is_not_listed(arn: str) -> None:
    assert EMPTY.resolve(arn).other_ids is None


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}",
        f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{NOVA}",
    ],
)
def test_arns_of_models_and_of_system_profiles_tell_their_model(arn: str) -> None:
    assert EMPTY.resolve(arn).other_ids == tuple(dict.fromkeys((arn, arn.rsplit("/", 1)[-1], NOVA)))


@pytest.mark.parametrize("name", [".", "..", "", "/x", "a b", "a\nb", "\u0001" * 9, "é", "a" * 513, "a?b", "a%2Fb"])
def test_what_cannot_be_an_id_of_bedrocks_is_no_model(name: str) -> None:
    with pytest.raises(ModelNotFound):
        EMPTY.resolve(name)
    with pytest.raises(ModelNotFound):
        EMPTY.resolve("alias", aliases(alias=name))


@pytest.mark.parametrize("name", [CLAUDE, f"us.{CLAUDE}", APPLICATION_ARN, "fast"])
def test_a_models_quirks_apply_by_whatever_name_it_is_called(name: str) -> None:
    assert not LISTED.resolve(name, aliases(fast=APPLICATION_ARN)).capabilities.prefill


def test_what_is_said_of_an_arn_applies_to_it() -> None:
    assert not LISTED.resolve(IMPORTED).capabilities.tools
    assert LISTED.resolve("a1b2c3").capabilities.tools


def test_an_alias_calls_what_it_stands_for_and_reads_back_as_itself() -> None:
    resolved = LISTED.resolve("fast", aliases(fast=CLAUDE))
    assert (resolved.name, resolved.id, resolved.bedrock_id) == ("fast", CLAUDE, f"us.{CLAUDE}")


def test_an_alias_gives_no_permission_which_is_about_its_target_as_written() -> None:
    resolved = LISTED.resolve(NOVA, Policy(aliases={NOVA: CLAUDE}))
    assert resolved.id == CLAUDE
    assert resolved.other_ids == (NOVA, f"us.{CLAUDE}", CLAUDE)


def test_an_alias_hides_a_model_of_the_same_id() -> None:
    policy = Policy(aliases={NOVA: CLAUDE})
    assert LISTED.resolve(NOVA, policy).bedrock_id == f"us.{CLAUDE}"
    assert LISTED.list_for(policy)[NOVA].model.id == CLAUDE


def test_an_alias_of_an_application_profile_is_known_by_the_model_behind_it() -> None:
    resolved = LISTED.resolve("fast", aliases(fast=APPLICATION_ARN))
    assert (resolved.bedrock_id, resolved.base_id, resolved.opaque) == (APPLICATION_ARN, CLAUDE, False)


def test_an_alias_may_stand_for_an_alias_four_in_a_row() -> None:
    names = {"a1": "a2", "a2": "a3", "a3": "a4", "a4": NOVA}
    assert LISTED.resolve("a1", Policy(aliases=names)).id == NOVA
    with pytest.raises(ModelNotFound):
        LISTED.resolve("a0", Policy(aliases={**names, "a0": "a1"}))


@pytest.mark.parametrize("names", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "b"}])
def test_aliases_in_a_circle_are_no_model_and_are_not_listed(names: dict[str, str]) -> None:
    with pytest.raises(ModelNotFound, match="`a`"):
        LISTED.resolve("a", Policy(aliases=names))
    assert "a" not in LISTED.list_for(Policy(aliases=names))


def test_without_aliases_the_list_is_what_was_listed() -> None:
    assert LISTED.list_for(NO_POLICY) is LISTED.listed


def test_aliases_are_listed_among_the_models_in_order() -> None:
    entries = LISTED.list_for(aliases(fast=NOVA, embed="x.embed", mine=f"us.{CLAUDE}"))
    assert list(entries) == sorted([*LISTED.listed, "fast", "embed", "mine"])
    assert [entries[name].model.id for name in ("fast", "embed", "mine")] == [NOVA, "x.embed", f"us.{CLAUDE}"]
    assert entries["fast"].owned_by == "Provider"
    assert [entries["fast"].chats, entries["embed"].chats] == [True, False]


def test_an_alias_of_what_the_region_has_not_is_not_listed_but_one_of_an_arn_is() -> None:
    arn = f"arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"
    entries = LISTED.list_for(aliases(gone="no.such-model", imported=IMPORTED, by_arn=arn))
    assert "gone" not in entries
    assert entries["imported"].owned_by == ""
    assert entries["by_arn"].owned_by == "Provider"


def test_an_empty_snapshot_lists_nothing_and_resolves_all_the_same() -> None:
    known = Snapshot(known_models=KNOWN)
    assert known.list_for(NO_POLICY) == {}
    assert not known.resolve(CLAUDE).capabilities.prefill
