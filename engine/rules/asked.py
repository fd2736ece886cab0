"""What may be asked at all: every field of a command of the kind it is declared as, with texts that any database keeps.

A program that gives a number for a text, or a text with a NUL, is told which field; nothing of it reaches a handler.
What a field may hold beyond that, its handler knows.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from engine.commands import Command
from engine.errors import refused
from engine.rules.json_values import MAX_INTEGER, shown

#: Characters of a name, a number or a login: they stand in indexes.
MAX_SHORT = 500
#: Characters of what is written for people; the handlers allow less.
MAX_LONG = 1_000_000

_LONG = frozenset({"details", "label", "message", "note", "password_hash", "reason", "source", "text"})
_ABSENT = type(None)
#: The fields of each kind of command, read once.
_DECLARED: dict[Any, tuple[tuple[str, Any], ...]] = {}


def check_command(command: Command) -> None:
    """Raises ``Refused`` with the field's name if one is not what its command declares."""
    for name, kind in _declared(type(command)):
        _check(kind, getattr(command, name), name, MAX_LONG if name in _LONG else MAX_SHORT)


def _declared(kind: Any) -> tuple[tuple[str, Any], ...]:
    if kind not in _DECLARED:
        hints = get_type_hints(kind)
        _DECLARED[kind] = tuple((found.name, hints[found.name]) for found in fields(kind))
    return _DECLARED[kind]


def _check(kind: Any, value: object, path: str, longest: int) -> None:
    origin, parts = get_origin(kind), get_args(kind)
    if kind is str:
        _check_text(value, path, longest)
    elif origin in (Union, types.UnionType):
        _check_either(parts, value, path, longest)
    elif origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise refused(f"“{shown(path)}”应为一个 JSON 对象。", f"“{shown(path)}” should be one JSON object.")
        if parts[1] is not Any:  # else these are a case's values, which have rules of their own
            for key, item in value.items():
                _check(parts[0], key, path, longest)
                _check(parts[1], item, f"{path}.{key}", longest)
    elif origin is not None and issubclass(origin, Sequence):
        _check_list(parts, value, path, longest)
    elif is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, kind):
            raise _not_a(path, kind.__name__, value)
        for name, part in _declared(kind):
            _check(part, getattr(value, name), f"{path}.{name}", longest)
    elif kind in (int, float):
        _check_number(kind, value, path)
    elif kind is not Any and not isinstance(value, kind):
        raise _not_a(path, kind.__name__, value)


def _check_either(parts: tuple[Any, ...], value: object, path: str, longest: int) -> None:
    """One of several kinds: the one that a text, a number or nothing means."""
    if value is None and _ABSENT in parts:
        return
    wanted = [part for part in parts if part is not _ABSENT]
    fitting = [part for part in wanted if isinstance(value, get_origin(part) or part)]
    _check((fitting or wanted)[0], value, path, longest)


def _check_list(parts: tuple[Any, ...], value: object, path: str, longest: int) -> None:
    if not isinstance(value, list | tuple):
        raise _not_a(path, "list", value)
    endless = len(parts) == 1 or parts[-1] is Ellipsis
    if not endless and len(value) != len(parts):
        raise refused(f"“{shown(path)}”应有 {len(parts)} 项。", f"“{shown(path)}” should have {len(parts)} parts.")
    for place, item in enumerate(value):
        _check(parts[0] if endless else parts[place], item, f"{path}.{place}", longest)


def _check_text(value: object, path: str, longest: int) -> None:
    if not isinstance(value, str):
        raise _not_a(path, "str", value)
    if len(value) > longest:
        raise refused(f"“{shown(path)}”超过 {longest} 个字符。", f"“{shown(path)}” has more than {longest} characters.")
    if value.isascii() and "\x00" not in value:
        return
    if "\x00" in value or any("\ud800" <= mark <= "\udfff" for mark in value):
        raise refused(f"“{shown(path)}”含有不能保存的字符。", f"“{shown(path)}” has characters that cannot be stored.")


def _check_number(kind: type[Any], value: object, path: str) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole and not (kind is float and isinstance(value, float) and math.isfinite(value)):
        raise _not_a(path, kind.__name__, value)
    if isinstance(value, int | float) and abs(value) > MAX_INTEGER:
        raise refused(f"“{shown(path)}”的数值过大。", f"The number at “{shown(path)}” is too large.")


def _not_a(path: str, kind: str, value: object) -> Exception:
    given = type(value).__name__
    return refused(
        f"“{shown(path)}”应为 {kind}，给出的是 {given}。", f"“{shown(path)}” should be {kind} and is {given}."
    )
