"""What the pages say about a case at a glance: the few values that matter, in the order people ask for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine import Case
from webui import presenting, wording
from webui.language import _

#: Values that name units or people and are shown by their labels.
_UNITS = ("handling_units", "lead_unit", "co_units", "handling_unit", "coord_units")
_PEOPLE = ("first_asked_person", "handler", "feedback_by", "investigators", "interface_person", "started_by")


@dataclass(frozen=True)
class Fact:
    """One line beside a form: ``key`` of the value, its label, its words."""

    key: str
    label: str
    text: str
    long: bool = False


def of_case(case: Case, values: Mapping[str, Any]) -> list[Fact]:
    """The facts of a case; those nobody has filled in yet are left out."""
    known = {**case.facts, **case.values, **values}
    wanted = (
        ("channel", _("受理渠道"), False),
        ("received_at", _("受理时间"), False),
        ("category", _("问题类别"), False),
        ("urgency", _("紧急程度"), False),
        ("complexity", _("问题难易"), False),
        ("problem_desc", _("问题描述"), True),
        ("demand", _("诉求"), True),
        ("first_asked_person", _("首问责任人"), False),
        ("handling_units", _("承办单位"), False),
        ("due_at", _("办理时限"), False),
        ("promised_reply_at", _("预计回复时间"), False),
    )
    found = [Fact(key, label, words(key, known.get(key)), long) for key, label, long in wanted]
    return [fact for fact in found if fact.text]


def in_list(values: Mapping[str, Any]) -> dict[str, str]:
    """The few values a list shows of a case, in words, by key."""
    return {key: words(key, values.get(key)) for key in ("channel", "category", "handling_units", "status_text")}


def words(key: str, value: Any) -> str:
    """A value in words, with labels for units and people."""
    named = presenting.unit_label if key in _UNITS else presenting.person_label if key in _PEOPLE else None
    if value and named and not isinstance(value, dict):
        return "、".join(named(str(one)) for one in (value if isinstance(value, list) else [value]))
    return wording.plain(value)


def personal(values: Mapping[str, Any]) -> Iterator[str]:
    """The keys under which a caller's data is kept."""
    return (key for key, value in values.items() if wording.is_personal(value))
