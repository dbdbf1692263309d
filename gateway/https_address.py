"""Addresses that the operator names: of webhooks, identity providers, secret scanners. Pure."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit


def check_https_url(url: str) -> str:
    """The URL. Raises ValueError for one that is not https, but for http on this machine; neither message shows it:
    some endpoints are told apart by a secret in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # a port that is no number is refused when it is asked for
    except ValueError:
        host = None
    if not host or parts.username is not None or parts.fragment or re.search(r"[^!-~]", url):
        raise ValueError("write https://host/path, without a user, a fragment or spaces")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise ValueError(
            "it has to begin with https://; http:// is taken for this machine alone, as in http://127.0.0.1"
        )
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
