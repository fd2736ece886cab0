"""A person in front of a browser: signs in, fills in forms by their field keys, looks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request

from tests.web.visitor import PASSWORD

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
LOCAL = ZoneInfo("Asia/Shanghai")


class Person:
    """One browser window. ``errors`` collects what a page must never do."""

    def __init__(self, browser: Browser, address: str, login: str) -> None:
        self.login = login
        self.errors: list[str] = []
        self._context = browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1280, "height": 900}
        )
        self._address = address
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(f"script: {error}"))
        self.page.on("request", self._asked)
        self.open("/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[type=password]", PASSWORD)
        self.page.press("input[type=password]", "Enter")
        self.page.wait_for_url(f"{address}/")

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._address, "data:", "blob:")):
            self.errors.append(f"request to another machine: {request.url}")

    def leave(self) -> None:
        self._context.close()

    def open(self, path: str) -> Page:
        """Goes to a page and waits until it has settled."""
        self.page.goto(self._address + path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def fill_in(self, values: dict[str, Any], locked: Collection[str] = ()) -> None:
        """Fills in the fields of the form on the page; tables get the rows they need. ``locked``: fields that the case
        may have decided, so that they are shown and not asked for."""
        for key, value in values.items():
            if key in locked and self.page.locator(f'[name="f-{key}"]:not([type=hidden])').count() == 0:
                continue
            if isinstance(value, list) and value and isinstance(value[0], dict):
                for index, row in enumerate(value):
                    if self.page.locator(f'[name^="f-{key}-{index}-"]').count() == 0:
                        self.page.click(f'button[name=_add][value="{key}"]')
                        self.page.wait_for_load_state("networkidle")
                    for column, cell in row.items():
                        self._fill(f"f-{key}-{index}-{column}", cell)
            else:
                self._fill(f"f-{key}", value)

    def _fill(self, name: str, value: Any) -> None:
        fields = self.page.locator(f'[name="{name}"]:not([type=hidden])')
        kind = fields.first.get_attribute("type")
        if kind == "radio" or (kind == "checkbox" and not isinstance(value, bool)):
            for item in value if isinstance(value, list) else [value]:
                self._choose(name, str(item).lower() if isinstance(item, bool) else str(item))
        elif kind == "checkbox":
            fields.first.set_checked(value)
        elif fields.first.evaluate("field => field.tagName") == "SELECT":
            fields.first.select_option(value)
        else:
            fields.first.fill(_typed(value, kind))

    def _choose(self, name: str, value: str) -> None:
        self.page.locator(f'[name="{name}"][value="{value}"]').check()

    def submit(self) -> None:
        """Presses the form's own button."""
        with self.page.expect_navigation():
            self.page.locator("button.btn-primary[name=_submit]").click()
        self.page.wait_for_load_state("networkidle")

    def messages(self) -> list[str]:
        """What the page says is wrong with the form."""
        return self.page.locator(".invalid-feedback").all_inner_texts()

    def violations(self) -> list[str]:
        """What axe-core finds on the page that is serious."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{item['id']} ({item['impact']}): {item['nodes'][0]['html'][:200]}"
            for item in found["violations"]
            if item["impact"] in ("serious", "critical")
        ]

    def element(self, identifier: str) -> Locator:
        """An element of the diagram on the page."""
        return self.page.locator(f'g.djs-element[data-element-id="{identifier}"]')


def _typed(value: Any, kind: str | None) -> str:
    """A value as somebody types it into a field of that kind."""
    if kind == "datetime-local":
        moment = datetime.fromisoformat(str(value))
        return (moment.astimezone(LOCAL) if moment.tzinfo else moment).strftime("%Y-%m-%dT%H:%M")
    return str(value)
