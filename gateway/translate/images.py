"""Images in data URLs."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from typing import Final

from gateway.bedrock.converse import Image, ImageFormat
from gateway.errors import InvalidRequest, UnsupportedParameter

_DATA_URL: Final = re.compile(r"data:[^,]*;base64,", re.IGNORECASE)
_WHITESPACE: Final = str.maketrans("", "", " \t\r\n")


def to_image(url: str, param: str) -> Image:
    """A data URL's image. Its format is told by its bytes: media types in data URLs are wrong too often (`image/jpg`,
    upper case, another type than the bytes), and Bedrock refuses a mismatch, in a stream even after HTTP 200.

    Raises UnsupportedParameter for a URL to be fetched, InvalidRequest for bad base64 and other formats.
    """
    prefix = _DATA_URL.match(url)
    if prefix is None:
        if url[:5].lower() == "data:":
            raise InvalidRequest(f"'{param}' is a data URL without base64. Send data:image/png;base64,….", param)
        raise UnsupportedParameter(
            "Images are taken as data URLs only (data:image/png;base64,…); no image is fetched from the network yet.",
            param,
        )
    try:
        image = b64decode(url[prefix.end() :].translate(_WHITESPACE), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest(f"'{param}' holds invalid base64. Encode the image's bytes again.", param) from None
    image_format = find_image_format(image)
    if image_format is None:
        raise InvalidRequest(f"'{param}' is no PNG, JPEG, GIF or WebP image. Convert it to one of these.", param)
    return {"format": image_format, "source": {"bytes": b64encode(image).decode()}}


def find_image_format(image: bytes) -> ImageFormat | None:
    """By the signature the file starts with; None for any but the four formats Converse takes."""
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if image.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if image.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if image.startswith(b"RIFF") and image[8:12] == b"WEBP":
        return "webp"
    return None
