"""Forms made for tests: one component, or one of each kind."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from engine.rules.forms import Form, read_form

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
FILE = {"attachment": "a1", "name": "录音.mp3", "size": 12, "sha256": "0" * 64}


def form(*components: dict[str, Any]) -> Form:
    return read_form(
        json.dumps({"type": "default", "id": "f", "components": list(components), "schemaVersion": 16}).encode()
    )


def part(kind: str, key: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": kind, "path" if kind == "dynamiclist" else "key": key, "label": "栏"} | more


def choices(*values: Any) -> list[dict[str, Any]]:
    return [{"label": str(value), "value": value} for value in values]


TABLE = part(
    "dynamiclist",
    components=[
        part("textfield", "measure", validate={"required": True}),
        part("number", "n"),
        part("datetime", "due", subtype="date"),
        part("select", "who", valuesKey="users"),
    ],
)
EVERYTHING = form(
    part("textfield", "line"),
    part("textarea", "lines"),
    part("number", "whole", decimalDigits=0),
    part("number", "amount"),
    part("datetime", "moment", subtype="datetime"),
    part("datetime", "day"),
    part("datetime", "hour", subtype="time"),
    part("checkbox", "tick"),
    part("radio", "yes", values=choices(True, False)),
    part("select", "one", values=choices("甲", "乙")),
    part("checklist", "some", values=choices("甲", "乙", "丙")),
    part("taglist", "people", valuesKey="users"),
    part("filepicker", "files", multiple=True),
    part("dynamiclist", "rows", components=TABLE["components"]),
    part("textfield", "contact", properties={"personal": "true"}),
)
OPTIONS = {"users": {"li": "李", "wang": "王"}}
