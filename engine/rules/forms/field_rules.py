"""The rules a form carries in its properties: which there are, whether they can be read, and what they say of values.

``requiredIf``, ``check``, ``showIf``, ``readonlyIf``, ``autoChoiceIf`` and ``default`` are expressions of
``engine.rules.expressions`` over the case's values, this form's values and ``actor`` (the login of who fills it in).
Personal values are seen as what they will be: a reference that is set, and cannot be looked into.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.errors import Problem
from engine.rules.expressions import Expression, ExpressionError, evaluate, is_expression, parse
from engine.rules.forms.fields import CALLER_KEYS, TEXT_KINDS, Field
from engine.rules.forms.values import Wrong, clean

CONDITIONS = ("requiredIf", "check", "showIf", "readonlyIf", "autoChoiceIf")
#: Every property that means something here; ``forms/README.md`` says what.
PROPERTIES = frozenset(
    {
        *CONDITIONS,
        "requiredZh",
        "requiredEn",
        "checkZh",
        "checkEn",
        "labelEn",
        "descriptionEn",
        "source",
        "clause",
        "personal",
        "mask",
        "format",
        "auto",
        "default",
        "fresh",
        "autoChoice",
    }
)
MASKS = ("name", "phone", "address", "contact", "org")
#: Set by the engine when a case begins; a form may show them and not ask for them.
ENGINE_VALUES = frozenset({"case_no", "started_by", "started_at"})
ACTOR = "actor"


def evaluate_default(field: Field, values: Mapping[str, Any], now: datetime) -> Any:
    """What the field starts with; None where there is no default or it cannot be worked out (it is a convenience)."""
    text = field.properties.get("default")
    if text is None:
        return field.literal
    if not is_expression(text):
        return text
    try:
        return evaluate(text, values, now, field.key)
    except ExpressionError:
        return None


def holds(field: Field, rule: str, values: Mapping[str, Any], now: datetime) -> bool:
    """Whether a condition of the field holds; nothing counts as no. Raises ``ExpressionError``."""
    result = evaluate(field.properties[rule], values, now, field.key)
    if result is None or isinstance(result, bool):
        return result is True
    raise ExpressionError("规则的结果须为是或否。", "The rule must give yes or no.", field.properties[rule], field.key)


def uses(field: Field, rule: str) -> frozenset[str]:
    """The variables a condition looks at."""
    return parse(field.properties[rule]).names


def veil(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as expressions see them: clear text of personal fields becomes a reference."""
    seen = dict(values)
    for field in fields:
        if field.personal and isinstance(seen.get(field.key), str) and seen[field.key]:
            seen[field.key] = {"person": "", "field": field.key, "sha256": ""}
    return seen


def rule_problems(fields: Sequence[Field], file: str) -> list[Problem]:
    """What is wrong with the rules, defaults and marks of a form's fields."""
    known = {field.key for field in fields} | ENGINE_VALUES | {ACTOR}
    personal = {field.key for field in fields if field.personal}
    return [
        problem
        for field in fields
        for problem in (
            *_marks(field, file),
            *_limits(field, file),
            *_conditions(field, known, personal, file),
            *_default(field, file),
            *_auto_choice(field, file),
        )
    ]


def _error(file: str, field: Field, code: str, zh: str, en: str) -> Problem:
    return Problem(file, field.element or field.key, "error", code, f"“{field.zh}”{zh}", f"“{field.en}”: {en}")


def _warning(file: str, field: Field, code: str, zh: str, en: str) -> Problem:
    return Problem(file, field.element or field.key, "warning", code, f"“{field.zh}”{zh}", f"“{field.en}”: {en}")


def _marks(field: Field, file: str) -> Iterator[Problem]:
    for name in sorted(set(field.properties) - PROPERTIES):
        near = difflib.get_close_matches(name, PROPERTIES, 1)
        hint_zh, hint_en = (f"，是否指 {near[0]}？", f"; did you mean {near[0]}?") if near else ("。", ".")
        yield _warning(
            file,
            field,
            "form_property",
            f"有不认识的属性 {name[:50]}{hint_zh}",
            f"unknown property {name[:50]}{hint_en}",
        )
    for name in ("personal", "fresh"):
        if field.properties.get(name, "true") not in ("true", "false"):
            yield _error(
                file, field, "form_property", f"的 {name} 只能是 true 或 false。", f"{name} must be true or false."
            )
    if field.personal and field.kind not in TEXT_KINDS:
        yield _error(
            file, field, "form_personal", "标为个人信息，只能是文本栏。", "a personal field must be a text field."
        )
    for part in (field, *field.columns):
        if part.key in CALLER_KEYS and (part is not field or not field.personal):
            yield _error(
                file,
                field,
                "form_personal",
                f"中的 {part.key} 会记录诉求人身份或联系方式，必须是标为个人信息（personal=true）的文本栏，"
                "不能是表格的列。",
                f"{part.key} names or reaches a caller; it must be a text field marked personal=true, not a column.",
            )
    if field.properties.get("mask") and (not field.personal or field.mask not in MASKS):
        yield _error(
            file,
            field,
            "form_personal",
            f"的 mask 须为 {'、'.join(MASKS)} 之一，且标为个人信息。",
            f"mask must be one of {', '.join(MASKS)}, on a personal field.",
        )
    if field.key in ENGINE_VALUES and not field.readonly:
        yield _error(
            file,
            field,
            "form_key",
            f"的值由系统填写（{field.key}），必须只读。",
            f"{field.key} is filled in by the engine and must be read-only.",
        )
    if field.key == ACTOR:
        yield _error(
            file, field, "form_key", "的键 actor 已用于填表人。", "the key “actor” means who fills in the form."
        )
    if field.required and field.readonly:
        yield _warning(
            file,
            field,
            "form_required",
            "既只读又必填：只读的栏不检查必填。",
            "both read-only and required: what is read-only is not required of anybody.",
        )


def _limits(field: Field, file: str) -> Iterator[Problem]:
    if field.least is not None and field.most is not None and field.least > field.most:
        yield _error(file, field, "form_limits", "的最小值大于最大值。", "its minimum is above its maximum.")
    if field.min_length > field.max_length:
        yield _error(file, field, "form_limits", "的最少字数大于最多字数。", "its minimum length is above its maximum.")
    if field.format and field.kind not in TEXT_KINDS:
        yield _error(file, field, "form_limits", "不是文本栏，不能设置格式。", "only text fields have a format.")


def _conditions(field: Field, known: set[str], personal: set[str], file: str) -> Iterator[Problem]:
    for rule in CONDITIONS:
        text = field.properties.get(rule)
        if text is None:
            continue
        try:
            expression = parse(text)
        except ExpressionError as error:
            yield _error(file, field, "form_expression", f"的 {rule}：{error.zh}", f"{rule}: {error.en}")
            continue
        yield from _variables(field, rule, expression, known, personal, file)
    for message in ("checkZh", "checkEn"):
        if field.properties.get("check") and not field.properties.get(message):
            yield _warning(file, field, "form_message", f"的 check 缺少说明 {message}。", f"check has no {message}.")
    if field.properties.get("readonlyIf") and not field.has_default:
        yield _error(
            file,
            field,
            "form_expression",
            "的 readonlyIf 须配有 default（锁定后的值）。",
            "readonlyIf needs a default: the value it is locked to.",
        )


def _variables(
    field: Field, rule: str, expression: Expression, known: set[str], personal: set[str], file: str
) -> Iterator[Problem]:
    looked_into = sorted(expression.required & personal)
    if looked_into:
        names = "、".join(looked_into)
        yield _error(
            file,
            field,
            "form_personal",
            f"的 {rule} 读取了个人信息 {names}；只能用 is_set() 判断是否已填写。",
            f"{rule} looks into personal data ({names}); only is_set() may be asked.",
        )
    unknown = sorted(expression.required - known)
    if unknown:
        names = "、".join(unknown)
        yield _warning(
            file,
            field,
            "form_variable",
            f"的 {rule} 用到本表单以外的 {names}；诉求件没有它时规则无法计算，请用 coalesce() 或 is_set()。",
            f"{rule} uses {names}, which this form does not hold; write coalesce() or is_set() in case the "
            "case has none.",
        )


def _default(field: Field, file: str) -> Iterator[Problem]:
    text = field.properties.get("default")
    if text is not None and is_expression(text):
        try:
            parse(text)
        except ExpressionError as error:
            yield _error(file, field, "form_expression", f"的 default：{error.zh}", f"default: {error.en}")
        return
    literal = field.literal if text is None else text
    if literal is None:
        return
    if field.personal:
        yield _error(
            file, field, "form_personal", "是个人信息，不能有固定的缺省值。", "personal data cannot have a default."
        )
        return
    try:
        clean(field, literal, {})
    except Wrong as complaint:
        for part in complaint.errors:
            yield _error(file, field, "form_default", f"的缺省值有误：{part.zh}", f"its default is wrong: {part.en}")


def _auto_choice(field: Field, file: str) -> Iterator[Problem]:
    choice, condition = field.properties.get("autoChoice"), field.properties.get("autoChoiceIf")
    if choice is None and condition is None:
        return
    offered = field.kind == "checklist" and choice in [option.value for option in field.choices]
    if choice is None or condition is None or not offered:
        yield _error(
            file,
            field,
            "form_choices",
            "的 autoChoice 须为多选栏的一个选项，并配有 autoChoiceIf。",
            "autoChoice must be a choice of a checklist, with autoChoiceIf.",
        )
