"""What may become a case's values: JSON, of bounded size, under names that expressions can use."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping
from typing import Any

from engine.errors import refused

MAX_BYTES = 1_000_000
MAX_DEPTH = 50
#: Whole numbers beyond this lose digits in browsers and other JSON readers.
MAX_INTEGER = 2**53
#: Characters of a message's key.
MAX_KEY = 200

#: Set by the engine when a case starts: its number, who began it, and when. Nobody else may.
RESERVED = frozenset({"case_no", "started_by", "started_at"})

#: SpiffWorkflow takes an object with this key for one of its own and can never load the case again.
_POISONOUS = "typename"


def clean_values(values: object) -> dict[str, Any]:
    """A copy of ``values`` as plain JSON with sorted keys, so that a step sees exactly what the log keeps.

    Raises ``Refused`` for anything that is no JSON object, a name no expression could use, or more than 1 MB.
    """
    if not isinstance(values, Mapping):
        raise refused("应为一个 JSON 对象。", "Give one JSON object.")
    for key in values:
        _check_name(key)
    _check_value(values, "", 1)
    text = json.dumps(_plain(values), sort_keys=True, ensure_ascii=False, allow_nan=False)
    size = len(text.encode("utf-8"))
    if size > MAX_BYTES:
        raise refused(
            f"内容共 {size:,} 字节，超过 {MAX_BYTES:,} 字节的上限。",
            f"The values take {size:,} bytes, more than the {MAX_BYTES:,} allowed.",
        )
    clean: dict[str, Any] = json.loads(text)
    return clean


def message_key(value: object) -> str | None:
    """A message's key: text of 1 to 200 characters without surrounding space; None for anything else."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > MAX_KEY or "\x00" in text or any("\ud800" <= mark <= "\udfff" for mark in text):
        return None
    return text


def refuse_reserved(values: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    """Raises ``Refused`` if values would change what only the engine sets."""
    for key in sorted(RESERVED & set(values)):
        if key not in current or values[key] != current[key]:
            raise refused(f"“{key}”由系统填写，不能修改。", f"“{key}” is set by the system and cannot be given.")


def _check_name(key: object) -> None:
    if not isinstance(key, str) or not key.isidentifier():
        raise refused(
            f"“{shown(str(key))}”不能作为名称：请用字母、汉字、数字和下划线，且不以数字开头。",
            f"“{shown(str(key))}” cannot be a name: use letters, Chinese characters, digits and _, not a digit first.",
        )
    if unicodedata.normalize("NFKC", key) != key:
        raise refused(
            f"名称“{shown(key)}”含有全角或兼容字符。",
            f"The name “{shown(key)}” has full-width or compatibility characters.",
        )


def shown(text: str) -> str:
    """A name as a message quotes it: not for ever, and without what no terminal and no page can show."""
    return text[:80].encode("utf-8", "replace").decode("utf-8").replace("\x00", "�")


def _check_value(value: object, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise refused(
            f"“{shown(path)}”嵌套超过 {MAX_DEPTH} 层。", f"“{shown(path)}” is nested deeper than {MAX_DEPTH}."
        )
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise refused(f"“{shown(path)}”的数值过大。", f"The number at “{shown(path)}” is too large.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise refused(f"“{shown(path)}”不是有限的数。", f"“{shown(path)}” is not a finite number.")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or key == _POISONOUS:
                raise refused(
                    f"“{shown(path)}”中不能有名称“{shown(str(key))}”。" if path else f"不能有名称“{shown(str(key))}”。",
                    f"“{shown(path)}” may not contain the name “{shown(str(key))}”."
                    if path
                    else f"The name “{shown(str(key))}” cannot be used.",
                )
            _check_text(key, path)
            _check_value(item, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check_value(item, f"{path}.{index}", depth + 1)
    else:
        kind = type(value).__name__
        raise refused(f"“{shown(path)}”不是 JSON 值（{kind}）。", f"“{shown(path)}” is not a JSON value ({kind}).")


def _check_text(text: str, path: str) -> None:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise refused(f"“{shown(path)}”含有不能保存的字符。", f"“{shown(path)}” has characters that cannot be stored.")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
