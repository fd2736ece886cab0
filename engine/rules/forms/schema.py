"""Reading a form-js schema: bytes → groups of fields, and everything in it that may not be published.

What this page cannot render or the server cannot judge is refused by name, never passed over.
"""

from __future__ import annotations

import json
from typing import Any, cast

from engine.rules.forms.components import FieldReader
from engine.rules.forms.field_rules import rule_problems
from engine.rules.forms.fields import KINDS, Field, Group, Kind, Note
from engine.rules.forms.values import printable, too_deep

MAX_BYTES = 1024 * 1024
MAX_FIELDS = 500

_ONLY_SEEN = frozenset({"separator", "spacer"})


class SchemaReader(FieldReader):
    """One reading of one file. ``groups`` and ``problems`` grow as it goes; it never raises."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.id = ""
        self.schema: dict[str, Any] = {}
        self.groups: list[Group] = []

    def read(self, content: bytes) -> None:
        """Reads the whole file."""
        schema = self._json(content)
        if not isinstance(schema, dict):
            if not self.problems:
                self.error("", "form_json", "表单须为一个 JSON 对象。", "A form must be a JSON object.")
            return
        self.schema = schema
        name = schema.get("id")
        if not isinstance(name, str) or not name.strip() or len(name) > 100 or printable(name, 100) != name:
            self.error(
                "",
                "form_id",
                "表单缺少 id（即图中引用的表单名，最多 100 字）。",
                "The form has no id (the name diagrams refer to it by, at most 100 characters).",
            )
        else:
            self.id = name
        if schema.get("type", "default") != "default":
            self.error(self.id, "form_type", "表单的 type 须为 default。", "The type of a form must be “default”.")
        components = schema.get("components")
        if not isinstance(components, list):
            self.error(self.id, "form_json", "表单缺少 components 列表。", "The form has no list of components.")
            return
        self._components(components)
        fields = [field for group in self.groups for field in group.fields]
        if len(fields) > MAX_FIELDS:
            self.error(
                self.id, "form_size", f"表单超过 {MAX_FIELDS} 栏。", f"The form has more than {MAX_FIELDS} fields."
            )
            return
        self.problems.extend(rule_problems(fields, self.file))

    def _json(self, content: bytes) -> Any:
        if len(content) > MAX_BYTES:
            self.error("", "form_size", "表单文件超过 1 MB。", "The form is larger than 1 MB.")
            return None
        try:
            return json.loads(content.decode("utf-8-sig"), parse_constant=_refuse, object_pairs_hook=_unique)
        except RecursionError:
            reason = "nesting"
        except ValueError as error:
            # a decoding error would quote the whole file; where it is says enough
            reason = printable(str(getattr(error, "msg", "")) or getattr(error, "reason", "") or str(error), 200)
        self.error(
            "", "form_json", f"表单不是有效的 UTF-8 JSON：{reason}", f"The form is not valid UTF-8 JSON: {reason}"
        )
        return None

    def _components(self, components: list[Any]) -> None:
        loose: list[Field | Note] = []
        for number, item in enumerate(components):
            if isinstance(item, dict) and item.get("type") == "group":
                if loose:
                    self.groups.append(Group("", "", tuple(loose)))
                    loose = []
                self._group(item, 0)
            else:
                loose.extend(self._item(item, number))
        if loose:
            self.groups.append(Group("", "", tuple(loose)))

    def _group(self, item: dict[str, Any], depth: int) -> None:
        element = self.element_of(item)
        if item.get("path"):
            self.error(
                element,
                "form_unsupported",
                "分组不能设置 path：每一栏的值直接存放在诉求件中。",
                "A group may not have a path: the value of each field stands in the case itself.",
            )
        inner = item.get("components", [])
        if not isinstance(inner, list) or depth > 3:
            self.error(
                element,
                "form_json",
                "分组的 components 须为列表，且嵌套不超过 3 层。",
                "The components of a group must be a list, nested 3 deep at most.",
            )
            return
        zh = self.text_of(item, "label", element)
        items: list[Field | Note] = []
        nested: list[dict[str, Any]] = []
        for number, part in enumerate(inner):
            if isinstance(part, dict) and part.get("type") == "group":
                nested.append(part)
            elif nested:
                # keeps the order a person reads: what follows an inner group stands in a group of its own
                nested.append({"type": "group", "label": "", "components": [part]})
            else:
                items.extend(self._item(part, number))
        self.groups.append(Group(zh, self.properties_of(item, element).get("labelEn") or zh, tuple(items)))
        for part in nested:
            self._group(part, depth + 1)

    def _item(self, item: Any, number: int) -> list[Field | Note]:
        if not isinstance(item, dict) or _too_deep(item):
            self.error(
                str(number),
                "form_json",
                "组件须为 JSON 对象，且嵌套不能过深。",
                "A component must be a JSON object, not nested too deeply.",
            )
            return []
        kind, element = item.get("type"), self.element_of(item)
        if not isinstance(kind, str):
            kind = printable(kind)
        if kind == "text":
            zh = self.text_of(item, "text", element)
            return [Note(zh, self.properties_of(item, element).get("textEn") or zh)]
        if kind in _ONLY_SEEN:
            return []
        if kind == "button":
            self.warn(
                element,
                "form_unsupported",
                "按钮不会显示：页面自带提交和保存按钮。",
                "Buttons are not shown: the page has its own to submit and save.",
            )
            return []
        if kind not in KINDS:
            self.error(
                element,
                "form_component",
                f"不支持的组件类型“{printable(kind)}”。",
                f"Components of type “{printable(kind)}” are not supported.",
            )
            return []
        field = self.read_field(item, cast(Kind, kind), element, column=False)
        return [field] if field else []


def _too_deep(item: dict[str, Any]) -> bool:
    """A component is nested deeper than a table with columns with choices can be."""
    return any(too_deep(value) for value in item.values())


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, value in pairs:
        if name in record:
            raise ValueError(f"“{name[:50]}” is there twice in one object")
        record[name] = value
    return record
