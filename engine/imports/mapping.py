"""How the columns of a file become the values of a case: a YAML file, read and checked before anything is imported.

The format is described in ``docs/howto/import-cases.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from engine.errors import BadMapping, Bilingual
from engine.imports.records import ENCODINGS
from engine.imports.rules import Rule

_keys = {"procedure", "source", "encoding", "delimiter", "zone", "reference", "values", "first"}
_rule_keys = {
    "column", "join", "text", "constant", "separator", "map", "default", "moment", "date", "zone", "prefix", "required",
}  # fmt: skip
_sources = ("column", "join", "text", "constant")


@dataclass(frozen=True)
class Mapping:
    """What is started (``procedure``), under which number (``source`` and the column ``reference``), with what."""

    procedure: str
    source: str
    reference: str
    encoding: str
    delimiter: str
    values: MappingOf[str, Rule]
    first: MappingOf[str, Rule]

    def columns(self) -> set[str]:
        """Every column the mapping reads."""
        rules = (*self.values.values(), *self.first.values())
        return {self.reference}.union(*(rule.columns() for rule in rules))

    def check_header(self, header: Iterable[str]) -> None:
        """Raises ``BadMapping`` where a column that is read is absent from the file, or there twice."""
        there = list(header)
        absent = sorted(self.columns() - set(there))
        if absent:
            raise _bad(
                f"CSV 文件中没有这些列：{'、'.join(absent)}", f"the CSV file has no column named {', '.join(absent)}"
            )
        twice = sorted(column for column in self.columns() if there.count(column) > 1)
        if twice:
            raise _bad(f"CSV 文件中重复的列：{'、'.join(twice)}", f"columns that occur twice: {', '.join(twice)}")


def read_mapping(content: bytes) -> Mapping:
    """The mapping in a YAML file. Raises ``BadMapping`` saying which entry is wrong."""
    try:
        document = yaml.safe_load(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _bad("不是 UTF-8 文本", "it is not UTF-8 text") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        place = getattr(error, "problem_mark", None)
        where = f" {place.line + 1}:{place.column + 1}" if place else ""
        problem = getattr(error, "problem", None) or type(error).__name__
        raise _bad(f"不是正确的 YAML（{problem}{where}）", f"it is not YAML ({problem}{where})") from None
    entries = _mapping(document, "")
    _known(entries, _keys, "")
    encoding = _text(entries, "encoding", "utf-8-sig")
    if encoding not in ENCODINGS:
        raise _bad(f"encoding 只能是 {'、'.join(ENCODINGS)}", f"encoding must be one of {', '.join(ENCODINGS)}")
    delimiter = _text(entries, "delimiter", ",")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise _bad("delimiter 应为一个字符", "delimiter must be one character")
    zone = _text(entries, "zone", "Asia/Shanghai")
    return Mapping(
        procedure=_text(entries, "procedure"),
        source=_text(entries, "source"),
        reference=_text(entries, "reference"),
        encoding=encoding,
        delimiter=delimiter,
        values={str(key): _rule(rule, f"values.{key}", zone) for key, rule in _section(entries, "values").items()},
        first={str(key): _rule(rule, f"first.{key}", zone) for key, rule in _section(entries, "first").items()},
    )


def _rule(given: Any, where: str, zone: str) -> Rule:
    """One entry: a column's name, a constant that is not text, or an object with column, join, text or constant."""
    if isinstance(given, str):
        return Rule(column=given)
    if isinstance(given, (bool, int, float)):
        return Rule(constant=given)
    entries = _mapping(given, where)
    _known(entries, _rule_keys, where)
    if sum(key in entries for key in _sources) != 1:
        raise _bad(f"{where} 需要 column、join、text、constant 中的一个", f"{where} needs one of {', '.join(_sources)}")
    own_zone = _text(entries, "zone", zone, where)
    joined = entries.get("join", [])
    if not isinstance(joined, list):
        raise _bad(f"{where}.join 应为列表", f"{where}.join must be a list")
    table = entries.get("map")
    return Rule(
        column=_text(entries, "column", "", where),
        text=_text(entries, "text", "", where),
        constant=entries.get("constant"),
        join=tuple(_rule(part, f"{where}.join.{index}", zone) for index, part in enumerate(joined)),
        separator=_text(entries, "separator", " ", where),
        table=None if table is None else {str(key): value for key, value in _mapping(table, f"{where}.map").items()},
        default=entries.get("default"),
        moments=_formats(entries, "moment", where),
        dates=_formats(entries, "date", where),
        zone=_zone(own_zone, where),
        prefix=_text(entries, "prefix", "", where),
        required=entries.get("required") is True,
    )


def _zone(name: str, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise _bad(f"{where}：没有时区 {name}", f"{where}: there is no time zone {name}") from None


def _formats(entries: MappingOf[str, Any], key: str, where: str) -> tuple[str, ...]:
    given = entries.get(key, [])
    formats = [given] if isinstance(given, str) else given
    if not isinstance(formats, list) or not all(isinstance(one, str) and "%" in one for one in formats):
        raise _bad(f"{where}.{key} 应为日期格式，例如 %Y-%m-%d", f"{where}.{key} must be date formats such as %Y-%m-%d")
    return tuple(formats)


def _section(entries: MappingOf[str, Any], key: str) -> MappingOf[str, Any]:
    return _mapping(entries[key], key) if entries.get(key) is not None else {}


def _mapping(given: Any, where: str) -> MappingOf[str, Any]:
    if not isinstance(given, dict):
        name = where or Bilingual(zh="文件", en="the file")
        raise _bad(f"{name} 应为键值对", f"{name['en'] if isinstance(name, dict) else name} must be keys and values")
    return given


def _text(entries: MappingOf[str, Any], key: str, default: str | None = None, where: str = "") -> str:
    value = entries.get(key, default)
    name = f"{where}.{key}".lstrip(".")
    if not isinstance(value, str) or (default is None and not value):
        raise _bad(f"{name} 应为文本", f"{name} must be a text")
    return value


def _known(entries: MappingOf[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(str(key) for key in entries if key not in known)
    if unknown:
        names = [f"{where}.{key}".lstrip(".") for key in unknown]
        raise _bad(f"不认识的条目：{'、'.join(names)}", f"unknown entries: {', '.join(names)}")


def _bad(zh: str, en: str) -> BadMapping:
    return BadMapping(reason=Bilingual(zh=zh, en=en))
