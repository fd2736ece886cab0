"""What a benchmark found, as a table for people and as JSON."""

from __future__ import annotations

import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.measuring import Spread


@dataclass(frozen=True)
class Line:
    """One figure: what was measured, and its ratio to ``against``. ``limit`` is the most (``at_least``: the least) the
    ratio may be; None where there is no target."""

    what: str
    figure: Spread
    unit: str
    against: str = ""
    ratio: Spread | None = None
    limit: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the target was met by the median; None where there is none."""
        if self.ratio is None or self.limit is None:
            return None
        return self.ratio.median >= self.limit if self.at_least else self.ratio.median <= self.limit

    def as_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "unit": self.unit,
            **self.figure.as_json(),
            "against": self.against,
            "ratio": self.ratio.as_json() if self.ratio is not None else None,
            "target": {("at_least" if self.at_least else "at_most"): self.limit} if self.limit is not None else None,
            "met": self.met,
        }


@dataclass(frozen=True)
class Answer:
    """What one module found; ``notes`` say how, and what was left out."""

    question: str
    lines: Sequence[Line]
    notes: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "lines": [line.as_json() for line in self.lines],
            "notes": list(self.notes),
        }


def table(answer: Answer) -> str:
    """For a terminal."""
    rows: list[tuple[str, ...]] = [("", "median", "min – max", "", "ratio", "min – max", "to", "target")]
    rows += [_row(line) for line in answer.lines]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    left = {0, 3, 6, 7}
    lines = [
        "  ".join(
            cell.ljust(widths[place]) if place in left else cell.rjust(widths[place]) for place, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([answer.question, *lines, *(f"  {note}" for note in answer.notes)])


def _row(line: Line) -> tuple[str, ...]:
    figure, ratio = line.figure, line.ratio
    compared = ("", "", "", "")
    if ratio is not None:
        target = ""
        if line.limit is not None:
            target = f"{'≥' if line.at_least else '≤'} {line.limit:g} {'met' if line.met else 'MISSED'}"
        compared = (short(ratio.median), _range(ratio), line.against, target)
    return (line.what, short(figure.median), _range(figure), line.unit, *compared)


def _range(spread: Spread) -> str:
    return f"{short(spread.least)} – {short(spread.most)}" if spread.count > 1 else ""


def short(number: float) -> str:
    """Three digits or so."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.1f}" if abs(number) >= 10 else f"{number:.3g}"


def machine() -> dict[str, Any]:
    """Where it was measured: without this, absolute numbers mean nothing."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "versions": {name: version(name) for name in ("huiyin", "SpiffWorkflow", "SQLAlchemy", "psycopg")},
        "fsync_ms": _fsync().times(1e3).as_json(),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _fsync(times: int = 100) -> Spread:
    """Seconds to write 4 KiB and see them on the disk, in the folder where the databases will be."""
    samples = []
    with tempfile.TemporaryFile() as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            samples.append(time.perf_counter() - began)
    return Spread.of(samples)
