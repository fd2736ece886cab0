"""A form: started with values, shown, and judged when it comes back. The server alone decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from engine.errors import FieldError, FormInvalid, Problem, VersionRejected
from engine.rules.expressions import ExpressionError, is_set
from engine.rules.forms.field_rules import ACTOR, evaluate_default, holds, uses, veil
from engine.rules.forms.fields import Field, Group, Options
from engine.rules.forms.input import input_text, to_the_minute
from engine.rules.forms.schema import SchemaReader
from engine.rules.forms.values import Wrong, clean, missing, printable, too_deep

MAX_UNKNOWN = 20
#: Characters of JSON one submission may have in all.
MAX_TOTAL = 1_000_000

Values = Mapping[str, Any]


def read_form(content: bytes, file: str = "") -> Form:
    """The form in a file. Raises ``VersionRejected`` with every problem if it is not one that can be used."""
    reader = SchemaReader(file)
    reader.read(content)
    if any(problem.severity == "error" for problem in reader.problems):
        raise VersionRejected(reader.problems)
    return Form(reader.id, tuple(reader.groups), reader.schema)


def check_form(content: bytes, file: str) -> list[Problem]:
    """Why a form may not be published, and what had better be changed in it. Never raises."""
    reader = SchemaReader(file)
    reader.read(content)
    return reader.problems


@dataclass(frozen=True)
class Form:
    """A form: its groups of fields in order, and the form-js ``schema`` it was read from."""

    id: str
    groups: tuple[Group, ...]
    schema: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All fields in order; a table is one field, with its columns inside."""
        return tuple(item for group in self.groups for item in group.fields)

    @cached_property
    def _by_key(self) -> Mapping[str, Field]:
        return {item.key: item for item in self.fields}

    @cached_property
    def personal_keys(self) -> frozenset[str]:
        """The keys of the fields that name or reach a caller."""
        return frozenset(item.key for item in self.fields if item.personal)

    def field(self, key: str) -> Field | None:
        """The field with that key."""
        return self._by_key.get(key)

    def initial_values(
        self, case_values: Values, now: datetime, actor: str = "", automatic: Values | None = None
    ) -> dict[str, Any]:
        """What the form shows when it is opened: a value (or None, [], False) for every key.

        What the case has comes first, then the default; a ``fresh`` field does not take what an earlier round left.
        Personal fields show the case's reference. ``automatic``: values of the system for ``auto`` fields, by the name
        in that property (``opened_at`` …).
        """
        shown: dict[str, Any] = {}
        for item in self.fields:
            given = (automatic or {}).get(item.properties.get("auto", ""))
            present = case_values.get(item.key)
            seen = self._seen({**case_values, **shown}, actor)
            stale = item.fresh and (item.has_default or not item.readonly)
            if is_set(given):
                shown[item.key] = given
            elif is_set(present) and not stale and not _is_locked(item, seen, now):
                shown[item.key] = present
            else:
                value = evaluate_default(item, seen, now)
                shown[item.key] = item.empty if value is None else to_the_minute(item, value)
        return shown

    def shown(self, values: Values, now: datetime, actor: str = "") -> frozenset[str]:
        """The keys of the fields asked for, given the values so far. A rule that cannot be worked out hides nothing."""
        seen = self._seen(values, actor)
        return frozenset(item.key for item in self.fields if _is_shown(item, seen, now))

    def locked(self, values: Values, now: datetime, actor: str = "") -> frozenset[str]:
        """The keys of the fields nobody may change now: read-only ones, and those whose ``readonlyIf`` holds."""
        seen = self._seen(values, actor)
        return frozenset(item.key for item in self.fields if item.readonly or _is_locked(item, seen, now))

    def validate(
        self,
        values: Values,
        current: Values,
        now: datetime,
        options: Options | None = None,
        actor: str = "",
        automatic: Values | None = None,
    ) -> dict[str, Any]:
        """The values to keep, for every field that may be changed (and read-only ones the form itself fills in).

        ``values``: JSON, or raw values of ``from_pairs``; ``current``: what the case holds; ``options``: unit keys and
        logins to choose from. A field not given takes its default, else it becomes empty, whatever the case held;
        personal fields and files not given are left as they are, and a field locked by ``readonlyIf`` takes its
        default. Read-only fields may be given if they are unchanged. Fields that ``showIf`` hides are not required,
        but what is given for them is judged and kept. Raises ``FormInvalid`` with everything that is wrong at once.
        """
        if not isinstance(values, Mapping):
            raise FormInvalid(
                [FieldError("", "表单内容须为 JSON 对象。", "The values of a form must be a JSON object.")]
            )
        filling = _Filling(self, values, current, now, options or {}, actor, automatic or {})
        filling.run()
        if filling.errors:
            raise FormInvalid(filling.errors)
        return filling.values

    def _seen(self, values: Values, actor: str) -> dict[str, Any]:
        """What an expression may look at: every key of the form, nothing where nobody said."""
        return veil(self.fields, {**{item.key: item.empty for item in self.fields}, **values, ACTOR: actor or None})


def _is_shown(item: Field, seen: Values, now: datetime) -> bool:
    try:
        return not item.show_if or holds(item, "showIf", seen, now)
    except ExpressionError:
        return True


def _is_locked(item: Field, seen: Values, now: datetime) -> bool:
    try:
        return "readonlyIf" in item.properties and holds(item, "readonlyIf", seen, now)
    except ExpressionError:
        return False


class _Filling:
    """One judgement of one submission; ``values`` and ``errors`` are the outcome."""

    def __init__(
        self, form: Form, given: Values, current: Values, now: datetime, options: Options, actor: str, automatic: Values
    ) -> None:
        self.form = form
        self.given = given
        self.current = current
        self.now = now
        self.options = options
        self.actor = actor
        self.automatic = automatic
        self.values: dict[str, Any] = {}
        self.errors: list[FieldError] = []
        self._wrong: set[str] = set()

    def run(self) -> None:
        """Types first, then what the form fills in by itself, then the rules that look at several fields."""
        self._refuse_unknown()
        changeable = [item for item in self.form.fields if not item.readonly]
        for item in changeable:
            self._take(item)
        for item in self.form.fields:
            if item.readonly:
                self._read_only(item)
            elif item.key not in self.given and item.has_default and "readonlyIf" not in item.properties:
                self._take_default(item)
        for item in changeable:
            self._lock(item)
            self._auto_choice(item)
        for item in changeable:
            self._rules(item)
        if not self.errors and len(json.dumps(self.values, ensure_ascii=False)) > MAX_TOTAL:
            self.complain(
                FieldError(
                    "", f"表单内容合计超过 {MAX_TOTAL} 字。", f"The form holds more than {MAX_TOTAL} characters in all."
                )
            )

    def complain(self, *errors: FieldError) -> None:
        """Something is wrong; the field is not judged any further."""
        self.errors.extend(errors)
        self._wrong.update(error.field.split(".")[0] for error in errors)

    def seen(self) -> dict[str, Any]:
        """What the rules look at: the case with these values in it."""
        return self.form._seen({**self.current, **self.values}, self.actor)

    def _refuse_unknown(self) -> None:
        unknown = [name for name in self.given if self.form.field(name) is None]
        for name in unknown[:MAX_UNKNOWN]:
            self.complain(FieldError(printable(name, 100), "表单没有这一栏。", "The form has no such field."))
        if len(unknown) > MAX_UNKNOWN:
            more = len(unknown) - MAX_UNKNOWN
            self.complain(
                FieldError("", f"另有 {more} 个表单没有的栏。", f"There are {more} more fields the form does not have.")
            )

    def _take(self, item: Field) -> None:
        raw = self.given.get(item.key)
        kept = self.current.get(item.key)
        if item.key not in self.given and (item.personal or item.kind == "filepicker") and is_set(kept):
            return
        if item.personal and isinstance(raw, Mapping) and not too_deep(raw) and raw == kept:
            self.values[item.key] = dict(raw)
            return
        try:
            self.values[item.key] = clean(item, raw, self.options)
        except Wrong as complaint:
            self.complain(*complaint.errors)

    def _take_default(self, item: Field) -> None:
        value = evaluate_default(item, self.seen(), self.now)
        if value is None:
            return
        try:
            self.values[item.key] = clean(item, value, self.options)
        except Wrong:
            # a default that does not fit is no default: the field counts as not filled in
            self.values[item.key] = item.empty

    def _read_only(self, item: Field) -> None:
        given = self.automatic.get(item.properties.get("auto", ""))
        present = self.current.get(item.key)
        expected = present
        if is_set(given):
            expected = self.values[item.key] = given
        elif item.has_default and (item.fresh or not is_set(present)):
            expected = evaluate_default(item, self.seen(), self.now)
            if expected is not None:
                self.values[item.key] = expected
        if item.key in self.given and not self._same(item, self.given[item.key], expected):
            self.values.pop(item.key, None)
            self.complain(FieldError(item.key, f"“{item.zh}”只读，不能修改。", f"“{item.en}” is read-only."))

    def _same(self, item: Field, raw: Any, expected: Any) -> bool:
        if too_deep(raw):
            return False
        if raw == expected and type(raw) is type(expected):
            return True
        if item.is_empty(raw) and item.is_empty(expected):
            return True
        if raw == input_text(item, expected):
            return True
        try:
            return bool(clean(item, raw, {}) == clean(item, expected, {}))
        except Wrong:
            return False

    def _lock(self, item: Field) -> None:
        if "readonlyIf" not in item.properties or not self._holds(item, "readonlyIf"):
            return
        value = evaluate_default(item, self.seen(), self.now)
        if item.key in self.given and item.key not in self._wrong and not self._same(item, self.given[item.key], value):
            message = (item.properties.get("checkZh", ""), item.properties.get("checkEn", ""))
            self.complain(
                FieldError(
                    item.key,
                    message[0] or f"“{item.zh}”此时不能修改。",
                    message[1] or f"“{item.en}” cannot be changed now.",
                )
            )
        try:
            self.values[item.key] = clean(item, value, self.options)
        except Wrong as complaint:
            self.complain(*complaint.errors)

    def _auto_choice(self, item: Field) -> None:
        choice = item.properties.get("autoChoice")
        if choice is None or item.key in self._wrong:
            return
        wanted = self._holds(item, "autoChoiceIf")
        ticked = choice in self.values.get(item.key, [])
        if wanted and not ticked:
            order = [option.value for option in item.choices]
            self.values[item.key] = sorted([*self.values.get(item.key, []), choice], key=order.index)
        elif ticked and wanted is False:
            self.complain(
                FieldError(
                    item.key,
                    f"“{choice}”由系统判定，其条件不成立，请取消勾选。",
                    f"“{choice}” is set by the system and its condition does not hold; untick it.",
                )
            )

    def _rules(self, item: Field) -> None:
        if item.key in self._wrong or not _is_shown(item, self.seen(), self.now):
            return
        value = self.values.get(item.key, self.current.get(item.key))
        if item.is_empty(value):
            if item.required:
                self.complain(missing(item, item.key))
                return
            if "requiredIf" in item.properties and self._holds(item, "requiredIf"):
                plain = missing(item, item.key)
                self.complain(
                    FieldError(
                        item.key,
                        item.properties.get("requiredZh") or plain.zh,
                        item.properties.get("requiredEn") or plain.en,
                    )
                )
                return
        if "check" in item.properties and (is_set(value) or value is False) and self._holds(item, "check") is False:
            self.complain(
                FieldError(
                    item.key,
                    item.properties.get("checkZh") or f"“{item.zh}”不符合要求。",
                    item.properties.get("checkEn") or f"“{item.en}” does not meet its rule.",
                )
            )

    def _holds(self, item: Field, rule: str) -> bool | None:
        """Whether the rule holds; None (and a complaint, unless it looks at a wrong value) if nobody can tell."""
        try:
            return holds(item, rule, self.seen(), self.now)
        except ExpressionError as error:
            if not uses(item, rule) & self._wrong:
                self.complain(
                    FieldError(
                        item.key,
                        f"“{item.zh}”的规则无法计算，请联系流程负责人：{error.zh}",
                        f"The rule of “{item.en}” cannot be worked out, tell the process owner: {error.en}",
                    )
                )
            return None
