"""The catalog as one look at Bedrock's control plane gave it: pure data, and what can be asked of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.catalog.capabilities import base_id_of, default_max_tokens
from gateway.catalog.model import Model
from gateway.errors import ModelNotFound


@dataclass(frozen=True, slots=True)
class ListedModel:
    """An entry of `/v1/models`."""

    model: Model
    owned_by: str


# ARNs whose last part is a model's id or a system-defined profile's; all others have ids of the account's own.
_TELLING_ARN = re.compile(r"arn:aws[a-z-]*:bedrock:[^/]*:(foundation-model|inference-profile)/[^/]+")

# Ids and ARNs of Bedrock begin with a letter or digit and hold these; ARNs allow 2,048 characters, none has 512.
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+@-]{0,511}")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`listed` is keyed by the name that clients use. `profile_of` leads from a base id that cannot be called by
    itself to the region's inference profile of it, `base_of` from an application's profile to the base id behind it.
    """

    listed: Mapping[str, ListedModel] = field(default_factory=dict)
    profile_of: Mapping[str, str] = field(default_factory=dict)
    base_of: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, name: str) -> Model:
        """The model that `name` calls. A name that is not listed is called as it stands: Bedrock may know it sooner
        than the catalog does, and knows ARNs and imported models that are never listed.

        Raises ModelNotFound for what cannot be an id of Bedrock's: it would lead elsewhere in a URL's path, or fill
        the account's item.
        """
        if _MODEL_ID.fullmatch(name) is None:
            raise ModelNotFound(name)
        bedrock_id = self.profile_of.get(name, name)
        base_id = self.base_of.get(bedrock_id)
        opaque = base_id is None and bedrock_id.startswith("arn:") and _TELLING_ARN.fullmatch(bedrock_id) is None
        base_id = base_id_of(bedrock_id) if base_id is None else base_id
        return Model(name, bedrock_id, base_id, default_max_tokens(base_id), opaque)


EMPTY = Snapshot()


def from_listings(models: Iterable[Mapping[str, Any]], profiles: Iterable[Mapping[str, Any]], region: str) -> Snapshot:
    """From the items of ListFoundationModels (`modelSummaries`) and ListInferenceProfiles (`…Summaries`).

    Listed is what can be called: models on demand, inference profiles, and models that only a profile can call under
    their own id as well. Only text and embedding models count: nothing else has an endpoint here.
    """
    usable = {model["modelId"]: model for model in models if _is_usable(model)}
    active = [profile for profile in profiles if profile.get("status", "ACTIVE") == "ACTIVE"]
    profile_of = _profiles_by_base_id(active, region)
    listed: dict[str, str] = {}
    base_of: dict[str, str] = {}
    for model_id, model in usable.items():
        if _on_demand(model) or model_id in profile_of:
            listed[model_id] = model.get("providerName", "")
    for profile in active:
        base_ids = [arn["modelArn"].rsplit("/", 1)[-1] for arn in profile.get("models", ())]
        if base_ids and base_ids[0] in usable:
            name = profile["inferenceProfileId"]
            if profile.get("type") != "SYSTEM_DEFINED":
                name = profile["inferenceProfileArn"]
                base_of[name] = base_ids[0]
            listed[name] = usable[base_ids[0]].get("providerName", "")
    only_by_profile = {
        base: name for base, name in profile_of.items() if base in usable and not _on_demand(usable[base])
    }
    snapshot = Snapshot({}, only_by_profile, base_of)
    entries = {name: ListedModel(snapshot.resolve(name), owner) for name, owner in sorted(listed.items())}
    return replace(snapshot, listed=entries)


def _is_usable(model: Mapping[str, Any]) -> bool:
    alive = model.get("modelLifecycle", {}).get("status", "ACTIVE") in ("ACTIVE", "LEGACY")
    return alive and bool({"TEXT", "EMBEDDING"} & set(model.get("outputModalities", ())))


def _on_demand(model: Mapping[str, Any]) -> bool:
    return "ON_DEMAND" in model.get("inferenceTypesSupported", ())


def _profiles_by_base_id(profiles: Iterable[Mapping[str, Any]], region: str) -> dict[str, str]:
    """Of each model, the system's profile that keeps data in the region's geography, else the global one."""
    geography = _geography_of(region)
    found: dict[str, str] = {}
    for profile in profiles:
        profile_id = profile.get("inferenceProfileId", "")
        base_id = base_id_of(profile_id)
        if profile.get("type") != "SYSTEM_DEFINED" or base_id == profile_id:
            continue
        if base_id not in found or not profile_id.startswith("global."):
            if base_id in found and found[base_id].startswith(geography):
                continue
            found[base_id] = profile_id
    return found


def _geography_of(region: str) -> str:
    if region.startswith("us-gov-"):
        return "us-gov."
    return {"us": "us.", "eu": "eu.", "ca": "us."}.get(region.split("-", 1)[0], "apac.")
