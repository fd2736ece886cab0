"""Taking a running case over to another version of its procedure."""

from __future__ import annotations

from collections.abc import Mapping

from engine.commands import MigrateCase
from engine.errors import NotFound, refused
from engine.handlers.repairs import Second, checked_reason, whole_number
from engine.handlers.stepping import CaseChange
from engine.handlers.work import Work

#: Elements one mapping may name; far more than a diagram has.
_MOST_MAPPED = 1_000


def migrate_case(command: MigrateCase, work: Work, second: Second) -> CaseChange:
    """The case on the other version; nothing is saved yet. Raises ``MigrationRefused`` with every reason why not."""
    change = CaseChange.of(work, command.case)
    migrate(change, command.version, command.mapping, command.reason, second)
    return change


def migrate(change: CaseChange, version: int, mapping: Mapping[str, str], reason: str, second: Second) -> None:
    """Takes a case over; its log says from where to where."""
    told = checked_reason(reason)
    case = change.case
    key = change.work.store.versions.key_of(case.procedure, whole_number(version))
    if key is None:
        raise NotFound("version", f"{case.procedure} {version}")
    target = change.work.version_at(key, case.snapshot)
    if key == case.version_id:
        raise refused(f"诉求件已经在第 {version} 版上。", f"The case is on version {version} already.")
    renamed = _checked(mapping)
    data = {
        "from": {"version": case.version, "sha256": case.sha256},
        "to": {"version": target.version.number, "sha256": target.version.sha256},
        "mapping": renamed,
        "reason": told,
        **second.entry(),
    }
    change.migrate(target, renamed, data)


def _checked(mapping: object) -> dict[str, str]:
    if (
        not isinstance(mapping, Mapping)
        or len(mapping) > _MOST_MAPPED
        or not all(isinstance(item, str) and 0 < len(item) <= 255 for pair in mapping.items() for item in pair)
    ):
        raise refused(
            "对应关系应为：旧元素编号 → 新元素编号。", "A mapping goes from ids of old elements to ids of new ones."
        )
    return dict(mapping)
