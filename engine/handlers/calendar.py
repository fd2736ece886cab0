"""Commands on the calendar: working days, and office hours."""

from __future__ import annotations

from datetime import date

from engine.commands import CalendarDay, SetCalendarDays, SetOfficeHours
from engine.errors import refused
from engine.handlers.work import Work
from engine.rules.access import ADMINISTER, has_role
from engine.rules.calendar import CalendarError, CalendarRow, office_hours_text, read_office_hours

_KINDS = ("休", "班", "")
_LONGEST = 200
#: A notice has some thirty days; a whole year of own days is still fine.
_MOST_DAYS = 5_000
_YEARS = range(2000, 2101)


def set_calendar_days(command: SetCalendarDays, work: Work) -> None:
    """Adds what is said of these days, all of it or nothing."""
    source = _source(command.source, work)
    if not 0 < len(command.days) <= _MOST_DAYS:
        raise refused(f"一次可录入 1 至 {_MOST_DAYS} 天。", f"1 to {_MOST_DAYS} days can be entered at once.")
    wrong = [problem for place, day in enumerate(command.days, start=1) if (problem := _wrong(day, place))]
    twice = len({day.day for day in command.days}) < len(command.days)
    if twice:
        wrong.append(("有日期出现了不止一次。", "A day occurs more than once."))
    if wrong:
        raise refused("".join(zh for zh, _ in wrong[:20]), " ".join(en for _, en in wrong[:20]))
    rows = [CalendarRow(0, day.day, day.kind, day.name.strip(), day.provisional, source) for day in command.days]
    work.store.calendar.add(rows, work.at, work.actor.login)


def set_office_hours(command: SetOfficeHours, work: Work) -> None:
    """The office is open then, from now on."""
    source = _source(command.source, work)
    try:
        hours = office_hours_text(read_office_hours(command.hours))
    except CalendarError as error:
        raise refused(error.zh, error.en) from None
    work.store.calendar.add([CalendarRow(0, "", "hours", hours, False, source)], work.at, work.actor.login)


def _source(text: str, work: Work) -> str:
    allowed = has_role(work.actor, ADMINISTER)
    work.needs(allowed, "只有系统管理员可以修改日历。", "only administrators change the calendar.")
    source = text.strip()
    if not source or len(source) > _LONGEST or "\x00" in source:
        raise refused(
            f"请写明依据（不超过 {_LONGEST} 个字符），如国办发明电号。",
            f"Name the source in at most {_LONGEST} characters, such as the number of the notice.",
        )
    return source


def _wrong(day: CalendarDay, place: int) -> tuple[str, str] | None:
    try:
        found = date.fromisoformat(day.day)
    except (ValueError, TypeError):
        found = None
    if found is None or found.isoformat() != day.day or found.year not in _YEARS:
        text = str(day.day)[:40]
        return (
            f"第 {place} 项“{text}”不是日期，应如 2027-10-01。",
            f"Item {place}, “{text}”, is no date such as 2027-10-01.",
        )
    if day.kind not in _KINDS:
        return (
            f"第 {place} 项的类型“{str(day.kind)[:40]}”应为 休、班 或空。",
            f"The kind of item {place}, “{str(day.kind)[:40]}”, should be 休, 班 or nothing.",
        )
    if len(day.name) > _LONGEST or "\x00" in day.name:
        return f"第 {place} 项的名称过长。", f"The name of item {place} is too long."
    return None
