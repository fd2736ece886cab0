"""Addresses we may send a browser to."""

from __future__ import annotations

from urllib.parse import urlsplit


def own_path(text: str) -> str:
    """``text`` if it is a path on this site, else empty: nobody is sent elsewhere after signing in."""
    if not text.startswith("/") or text.startswith("//") or "\\" in text or any(ord(c) < 32 for c in text):
        return ""
    parts = urlsplit(text)
    return "" if parts.scheme or parts.netloc else text
