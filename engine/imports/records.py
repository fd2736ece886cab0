"""The records of a CSV file (RFC 4180), with the physical line each begins on, one damaged record at a time.

Python's ``csv`` is not used: its limit on a field is one for the whole process, it does not say on which line a
record begins, and after an unclosed quotation mark it takes the rest of the file for one field. Here a record that
never closes is refused by its first line, and reading goes on at the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from engine.errors import Bilingual

#: Encodings that can be read: in these no byte of a character is a line end, a comma or a quotation mark.
ENCODINGS = ("utf-8-sig", "utf-8", "gb18030")

#: The largest field, in characters.
LARGEST_FIELD = 100_000

#: The largest record, in bytes. A record that is longer is taken for one whose quotation mark is missing.
LARGEST_RECORD = 16_000_000

_undecoded = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Record:
    """The fields of one record and the line it begins on, counted from 1."""

    line: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class BadRow:
    """A record that cannot be read, and why."""

    line: int
    reason: Bilingual


class _Damaged(Exception):
    def __init__(self, zh: str, en: str) -> None:
        self.reason = Bilingual(zh=zh, en=en)
        super().__init__(zh)


class _Unclosed(_Damaged):
    """Where the record ends is not known: whatever follows its first line is read again."""


def records(file: BinaryIO, encoding: str = "utf-8-sig", delimiter: str = ",") -> Iterator[Record | BadRow]:
    """Every record of a seekable binary ``file``, blank lines left out. The whole file is never in memory."""
    lines = _Lines(file, encoding)
    while True:
        first, after = lines.number + 1, lines.after_next()
        try:
            fields = _record(lines, delimiter)
        except _Unclosed as damage:
            yield BadRow(first, damage.reason)
            lines.go_back(first, after)
            continue
        except _Damaged as damage:
            yield BadRow(first, damage.reason)
            continue
        if fields is None:
            return
        if fields == [""]:
            continue
        bad = _unreadable(fields)
        yield BadRow(first, bad.reason) if bad else Record(first, tuple(fields))


class _Lines:
    """The physical lines of a file, one at a time, each with its line end; undecodable bytes come as surrogates."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self.file = file
        self.encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        self.number = 0
        self.start = file.tell()
        if encoding == "utf-8-sig" and file.read(3) != b"\xef\xbb\xbf":
            file.seek(self.start)
        self._peeked: bytes | None = None
        self._peeked_end = 0

    def next(self) -> str | None:
        """The next line, None after the last. Raises ``_Damaged`` for one that is longer than any record may be."""
        data = self._peek()
        self._peeked = None
        if not data:
            return None
        self.number += 1
        if len(data) > LARGEST_RECORD:
            raise _Damaged(f"一行超过 {LARGEST_RECORD:,} 字节", f"a line of more than {LARGEST_RECORD:,} bytes")
        return data.decode(self.encoding, "surrogateescape")

    def after_next(self) -> int:
        """Where in the file the line after the next one begins."""
        self._peek()
        return self._peeked_end

    def go_back(self, line: int, position: int) -> None:
        """Continue right after ``line``, which ends at ``position``."""
        self.file.seek(position)
        self.number = line
        self._peeked = None

    def _peek(self) -> bytes:
        if self._peeked is None:
            data = self.file.readline(LARGEST_RECORD + 1)
            tail = data
            while len(tail) > LARGEST_RECORD and not tail.endswith(b"\n"):
                tail = self.file.readline(LARGEST_RECORD + 1)
            self._peeked, self._peeked_end = data, self.file.tell()
        return self._peeked


def _record(lines: _Lines, delimiter: str) -> list[str] | None:
    """The fields of the next record, None at the end of the file."""
    line = lines.next()
    if line is None:
        return None
    fields: list[str] = []
    size = len(line)
    position = 0
    while True:
        if line.startswith('"', position):
            pieces: list[str] = []
            position += 1
            while (end := line.find('"', position)) < 0 or line.startswith('"', end + 1):
                if end >= 0:
                    pieces.append(line[position : end + 1])
                    position = end + 2
                    continue
                pieces.append(line[position:])
                more = lines.next()
                size += len(more or "")
                if more is None or size > LARGEST_RECORD:
                    raise _Unclosed("引号没有结束", "a quotation mark is never closed")
                line, position = more, 0
            pieces.append(line[position:end])
            fields.append("".join(pieces))
            position = end + 1
            rest = line[position:]
            if rest and not rest.startswith(delimiter) and rest not in ("\n", "\r\n", "\r"):
                raise _Unclosed("引号之后应为分隔符", "a closing quotation mark is followed by text")
        else:
            end = line.find(delimiter, position)
            field = line[position:end] if end >= 0 else line[position:].rstrip("\r\n")
            fields.append(field)
            position = end if end >= 0 else len(line)
        if not line.startswith(delimiter, position):
            return fields
        position += len(delimiter)


def _unreadable(fields: list[str]) -> _Damaged | None:
    for number, field in enumerate(fields, 1):
        if len(field) > LARGEST_FIELD:
            return _Damaged(
                f"第 {number} 列有 {len(field):,} 个字符，最多 {LARGEST_FIELD:,}",
                f"column {number} has {len(field):,} characters, at most {LARGEST_FIELD:,} are taken",
            )
        if _undecoded.search(field):
            return _Damaged(f"第 {number} 列的编码不正确", f"column {number} is not in the expected encoding")
    return None
