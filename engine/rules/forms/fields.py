"""What a form is made of: fields with their choices and columns, in groups. Reading and judging are done elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from engine.errors import Language

Kind = Literal[
    "textfield",
    "textarea",
    "number",
    "datetime",
    "checkbox",
    "radio",
    "select",
    "checklist",
    "taglist",
    "dynamiclist",
    "filepicker",
]
KINDS: frozenset[str] = frozenset(get_args(Kind))

#: Kinds whose value is a list.
LIST_KINDS: frozenset[Kind] = frozenset({"checklist", "taglist", "dynamiclist", "filepicker"})
#: Kinds a person types text into; only these may be marked ``personal``.
TEXT_KINDS: frozenset[Kind] = frozenset({"textfield", "textarea"})
CHOICE_KINDS: frozenset[Kind] = frozenset({"radio", "select", "checklist", "taglist"})

#: Longest text by kind, unless the field says ``validate.maxLength``.
TEXT_LENGTHS: Mapping[str, int] = {"textfield": 500, "textarea": 20_000}

#: Keys that name or reach a caller wherever they occur: a form must mark them ``personal`` (ADR 0007).
CALLER_KEYS = frozenset({"caller_name", "caller_org", "caller_address", "caller_phone", "contact"})

#: Option lists of the installation, by form-js ``valuesKey``: unit key → label, login → name.
Options = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Choice:
    """One choice: the JSON value that is kept, and what a person reads."""

    value: str | bool | int | float
    zh: str
    en: str

    @property
    def text(self) -> str:
        """The value as an HTML form carries it."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return str(self.value)

    def label(self, language: Language) -> str:
        """What a person reads."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Field:
    """One field of a form, or one column of a table (then ``columns`` is empty and no rule is set).

    ``options`` names the option list of the installation (``units``, ``users``) a choice comes from, empty where
    ``choices`` holds them. ``subtype`` (``datetime`` only): ``datetime``, ``date`` or ``time``. ``digits``: decimals a
    number may have, None for any. ``multiple``: more than one file. ``row`` and ``width`` (of 16, None: what is left)
    say where it stands. ``properties`` are the form-js custom properties; those of ours: ``forms/README.md``.
    """

    key: str
    kind: Kind
    zh: str
    en: str
    element: str = ""
    required: bool = False
    readonly: bool = False
    help_zh: str = ""
    help_en: str = ""
    choices: tuple[Choice, ...] = ()
    options: str = ""
    columns: tuple[Field, ...] = ()
    subtype: str = ""
    least: float | None = None
    most: float | None = None
    digits: int | None = None
    min_length: int = 0
    max_length: int = 500
    multiple: bool = False
    suffix: str = ""
    row: str = ""
    width: int | None = None
    literal: Any = None
    properties: Mapping[str, str] = field(default_factory=dict)

    def label(self, language: Language) -> str:
        """What a person reads beside the field."""
        return self.zh if language == "zh" else self.en

    def help(self, language: Language) -> str:
        """The sentence under the field; empty where there is none."""
        return self.help_zh if language == "zh" else self.help_en

    @property
    def personal(self) -> bool:
        """The value names or reaches a caller: it is kept in ``person`` and never in a snapshot or log."""
        return self.properties.get("personal") == "true"

    @property
    def mask(self) -> str:
        """How a personal value is masked: a kind of ``engine.rules.masking``."""
        return self.properties.get("mask", "contact")

    @property
    def fresh(self) -> bool:
        """The field starts empty (or with its default) each time, whatever the case holds from an earlier round."""
        return self.properties.get("fresh") == "true"

    @property
    def format(self) -> str:
        """``phone``, ``email``, ``signature`` or empty."""
        return self.properties.get("format", "")

    @property
    def show_if(self) -> str:
        """The expression under which the field is asked at all; empty: always."""
        return self.properties.get("showIf", "")

    @property
    def has_default(self) -> bool:
        """Whether there is something to start with where the case has nothing."""
        return bool(self.properties.get("default")) or self.literal is not None

    @property
    def empty(self) -> Any:
        """What the field holds when it holds nothing: a new list, False or None."""
        if self.kind in LIST_KINDS:
            return []
        return False if self.kind == "checkbox" else None

    def is_empty(self, value: Any) -> bool:
        """Whether a value counts as not filled in. An unticked checkbox counts: "required" there means ticked."""
        return (
            value is None
            or value is False
            and self.kind == "checkbox"
            or isinstance(value, str)
            and not value.strip()
            or isinstance(value, (list, dict))
            and not value
        )


@dataclass(frozen=True)
class Note:
    """A text between fields."""

    zh: str
    en: str

    def text(self, language: Language) -> str:
        """What a person reads."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Group:
    """Fields (and notes) under one heading, in order; fields outside any group stand in one without a heading."""

    zh: str
    en: str
    items: tuple[Field | Note, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields, without the notes."""
        return tuple(item for item in self.items if isinstance(item, Field))

    def label(self, language: Language) -> str:
        """The heading."""
        return self.zh if language == "zh" else self.en
