from __future__ import annotations

from typing import Any

import pytest

from gateway.catalog.snapshot import EMPTY, from_listings
from gateway.errors import ModelNotFound

CLAUDE = "anthropic.claude-x"
NOVA = "amazon.nova-lite-v1:0"


def model(
    model_id: str, *, on_demand: bool = True, outputs: tuple[str, ...] = ("TEXT",), **more: Any
) -> dict[str, Any]:
    types = ["ON_DEMAND"] if on_demand else ["INFERENCE_PROFILE"]
    return {
        "modelId": model_id,
        "providerName": "Provider",
        "outputModalities": list(outputs),
        "inferenceTypesSupported": types,
        **more,
    }


def profile(profile_id: str, base_id: str = CLAUDE, **more: Any) -> dict[str, Any]:
    return {
        "inferenceProfileId": profile_id,
        "inferenceProfileArn": f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{profile_id}",
        "type": "SYSTEM_DEFINED",
        "status": "ACTIVE",
        "models": [{"modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{base_id}"}],
        **more,
    }


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


@pytest.mark.parametrize("name", ["no.such-model", "arn:aws:bedrock:us-east-1:1:imported-model/abc"])
def test_what_is_not_listed_is_called_as_it_stands(name: str) -> None:
    resolved = EMPTY.resolve(name)
    assert (resolved.name, resolved.bedrock_id) == (name, name)


def test_a_model_reads_back_under_the_name_it_was_asked_for() -> None:
    snapshot = from_listings([model(CLAUDE, on_demand=False)], [profile(f"us.{CLAUDE}")], "us-east-1")
    resolved = snapshot.resolve(CLAUDE)
    assert (resolved.name, resolved.base_id, resolved.other_ids) == (CLAUDE, CLAUDE, (f"us.{CLAUDE}", CLAUDE))


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
    assert list(from_listings([usable], [], "us-east-1").listed) == [usable["modelId"]]


def test_profiles_of_unlisted_models_and_inactive_ones_are_not_listed() -> None:
    profiles = [profile("us.x.image", "x.image"), profile(f"us.{NOVA}", NOVA, status="INACTIVE")]
    assert list(from_listings([model(NOVA)], profiles, "us-east-1").listed) == [NOVA]


def test_an_application_profile_is_listed_by_its_arn() -> None:
    own = profile("abc", NOVA, type="APPLICATION")
    snapshot = from_listings([model(NOVA)], [own], "us-east-1")
    assert set(snapshot.listed) == {NOVA, own["inferenceProfileArn"]}
    assert snapshot.resolve(own["inferenceProfileArn"]).bedrock_id == own["inferenceProfileArn"]


def test_the_list_is_in_order_of_names() -> None:
    snapshot = from_listings([model("b.b"), model("a.a"), model("c.c")], [], "us-east-1")
    assert list(snapshot.listed) == ["a.a", "b.b", "c.c"]


APPLICATION_ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"


def test_an_application_profile_is_known_by_the_model_behind_it() -> None:
    application = profile("a1b2c3", NOVA, type="APPLICATION", inferenceProfileArn=APPLICATION_ARN)
    resolved = from_listings([model(NOVA)], [application], "us-east-1").resolve(APPLICATION_ARN)
    assert (resolved.bedrock_id, resolved.base_id) == (APPLICATION_ARN, NOVA)
    assert resolved.other_ids == (APPLICATION_ARN, NOVA)


@pytest.mark.parametrize(
    "arn",
    [
        APPLICATION_ARN,
        "arn:aws:bedrock:us-east-1:123456789012:imported-model/a1b2c3",
        "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/a1b2c3",
        "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:custom-model-deployment/a1b2c3",
    ],
)
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
    assert EMPTY.resolve(arn).other_ids == (arn, NOVA)


@pytest.mark.parametrize("name", [".", "..", "", "/x", "a b", "a\nb", "\u0001" * 9, "é", "a" * 513, "a?b", "a%2Fb"])
def test_what_cannot_be_an_id_of_bedrocks_is_no_model(name: str) -> None:
    with pytest.raises(ModelNotFound):
        EMPTY.resolve(name)
