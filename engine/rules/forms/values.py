"""Judging one value: raw (text of an HTML form, or JSON) → the JSON value that is kept, or what is wrong with it.

Nothing is cut short, rounded or guessed: what does not fit is refused. Text that says a number, a moment or a choice is
read as such, because HTML forms carry nothing but text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.clock import from_text, to_text
from engine.errors import FieldError
from engine.rules.forms.fields import Field, Kind, Options

MAX_ROWS = 200
MAX_FILES = 50
MAX_DEPTH = 6
MAX_NUMBER = 10**15
#: Longest value taken from an option list the installation does not keep (it has no accounts, no units yet).
MAX_NAME = 200

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
#: At most 28 digits in all, so that ``Decimal`` never rounds.
_NUMBER = re.compile(r"[+-]?\d{1,16}(\.\d{1,12})?\Z", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_TIME = re.compile(r"\d\d:\d\d(:\d\d)?\Z", re.ASCII)
_PHONE = re.compile(r"\+?[0-9()（）\- 转]{3,30}\Z", re.ASCII)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(\.[^@\s.]{1,63}){1,8}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_YEARS = range(1900, 2201)


class Wrong(Exception):
    """A value does not fit its field; ``errors`` say where and why."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(*errors)
        self.errors = errors


def clean(field: Field, raw: Any, options: Options, path: str = "") -> Any:
    """The value to keep. Empty gives ``field.empty``. Raises ``Wrong``. Whether it may be empty is judged elsewhere."""
    where = path or field.key
    if too_deep(raw):
        raise wrong(where, "内容嵌套过深。", "This is nested too deeply.")
    if raw is None or raw == "" or (raw == [] and isinstance(raw, list)):
        return field.empty
    return _CLEANERS[field.kind](field, raw, options, where)


def wrong(path: str, zh: str, en: str) -> Wrong:
    """One complaint."""
    return Wrong(FieldError(path, zh, en))


def too_deep(value: Any) -> bool:
    """Whether a JSON value is nested deeper than any form can ask for."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for item in level
            for inner in (
                item.values() if isinstance(item, Mapping) else item if isinstance(item, (list, tuple)) else ()
            )
        ]
        if not level:
            return False
    return True


def printable(value: Any, limit: int = 40) -> str:
    """A value as it may stand in a message: short, and nothing in it that cannot be written out."""
    if isinstance(value, str):
        text = value
    elif value is None or isinstance(value, (bool, float)) or isinstance(value, int) and abs(value) <= MAX_NUMBER:
        text = str(value)
    else:
        text = type(value).__name__
    cut = text[:limit] + ("…" if len(text) > limit else "")
    return _CONTROL.sub("�", cut).replace("\n", " ").replace("\r", " ")


def _text(field: Field, raw: Any, options: Options, path: str) -> str | None:
    if not isinstance(raw, str):
        raise wrong(path, f"“{field.zh}”应填写文字。", f"“{field.en}” must be text.")
    if len(raw) > field.max_length:
        raise wrong(
            path,
            f"“{field.zh}”最多 {field.max_length} 个字，现在有 {len(raw)} 个。",
            f"“{field.en}” may have {field.max_length} characters at most; these are {len(raw)}.",
        )
    if _CONTROL.search(raw) or (field.kind == "textfield" and ("\n" in raw or "\r" in raw)):
        raise wrong(
            path,
            f"“{field.zh}”含有不能保存的字符（控制字符或半个字符）。",
            f"“{field.en}” holds characters that cannot be kept (control characters or half of a character).",
        )
    if not raw.strip():
        return None
    if len(raw) < field.min_length:
        raise wrong(
            path,
            f"“{field.zh}”至少 {field.min_length} 个字。",
            f"“{field.en}” needs {field.min_length} characters at least.",
        )
    if field.format == "phone":
        _check_phone(field, raw, path)
    if field.format == "email" and not _EMAIL.match(raw):
        raise wrong(path, f"“{field.zh}”不是有效的电子邮件地址。", f"“{field.en}” is not an e-mail address.")
    return raw


def _check_phone(field: Field, raw: str, path: str) -> None:
    digits = sum(character.isdigit() for character in raw)
    if not _PHONE.match(raw) or not 3 <= digits <= 20:
        raise wrong(
            path,
            f"“{field.zh}”不是有效的电话号码，例如 13812345678 或 0571-87654321转801。",
            f"“{field.en}” is not a telephone number, such as 13812345678 or 0571-87654321.",
        )


def _number(field: Field, raw: Any, options: Options, path: str) -> int | float:
    number = _decimal(raw)
    if number is None:
        raise wrong(path, f"“{printable(raw)}”不是数字。", f"“{printable(raw)}” is not a number.")
    if abs(number) > MAX_NUMBER:
        raise wrong(path, "数字过大。", "The number is too large.")
    exponent = number.normalize().as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if field.digits is not None and decimals > field.digits:
        if field.digits == 0:
            raise wrong(path, f"“{field.zh}”须为整数。", f"“{field.en}” must be a whole number.")
        raise wrong(
            path, f"“{field.zh}”最多 {field.digits} 位小数。", f"“{field.en}” may have {field.digits} decimals at most."
        )
    if decimals and len(number.normalize().as_tuple().digits) > 15:
        raise wrong(path, "数字的位数过多，无法准确保存。", "The number has too many digits to be kept exactly.")
    if field.least is not None and number < Decimal(str(field.least)):
        raise wrong(
            path, f"“{field.zh}”不能小于 {field.least:g}。", f"“{field.en}” may not be less than {field.least:g}."
        )
    if field.most is not None and number > Decimal(str(field.most)):
        raise wrong(
            path, f"“{field.zh}”不能大于 {field.most:g}。", f"“{field.en}” may not be more than {field.most:g}."
        )
    return float(number) if decimals else int(number)


def _decimal(raw: Any) -> Decimal | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return Decimal(raw) if abs(raw) <= MAX_NUMBER else Decimal(MAX_NUMBER * 10)
    if isinstance(raw, float):
        return Decimal(repr(raw)) if math.isfinite(raw) else None
    if isinstance(raw, str) and len(raw) <= 60 and _NUMBER.match(raw.strip(" ")):
        try:
            return Decimal(raw.strip(" "))
        except InvalidOperation:
            return None
    return None


def _moment(field: Field, raw: Any, options: Options, path: str) -> str:
    pattern, example, reader = _TIMES[field.subtype or "datetime"]
    text = raw.strip(" ") if isinstance(raw, str) and len(raw) < 60 else ""
    try:
        if not pattern.match(text):
            raise ValueError
        return reader(text)
    except (ValueError, OverflowError):
        shown = printable(raw)
        raise wrong(
            path,
            f"“{shown}”不是有效的时间，请按 {example} 的样子填写“{field.zh}”。",
            f"“{shown}” is not a time; write “{field.en}” like {example}.",
        ) from None


def _read_moment(text: str) -> str:
    moment = from_text(text)
    if moment.year not in _YEARS:
        raise ValueError
    return to_text(moment)


def _read_date(text: str) -> str:
    day = date.fromisoformat(text)
    if day.year not in _YEARS:
        raise ValueError
    return day.isoformat()


def _read_time(text: str) -> str:
    return time.fromisoformat(text).isoformat(timespec="minutes" if len(text) == 5 else "seconds")


_TIMES: Mapping[str, tuple[re.Pattern[str], str, Callable[[str], str]]] = {
    "datetime": (_MOMENT, "2026-11-22 09:30", _read_moment),
    "date": (_DATE, "2026-11-22", _read_date),
    "time": (_TIME, "09:30", _read_time),
}


def _tick(field: Field, raw: Any, options: Options, path: str) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("true", "on"):
        return True
    if raw == "false":
        return False
    raise wrong(path, f"“{field.zh}”只能勾选或不勾选。", f"“{field.en}” can only be ticked or not.")


def _one(field: Field, raw: Any, options: Options, path: str) -> Any:
    for choice in field.choices:
        if isinstance(raw, str) and raw == choice.text or type(raw) is type(choice.value) and raw == choice.value:
            return choice.value
    if field.options and isinstance(raw, str):
        known = options.get(field.options)
        if known and raw in known:
            return raw
        # an installation without accounts or units has no list to choose from: a name is taken as it is
        if not known and len(raw) <= MAX_NAME and raw.strip() and not _CONTROL.search(raw) and "\n" not in raw:
            return raw
    raise wrong(
        path,
        f"“{printable(raw)}”不在“{field.zh}”的选项内。",
        f"“{printable(raw)}” is not one of the choices of “{field.en}”.",
    )


def _several(field: Field, raw: Any, options: Options, path: str) -> list[Any]:
    if not isinstance(raw, (list, tuple)):
        raise wrong(path, f"“{field.zh}”应为若干选项。", f"“{field.en}” must be a list of choices.")
    if len(raw) > max(MAX_ROWS, len(field.choices)):
        raise wrong(path, f"“{field.zh}”的选项过多。", f"“{field.en}” has too many choices.")
    values: list[Any] = []
    for item in raw:
        value = _one(field, item, options, path)
        if any(value == other and type(value) is type(other) for other in values):
            raise wrong(path, f"“{printable(value)}”重复。", f"“{printable(value)}” is there twice.")
        values.append(value)
    return values


def _table(field: Field, raw: Any, options: Options, path: str) -> list[dict[str, Any]]:
    if not isinstance(raw, (list, tuple)):
        raise wrong(path, f"“{field.zh}”应为若干行。", f"“{field.en}” must be rows.")
    if len(raw) > MAX_ROWS:
        raise wrong(path, f"“{field.zh}”最多 {MAX_ROWS} 行。", f"“{field.en}” may have {MAX_ROWS} rows at most.")
    rows: list[dict[str, Any]] = []
    errors: list[FieldError] = []
    for number, item in enumerate(raw):
        try:
            row = _row(field, item, options, f"{path}.{number}")
        except Wrong as complaint:
            errors.extend(complaint.errors)
            row = {}
        if row and row in rows:
            first = rows.index(row) + 1
            errors.append(FieldError(f"{path}.{number}", f"与第 {first} 行完全相同。", f"The same as row {first}."))
        rows.append(row)
    if errors:
        raise Wrong(*errors)
    return rows


def _row(field: Field, raw: Any, options: Options, path: str) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise wrong(path, "这一行的内容有误。", "This row is not a row.")
    columns = {column.key: column for column in field.columns}
    errors = [
        FieldError(f"{path}.{printable(name)}", "表中没有这一列。", "The table has no such column.")
        for name in list(raw)[:20]
        if name not in columns
    ]
    row: dict[str, Any] = {}
    for name, column in columns.items():
        try:
            row[name] = clean(column, raw.get(name), options, f"{path}.{name}")
        except Wrong as complaint:
            errors.extend(complaint.errors)
            continue
        if column.required and column.is_empty(row[name]):
            errors.append(missing(column, f"{path}.{name}"))
    if errors:
        raise Wrong(*errors)
    return row


def missing(field: Field, path: str) -> FieldError:
    """The field has to be filled in."""
    if field.kind == "checkbox":
        return FieldError(path, f"须勾选“{field.zh}”。", f"“{field.en}” has to be ticked.")
    verb_zh, verb_en = (
        ("请选择", "Choose") if field.kind in ("radio", "select", "checklist", "taglist") else ("请填写", "Fill in")
    )
    return FieldError(path, f"{verb_zh}“{field.zh}”。", f"{verb_en} “{field.en}”.")


def _files(field: Field, raw: Any, options: Options, path: str) -> list[dict[str, Any]]:
    given = [raw] if isinstance(raw, Mapping) else raw
    if not isinstance(given, (list, tuple)):
        raise wrong(path, f"“{field.zh}”应为上传的文件。", f"“{field.en}” must be uploaded files.")
    most = MAX_FILES if field.multiple else 1
    if len(given) > most:
        raise wrong(path, f"“{field.zh}”最多 {most} 个文件。", f"“{field.en}” may have {most} file(s) at most.")
    files: list[dict[str, Any]] = []
    for number, item in enumerate(given):
        if not _is_file(item):
            raise wrong(f"{path}.{number}", "这不是已上传的文件。", "This is not an uploaded file.")
        if dict(item) in files:
            raise wrong(f"{path}.{number}", "同一个文件重复。", "The same file is there twice.")
        files.append(dict(item))
    return files


def _is_file(item: Any) -> bool:
    if not isinstance(item, Mapping) or set(item) != {"attachment", "name", "size", "sha256"}:
        return False
    number, name, size, digest = item["attachment"], item["name"], item["size"], item["sha256"]
    named = isinstance(name, str) and 0 < len(name) <= 255 and not _CONTROL.search(name)
    sized = isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= 2**40
    known = (
        isinstance(number, int)
        and not isinstance(number, bool)
        and 0 <= number < 2**63
        or isinstance(number, str)
        and 0 < len(number) <= 100
        and not _CONTROL.search(number)
    )
    return named and sized and known and isinstance(digest, str) and _SHA256.match(digest) is not None


_CLEANERS: Mapping[Kind, Callable[[Field, Any, Options, str], Any]] = {
    "textfield": _text,
    "textarea": _text,
    "number": _number,
    "datetime": _moment,
    "checkbox": _tick,
    "radio": _one,
    "select": _one,
    "checklist": _several,
    "taglist": _several,
    "dynamiclist": _table,
    "filepicker": _files,
}
