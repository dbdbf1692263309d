from __future__ import annotations

import pytest

from admin.cli.exact_json import Json
from admin.cli.failures import BadUsage, Missing
from admin.cli.names import check_key_id, choose


def project(id: str, name: str, status: str = "active") -> Json:
    return {"id": id, "name": name, "status": status}


def test_a_tenant_is_found_by_its_name_in_any_case() -> None:
    assert choose("search", [project("proj_1", "Search"), project("proj_2", "Other")])["id"] == "proj_1"


def test_the_very_spelling_wins_over_another_case_and_an_active_one_over_an_archived_one() -> None:
    assert choose("search", [project("proj_1", "Search"), project("proj_2", "search")])["id"] == "proj_2"
    assert choose("a", [project("proj_1", "a", "archived"), project("proj_2", "a")])["id"] == "proj_2"


def test_a_name_that_several_have_is_refused_with_their_ids() -> None:
    with pytest.raises(BadUsage, match=r"(?s)proj_1.*proj_2"):
        choose("a", [project("proj_1", "a"), project("proj_2", "a"), project("proj_3", "b")])


def test_an_unknown_name_is_missing() -> None:
    with pytest.raises(Missing, match="No tenant is called 'a'"):
        choose("a", [project("proj_1", "ab")])


def test_a_secret_on_the_command_line_is_refused_and_not_shown() -> None:
    with pytest.raises(BadUsage) as refused:
        check_key_id("sk-sluice_secret")
    assert "secret" not in refused.value.message
