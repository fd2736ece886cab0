"""Callers' data: put away before anything is logged, shown with a trace, erased for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.commands import ErasePerson, RevealPerson
from engine.errors import NotFound, refused
from engine.handlers.attempts import PersonKey
from engine.handlers.stepping import CaseChange
from engine.handlers.work import Work
from engine.rules.access import ADMINISTER, has_role, may_reveal
from engine.storage.persons import as_text, is_reference, key_of, placed, references

_LONGEST_REASON = 1_000


def protect(
    change: CaseChange, values: Mapping[str, Any], personal: frozenset[str], own: frozenset[PersonKey] = frozenset()
) -> dict[str, Any]:
    """``values`` with a reference in place of everything personal. What is empty, or refers to what the case already
    has (or to ``own``, which was put away for it), stays. Raises ``Refused`` for a reference to anything else: it would
    show somebody else's data."""
    known = own.union(key_of(reference) for reference in references(dict(change.case.values)))
    for reference in references(dict(values)):
        if key_of(reference) not in known:
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
    stored = persons.store(str(change.case.person_id), clear, change.work.at)
    change.put_away.update((key_of(reference), clear[key]) for key, reference in stored.items())
    return {**values, **stored}


def reveal_person(command: RevealPerson, work: Work) -> dict[str, str]:
    """The caller's data of a case in clear: path of the value → text. The look is logged, twice over."""
    if len(command.reason) > _LONGEST_REASON or "\x00" in command.reason:
        raise refused(f"理由不超过 {_LONGEST_REASON} 个字符。", f"A reason has at most {_LONGEST_REASON} characters.")
    change = CaseChange.of(work, command.case, must_be_open=False)
    standing = work.standing(change.case.number, change.case.started_by)
    work.needs(may_reveal(work.actor, standing), "您无权查看诉求人信息。", "you may not see the caller's data.")
    found = dict(placed(change.case.values))
    clear = work.store.persons.read(found.values())
    shown = {path: as_text(clear[key_of(found[path])]) for path in found if key_of(found[path]) in clear}
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
        raise NotFound("caller", command.case)
    # A draft is encrypted under the installation's key, not the person's.
    work.store.open_items.forget_drafts(command.case)
    work.store.people.note_access(
        work.at, work.actor.login, "ErasePerson", "allowed", command.case, command.reason[:_LONGEST_REASON]
    )
