"""What lists show of a case without opening it: a title, a few values, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine import bpmn

#: Values kept beside the case for lists and filters (requirements §3.4).
QUICK = (
    "org_profile", "channel", "channel_class", "category", "sub_category", "urgency", "complexity", "source_order_no",
    "handling_units", "lead_unit", "received_at", "due_at",
)  # fmt: skip
#: Where a title is looked for, best first.
_TITLES = ("title", "subject", "problem_desc", "demand", "ask_matter", "service_matter", "suggestion")
_TITLE_LENGTH = 80
_LONGEST = 500


def title_of(values: Mapping[str, Any], otherwise: str) -> str:
    """One line that says what a case is about; ``otherwise`` where its values do not."""
    for key in _TITLES:
        text = values.get(key)
        if isinstance(text, str) and text.strip():
            line = " ".join(text.split())
            return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1] + "…"
    return otherwise


def facts_of(values: Mapping[str, Any], before: Mapping[str, Any], began: Iterable[bpmn.ElementInfo]) -> dict[str, Any]:
    """The quick values, and the newest 处理进度, public status and milestone of the elements that began."""
    facts = {key: before[key] for key in ("status_text", "public_status", "milestone") if key in before}
    for element in began:
        for ours, name in (("status_text", "status"), ("public_status", "publicStatus"), ("milestone", "milestone")):
            if element.properties.get(name):
                facts[ours] = element.properties[name]
    for key in QUICK:
        value = values.get(key)
        if isinstance(value, bool | int | float) or _is_short(value):
            facts[key] = value
    return facts


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST
    return isinstance(value, list) and all(isinstance(item, str) for item in value) and len(str(value)) <= _LONGEST
