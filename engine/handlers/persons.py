"""Callers' data: put away before anything is logged, shown with a trace, erased for good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.commands import ErasePerson, RevealPerson
from engine.errors import NotFound
from engine.handlers.stepping import CaseChange, refused
from engine.handlers.work import Work
from engine.rules.access import ADMINISTER, has_role, may_reveal
from engine.storage.persons import is_reference, references

_LONGEST_REASON = 1_000


def protect(change: CaseChange, values: Mapping[str, Any], personal: frozenset[str]) -> dict[str, Any]:
    """``values`` with a reference in place of everything personal. What is empty, or refers to what the case already
    has, stays. Raises ``Refused`` for a reference to anything else: it would show somebody else's data."""
    known = {_key(reference) for reference in references(dict(change.case.values))}
    for reference in references(dict(values)):
        if _key(reference) not in known:
            raise refused(
                "所引用的诉求人信息不属于这件诉求。", "The values refer to personal data that is not this case's."
            )
    clear = {
        key: value
        for key, value in values.items()
        if key in personal and value not in (None, "", [], {}) and not is_reference(value)
    }
    if not clear:
        return dict(values)
    persons = change.work.store.persons
    if change.case.person_id is None:
        change.case = replace(change.case, person_id=persons.add(change.work.at))
    return {**values, **persons.store(str(change.case.person_id), clear, change.work.at)}


def reveal_person(command: RevealPerson, work: Work) -> dict[str, str]:
    """The caller's data of a case in clear: path of the value → text. The look is logged, twice over."""
    if len(command.reason) > _LONGEST_REASON or "\x00" in command.reason:
        raise refused(f"理由不超过 {_LONGEST_REASON} 个字符。", f"A reason has at most {_LONGEST_REASON} characters.")
    change = CaseChange.of(work, command.case, must_be_open=False)
    standing = work.standing(change.case.number, change.case.started_by)
    work.needs(may_reveal(work.actor, standing), "您无权查看诉求人信息。", "you may not see the caller's data.")
    found = dict(_placed(change.case.values))
    clear = work.store.persons.read(found.values())
    shown = {path: _as_text(clear[_key(found[path])]) for path in found if _key(found[path]) in clear}
    change.note("person_revealed", {"fields": sorted(shown), "reason": command.reason})
    work.store.people.note_access(
        work.at, work.actor.login, "RevealPerson", "allowed", command.case, ", ".join(sorted(shown))
    )
    change.save()
    return shown


def erase_person(command: ErasePerson, work: Work) -> None:
    """Deletes the key of a case's caller: their data is gone for good, and the log still verifies."""
    work.needs(
        has_role(work.actor, ADMINISTER),
        "只有系统管理员可以删除诉求人信息。",
        "only an administrator may erase people.",
    )
    case = work.store.cases.load(command.case)
    if case.person_id is None or not work.store.persons.erase(case.person_id, work.at):
        raise NotFound(what="诉求人", which=command.case)
    work.store.people.note_access(
        work.at, work.actor.login, "ErasePerson", "allowed", command.case, command.reason[:_LONGEST_REASON]
    )


def _key(reference: Mapping[str, str]) -> tuple[str, str, str]:
    return str(reference["person"]), str(reference["field"]), str(reference["sha256"])


def _placed(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, str]]]:
    """References in a JSON value with the path to each."""
    if is_reference(value):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _placed(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _placed(item, f"{path}.{index}")


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(str(item) for item in value)
    return str(value)
