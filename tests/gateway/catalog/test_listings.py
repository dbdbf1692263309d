from __future__ import annotations

from typing import Any

import pytest

from gateway.catalog.known_models import KnownModels, Row
from gateway.catalog.listings import from_listings
from tests.gateway.catalog.listed import APPLICATION_ARN, CLAUDE, NOVA, application, model, profile

KNOWN = KnownModels([Row(("anthropic.*",), {"prefill": False})])


def called(name: str, region: str, *profiles: str) -> str:
    listings = [profile(each) for each in profiles]
    return from_listings([model(CLAUDE, on_demand=False)], listings, region).resolve(name).bedrock_id


def test_a_model_on_demand_is_called_as_it_is() -> None:
    snapshot = from_listings([model(NOVA)], [profile(f"us.{NOVA}", NOVA)], "us-east-1")
    assert snapshot.resolve(NOVA).bedrock_id == NOVA
    assert set(snapshot.listed) == {NOVA, f"us.{NOVA}"}


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("us-east-1", "us."),
        ("eu-central-1", "eu."),
        ("ap-northeast-1", "apac."),
        ("ca-central-1", "us."),
        ("us-gov-west-1", "us-gov."),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_model_that_needs_a_profile_is_called_by_that_of_the_region(
    region: str, expected: str, backwards: bool
) -> None:
    profiles = [f"{each}{CLAUDE}" for each in ("global.", "us.", "eu.", "apac.", "us-gov.")]
    assert called(CLAUDE, region, *(reversed(profiles) if backwards else profiles)) == expected + CLAUDE


@pytest.mark.parametrize("order", [("global.", "us."), ("us.", "global.")])
def test_data_stays_in_the_geography_where_there_is_a_choice(order: tuple[str, str]) -> None:
    assert called(CLAUDE, "us-east-1", *(each + CLAUDE for each in order)) == f"us.{CLAUDE}"


def test_the_global_profile_serves_where_there_is_no_other() -> None:
    assert called(CLAUDE, "us-east-1", f"global.{CLAUDE}") == f"global.{CLAUDE}"


def test_a_profile_is_called_by_its_own_name() -> None:
    assert called(f"global.{CLAUDE}", "us-east-1", f"global.{CLAUDE}", f"us.{CLAUDE}") == f"global.{CLAUDE}"


def test_a_model_that_only_a_profile_can_call_is_listed_under_its_own_id_as_well() -> None:
    snapshot = from_listings([model(CLAUDE, on_demand=False)], [profile(f"us.{CLAUDE}")], "us-east-1")
    assert set(snapshot.listed) == {CLAUDE, f"us.{CLAUDE}"}


def test_a_known_model_that_only_a_profile_reaches_from_here_is_listed_though_the_region_has_it_not() -> None:
    listed = [profile(f"global.{CLAUDE}"), profile("global.stability.image", "stability.image")]
    elsewhere = [model("anthropic.claude-old", providerName="Anthropic")]
    snapshot = from_listings(elsewhere, listed, "us-east-1", KNOWN)
    assert set(snapshot.listed) == {"anthropic.claude-old", CLAUDE, f"global.{CLAUDE}"}
    assert snapshot.resolve(CLAUDE).bedrock_id == f"global.{CLAUDE}"
    assert snapshot.listed[f"global.{CLAUDE}"].owned_by == "Anthropic"
    assert from_listings([], listed, "us-east-1", KNOWN).listed[CLAUDE].owned_by == "anthropic"


@pytest.mark.parametrize(
    "unusable",
    [
        model("x.image", outputs=("IMAGE",)),
        model("x.speech", outputs=("SPEECH",)),
        model("x.profile-only", on_demand=False),
        model("x.gone", modelLifecycle={"status": "EOL"}),
    ],
)
def test_what_cannot_be_called_is_not_listed(unusable: dict[str, Any]) -> None:
    assert from_listings([unusable], [], "us-east-1").listed == {}


@pytest.mark.parametrize(
    "usable", [model("x.embed", outputs=("EMBEDDING",)), model("x.old", modelLifecycle={"status": "LEGACY"})]
)
def test_embedding_and_legacy_models_are_listed(usable: dict[str, Any]) -> None:
    listed = from_listings([usable], [], "us-east-1").listed
    assert list(listed) == [usable["modelId"]]
    assert listed[usable["modelId"]].chats is (usable["outputModalities"] == ["TEXT"])


def test_profiles_of_models_without_an_endpoint_here_and_inactive_ones_are_not_listed() -> None:
    profiles = [profile("us.x.image", "x.image"), profile(f"us.{NOVA}", NOVA, status="INACTIVE")]
    models = [model(NOVA), model("x.image", outputs=("IMAGE",))]
    assert list(from_listings(models, profiles, "us-east-1").listed) == [NOVA]


def test_application_profiles_are_listed_by_their_arns_each_of_them() -> None:
    other = APPLICATION_ARN[:-1] + "4"
    snapshot = from_listings([model(NOVA)], [application(NOVA), application(NOVA, other)], "us-east-1")
    assert set(snapshot.listed) == {NOVA, APPLICATION_ARN, other}
    assert snapshot.resolve(other).bedrock_id == other


def test_an_application_profile_is_known_by_the_model_behind_it() -> None:
    resolved = from_listings([model(NOVA)], [application(NOVA)], "us-east-1").resolve(APPLICATION_ARN)
    assert (resolved.bedrock_id, resolved.base_id, resolved.opaque) == (APPLICATION_ARN, NOVA, False)
    assert resolved.other_ids == (APPLICATION_ARN, APPLICATION_ARN.rsplit("/", 1)[-1], NOVA)


def test_the_quirks_of_the_model_behind_an_application_profile_apply_though_the_region_lists_it_not() -> None:
    resolved = from_listings([], [application(CLAUDE)], "us-east-1", KNOWN).resolve(APPLICATION_ARN)
    assert not resolved.capabilities.prefill


def test_the_list_is_in_order_of_names() -> None:
    snapshot = from_listings([model("b.b"), model("a.a"), model("c.c")], [], "us-east-1")
    assert list(snapshot.listed) == ["a.a", "b.b", "c.c"]


def test_what_is_listed_has_its_capabilities() -> None:
    snapshot = from_listings([model(CLAUDE, on_demand=False)], [profile(f"us.{CLAUDE}")], "us-east-1", KNOWN)
    assert not snapshot.listed[CLAUDE].model.capabilities.prefill
    assert not snapshot.listed[f"us.{CLAUDE}"].model.capabilities.prefill
