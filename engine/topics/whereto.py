"""Where a webhook may go: hosts the installation lists, encrypted, and no machine of its own network by accident."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from engine.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_LONGEST_URL = 2000


class NotListed(Exception):
    """The address of a webhook is not one that it may go to; the text says why."""


class NoAddress(Exception):
    """A host's name is not known just now."""

    def __init__(self, host: str) -> None:
        super().__init__(f"找不到主机 {host}。 The host {host} is not known.")


@dataclass(frozen=True)
class Destination:
    """An address that was looked at: the connection goes to ``ip`` and to no other, whatever the name means later."""

    host: str
    port: int
    ip: str
    target: str
    encrypted: bool

    @property
    def authority(self) -> str:
        """What the header ``Host`` says."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.encrypted else 80) else f"{name}:{self.port}"


def destination(url: str, settings: Settings) -> Destination:
    """The place a URL means. Raises ``NotListed`` if the host, its addresses or the way there is not allowed.

    ``HUIYIN_WEBHOOK_HOSTS`` lists hosts (``api.example.cn``, ``api.example.cn:8443``) and, where a host stands in a
    private network, that network or address too (``10.1.0.0/16``)."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise NotListed("url 不是网址。 The url cannot be read.") from None
    bad = len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url
    if bad or parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise NotListed("url 应为 https://主机/路径。 The url must be https://host/path.")
    encrypted = parts.scheme == "https"
    port = port if port is not None else 443 if encrypted else 80
    listed = settings.listed("webhook_hosts")
    if not any(item.lower() in (host, f"{host}:{port}", f"[{host}]:{port}") for item in listed):
        raise NotListed(
            f"主机 {host} 不在设置 HUIYIN_WEBHOOK_HOSTS 中。 The host {host} is not in HUIYIN_WEBHOOK_HOSTS."
        )
    address = _address(host, port, listed)
    if not encrypted and not (address.is_loopback and settings.env in ("test", "dev")):
        raise NotListed("url 必须用 https。 The url must be https.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(host, port, str(address), target, encrypted)


def _address(host: str, port: int, listed: tuple[str, ...]) -> Address:
    """The host's address. One that is not public has to be listed itself, and one such address spoils the rest: whoever
    answers for the name could choose."""
    try:
        found = {item[4][0] for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError:
        raise NoAddress(host) from None
    addresses = sorted((ipaddress.ip_address(str(text).partition("%")[0]) for text in found), key=str)
    networks = [network for item in listed if (network := _network(item)) is not None]
    for address in addresses:
        plain = getattr(address, "ipv4_mapped", None) or address
        if not plain.is_global and not any(plain in network for network in networks):
            raise NotListed(
                f"主机 {host} 在内部网络（{plain}），须在 HUIYIN_WEBHOOK_HOSTS 中另列其地址。 "
                f"The host {host} is in a private network ({plain}): list that in HUIYIN_WEBHOOK_HOSTS too."
            )
    if not addresses:
        raise NoAddress(host)
    return addresses[0]


def _network(item: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(item, strict=False)
    except ValueError:
        return None
