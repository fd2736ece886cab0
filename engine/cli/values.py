"""Values typed by a person or piped by a program: a JSON object from a file or from standard input."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import click

from engine.cli.wording import say

#: More than this is no form: reading it would only help to fill the memory.
LARGEST = 10_000_000


class BadValues(click.UsageError):
    """The values are not a JSON object; the message says where."""


def read_values(source: str | None) -> dict[str, Any]:
    """The JSON object in the file ``source`` (``-``: standard input); ``{}`` where none is named.

    Raises ``BadValues`` (exit 2) with line and column for anything that is not one JSON object in UTF-8.
    """
    if source is None:
        return {}
    content = _read(source)
    name = say("标准输入", "standard input") if source == "-" else source
    if len(content) > LARGEST:
        raise BadValues(say(f"{name}：超过 {LARGEST:,} 字节。", f"{name}: more than {LARGEST:,} bytes."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise BadValues(
            say(
                f"{name}：第 {line} 行第 {column} 字节不是 UTF-8。", f"{name}: line {line}, byte {column} is not UTF-8."
            )
        ) from None
    try:
        values = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise BadValues(
            say(
                f"{name}：第 {error.lineno} 行第 {error.colno} 列不是正确的 JSON（{error.msg}）。",
                f"{name}: not JSON at line {error.lineno}, column {error.colno} ({error.msg}).",
            )
        ) from None
    except (ValueError, RecursionError) as error:
        reason = say("嵌套过深", "nested too deeply") if isinstance(error, RecursionError) else str(error)
        raise BadValues(say(f"{name}：不是正确的 JSON（{reason}）。", f"{name}: not JSON ({reason}).")) from None
    if not isinstance(values, dict):
        raise BadValues(
            say(
                f'{name}：第 1 行第 1 列应为 JSON 对象，例如 {{"key": 1}}。',
                f'{name}: line 1, column 1: a JSON object is needed, for example {{"key": 1}}.',
            )
        )
    return values


def _read(source: str) -> bytes:
    try:
        if source == "-":
            return sys.stdin.buffer.read(LARGEST + 1)
        with open(source, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise BadValues(
            say(f"不能读取 {source}：{error.strerror}", f"{source} cannot be read: {error.strerror}")
        ) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with the same key twice means one thing to one program and another to the next."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise ValueError(say(f"键 {twice} 出现两次", f"the key {twice} occurs twice"))
    return found


def read_files(given: Iterable[str]) -> dict[str, tuple[str, bytes]]:
    """``VARIABLE=PATH`` → the file's name and content, for each variable. Raises ``BadValues`` (exit 2)."""
    found: dict[str, tuple[str, bytes]] = {}
    for text in given:
        variable, sign, path = text.partition("=")
        if not sign or not variable or not path:
            raise BadValues(say(f"“{text}”应为 变量=文件。", f"“{text}” should be VARIABLE=PATH."))
        try:
            found[variable] = (Path(path).name, Path(path).read_bytes())
        except OSError as error:
            raise BadValues(
                say(f"不能读取 {path}：{error.strerror}", f"{path} cannot be read: {error.strerror}")
            ) from None
    return found
