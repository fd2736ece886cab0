"""Proving a case: its log is whole, its snapshot is the one the log seals, its version is the one it started on, and
carrying out the recorded commands again, at their recorded moments, gives the same facts and the same snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine import bpmn
from engine.bpmn import Definition
from engine.errors import EngineError, Mismatch, NotFound
from engine.events import STEPS, LogEntry, canonical, digest, entry_hash
from engine.records import Version
from engine.replay.indexes import compare_indexes
from engine.replay.rerun import rerun
from engine.rules.standing import told
from engine.storage.evidence import Evidence, EvidenceRoom, Row
from engine.storage.persons import references
from engine.storage.versions import called_newest, manifest_hash, sha256_of
from engine.versions import load_version

#: What a case keeps of an incident that its log tells too.
_SENTENCE = ("seq", "at", "element", "zh", "en", "command")


@dataclass(frozen=True)
class Report:
    """What ``verify`` found: ``cases`` looked at, and every mismatch. ``ok``: there is none."""

    cases: int
    mismatches: tuple[Mismatch, ...]

    @property
    def ok(self) -> bool:
        return not self.mismatches


def verify(room: EvidenceRoom, number: str | None) -> Report:
    """Verifies one case, or all. Never raises for what is stored, only ``NotFound`` for a case that is not."""
    numbers = room.numbers() if number is None else [number]
    pinned = _Pinned(room)
    found: list[Mismatch] = []
    for item in numbers:
        evidence = room.of(item)
        if evidence.case is None and not evidence.log:
            raise NotFound("case", item)
        found.extend(_Examination(room, evidence, pinned).run())
    return Report(len(numbers), tuple(found))


class _Pinned:
    """Versions read from the database for this run only: what is cached elsewhere could hide what was altered."""

    def __init__(self, room: EvidenceRoom) -> None:
        self._room = room
        self.calendars = room.calendars()
        self._read: dict[int, tuple[Row | None, Definition | None, str, str]] = {}

    def get(self, key: int) -> tuple[Row | None, Definition | None, str, str]:
        """The row, the definition if it can be read, and what is wrong with it (zh, en), if anything."""
        if key not in self._read:
            self._read[key] = self._load(key)
        return self._read[key]

    def named(self, procedure: str, number: int) -> tuple[Row | None, Definition | None, str, str]:
        """As ``get``, for a version by its number."""
        key = self._room.version_key(procedure, number)
        return self.get(key) if key is not None else (None, None, "", "")

    def _load(self, key: int) -> tuple[Row | None, Definition | None, str, str]:
        row = self._room.version(key)
        if row is None:
            return None, None, "所用的版本不存在。", "The version it is pinned to is missing."
        try:
            manifest: dict[str, str] = json.loads(row["manifest"])
            contents = self._room.contents(manifest.values())
            wrong = [path for path, sha in manifest.items() if sha not in contents or sha256_of(contents[sha]) != sha]
            if wrong:
                return row, None, f"版本文件被改动：{wrong[0]}。", f"A file of the version was altered: {wrong[0]}."
            if manifest_hash(manifest) != row["sha256"]:
                return row, None, "版本的文件清单被改动。", "The version's list of files was altered."
            version = Version(
                row["procedure"],
                row["number"],
                row["sha256"],
                row["name"],
                manifest=manifest,
                id=key,
                calls_newest=called_newest(row),
            )
            definition = load_version(version, {path: contents[sha] for path, sha in manifest.items()}).definition
            if definition.calls_versions:
                definition = bpmn.complete(definition, (), lambda _: None, self.called)
        except (EngineError, ValueError, AttributeError, TypeError) as error:
            return row, None, f"版本无法读取：{error}", f"The version cannot be read: {error}"
        return row, definition, "", ""

    def called(self, procedure: str, number: int) -> Definition:
        """A version that another one calls. Raises ``NotFound`` if it is not there or not what it was."""
        found = self.named(procedure, number)[1]
        if found is None:
            raise NotFound("version", f"{procedure} {number}")
        return found


class _Examination:
    """One case under examination."""

    def __init__(self, room: EvidenceRoom, evidence: Evidence, pinned: _Pinned) -> None:
        self._room = room
        self._evidence = evidence
        self._pinned = pinned
        self._found: list[Mismatch] = []

    def run(self) -> list[Mismatch]:
        """Every mismatch of the case."""
        case = self._evidence.case
        entries = self._chain()
        if case is None:
            self._note(
                0, "case_missing", "只剩记录，诉求件本身不见了。", "Only the log is left; the case itself is missing."
            )
            return self._found
        if not entries:
            self._note(0, "log_cut", "没有任何记录。", "There is no log.")
            return self._found
        self._end(case, entries[-1])
        self._guard(lambda: self._snapshot(case, entries))
        self._guard(lambda: self._head(case, entries))
        self._guard(lambda: self._people(case, entries))
        row, definition, zh, en = self._pinned.get(case["version_id"])
        if zh:
            self._note(0, "version_altered", zh, en)
        if row is not None:
            self._guard(lambda: self._version(case, row, entries))
        if definition is not None:
            pinned = definition
            self._guard(lambda: self._again(case, pinned, entries))
            self._guard(lambda: self._indexes(case, pinned, entries))
        return self._found

    def _note(self, seq: int, code: str, zh: str, en: str) -> None:
        self._found.append(Mismatch(self._evidence.number, seq, code, zh, en))

    def _guard(self, look: Callable[[], None]) -> None:
        """Whatever was put into the tables, looking at it ends in a mismatch, not in a crash."""
        try:
            look()
        except (EngineError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            reason = f"{type(error).__name__}: {error}"
            self._note(0, "unreadable", f"存储内容无法读取：{reason}", f"What is stored cannot be read: {reason}")

    def _indexes(self, case: Row, definition: Definition, entries: list[LogEntry]) -> None:
        standing = bpmn.as_recorded(definition, case["snapshot"], {}, self._pinned.called)
        self._found.extend(compare_indexes(self._evidence, standing, entries))

    def _chain(self) -> list[LogEntry]:
        """The entries, each checked against its seal and against the one before."""
        entries: list[LogEntry] = []
        prev, expected = "", 1
        for row in self._evidence.log:
            seq = row["seq"]
            try:
                data = json.loads(row["data"])
                entry = LogEntry(
                    row["case"],
                    seq,
                    row["at"],
                    row["actor"],
                    row["kind"],
                    row["element"],
                    data,
                    row["prev"],
                    row["hash"],
                )
                seal = entry_hash(
                    entry.case, seq, entry.at, entry.actor, entry.kind, entry.element, entry.data, entry.prev
                )
                whole = seal == entry.hash and canonical(data) == row["data"] and isinstance(data, dict)
            except (ValueError, TypeError):
                self._note(seq, "entry_altered", "这条记录无法读取。", "This entry cannot be read.")
                prev, expected = row["hash"], seq + 1
                continue
            if seq != expected:
                self._note(seq, "log_gap", f"第 {expected} 条记录缺失。", f"Entry {expected} is missing.")
            if not whole:
                self._note(seq, "entry_altered", "这条记录被改动过。", "This entry was altered.")
            if entry.prev != prev:
                self._note(
                    seq, "chain_broken", "这条记录与前一条不相接。", "This entry does not follow the one before."
                )
            prev, expected = entry.hash, seq + 1
            if isinstance(data, dict):
                entries.append(entry)
        return entries

    def _end(self, case: Row, last: LogEntry) -> None:
        if (case["log_seq"], case["log_hash"]) != (last.seq, last.hash):
            self._note(
                last.seq,
                "log_cut",
                f"记录应到第 {case['log_seq']} 条为止。",
                f"The log should end at entry {case['log_seq']}.",
            )

    def _snapshot(self, case: Row, entries: list[LogEntry]) -> None:
        steps = [entry for entry in entries if entry.kind in STEPS]
        if not steps or steps[-1].data.get("snapshot") != digest(case["snapshot"]):
            seq = steps[-1].seq if steps else 0
            self._note(seq, "snapshot_altered", "快照与记录不符。", "The snapshot is not the one the log seals.")

    def _head(self, case: Row, entries: list[LogEntry]) -> None:
        """The columns of the case that the log also tells."""
        first = entries[0]
        status, waiting = told(entries)
        columns = {
            "procedure": first.data.get("procedure"),
            "started_by": first.actor,
            "started_at": first.at,
            "reference": first.data.get("reference"),
            "status": status,
        }
        if first.kind != "case_started":
            self._note(
                first.seq, "log_gap", "记录不是从立案开始。", "The log does not begin with the start of the case."
            )
            return
        for column, value in columns.items():
            if case[column] != value:
                self._note(
                    0,
                    "case_altered",
                    f"诉求件的 {column} 与记录不符。",
                    f"The case's {column} is not what the log says.",
                )
        kept = [tuple(item[key] for key in _SENTENCE) for item in json.loads(case["incidents"])]
        if kept != [tuple(getattr(incident, key) for key in _SENTENCE) for incident in waiting]:
            self._note(0, "case_altered", "诉求件的异常与记录不符。", "The case's incidents are not what the log says.")

    def _people(self, case: Row, entries: list[LogEntry]) -> None:
        """Every reference to a caller's data finds the ciphertext it was hashed over, erased or not."""
        wanted: dict[tuple[str, str, str], int] = {}
        for entry in entries:
            for found in references(dict(entry.data)):
                wanted.setdefault((found["person"], found["field"], found["sha256"]), entry.seq)
        if not wanted:
            return
        stored = self._room.ciphertexts(key[0] for key in wanted)
        for key, seq in wanted.items():
            if key not in stored or sha256_of(stored[key]) != key[2]:
                self._note(
                    seq, "person_altered", f"诉求人信息“{key[1]}”被改动。", f"The caller's “{key[1]}” was altered."
                )
        owners = {key[0] for key in wanted}
        if owners != {case["person_id"]}:
            self._note(0, "case_altered", "诉求件的诉求人与记录不符。", "The case's caller is not the one in the log.")

    def _version(self, case: Row, row: Row, entries: list[LogEntry]) -> None:
        first = entries[0]
        put = next((entry for entry in reversed(entries) if entry.kind == "case_migrated"), first)
        version = put.data["to"] if put is not first else first.data
        if (first.data.get("procedure"), version.get("version"), version.get("sha256")) != (
            row["procedure"],
            row["number"],
            row["sha256"],
        ):
            self._note(
                put.seq,
                "version_altered",
                "诉求件不在其立案时或迁移后的版本上。",
                "The case is not on the version it started on or was migrated to.",
            )

    def _definition(self, procedure: str, entry: LogEntry, version: Mapping[str, Any]) -> Definition | None:
        """The diagram of the version an entry names; None, and a mismatch, if it is not what it was."""
        row, found, zh, en = self._pinned.named(procedure, version["version"])
        if found is not None and row is not None and row["sha256"] == version["sha256"]:
            return found
        name = f"第 {version['version']} 版", f"Version {version['version']}"
        self._note(
            entry.seq,
            "version_altered",
            f"{name[0]}不是诉求件所用的那一版。{zh}",
            f"{name[1]} is not the one the case was on. {en}".strip(),
        )
        return None

    def _again(self, case: Row, definition: Definition, entries: list[LogEntry]) -> None:
        migrations = [entry for entry in entries if entry.kind == "case_migrated"]
        definitions = {0: definition}
        if migrations:
            procedure = str(entries[0].data["procedure"])
            begun = self._definition(procedure, entries[0], entries[0].data)
            found = [(entry.seq, self._definition(procedure, entry, entry.data["to"])) for entry in migrations]
            if begun is None or any(target is None for _, target in found):
                return
            definitions = {0: begun, **{seq: target for seq, target in found if target is not None}}
        outcome = rerun(definitions, entries, self._pinned.calendars, self._pinned.called)
        if outcome.seq:
            self._note(outcome.seq, "rerun_differs", outcome.zh, outcome.en)
        elif outcome.snapshot != case["snapshot"]:
            self._note(0, "rerun_differs", "重演得到的快照不同。", "The re-run gives another snapshot.")
        elif canonical(dict(outcome.values)) != case["case_values"]:
            self._note(
                0, "case_altered", "诉求件的内容与重演结果不同。", "The case's values are not those of the re-run."
            )
