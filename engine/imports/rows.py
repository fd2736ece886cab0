"""The import itself: a row, a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from engine import Engine
from engine.commands import StartCase
from engine.errors import AlreadyThere, BadMapping, Bilingual, Conflict, DiagramFailed, NotAllowed, Refused
from engine.imports.mapping import Mapping as CsvMapping
from engine.imports.records import BadRow, Record, records
from engine.imports.rules import CellRefused, Rule, plain


@dataclass(frozen=True)
class RefusedRow:
    """A row that made no case: the line of the file it begins on, and why, in the language in force."""

    line: int
    reason: str

    def as_json(self) -> dict[str, Any]:
        return {"line": self.line, "reason": self.reason}


@dataclass
class Report:
    """What became of a file. ``cases`` are the numbers of the cases it made."""

    imported: int = 0
    existing: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The shape of ``huiyin import --json``."""
        return {
            "imported": self.imported,
            "existing": self.existing,
            "refused": [row.as_json() for row in self.refused],
        }


def import_rows(
    engine: Engine,
    file: BinaryIO,
    mapping: CsvMapping,
    actor: str,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Starts a case for each row that can be read. ``progress`` is told the bytes read so far after each row.

    Raises ``BadMapping`` before anything is imported where the mapping does not fit the header, and ``NotAllowed``
    or ``NotFound`` at the first row where the actor may not start the procedure or there is none: no row could do
    better. A refused row leaves nothing behind.
    """
    rows = records(file, mapping.encoding, mapping.delimiter)
    header = _header(rows, mapping)
    report = Report()
    for row in rows:
        if isinstance(row, BadRow):
            report.refused.append(RefusedRow(row.line, str(row.reason)))
        else:
            _import_row(engine, row, header, mapping, actor, report)
        if progress is not None:
            progress(file.tell())
    return report


def _header(rows: Iterator[Record | BadRow], mapping: CsvMapping) -> tuple[str, ...]:
    first = next(rows, None)
    if first is None:
        raise BadMapping(reason=Bilingual(zh="CSV 文件是空的", en="the CSV file is empty"))
    if isinstance(first, BadRow):
        raise BadMapping(reason=first.reason)
    header = tuple(name.strip() for name in first.fields)
    mapping.check_header(header)
    return header


def _import_row(
    engine: Engine, row: Record, header: tuple[str, ...], mapping: CsvMapping, actor: str, report: Report
) -> None:
    try:
        command = _command(row, header, mapping, actor)
        report.cases.append(engine.handle(command).case)
        report.imported += 1
    except AlreadyThere:
        report.existing += 1
    except CellRefused as error:
        report.refused.append(RefusedRow(row.line, str(error.reason)))
    except NotAllowed:
        raise
    except (Refused, Conflict, DiagramFailed) as error:
        report.refused.append(RefusedRow(row.line, str(error)))


def _command(row: Record, header: tuple[str, ...], mapping: CsvMapping, actor: str) -> StartCase:
    if len(row.fields) != len(header):
        raise CellRefused(
            f"有 {len(row.fields)} 列，应为 {len(header)} 列", f"{len(row.fields)} columns instead of {len(header)}"
        )
    cells = dict(zip(header, row.fields, strict=True))
    number = plain(mapping.reference, cells)
    if not number:
        raise CellRefused(f"“{mapping.reference}”不能为空", f"“{mapping.reference}” is empty")
    return StartCase(
        procedure=mapping.procedure,
        values=_values(mapping.values, cells),
        first=_values(mapping.first, cells) if mapping.first else None,
        reference=f"{mapping.source}:{number}",
        actor=actor,
    )


def _values(rules: Mapping[str, Rule], cells: Mapping[str, str]) -> dict[str, Any]:
    found = {key: rule.value(cells) for key, rule in rules.items()}
    return {key: value for key, value in found.items() if value is not None}
