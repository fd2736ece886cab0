"""Somebody with a browser and no scripts: opens pages, reads them, fills in forms, presses buttons."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lxml.html
from flask import Flask
from werkzeug.test import TestResponse

PASSWORD = "huiyin-demo"


@dataclass(frozen=True)
class Page:
    """What was answered, read as a person reads it."""

    status: int
    path: str
    text: str
    headers: Mapping[str, str]

    @property
    def root(self) -> lxml.html.HtmlElement:
        return lxml.html.document_fromstring(self.text)

    @property
    def title(self) -> str:
        return self.words("title")

    def find(self, selector: str) -> list[lxml.html.HtmlElement]:
        """Elements by the little of CSS needed here: ``tag``, ``#id``, ``.class``, ``tag.class``, ``tag#id``."""
        tag, mark, name = _split(selector)
        wanted = {"#": f"[@id='{name}']", ".": f"[contains(concat(' ', @class, ' '), ' {name} ')]", "": ""}[mark]
        return list(self.root.xpath(f"//{tag or '*'}{wanted}"))

    def one(self, selector: str) -> lxml.html.HtmlElement:
        found = self.find(selector)
        assert len(found) == 1, f"{len(found)} × {selector} on {self.path}"
        return found[0]

    def words(self, selector: str = "body") -> str:
        """The text of the elements, white space evened out."""
        return " ".join(" ".join(element.text_content().split()) for element in self.find(selector))

    def form(self, action: str) -> lxml.html.FormElement:
        """The form that posts to an address ending like this."""
        found = [form for form in self.root.forms if (form.action or "").partition("#")[0].endswith(action)]
        assert found, f"no form to {action} on {self.path}: {[form.action for form in self.root.forms]}"
        return found[0]

    def control(self, key: str) -> lxml.html.HtmlElement:
        """The control (or the group of them) of a task form's field."""
        return self.one(f"#f-{key}")


def _split(selector: str) -> tuple[str, str, str]:
    for mark in "#.":
        tag, found, name = selector.partition(mark)
        if found:
            return tag, mark, name
    return selector, "", ""


class Visitor:
    """One browser session."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def sign_in(self, login: str, password: str = PASSWORD) -> Page:
        page = self.get("/login")
        return self.send(page.form("/login"), login=login, password=password)

    def get(self, path: str) -> Page:
        return self._page(self.client.get(path, follow_redirects=True))

    def send(self, form: lxml.html.FormElement, button: str = "", **changes: Any) -> Page:
        """Posts a form as it stands, with changes: a text, a list of texts (choices), (name, bytes) for a file, None
        to leave out. ``button``: ``name`` or ``name=value`` of the button pressed."""
        data: dict[str, Any] = {}
        for name, value in form.form_values():
            data.setdefault(name, []).append(value)
        for name, value in changes.items():
            if isinstance(value, tuple):
                data[name] = (io.BytesIO(value[1]), value[0])
            elif value is None:
                data.pop(name, None)
            else:
                data[name] = value if isinstance(value, list) else [value]
        if button:
            name, _, value = button.partition("=")
            data[name] = [value or "1"]
        return self._page(
            self.client.post(form.action, data=data, content_type="multipart/form-data", follow_redirects=True)
        )

    def fill(self, page: Page, action: str, values: Mapping[str, Any], button: str = "_submit") -> Page:
        """Fills in a task form: values by field key, rows of tables as lists of objects."""
        changes: dict[str, Any] = {}
        for key, value in values.items():
            if isinstance(value, list) and value and isinstance(value[0], Mapping):
                changes |= {
                    f"f-{key}-{at}-{name}": said(cell) for at, row in enumerate(value) for name, cell in row.items()
                }
            else:
                changes[f"f-{key}"] = said(value)
        return self.send(page.form(action), button, **changes)

    def _page(self, response: TestResponse) -> Page:
        return Page(response.status_code, response.request.path, response.get_data(as_text=True), response.headers)


def said(value: Any) -> Any:
    """A JSON value as an HTML form carries it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [said(one) for one in value]
    return value if isinstance(value, tuple) or value is None else str(value)
