"""The topic ``notify``: notices leave by the services that ``HUIYIN_NOTIFY_URLS`` names, with the library ``apprise``.

The setting lists apprise URLs (``mailto://…``, ``dingtalk://…``, ``json://…``), separated by spaces. ``role=URL`` takes
only what is meant for that role, unit or person; an address without a name takes everything. What cannot leave stays in
the outbox.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Mapping
from typing import Any

from engine.engine import Engine
from engine.records import Send
from engine.settings import Settings

_NAMED = re.compile(r"([\w.-]+)=(\w+://.+)", re.DOTALL)


class NoticeNotSent(Exception):
    """A notice did not leave; the text says why."""


def is_installed() -> bool:
    """Whether the library that carries notices is there (``pip install huiyin[notify]``)."""
    return importlib.util.find_spec("apprise") is not None


def can_deliver(settings: Settings) -> bool:
    """Whether notices can leave at all: addresses are set, and the library is there."""
    return bool(settings.notify_urls.split()) and is_installed()


def deliveries(engine: Engine) -> dict[str, Callable[[Engine, Send], None]]:
    """Who carries notices away, for the worker; nobody where they cannot leave: then they wait in the outbox."""

    def carry(carrying: Engine, send: Send) -> None:
        deliver_notice(send, carrying.settings)

    return {"notify": carry} if can_deliver(engine.settings) else {}


def deliver_notice(send: Send, settings: Settings) -> None:
    """Hands one notice to every address it is meant for. Raises ``NoticeNotSent`` if one of them did not take it."""
    if not can_deliver(settings):
        raise NoticeNotSent(
            "没有设置 HUIYIN_NOTIFY_URLS，或未安装 apprise。 HUIYIN_NOTIFY_URLS is not set, or no apprise."
        )
    urls = addresses(send.values, settings)
    if not urls:
        raise NoticeNotSent(
            "HUIYIN_NOTIFY_URLS 中没有适合的地址。 No address in HUIYIN_NOTIFY_URLS is for this notice."
        )
    import apprise

    carrier = apprise.Apprise()
    for url in urls:
        if not carrier.add(url):
            raise NoticeNotSent(
                "HUIYIN_NOTIFY_URLS 中有无法识别的地址。 An address in HUIYIN_NOTIFY_URLS is not understood."
            )
    title = _line(send.values.get("title")) or send.case
    body = str(send.values.get("text") or title)
    if not carrier.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT):
        raise NoticeNotSent("通知没有被接收。 The notice was not taken.")


def addresses(values: Mapping[str, Any], settings: Settings) -> list[str]:
    """The addresses a notice goes to, by the roles, unit and people it names."""
    meant = {str(values.get("unit") or "")}
    for name in ("roles", "role", "users", "to"):
        found = values.get(name) or ()
        meant.update(map(str, found) if isinstance(found, list) else re.split(r"[\s,]+", str(found) if found else ""))
    urls = []
    for item in settings.notify_urls.split():
        named = _NAMED.fullmatch(item)
        if named is None:
            urls.append(item)
        elif named[1] in meant:
            urls.append(named[2])
    return urls


def _line(value: Any) -> str:
    return " ".join(str(value or "").split())
