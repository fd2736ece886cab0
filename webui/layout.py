"""A form as a page lays it out: what stands where and how it is asked, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.rules.forms import Form
from engine.rules.forms.fields import Field, Group, Note, Options
from webui import wording
from webui.language import Code, _

_KINDS = {
    "textfield": "text",
    "textarea": "textarea",
    "number": "number",
    "checkbox": "checkbox",
    "radio": "radio",
    "select": "select",
    "checklist": "checks",
    "taglist": "checks",
    "dynamiclist": "table",
    "filepicker": "files",
}
_MOMENTS = {"date": "date", "time": "time"}
_WIDE = frozenset({"textarea", "checks", "table", "files", "words", "group"})


@dataclass(frozen=True)
class Option:
    """One choice: its JSON value, its label, and the code that stands for it in an HTML form."""

    value: Any
    label: str
    code: str


@dataclass(frozen=True)
class Item:
    """One thing on a form. ``kind``: text, textarea, number, date, time, moment, checkbox, radio, select, checks,
    table, files, words or group; ``items`` are the columns of a table or the contents of a group. ``lockable``: the
    form may lock it, depending on other fields. ``field`` is the form's own field, None for words and groups."""

    kind: str
    key: str
    label: str
    help: str = ""
    required: bool = False
    readonly: bool = False
    personal: bool = False
    wide: bool = False
    phone: bool = False
    multiple: bool = False
    lockable: bool = False
    suffix: str = ""
    longest: int | None = None
    options: tuple[Option, ...] = ()
    items: tuple[Item, ...] = ()
    field: Field | None = None

    @property
    def typed(self) -> bool:
        """Whether a person fills this in."""
        return self.kind not in ("words", "group") and not self.readonly

    def say(self, value: Any) -> str:
        """A value of this item in words: labels for choices, local time for moments."""
        if isinstance(value, list) and self.kind == "table":
            rows = (row for row in value if isinstance(row, dict))
            return _("；").join(
                _("，").join(filter(None, (one.say(row.get(one.key)) for one in self.items))) for row in rows
            )
        if isinstance(value, list) and self.options:
            return _("、").join(self.say(one) for one in value)
        for option in self.options:
            if option.value == value and isinstance(option.value, bool) == isinstance(value, bool):
                return option.label
        said = wording.plain(value)
        return f"{said} {self.suffix}" if said and self.suffix else said


def read_layout(form: Form, language: Code, options: Options, *, before_case: bool = False) -> tuple[Item, ...]:
    """The items of a form, in order: groups where it has headings, its fields where it has none. ``before_case``
    leaves out what the system fills in once there is a case."""
    return tuple(_groups(form.groups, language, options, before_case))


def fields(items: Sequence[Item]) -> Iterator[Item]:
    """The items that hold a value, groups opened; columns stay inside their table."""
    for item in items:
        if item.kind == "group":
            yield from fields(item.items)
        elif item.kind != "words":
            yield item


def _groups(groups: Sequence[Group], language: Code, options: Options, before_case: bool) -> Iterator[Item]:
    for number, group in enumerate(groups):
        items = tuple(
            _item(one, language, options)
            for one in group.items
            if not (before_case and isinstance(one, Field) and one.readonly and "auto" in one.properties)
        )
        if not items:
            continue
        if group.zh or len(groups) > 1:
            yield Item("group", f"group-{number}", group.label(language), wide=True, items=items)
        else:
            yield from items


def _item(field: Field | Note, language: Code, options: Options) -> Item:
    if isinstance(field, Note):
        return Item("words", "", field.text(language), wide=True)
    kind = _MOMENTS.get(field.subtype, "moment") if field.kind == "datetime" else _KINDS[field.kind]
    known = options.get(field.options, {}) if field.options else {}
    return Item(
        kind=kind if not (field.options and not known) else "text",
        key=field.key,
        label=field.label(language),
        help=field.help(language),
        required=field.required,
        readonly=field.readonly,
        personal=field.personal,
        wide=kind in _WIDE or (field.width or 0) > 8,
        phone=field.format == "phone",
        multiple=field.multiple,
        lockable="readonlyIf" in field.properties,
        suffix=field.suffix,
        longest=field.max_length if kind == "text" else None,
        options=tuple(Option(choice.value, choice.label(language), choice.text) for choice in field.choices)
        or tuple(Option(value, label, value) for value, label in known.items()),
        items=tuple(_item(column, language, options) for column in field.columns),
        field=field,
    )
