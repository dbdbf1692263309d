from __future__ import annotations

from base64 import b64encode

import pytest

from gateway.errors import InvalidRequest, UnsupportedParameter
from gateway.translate.images import to_image

PARAM = "messages[0].content[0].image_url.url"
PNG = b"\x89PNG\r\n\x1a\nrest"
SIGNATURES = {
    "png": PNG,
    "jpeg": b"\xff\xd8\xff\xe0rest",
    "gif": b"GIF89arest",
    "webp": b"RIFF\x00\x00\x00\x00WEBPrest",
}


def b64(image: bytes) -> str:
    return b64encode(image).decode()


@pytest.mark.parametrize("image_format", SIGNATURES)
@pytest.mark.parametrize("media_type", ["image/png", "image/jpg", "IMAGE/JPEG", "image/png;charset=utf-8", ""])
def test_the_format_is_told_by_the_bytes_and_never_by_the_media_type(image_format: str, media_type: str) -> None:
    image = SIGNATURES[image_format]
    assert to_image(f"data:{media_type};base64,{b64(image)}", PARAM) == {
        "format": image_format,
        "source": {"bytes": b64(image)},
    }


def test_line_breaks_within_base64_are_no_error() -> None:
    text = b64(PNG)
    assert to_image(f"DATA:image/png;BASE64,{text[:4]}\r\n{text[4:]}", PARAM)["source"]["bytes"] == text


@pytest.mark.parametrize("text", ["!!!!", "iVBORw0KGg", "iVBORw0KGgo===", "é", ""])
def test_bad_base64_is_named(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        to_image(f"data:image/png;base64,{text}", PARAM)
    assert caught.value.param == PARAM


@pytest.mark.parametrize("image", [b"<svg/>", b"BM1234", b"RIFF\x00\x00\x00\x00WAVE", b"%PDF-1.7"])
def test_a_format_that_converse_does_not_take_is_named(image: bytes) -> None:
    with pytest.raises(InvalidRequest, match="PNG, JPEG, GIF or WebP") as caught:
        to_image(f"data:image/png;base64,{b64(image)}", PARAM)
    assert caught.value.param == PARAM


def test_a_data_url_without_base64_is_named() -> None:
    with pytest.raises(InvalidRequest, match="without base64"):
        to_image("data:image/svg+xml,<svg/>", PARAM)


@pytest.mark.parametrize(
    "url", ["https://example.com/a.png", "http://169.254.169.254/", "file:///etc/passwd", "", "a.png"]
)
def test_nothing_is_fetched(url: str) -> None:
    with pytest.raises(UnsupportedParameter, match="data URLs only") as caught:
        to_image(url, PARAM)
    assert caught.value.param == PARAM
