"""The topic ``notify``: what is sent where, through the library that carries notices, to a server of our own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from engine import Send, Settings
from engine.topics import NoticeNotSent, deliver_notice
from tests.topics.test_webhook import Office, office

__all__ = ["office"]

#: The library carries a picture finder that Python 3.13 drops.
pytestmark = pytest.mark.filterwarnings("ignore:.*imghdr:DeprecationWarning")


def notice(**values: Any) -> Send:
    return Send(1, "20261123-0001", "s", "notify", values, "2026-11-23T01:00:00.000000+00:00", None)


def address(office: Office) -> str:
    return office.url.replace("http://", "json://").partition("?")[0]


def heard(office: Office) -> list[tuple[str, str]]:
    return [(json.loads(body)["title"], json.loads(body)["message"]) for _, _, body in office.asked]


def test_a_notice_leaves_with_title_and_text(office: Office, settings: Settings) -> None:
    deliver_notice(
        notice(title="转办单 1", text="请办理", roles="receiver"), replace(settings, notify_urls=address(office))
    )
    assert heard(office) == [("转办单 1", "请办理")]


@pytest.mark.parametrize(
    ("values", "times"),
    [({"roles": "a,b"}, 2), ({"roles": ["b"]}, 2), ({"unit": "b"}, 2), ({"roles": "c"}, 1), ({}, 1)],
)
def test_an_address_with_a_name_takes_what_is_meant_for_it(
    office: Office, settings: Settings, values: dict[str, Any], times: int
) -> None:
    urls = f"{address(office)} b={address(office)}"
    deliver_notice(notice(text="x", **values), replace(settings, notify_urls=urls))
    assert len(office.asked) == times


def test_what_nobody_takes_is_said(office: Office, settings: Settings) -> None:
    with pytest.raises(NoticeNotSent, match="HUIYIN_NOTIFY_URLS"):
        deliver_notice(notice(text="x"), settings)
    with pytest.raises(NoticeNotSent):
        deliver_notice(notice(text="x", roles="a"), replace(settings, notify_urls=f"b={address(office)}"))
    with pytest.raises(NoticeNotSent):
        deliver_notice(notice(text="x"), replace(settings, notify_urls="nonsense"))
    office.status = 500
    with pytest.raises(NoticeNotSent):
        deliver_notice(notice(text="x"), replace(settings, notify_urls=address(office)))
