"""What the pages say about a case at a glance: the few values that matter, in the order people ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import Case, Task
from webui.language import _
from webui.vocabulary import Vocabulary, of_version


@dataclass(frozen=True)
class Fact:
    """One line beside a form: ``key`` of the value, its label, its words."""

    key: str
    label: str
    text: str
    long: bool = False


def of_case(case: Case, values: Mapping[str, Any], words: Vocabulary) -> list[Fact]:
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
    found = [Fact(key, label, words.words(key, known.get(key)), long) for key, label, long in wanted]
    return [fact for fact in found if fact.text]


def in_list(case: Case | Task, words: Vocabulary) -> dict[str, str]:
    """The few values a list shows of a case, in words, by key."""
    return {
        key: words.words(key, case.facts.get(key)) for key in ("channel", "category", "handling_units", "status_text")
    }


def in_lists(cases: Mapping[str, Case | Task]) -> dict[str, dict[str, str]]:
    """``in_list`` for several cases, or tasks of several cases, by number; each version is looked up once."""
    vocabularies: dict[tuple[str, int], Vocabulary] = {}
    said = {}
    for number, case in cases.items():
        key = (case.procedure, case.version)
        if key not in vocabularies:
            vocabularies[key] = of_version(*key)
        said[number] = in_list(case, vocabularies[key])
    return said
