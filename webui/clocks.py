"""How the limits people are held to stand in a case, in the words of its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine import Case, Deadline
from engine.clock import from_text
from engine.rules.access import HOLD_DEADLINES
from engine.rules.calendar import CalendarError, counting_by
from engine.rules.clocks import ALIVE, read_cap
from engine.rules.deadlines import UNITS, span
from webui import presenting, wording
from webui.context import engine, has_role
from webui.language import _, current

#: Units in which an extension is asked for.
EXTENSION_UNITS = ("WD", "d", "h")


@dataclass(frozen=True)
class Standing:
    """A deadline as the page of its case shows it. ``limit`` is how long it was given, ``used`` how much of that has
    gone by in percent (None where nothing can be counted), ``state`` a key of ``state_word``; ``told`` are sentences on
    its pauses, extensions and warnings; ``can`` what may be done about it."""

    clock: Deadline
    limit: str
    used: int | None
    state: str
    told: tuple[str, ...]
    can: tuple[str, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether it can still be missed."""
        return self.clock.state in ALIVE


def of_case(case: Case) -> list[Standing]:
    """The deadlines of a case, those that can still be missed first, then by when they are due."""
    now = presenting.now()
    found = engine().deadlines(case=case.number)
    may = case.status in ("open", "stuck") and has_role(*HOLD_DEADLINES)
    with counting_by(engine().calendar()):
        standing = [_standing(clock, now, may) for clock in found]
    return sorted(standing, key=lambda one: not one.alive)


def _standing(clock: Deadline, now: datetime, may: bool) -> Standing:
    over = clock.state == "running" and clock.due is not None and from_text(clock.due) < now
    can = (
        () if not may or clock.state not in ALIVE else ("resume", "extend") if clock.state == "paused" else ("extend",)
    )
    if clock.state == "running" and may and not over and clock.due is not None:
        can = ("pause", *can)
    return Standing(
        clock, limit_words(clock), _used(clock, now), "overdue" if over else clock.state, tuple(_told(clock)), can
    )


def limit_words(clock: Deadline) -> str:
    """How long a deadline was given, in words; empty where its diagram names a moment instead."""
    if clock.unit not in UNITS or clock.unit in ("none", "event"):
        return ""
    unit = unit_word(clock.unit)
    return unit if clock.value is None else f"{clock.value:g} {unit}"


def unit_word(unit: str) -> str:
    """What a unit of time is called."""
    return UNITS[unit][1 if current() == "en" else 0]


def state_word(state: str) -> str:
    """The word for how a deadline stands."""
    return {
        "running": _("计时中"),
        "paused": _("已暂停"),
        "overdue": _("已超期"),
        "met": _("按时完成"),
        "late": _("超期完成"),
        "cancelled": _("不再计时"),
    }.get(state, state)


def _used(clock: Deadline, now: datetime) -> int | None:
    """How much of the time has gone by, in percent, as the warnings count it: without the time it stood still."""
    if clock.due is None or clock.state == "cancelled":
        return None
    start, due = from_text(clock.started_at), from_text(clock.due)
    until = from_text(clock.ended_at) if clock.ended_at else now
    stood = timedelta(0)
    try:
        for pause in clock.pauses:
            if pause["to"] is None:
                until = from_text(str(pause["from"]))
            else:
                stood += span(from_text(str(pause["from"])), from_text(str(pause["to"])), clock.unit)
        whole = span(start, due, clock.unit) - stood
        gone = span(start, until, clock.unit) - stood
    except (CalendarError, OverflowError):
        return None
    return None if whole <= timedelta(0) else max(0, min(999, int(gone / whole * 100)))


def _told(clock: Deadline) -> Iterator[str]:
    if clock.provisional:
        yield _("暂定：该年放假安排公布后可能变化")
    if cap := _cap_words(clock.cap):
        yield _("延期上限：%(cap)s", cap=cap)
    yield from (sentence for _at, sentence in sorted(_events(clock)))


def _events(clock: Deadline) -> Iterator[tuple[str, str]]:
    """What happened to a deadline and when, and of what it will warn."""
    for pause in clock.pauses:
        who, start, why = _who(pause["by"]), wording.moment(str(pause["from"])), pause["reason"]
        if pause["to"] is None:
            said = _("%(start)s 起暂停：%(reason)s（%(person)s）", start=start, reason=why, person=who)
        else:
            end = wording.moment(str(pause["to"]))
            said = _(
                "%(start)s 至 %(end)s 暂停：%(reason)s（%(person)s）", start=start, end=end, reason=why, person=who
            )
        yield str(pause["from"]), said
    for extension in clock.extensions:
        before = wording.moment(str(extension["before"])) if extension["before"] else _("未设定")
        words = {"before": before, "due": wording.moment(str(extension["due"])), "reason": extension["reason"]}
        if extension["by_decision"]:
            said = _(
                "由 %(before)s 改为 %(due)s，经决定：%(reason)s（%(person)s）", **words, person=_who(extension["by"])
            )
        else:
            said = _("由 %(before)s 延至 %(due)s：%(reason)s（%(person)s）", **words, person=_who(extension["by"]))
        yield str(extension["at"]), said
    for warning in clock.warnings:
        level = f"{float(warning['level']) * 100:g}"
        at = str(warning["sent"] or warning["at"])
        if warning["sent"]:
            yield at, _("%(at)s 提醒：已用 %(percent)s%%", at=wording.moment(at), percent=level)
        elif clock.state == "running":
            yield at, _("%(at)s 将提醒：已用 %(percent)s%%", at=wording.moment(at), percent=level)
    if clock.missed_at:
        yield clock.missed_at, _("%(at)s 提醒：已超期", at=wording.moment(clock.missed_at))


def _who(login: Any) -> str:
    return presenting.person_label(str(login))


def _cap_words(text: str) -> str:
    cap = read_cap(text)
    parts = []
    if cap.limit is not None and cap.limit.value is not None:
        parts.append(f"{cap.limit.value:g} {unit_word(cap.limit.unit)}")
    if cap.times is not None:
        parts.append(_("%(count)s 次", count=cap.times))
    return _("，").join(parts)


def extension_units(clock: Deadline) -> Sequence[tuple[str, str]]:
    """The units in which a deadline can be extended on the page, its own first."""
    own = [clock.unit] if clock.unit in EXTENSION_UNITS else []
    return [(unit, unit_word(unit)) for unit in dict.fromkeys([*own, *EXTENSION_UNITS])]
