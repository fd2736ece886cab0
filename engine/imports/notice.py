"""Working days from a CSV file: the State Council's notice of a year, or an organisation's own days."""

from __future__ import annotations

import csv
import io
from datetime import date

from engine.commands import CalendarDay
from engine.errors import refused

#: What the columns may be called, and what their values may be.
_DAY = ("date", "day", "日期")
_KIND = ("kind", "type", "类型")
_NAME = ("name", "holiday", "名称", "节日")
_KINDS = {
    "休": "休",
    "off": "休",
    "holiday": "休",
    "班": "班",
    "work": "班",
    "workday": "班",
    "": "",
}
_MOST_BYTES = 1_000_000


def read_notice(content: bytes, provisional: bool = False) -> list[CalendarDay]:
    """The days of a CSV file with the columns date, kind (休 or 班; nothing takes an entry back) and, where there is
    one, name. ``provisional``: they are expected, not announced. UTF-8 or GB 18030. Raises ``Refused`` with the lines
    that cannot be read; nothing is taken from a file that has any."""
    rows = csv.DictReader(io.StringIO(_text(content), newline=""))
    names = [str(name).strip().lower() for name in rows.fieldnames or []]
    day, kind, name = (_place(known, names) for known in (_DAY, _KIND, _NAME))
    if day is None or kind is None:
        raise refused(
            "第一行应有列名：日期、类型（休 或 班），可有：名称。",
            "The first line names the columns: date, kind (休 or 班) and, if you like, name.",
        )
    found: list[CalendarDay] = []
    wrong: list[tuple[str, str]] = []
    try:
        for row in rows:
            cells = [str(cell or "").strip() for cell in list(row.values())[: len(names)]]
            if not any(cells):
                continue
            given = _kind(cells[kind])
            moment = _day(cells[day])
            if given is None or moment is None:
                said = f"{cells[day]} {cells[kind]}"[:60]
                wrong.append((f"第 {rows.line_num} 行：{said}", f"line {rows.line_num}: {said}"))
                continue
            found.append(CalendarDay(moment, given, cells[name] if name is not None else "", provisional))
    except csv.Error as error:
        line = rows.line_num
        raise refused(f"第 {line} 行无法读取：{error}", f"Line {line} cannot be read: {error}") from None
    if wrong:
        raise refused(
            f"有 {len(wrong)} 行无法读取，全部未导入。{'；'.join(zh for zh, _ in wrong[:20])}",
            f"{len(wrong)} line(s) cannot be read, nothing was imported. {'; '.join(en for _, en in wrong[:20])}",
        )
    return found


def _place(known: tuple[str, ...], names: list[str]) -> int | None:
    return next((names.index(item) for item in known if item in names), None)


def _text(content: bytes) -> str:
    if len(content) > _MOST_BYTES:
        raise refused("文件过大。", "The file is too large.")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refused("文件既不是 UTF-8 也不是 GB 18030。", "The file is neither UTF-8 nor GB 18030.")


def _kind(text: str) -> str | None:
    return _KINDS.get(text.lower())


def _day(text: str) -> str | None:
    """2027-10-01, 2027/10/1, 2027年10月1日 and 20271001."""
    parts = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-").split("-")
    try:
        if len(parts) == 1 and len(text) == 8:
            return date.fromisoformat(text).isoformat()
        year, month, day = (int(part) for part in parts)
        return date(year, month, day).isoformat()
    except ValueError:
        return None
