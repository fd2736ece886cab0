"""Cases that open by themselves: the timer start events of published versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from engine import bpmn
from engine.clock import to_text
from engine.handlers.cases import begin
from engine.handlers.work import Work
from engine.records import Outcome, Version
from engine.storage.start_timers import StartTimerRow

#: How long a start that failed is left alone.
RETRY_AFTER = timedelta(minutes=5)


def arm(work: Work, version: Version, definition: bpmn.Definition) -> None:
    """The timer start events of a new version take the place of those of the one before. One that is drawn as it was
    keeps its moment: publishing neither repeats what has come nor begins a cycle anew."""
    known = work.store.start_timers.of(version.procedure)
    rows = []
    for timer in definition.start_timers:
        drawn = f"{timer.kind} {timer.text}"
        row = known.get(timer.element)
        if row is not None and row.timer == drawn:
            rows.append(replace(row, version_id=version.id))
            continue
        moment = bpmn.first_moment(timer, work.now)
        rows.append(StartTimerRow(version.procedure, timer.element, version.id, drawn, **moment.__dict__))
    if rows or known:
        work.store.start_timers.replace(version.procedure, rows)


def open_next(work: Work, taken: list[StartTimerRow]) -> Outcome | None:
    """Opens the case that has been due longest, and sets the moment of the one after, in one transaction: none opens
    twice, none is lost. ``taken`` says which start event it was, and is empty where none is due."""
    row = work.store.start_timers.due(work.at)
    taken[:] = [] if row is None else [row]
    if row is None:
        return None
    moment = bpmn.next_moment(bpmn.StartMoment(row.due, row.every, row.left, row.day))
    work.store.start_timers.move(replace(row, due=moment.due, every=moment.every, left=moment.left))
    return begin(work, work.version_at(row.version_id, None), {}, element=row.element).save()


def put_off(work: Work, row: StartTimerRow) -> None:
    """A case that could not be opened is tried again later; the others do not wait for it."""
    work.store.start_timers.put_off(row.procedure, row.element, to_text(work.now + RETRY_AFTER))
