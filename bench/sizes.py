"""What a case and a step take in memory and on the disk, and whether memory stays flat over many cases."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from bench.databases import ACTOR, Place
from bench.diagrams import TASKS, entered
from bench.measuring import Spread, ratio
from bench.report import Answer, Line
from bench.steps import Alone
from engine import Engine
from engine.commands import CompleteTask, StartCase
from engine.settings import Settings

#: Cases that are started and taken one step, and cases that are played to the end.
SIZES: Mapping[str, tuple[int, int]] = {"tiny": (20, 2), "quick": (2000, 50), "full": (100_000, 500)}
#: Memory is looked at this often on the way; the first look comes when caches are filled.
LOOKS = 20
#: Memory at the end against memory after the first tenth.
FLAT = 1.1
#: Tables with fewer bytes a case than this are not listed.
SMALL = 16


@dataclass(frozen=True)
class Growth:
    """One process that runs many cases and looks at its own memory."""

    url: str
    settings: Settings
    cases: int

    def looks(self) -> list[float]:
        """Bytes resident, ``LOOKS`` times evenly spread."""
        context = multiprocessing.get_context("spawn")
        told: Any = context.Queue()
        process = context.Process(target=self._run, args=(told,), daemon=True)
        process.start()
        while True:
            try:
                found: list[float] = told.get(timeout=1)
                break
            except Exception:
                if not process.is_alive():
                    raise RuntimeError("the process that was measured ended") from None
        process.join()
        return found

    def _run(self, told: Any) -> None:
        found = []
        with Engine.open(self.url, settings=self.settings) as engine:
            for look in range(LOOKS):
                for _ in range(max(self.cases // LOOKS, 1)):
                    outcome = engine.handle(StartCase(procedure="chain", actor=ACTOR))
                    engine.handle(CompleteTask(task=outcome.tasks[0].id, values=entered(look % TASKS), actor=ACTOR))
                gc.collect()
                found.append(float(resident()))
        told.put(found)


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def run(place: Place) -> Answer:
    """Memory of a process of its own; the database before and after whole cases, and after their first half."""
    many, few = SIZES[place.size]
    lines: list[Line] = []
    notes: list[str] = []
    naive = Alone().half_way_bytes()
    for kind in place.kinds:
        url = place.prepared(kind)
        looks = Growth(url, place.settings(), many).looks()
        settled, last = looks[max(LOOKS // 10 - 1, 0)], looks[-1]
        a_case = (last - settled) / (many * (1 - 1 / 10))
        name = f"resident after {many:,} cases, {kind}"
        begun = f"after {many // 10:,}"
        lines.append(Line(name, Spread.of([last / 2**20]), "MiB", begun, ratio([last], [settled]), FLAT))
        lines.append(Line(f"memory growth a case, {kind}", Spread.of([a_case]), "bytes"))
        lines += _on_disk(place, kind, few, naive, notes)
    return Answer(
        "(g) memory and database a case and a step",
        lines,
        ("Memory: a process of its own starts each case and takes one step, and looks at itself twenty times.", *notes),
    )


def _on_disk(place: Place, kind: str, cases: int, naive: int, notes: list[str]) -> list[Line]:
    url = place.prepared(kind)
    with place.open(url) as engine:
        empty = stored(url)
        outcomes = [engine.handle(StartCase(procedure="chain", actor=ACTOR)) for _ in range(cases)]
        started = stored(url)
        for step in range(TASKS):
            outcomes = [
                engine.handle(CompleteTask(task=outcome.tasks[0].id, values=entered(step), actor=ACTOR))
                for outcome in outcomes
            ]
        ended = stored(url)
    total = (sum(ended.values()) - sum(empty.values())) / cases
    each_step = (sum(ended.values()) - sum(started.values())) / cases / TASKS
    parts = {table: (size - empty.get(table, 0)) / cases for table, size in ended.items()}
    largest = sorted(((each, table) for table, each in parts.items() if each >= SMALL), reverse=True)
    notes.append(f"{kind}, bytes a case: {', '.join(f'{table} {each:,.0f}' for each, table in largest)}.")
    against = "SpiffWorkflow's JSON of a case half-way"
    return [
        Line(f"database, a case of {TASKS} steps with its log, {kind}", Spread.of([total]), "bytes"),
        Line(f"database, a step, {kind}", Spread.of([each_step]), "bytes", against, ratio([each_step], [naive])),
    ]


def stored(url: str) -> dict[str, int]:
    """Bytes on the disk by table, its indexes included."""
    database = create_engine(url)
    try:
        with database.connect() as connection:
            if database.dialect.name == "sqlite":
                query = (
                    "SELECT coalesce(s.tbl_name, d.name), sum(d.pgsize) FROM dbstat d "
                    "LEFT JOIN sqlite_schema s ON s.name = d.name GROUP BY 1"
                )
            else:
                query = (
                    "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
                    "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
                )
            return {str(name): int(size) for name, size in connection.execute(text(query))}
    finally:
        database.dispose()
