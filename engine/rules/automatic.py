"""What the system fills in where a form says ``auto``: numbers and moments nobody types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.clock import to_text
from engine.rules.numbering import dispatch_number, receipt_number


def automatic_values(case_no: str, current: Mapping[str, Any], now: datetime, claimed_at: str | None) -> dict[str, Any]:
    """By the name in the property ``auto``. ``current``: what the case holds; ``claimed_at``: when somebody took the
    task, which is when it was opened (打开时间); until then it is opened ``now``."""
    moment = to_text(now)
    values: dict[str, Any] = {"dispatch_at": moment, "opened_at": claimed_at or moment}
    if case_no:
        values.update(
            case_no=case_no,
            receipt_no=receipt_number(case_no),
            dispatch_no=dispatch_number(case_no, _orders(current.get("dispatch_no")) + 1),
        )
    return values


def _orders(number: Any) -> int:
    """How many dispatch orders the case had, given the number of the last."""
    digits = number.rpartition("-Z")[2] if isinstance(number, str) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
