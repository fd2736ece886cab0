"""Cases from a CSV file: every row that can be read becomes a case, every other is reported by its line.

::

    mapping = read_mapping(Path("nyc311.yaml").read_bytes())
    report = import_rows(engine, open("requests.csv", "rb"), mapping, actor="li")
    report.imported, report.existing, report.refused          # 98, 0, [RefusedRow(line=7, …)]

The file is read as it comes and never held whole. A row's reference is ``<source>:<its own number>``; a case with
that reference is not created again, so the same file can be imported any number of times.
"""

from __future__ import annotations

from engine.imports.mapping import Mapping, read_mapping
from engine.imports.records import BadRow, Record, records
from engine.imports.rows import RefusedRow, Report, import_rows

__all__ = [
    "BadRow",
    "Mapping",
    "Record",
    "RefusedRow",
    "Report",
    "import_rows",
    "read_mapping",
    "records",
]
