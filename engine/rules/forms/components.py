"""Reading one component of a form-js schema: JSON → ``Field``, and everything in it that may not be published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from engine.errors import Problem
from engine.rules.expressions.syntax import is_identifier
from engine.rules.forms.fields import CHOICE_KINDS, TEXT_LENGTHS, Choice, Field, Kind
from engine.rules.forms.values import printable

MAX_CHOICES = 1_000
MAX_TEXT = 100_000
MAX_TEXT_SHOWN = 5_000

OPTION_LISTS = ("units", "users")
_COLUMN_KINDS = frozenset({"textfield", "textarea", "number", "datetime", "checkbox", "radio", "select"})
_VALIDATE = frozenset({"required", "min", "max", "minLength", "maxLength", "validationType"})
_FORMATS = ("phone", "email", "signature")


class FieldReader:
    """Reads the fields of one file; ``problems`` grows as it goes, and nothing is raised."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._keys: set[str] = set()

    def error(self, element: str, code: str, zh: str, en: str) -> None:
        """The form may not be published."""
        self.problems.append(Problem(self.file, element, "error", code, zh, en))

    def warn(self, element: str, code: str, zh: str, en: str) -> None:
        """The form had better be changed."""
        self.problems.append(Problem(self.file, element, "warning", code, zh, en))

    def read_field(
        self, item: dict[str, Any], kind: Kind, element: str, column: bool, taken: set[str] | None = None
    ) -> Field | None:
        """The field a component stands for; None where it has no usable key. ``column``: it stands in a table, whose
        keys so far are ``taken``."""
        key = item.get("path" if kind == "dynamiclist" else "key")
        if not isinstance(key, str) or not key or len(key) > 100:
            self.error(
                element,
                "form_key",
                "缺少键（key；表格为 path），或超过 100 字。",
                "There is no key (for a table: path), or it is longer than 100 characters.",
            )
            return None
        element = element or key
        if not is_identifier(key) or printable(key, 100) != key:
            self.error(
                element,
                "form_key",
                f"“{printable(key)}”不能作键：须为一个词（可以是中文），不能是保留字。",
                f"“{printable(key)}” cannot be a key: it must be one word in any script and not a reserved one.",
            )
            return None
        seen = self._keys if taken is None else taken
        if key in seen:
            self.error(element, "form_key_twice", f"键“{key}”重复。", f"The key “{key}” is there twice.")
        seen.add(key)
        self._refuse_templates(item, element)
        self._compare_conditions(item, element)
        zh = self.text_of(item, "label", element) or self.text_of(item, "dateLabel", element) or key
        help_zh = self.text_of(item, "description", element)
        properties = self.properties_of(item, element)
        limits = self._validate(item, element)
        choices = self._choices(item, kind, element)
        return Field(
            key=key,
            kind=kind,
            zh=zh,
            en=properties.get("labelEn") or zh,
            element=element,
            required=limits.get("required") is True,
            readonly=item.get("readonly") is True or item.get("disabled") is True,
            help_zh=help_zh,
            help_en=properties.get("descriptionEn") or help_zh,
            choices=choices,
            options=self._options(item, kind, element, choices),
            columns=() if kind != "dynamiclist" else self._columns(item, element, column),
            subtype=self._subtype(item, kind, element),
            least=self._limit(limits, "min", element),
            most=self._limit(limits, "max", element),
            digits=self._whole(item, "decimalDigits", element, 12),
            min_length=self._whole(limits, "minLength", element, MAX_TEXT) or 0,
            max_length=self._whole(limits, "maxLength", element, MAX_TEXT) or TEXT_LENGTHS.get(kind, 500),
            multiple=item.get("multiple") is True,
            suffix=_suffix(item),
            row=_row(item),
            width=_width(item),
            literal=item.get("defaultValue"),
            properties=properties | self._format(limits, properties, element),
        )

    def _columns(self, item: dict[str, Any], element: str, inside: bool) -> tuple[Field, ...]:
        parts = item.get("components")
        if inside or not isinstance(parts, list) or not parts:
            self.error(
                element,
                "form_table",
                "表格须至少有一列，且不能再含表格。",
                "A table needs a column at least, and may not hold tables.",
            )
            return ()
        columns: list[Field] = []
        taken: set[str] = set()
        for part in parts:
            kind = part.get("type") if isinstance(part, dict) else None
            if not isinstance(kind, str) or kind not in _COLUMN_KINDS:
                self.error(
                    element,
                    "form_table",
                    f"表格的列不能是“{printable(kind)}”。",
                    f"A column cannot be “{printable(kind)}”.",
                )
                continue
            column = self.read_field(part, cast(Kind, kind), self.element_of(part) or element, True, taken)
            if column:
                columns.append(column)
                if set(column.properties) - {"labelEn", "descriptionEn", "format"}:
                    self.error(
                        column.element,
                        "form_table",
                        f"列“{column.zh}”不能设置规则、缺省值或个人信息标记。",
                        f"The column “{column.en}” may not have rules, a default or a personal mark.",
                    )
        return tuple(columns)

    def _choices(self, item: dict[str, Any], kind: Kind, element: str) -> tuple[Choice, ...]:
        values = item.get("values")
        if values is None or kind not in CHOICE_KINDS:
            return ()
        if not isinstance(values, list) or len(values) > MAX_CHOICES:
            self.error(
                element,
                "form_choices",
                f"选项须为列表，不超过 {MAX_CHOICES} 项。",
                f"The choices must be a list of {MAX_CHOICES} at most.",
            )
            return ()
        choices: list[Choice] = []
        for entry in values:
            value = entry.get("value") if isinstance(entry, dict) else None
            if not isinstance(value, (str, bool, int, float)) or printable(value, 200) != str(value) or value == "":
                self.error(
                    element,
                    "form_choices",
                    "选项的值须为文字、数字或是否，不超过 200 字。",
                    "The value of a choice must be text, a number or yes/no, 200 characters at most.",
                )
                continue
            zh = self.text_of(entry, "label", element) or str(value)
            choice = Choice(value, zh, self.text_of(entry, "labelEn", element) or zh)
            if any(choice.text == other.text for other in choices):
                self.error(
                    element, "form_choices", f"选项“{choice.text}”重复。", f"The choice “{choice.text}” is there twice."
                )
            choices.append(choice)
        return tuple(choices)

    def _options(self, item: dict[str, Any], kind: Kind, element: str, choices: tuple[Choice, ...]) -> str:
        if kind not in CHOICE_KINDS:
            return ""
        source = item.get("valuesKey")
        if item.get("valuesExpression"):
            self.error(element, "form_choices", "不支持用表达式给出选项。", "Choices by expression are not supported.")
        elif source is not None and source not in OPTION_LISTS:
            self.error(
                element,
                "form_choices",
                f"没有选项表“{printable(source)}”，可用：units、users。",
                f"There is no option list “{printable(source)}”; there are: units, users.",
            )
        elif source is None and not choices and not isinstance(item.get("values"), list):
            self.error(
                element,
                "form_choices",
                "没有选项：请写 values 或 valuesKey。",
                "There are no choices: give values or valuesKey.",
            )
        elif source is None and item.get("values") == []:
            self.error(element, "form_choices", "选项为空。", "The list of choices is empty.")
        return source if source in OPTION_LISTS else ""

    def _subtype(self, item: dict[str, Any], kind: Kind, element: str) -> str:
        if kind != "datetime":
            return ""
        subtype = item.get("subtype", "date")
        if subtype not in ("datetime", "date", "time"):
            self.error(
                element,
                "form_component",
                f"没有时间类型“{printable(subtype)}”。",
                f"There is no kind of time “{printable(subtype)}”.",
            )
            return "datetime"
        return str(subtype)

    def _validate(self, item: dict[str, Any], element: str) -> dict[str, Any]:
        limits = item.get("validate") or {}
        if not isinstance(limits, dict):
            self.error(element, "form_limits", "validate 须为 JSON 对象。", "“validate” must be a JSON object.")
            return {}
        for name in limits:
            if name not in _VALIDATE:
                self.error(
                    element,
                    "form_limits",
                    f"不支持校验“{printable(name)}”；请改用 check 规则。",
                    f"The validation “{printable(name)}” is not supported; use a check rule.",
                )
        return limits

    def _limit(self, limits: Mapping[str, Any], name: str, element: str) -> float | None:
        value = limits.get(name)
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= 10**15):
            return value
        self.error(element, "form_limits", f"{name} 须为数字。", f"“{name}” must be a number.")
        return None

    def _whole(self, source: Mapping[str, Any], name: str, element: str, most: int) -> int | None:
        value = source.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most):
            return value
        self.error(
            element,
            "form_limits",
            f"{name} 须为 0 到 {most} 的整数。",
            f"“{name}” must be a whole number from 0 to {most}.",
        )
        return None

    def _format(self, limits: Mapping[str, Any], properties: Mapping[str, str], element: str) -> dict[str, str]:
        name = properties.get("format") or limits.get("validationType")
        if name in (None, "", "custom"):
            return {}
        if name not in _FORMATS:
            self.error(
                element, "form_limits", f"没有格式“{printable(name)}”。", f"There is no format “{printable(name)}”."
            )
            return {}
        return {"format": str(name)}

    def properties_of(self, item: dict[str, Any], element: str) -> dict[str, str]:
        """The custom properties; empty (and a problem) where one is not text."""
        properties = item.get("properties") or {}
        if not isinstance(properties, dict) or not all(_is_text(value) for value in properties.values()):
            self.error(
                element,
                "form_json",
                f"properties 的值须为文字，不超过 {MAX_TEXT_SHOWN} 字。",
                f"The values of “properties” must be text of {MAX_TEXT_SHOWN} characters at most.",
            )
            return {}
        return dict(properties)

    def _refuse_templates(self, item: dict[str, Any], element: str) -> None:
        for name in ("label", "description", "readonly", "disabled", "defaultValue"):
            value = item.get(name)
            if isinstance(value, str) and (value.startswith("=") or "{{" in value):
                self.error(
                    element,
                    "form_unsupported",
                    f"{name} 不能是表达式或模板。",
                    f"“{name}” may not be an expression or template.",
                )

    def _compare_conditions(self, item: dict[str, Any], element: str) -> None:
        conditional = item.get("conditional")
        hides = isinstance(conditional, dict) and conditional.get("hide")
        if hides and not self.properties_of(item, element).get("showIf"):
            self.warn(
                element,
                "form_condition",
                "conditional.hide 只影响编辑器中的预览；请在属性 showIf 中写出同样的条件。",
                "“conditional.hide” works in the editor's preview only; say the same in the property showIf.",
            )

    def element_of(self, item: dict[str, Any]) -> str:
        """By what name a problem calls a component: its id, else its key."""
        name = item.get("id") or item.get("key") or item.get("path")
        return printable(name, 100) if isinstance(name, str) else ""

    def text_of(self, item: dict[str, Any], name: str, element: str) -> str:
        """A text a person will read; empty (and a problem) where it is none."""
        value = item.get(name)
        if value is None:
            return ""
        if not _is_text(value):
            self.error(
                element,
                "form_json",
                f"{name} 须为文字，不超过 {MAX_TEXT_SHOWN} 字。",
                f"“{name}” must be text of {MAX_TEXT_SHOWN} characters at most.",
            )
            return ""
        return str(value)


def _is_text(value: Any) -> bool:
    """Text that can be kept and shown: not endless, no control characters, no half characters."""
    return isinstance(value, str) and printable(value, MAX_TEXT_SHOWN) == value.replace("\n", " ").replace("\r", " ")


def _row(item: dict[str, Any]) -> str:
    layout = item.get("layout")
    row = layout.get("row") if isinstance(layout, dict) else None
    return row[:100] if isinstance(row, str) else ""


def _width(item: dict[str, Any]) -> int | None:
    layout = item.get("layout")
    columns = layout.get("columns") if isinstance(layout, dict) else None
    return columns if isinstance(columns, int) and not isinstance(columns, bool) and 1 <= columns <= 16 else None


def _suffix(item: dict[str, Any]) -> str:
    appearance = item.get("appearance")
    value = appearance.get("suffixAdorner", "") if isinstance(appearance, dict) else ""
    return value[:20] if isinstance(value, str) else ""
