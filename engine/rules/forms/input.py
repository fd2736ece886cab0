"""Between HTML forms and values: what a page's input shows, and what came back from it. No judging here."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from engine.clock import DEFAULT_ZONE, from_text, to_text
from engine.rules.forms.fields import Field
from engine.rules.forms.values import MAX_ROWS

if TYPE_CHECKING:
    from engine.rules.forms.form import Form

#: What a page sends beside the fields.
PAGE_NAMES = ("csrf_token",)

_CELL = re.compile(r"(?P<table>[^.]{1,100})\.(?P<row>\d{1,4})\.(?P<column>[^.]{1,100})\Z", re.ASCII)


def from_pairs(form: Form, pairs: Mapping[str, Sequence[str]], ignore: Collection[str] = PAGE_NAMES) -> dict[str, Any]:
    """Raw values out of the names and texts of a posted HTML form, exactly as typed, for ``Form.validate`` and for
    showing the page again.

    Names: ``key``; ``measures.0.measure`` for table cells (rows left wholly empty are dropped, gaps are closed); a
    file field's inputs hold the file's value as JSON text, one an input, and an empty one beside them says that the
    list is meant as a whole. A page posts all of a form: what is not there is empty, a checkbox is not ticked, unless
    it is read-only, locked, a file field, or a personal field, where what is known stays; ``<key>.clear`` empties
    that. Line breaks are ``\\n``. Names of no field stay in the result, where ``validate`` refuses them.
    """
    raw: dict[str, Any] = {}
    tables: dict[str, dict[int, dict[str, str]]] = {}
    columns = {field.key: {column.key for column in field.columns} for field in form.fields if field.columns}
    for name in pairs:
        texts = [text.replace("\r\n", "\n") for text in pairs[name]]
        cell = _CELL.match(name)
        field = form.field(name)
        if field is not None and field.kind != "dynamiclist":
            if not field.personal or any(map(str.strip, texts)):
                raw[name] = _typed(field, texts)
        elif cell and cell["column"] in columns.get(cell["table"], ()):
            row = tables.setdefault(cell["table"], {}).setdefault(int(cell["row"]), {})
            row[cell["column"]] = texts[-1] if texts else ""
        elif name.endswith(".clear") and name[: -len(".clear")] in form.personal_keys:
            raw[name[: -len(".clear")]] = ""
        elif not (name in ignore or field is not None and not any(texts)):
            raw[name] = texts[0] if len(texts) == 1 else texts
    for field in form.fields:
        if field.kind == "dynamiclist" and not field.readonly and field.key not in raw:
            rows = tables.get(field.key, {})
            raw[field.key] = [rows[number] for number in sorted(rows) if any(map(str.strip, rows[number].values()))]
        elif not (field.readonly or field.personal or field.kind == "filepicker" or "readonlyIf" in field.properties):
            raw.setdefault(field.key, field.empty)
    return raw


def _typed(field: Field, texts: Sequence[str]) -> Any:
    if field.kind == "filepicker":
        return [_file(text) for text in texts if text]
    if field.kind in ("checklist", "taglist"):
        return [text for text in texts if text]
    if field.kind == "checkbox":
        # a hidden input may stand before the checkbox; the last one counts
        return {"true": True, "on": True, "false": False, "": False}.get(texts[-1] if texts else "", texts[-1:])
    return texts[-1] if texts else ""


def _file(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def input_text(field: Field, value: Any) -> str:
    """The text an HTML input shows for a value: moments in local time as ``datetime-local`` has them, booleans as
    ``true``/``false``, files as JSON text; what was typed and refused stays as it was typed. Empty for nothing."""
    if value is None or value == []:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if field.kind == "datetime" and field.subtype == "datetime" and isinstance(value, str):
        return _local(value)
    if isinstance(value, (Mapping, list)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return format(Decimal(repr(value)), "f") if isinstance(value, float) and isfinite(value) else str(value)


def to_the_minute(field: Field, value: Any) -> Any:
    """A moment as an input can show and send it back; anything else as it is."""
    if field.kind != "datetime" or field.subtype != "datetime" or not isinstance(value, str):
        return value
    try:
        return to_text(from_text(value).replace(second=0, microsecond=0))
    except (ValueError, OverflowError):
        return value


def _local(text: str) -> str:
    try:
        moment = from_text(text)
        if not text[-6:].startswith(("+", "-")) and not text.endswith("Z"):
            return text
        local = moment.astimezone(DEFAULT_ZONE)
    except (ValueError, OverflowError):
        return text
    precise = "seconds" if local.second or local.microsecond else "minutes"
    return local.replace(tzinfo=None, microsecond=0).isoformat(timespec=precise)


def to_pairs(form: Form, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """The names and texts a page without scripts would post for these values, were nothing changed on it."""
    pairs: dict[str, list[str]] = {}
    for field in form.fields:
        value = values.get(field.key)
        if field.readonly or value is None or isinstance(value, Mapping):
            continue
        if field.kind == "dynamiclist":
            for number, row in enumerate(value[:MAX_ROWS]):
                for column in field.columns:
                    pairs[f"{field.key}.{number}.{column.key}"] = [input_text(column, row.get(column.key))]
        elif isinstance(value, list):
            pairs[field.key] = ["", *(input_text(field, item) for item in value)]
        elif value is not False or field.kind != "checkbox":
            pairs[field.key] = [input_text(field, value)]
    return pairs
