"""Task forms with WTForms: fields made from the form's schema, what was typed, messages at each field.

Nothing is judged here. The engine decides whether values fit (``FormInvalid``); this module carries what a person
typed to it, and back onto the page if it did not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import wtforms
from itsdangerous import URLSafeSerializer
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms.form import BaseForm
from wtforms.widgets import Input

from engine.errors import FieldError
from engine.rules.forms import Form, Options
from engine.rules.forms.input import input_text, to_the_minute
from webui import wording
from webui.language import Code
from webui.layout import Item, fields, read_layout

Values = Mapping[str, Any]
Store = Callable[[FileStorage], Mapping[str, Any]]

#: Before a field's key in the names of HTML controls; a key can be anything, ``csrf_token`` too.
PREFIX = "f-"


class Sheet:
    """A form as one person fills it in now: ``current`` is what the case holds, ``form`` None where a task has none."""

    def __init__(
        self,
        form: Form | None,
        current: Values,
        *,
        actor: str,
        now: datetime,
        language: Code,
        options: Options,
        signer: URLSafeSerializer,
        before_case: bool = False,
    ) -> None:
        self.form = form
        self.current = current
        self.actor = actor
        self.now = now
        self.signer = signer
        self.items = read_layout(form, language, options, before_case=before_case) if form else ()

    def asked(self, values: Values) -> frozenset[str]:
        """The keys of the fields that are asked for, given what was filled in so far."""
        seen = {**self.current, **values}
        return self.form.shown(seen, self.now, self.actor) if self.form else frozenset()

    def read(self, form: MultiDict[str, str], files: MultiDict[str, FileStorage], store: Store) -> dict[str, Any]:
        """What a person typed, by key, as the engine's forms read it: text as text, ticks, lists, rows. Uploaded files
        are stored with ``store`` at once, so that they survive a page that comes back.

        Raises ``itsdangerous.BadData`` if a file already stored was tampered with.
        """
        typed: dict[str, Any] = {}
        bound = BaseForm({item.key: _field(item) for item in fields(self.items) if item.typed}, prefix=PREFIX)
        bound.process(form)
        for item in fields(self.items):
            if not item.typed or (item.lockable and PREFIX + item.key not in form):
                continue
            if item.kind == "files":
                typed[item.key] = list(self._attached(item, form, files, store))
                continue
            value = _read(item, bound[item.key].data)
            if item.personal and value is None and wording.is_personal(self.current.get(item.key)):
                continue
            typed[item.key] = value
        return typed

    def page(self, values: Values, found: Sequence[FieldError] = ()) -> FormPage:
        """The form with these values in it, and what is wrong with them."""
        locked = self.form.locked({**self.current, **values}, self.now, self.actor) if self.form else frozenset()
        return FormPage(self, {**self.current, **values}, locked, found)

    def _attached(
        self, item: Item, form: MultiDict[str, str], files: MultiDict[str, FileStorage], store: Store
    ) -> Iterator[Mapping[str, Any]]:
        removed = set(form.getlist(f"{PREFIX}{item.key}-removed"))
        for token in form.getlist(f"{PREFIX}{item.key}-kept"):
            if token not in removed:
                yield self.signer.loads(token)
        for upload in files.getlist(PREFIX + item.key):
            if upload.filename:
                yield store(upload)


class FormPage:
    """One form on one page: its items, the WTForms fields with their messages, and the summary of what is wrong.

    ``errors`` holds (id of the control or empty, label, sentence). ``asked`` says which fields are needed now.
    """

    def __init__(self, sheet: Sheet, values: Values, locked: frozenset[str], found: Sequence[FieldError]) -> None:
        self.items = sheet.items
        self.values = dict(values)
        self.locked = locked
        self.asked = sheet.asked(values)
        self.errors: list[tuple[str, str, str]] = []
        self._signer = sheet.signer
        typed = [item for item in fields(self.items) if item.typed and item.key not in locked]
        self._form = BaseForm({item.key: _field(item) for item in typed}, prefix=PREFIX)
        self._form.process(None, data={item.key: _shown(item, self.values.get(item.key)) for item in typed})
        self._show_errors(found)

    def __getitem__(self, key: str) -> Any:
        return self._form[key]

    def __contains__(self, key: str) -> bool:
        return key in self._form

    def value(self, item: Item) -> Any:
        """The JSON value of an item, for showing it read-only."""
        return self.values.get(item.key)

    def files(self, item: Item) -> list[tuple[Mapping[str, Any], str]]:
        """The stored files of a field, each with the signed text that keeps it on the form."""
        value = self.values.get(item.key) or []
        return [
            (one, str(self._signer.dumps(one)))
            for one in (value if isinstance(value, list) else [value])
            if wording.is_attachment(one)
        ]

    def _show_errors(self, found: Sequence[FieldError]) -> None:
        for error in found:
            place, label = self._place(error.field)
            if place is not None:
                place.errors = [*place.errors, str(error)]
            self.errors.append((place.id if place is not None else "", label, str(error)))

    def _place(self, path: str) -> tuple[Any, str]:
        key, _, rest = path.partition(".")
        item = next((one for one in fields(self.items) if one.key == key), None)
        if item is None or key not in self._form:
            return None, item.label if item else key
        field = self._form[key]
        row, _, column = rest.partition(".")
        if item.kind == "table" and row.isdigit() and int(row) < len(field.entries):
            inner = field.entries[int(row)].form
            heading = next((one.label for one in item.items if one.key == column), "")
            if column in inner:
                return inner[column], f"{item.label} {int(row) + 1} · {heading}"
        return field, item.label


def raw(form: MultiDict[str, str]) -> dict[str, list[str]]:
    """What a browser sent for the fields of a task form, by the names of the controls; empty ones left out."""
    sent = {key[len(PREFIX) :]: values for key, values in form.lists() if key.startswith(PREFIX)}
    return {key: values for key, values in sent.items() if any(value.strip() for value in values)}


def with_row(values: Values, key: str) -> dict[str, Any]:
    """``values`` with an empty row at the end of the table ``key``."""
    return {**values, key: [*(values.get(key) or []), {}]}


def without_row(values: Values, key: str, row: int) -> dict[str, Any]:
    """``values`` without one row of the table ``key``."""
    return {**values, key: [one for at, one in enumerate(values.get(key) or []) if at != row]}


def filled(values: Values) -> dict[str, Any]:
    """``values`` without table rows in which nothing was filled in."""
    return {
        key: [one for one in value if not _is_blank_row(one)] if isinstance(value, list) else value
        for key, value in values.items()
    }


def _is_blank_row(row: Any) -> bool:
    return isinstance(row, dict) and all(value in (None, "", [], False) for value in row.values())


def _field(item: Item) -> Any:
    if item.kind == "textarea":
        return wtforms.TextAreaField(item.label)
    if item.kind == "checkbox":
        return wtforms.BooleanField(item.label, false_values=("false", "", "0"))
    # The page draws the choices; what fits is for the engine to say.
    if item.kind == "radio":
        return wtforms.RadioField(item.label, validate_choice=False, coerce=_text)
    if item.kind == "select":
        return wtforms.SelectField(item.label, validate_choice=False, coerce=_text)
    if item.kind == "checks":
        return wtforms.SelectMultipleField(item.label, validate_choice=False, coerce=_text)
    if item.kind == "files":
        return wtforms.MultipleFileField(item.label)
    if item.kind == "table":
        return wtforms.FieldList(wtforms.FormField(_row_maker(item)), item.label)
    types = {"date": "date", "time": "time", "moment": "datetime-local"}
    return wtforms.StringField(item.label, widget=Input(types.get(item.kind, "tel" if item.phone else "text")))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _row_maker(item: Item) -> Callable[..., BaseForm]:
    def row(formdata: Any = None, obj: Any = None, prefix: str = "", **data: Any) -> BaseForm:
        form = BaseForm({column.key: _field(column) for column in item.items}, prefix=prefix)
        form.process(
            formdata,
            data={column.key: _shown(column, data.get(column.key)) for column in item.items}
            if formdata is None
            else None,
        )
        return form

    return row


def _shown(item: Item, value: Any) -> Any:
    """What an HTML control shows for a JSON value, or for what was typed instead of one."""
    if item.kind == "table":
        return [row if isinstance(row, dict) else {} for row in value] if isinstance(value, list) else []
    if item.kind == "checks":
        chosen = value if isinstance(value, list) else [] if value in (None, "") else [value]
        return [_plain(item, one) for one in chosen]
    if item.kind == "checkbox":
        return value in (True, "true", "on")
    if item.kind == "files":
        return None
    return "" if wording.is_personal(value) else _plain(item, value)


def _plain(item: Item, value: Any) -> str:
    if item.field is None:
        return _text(value)
    return input_text(item.field, to_the_minute(item.field, value) if _has_zone(value) else value)


def _has_zone(value: Any) -> bool:
    """Whether a text is a moment the case holds, rather than one just typed."""
    return isinstance(value, str) and value[-6:-5] in ("+", "-") and value[10:11] == "T"


def _read(item: Item, data: Any) -> Any:
    """What a control sent, as the engine's forms read it."""
    if item.kind == "table":
        return [{column.key: _read(column, (row or {}).get(column.key)) for column in item.items} for row in data]
    if item.kind == "checks":
        return list(data or ())
    if item.kind == "checkbox":
        return bool(data)
    text = str(data) if data is not None else ""
    return text.replace("\r\n", "\n") if text.strip() else None
