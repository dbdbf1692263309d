from __future__ import annotations

import json
from pathlib import Path

import pytest

from admin.cli.connection import Place, connection_as_key, find_connection, to_root_url
from admin.cli.failures import BadUsage

KEY = "sk-sluice-admin_x"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / ".sluice"
    folder.mkdir()
    (folder / "secrets.json").write_text(json.dumps({"admin_key": "sk-sluice-admin_local", "pepper": "00"}))
    return folder


def test_without_a_word_it_is_the_address_of_sluice_dev_and_the_key_of_the_environment() -> None:
    found = find_connection(Place(), {"SLUICE_ADMIN_KEY": f" {KEY}\n"})
    assert (found.root_url, found.credential) == ("http://127.0.0.1:8080", KEY)


def test_options_win_over_the_environment(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    environ = {"SLUICE_URL": "http://env:1", "SLUICE_ADMIN_KEY": "other"}
    found = find_connection(Place("https://option", tmp_path / "key"), environ)
    assert (found.root_url, found.credential) == ("https://option", KEY)


def test_a_folder_of_sluice_dev_gives_its_key_and_while_it_serves_its_address(data_dir: Path) -> None:
    environ = {"SLUICE_URL": "http://env:1", "SLUICE_ADMIN_KEY": "other"}
    found = find_connection(Place(data_dir=data_dir), environ)
    assert (found.root_url, found.credential) == ("http://127.0.0.1:8080", "sk-sluice-admin_local")
    (data_dir / "address.json").write_text('{"base_url": "http://127.0.0.1:9000/v1"}')
    assert find_connection(Place(data_dir=data_dir), environ).root_url == "http://127.0.0.1:9000"


def test_who_has_no_key_is_told_what_to_do(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadUsage, match=r"SLUICE_ADMIN_KEY.*--admin-key-file.*--data-dir \.sluice"):
        find_connection(Place(), {})
    monkeypatch.chdir(data_dir)
    with pytest.raises(BadUsage, match=r"SLUICE_ADMIN_KEY.*`sluice dev` prints one"):
        find_connection(Place(), {"SLUICE_ADMIN_KEY": ""})


@pytest.mark.parametrize("text", ["", "two words", "new\nline", "\x1b[31m", "schlüssel"])
def test_what_is_no_key_is_refused_and_never_shown(text: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(BadUsage) as refused:
        find_connection(Place(key_file=tmp_path / "key"), {})
    assert not text or text not in refused.value.message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="nowhere"):
        find_connection(Place(key_file=tmp_path / "nowhere"), {})
    with pytest.raises(BadUsage, match=r"no folder of `sluice dev`"):
        find_connection(Place(data_dir=tmp_path), {})


def test_the_gateways_own_variable_for_a_file_of_the_key_does_too(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    found = find_connection(Place(), {"SLUICE_ADMIN_KEY_FILE": str(tmp_path / "key")})
    assert (found.credential, found.source) == (KEY, "SLUICE_ADMIN_KEY_FILE")


def test_a_credential_is_in_no_repr() -> None:
    assert KEY not in repr(find_connection(Place(), {"SLUICE_ADMIN_KEY": KEY}))


def test_an_inference_key_comes_from_sluices_variable_before_openais() -> None:
    environ = {"OPENAI_API_KEY": "second", "SLUICE_API_KEY": "first"}
    assert connection_as_key(Place(), environ, None).credential == "first"
    assert connection_as_key(Place(), {"OPENAI_API_KEY": "second"}, None).credential == "second"
    with pytest.raises(BadUsage, match="SLUICE_API_KEY"):
        connection_as_key(Place(), {}, None)


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("http://host:8080", "http://host:8080"),
        ("https://host/v1/", "https://host"),
        ("https://host/gateway/v1", "https://host/gateway"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
    ],
)
def test_an_address_may_have_the_v1_of_openais_base_url(text: str, root: str) -> None:
    assert to_root_url(text) == root


@pytest.mark.parametrize(
    "text",
    ["", "host:8080", "ftp://host", "http://", "http://host:port", "file:///etc/passwd", "http://a b", "http://h\n/x"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadUsage, match="no address of a gateway"):
        to_root_url(text)


@pytest.mark.parametrize("text", ["http://user:secret@host", "http://host?x=1", "http://host#x"])
def test_an_address_has_no_name_password_or_query_and_a_password_is_not_shown(text: str) -> None:
    with pytest.raises(BadUsage) as refused:
        to_root_url(text)
    assert "secret" not in refused.value.message
