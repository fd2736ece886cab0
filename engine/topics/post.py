"""One HTTP POST to an address that was looked at, bounded in time and size; no redirects, no proxies, no cookies."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

from engine.topics.whereto import Destination

#: Seconds for connecting and for each wait, and for the whole answer.
PATIENCE = 10.0
LONGEST = 30.0
MOST_BYTES = 1_000_000
_CHUNK = 65_536


class NoAnswer(Exception):
    """The other system did not answer, or not in a way that can be used; the text says how."""


@dataclass(frozen=True)
class Answer:
    """What came back. ``retry_after``: seconds, where the other system asks for them."""

    status: int
    text: str
    retry_after: float | None = None


class _Connection(http.client.HTTPConnection):
    """To the address that was looked at, under the name it was looked up by."""

    def __init__(self, place: Destination) -> None:
        super().__init__(place.host, place.port, timeout=PATIENCE)
        self._place = place

    def connect(self) -> None:
        plain = socket.create_connection((self._place.ip, self._place.port), timeout=PATIENCE)
        try:
            if self._place.encrypted:
                context = ssl.create_default_context()
                self.sock = context.wrap_socket(plain, server_hostname=self._place.host)
            else:
                self.sock = plain
        except BaseException:
            plain.close()
            raise


def post(place: Destination, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Posts ``body``. Raises ``NoAnswer``."""
    connection = _Connection(place)
    until = time.monotonic() + LONGEST
    try:
        connection.request("POST", place.target, body=body, headers={**headers, "Host": place.authority})
        response = connection.getresponse()
        content = _read(response, until)
        return Answer(response.status, content.decode("utf-8", "replace"), _seconds(response.getheader("Retry-After")))
    except (OSError, http.client.HTTPException) as error:
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise NoAnswer(f"没有回答（{place.host}）。 There was no answer from {place.host}: {reason}") from None
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse, until: float) -> bytes:
    content = b""
    while chunk := response.read1(_CHUNK):
        content += chunk
        if len(content) > MOST_BYTES:
            raise NoAnswer(f"回答超过 {MOST_BYTES:,} 字节。 The answer has more than {MOST_BYTES:,} bytes.")
        if time.monotonic() > until:
            raise NoAnswer(f"回答超过 {LONGEST:.0f} 秒。 The answer took more than {LONGEST:.0f} seconds.")
    return content


def _seconds(text: str | None) -> float | None:
    """``Retry-After`` in seconds; the form that is a date is left aside."""
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 8 else None
