"""One entry of a mapping: a row's cells in, one JSON value out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.clock import DEFAULT_ZONE
from engine.errors import Bilingual

#: Cells that a spreadsheet would run as a formula when the ledger is opened in one (OWASP: CSV injection).
_formula = re.compile("[=+\\-@\t\r＝＋－＠]")

#: What may begin with a sign and is none: a number, a telephone number with its country code.
_signed = re.compile(r"[+-]?\d+([.,]\d+)*%?|\+\d[\d ()-]*")

_control = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_place = re.compile(r"\{([^{}]+)\}")


class CellRefused(Exception):
    """A cell cannot become a value; ``reason`` in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.reason = Bilingual(zh=zh, en=en)
        super().__init__(en)


@dataclass(frozen=True)
class Rule:
    """Where a value comes from (one of ``column``, ``join``, ``text``, ``constant``) and what is done to it.

    ``text`` has columns in braces; ``join`` puts the parts that are not empty together with ``separator``; ``table``
    translates; ``moments`` and ``dates`` are formats as ``strptime`` has them, read in ``zone``; ``prefix`` comes
    before what is not empty; ``default`` is the value where there is none.
    """

    column: str = ""
    text: str = ""
    constant: Any = None
    join: tuple[Rule, ...] = ()
    separator: str = " "
    table: Mapping[str, Any] | None = None
    default: Any = None
    moments: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    zone: ZoneInfo = field(default=DEFAULT_ZONE)
    prefix: str = ""
    required: bool = False

    def columns(self) -> set[str]:
        """The columns it reads."""
        own = {self.column} if self.column else set(_place.findall(self.text))
        return own.union(*(part.columns() for part in self.join))

    def value(self, row: Mapping[str, str]) -> Any:
        """The value for a row, None where it has none. Raises ``CellRefused``."""
        found = self._value(row)
        if found in (None, ""):
            found = self.default
        if found in (None, "") and self.required:
            names = sorted(self.columns())
            raise CellRefused(f"“{'、'.join(names)}”不能为空", f"“{', '.join(names)}” is empty")
        if found in (None, ""):
            return None
        return f"{self.prefix}{found}" if self.prefix else found

    def _value(self, row: Mapping[str, str]) -> Any:
        if self.constant is not None:
            return self.constant
        if self.join:
            parts = [part.value(row) for part in self.join]
            return self.separator.join(str(part) for part in parts if part is not None)
        if self.text:
            return _place.sub(lambda found: plain(found.group(1), row), self.text)
        cell = row[self.column].strip()
        if not cell:
            return None
        if self.table is not None:
            return self._translated(cell)
        if self.moments or self.dates:
            return self._dated(cell)
        return plain(self.column, row)

    def _translated(self, cell: str) -> Any:
        assert self.table is not None
        if cell in self.table:
            return self.table[cell]
        if self.default is not None:
            return self.default
        raise CellRefused(
            f"“{self.column}”的值 {_cut(cell)} 不在对照表中", f"“{self.column}”: {_cut(cell)} is not in the map"
        )

    def _dated(self, cell: str) -> str:
        for form in self.moments or self.dates:
            try:
                moment = datetime.strptime(cell, form)
                if self.dates:
                    return moment.date().isoformat()
                aware = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
                # Comparing in UTC fails where the moment is out of range there: such a date is not one either.
                aware.astimezone(ZoneInfo("UTC"))
                return aware.isoformat()
            except (ValueError, OverflowError):
                continue
        raise CellRefused(f"“{self.column}”的日期 {_cut(cell)} 不正确", f"“{self.column}”: {_cut(cell)} is not a date")


def plain(column: str, row: Mapping[str, str]) -> str:
    """The cell's text. Raises ``CellRefused`` for control characters and for what a spreadsheet takes for a formula."""
    cell = row[column].strip(" \r\n\u3000")
    if _control.search(cell):
        raise CellRefused(f"“{column}”含控制字符", f"“{column}” holds a control character")
    if _formula.match(cell) and not _signed.fullmatch(cell):
        raise CellRefused(
            f"“{column}”以 {cell[0]!r} 开头，会被电子表格当作公式",
            f"“{column}” begins with {cell[0]!r}, which a spreadsheet takes for a formula",
        )
    return cell.strip()


def _cut(cell: str) -> str:
    return cell if len(cell) <= 40 else cell[:40] + "…"
