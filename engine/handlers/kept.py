"""Cases as this process last saw them, so that a step need not read again what nobody has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from engine.records import Task, Wait
from engine.storage.cases import CaseRow

#: How many cases are kept. More than the people at work have open at once; a few kilobytes each.
KEPT = 500


@dataclass(frozen=True)
class Kept:
    """A case with all that was written with it at its revision."""

    case: CaseRow
    tasks: tuple[Task, ...]
    waits: tuple[Wait, ...]
    parties: frozenset[tuple[str, str]]


class KeptCases:
    """The cases used last. An entry counts only while the database still has its revision, so that any number of
    processes may change cases. Thread-safe."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, number: str) -> Kept | None:
        """What is remembered of a case; whoever asks compares the revision."""
        with self._lock:
            found = self._kept.get(number)
            if found is not None:
                self._kept.move_to_end(number)
            return found

    def put(self, kept: Kept) -> None:
        """Remembers a case as it was committed."""
        with self._lock:
            self._kept[kept.case.number] = kept
            self._kept.move_to_end(kept.case.number)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
