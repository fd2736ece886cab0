"""What all repairs of a case have in common: who may, why, and who agreed."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import refused
from engine.handlers.attempts import PersonKey
from engine.handlers.work import Work
from engine.rules.access import REPAIR, has_role

LONGEST_REASON = 1_000


@dataclass(frozen=True)
class Second:
    """The second person behind a repair: nobody where none is required. ``own``: personal values that were put away
    for the case when the repair was asked for."""

    agreed_by: str = ""
    own: frozenset[PersonKey] = frozenset()

    def entry(self) -> dict[str, str]:
        """What the log entry of the repair says of it."""
        return {"agreed_by": self.agreed_by} if self.agreed_by else {}


def checked_reason(reason: object) -> str:
    """The reason of a repair, without space around it. Raises ``Refused`` for none."""
    text = reason.strip() if isinstance(reason, str) else ""
    if not text or len(text) > LONGEST_REASON or "\x00" in text or any("\ud800" <= mark <= "\udfff" for mark in text):
        raise refused(
            f"请写明原因（不超过 {LONGEST_REASON} 个字符）。", f"Give a reason of at most {LONGEST_REASON} characters."
        )
    return text


def reason_or_none(reason: object) -> str:
    """The reason of something that needs none: checked where there is one."""
    return checked_reason(reason) if reason not in (None, "") else ""


def whole_number(value: object) -> int:
    """A number the database can look up, else 0, which numbers nothing."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else 0


def must_repair(work: Work) -> None:
    """Raises ``NotAllowed`` for whoever neither owns procedures nor looks after the installation."""
    work.needs(
        has_role(work.actor, REPAIR),
        "只有流程负责人和系统管理员可以处置诉求件。",
        "only process owners and administrators repair cases.",
    )
