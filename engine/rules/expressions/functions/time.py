"""Functions of the expression language: dates, moments, working time. Moments are ISO text, written in UTC."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.rules.calendar import MAX_DAYS
from engine.rules.deadlines import deadline
from engine.rules.expressions.functions.function import (
    Group,
    Surroundings,
    counted,
    moment_of,
    number_of,
    whole_of,
    written,
)
from engine.rules.expressions.values import ExpressionError, before, is_date, read_date

TIME = Group("time")


@TIME.function("now()", zh="现在的时刻。", en="The present moment.", least=0)
def now(run: Surroundings) -> str:
    return written(run.now)


@TIME.function("today()", zh="办公地的今天（日期）。", en="Today's date at the office.", least=0)
def today(run: Surroundings) -> str:
    return run.now.astimezone(run.zone).date().isoformat()


@TIME.function(
    "moment(text)",
    zh="把文本读作时刻；没有时区的按办公地时间，日期算当天零时。",
    en="Reads text as a moment; without an offset it is office time, a date is its first moment.",
    least=1,
)
def moment(run: Surroundings, value: Any) -> str:
    return written(moment_of(run, value))


@TIME.function("date_of(m)", zh="时刻在办公地的日期。", en="The date of a moment at the office.", least=1)
def date_of(run: Surroundings, value: Any) -> str:
    return read_date(value, run.zone).isoformat()


@TIME.function(
    "local_text(m)",
    zh="时刻写成办公地时间的文本，例如 2026-11-22 09:30，用于文书和通知。",
    en="A moment as people read it at the office, 2026-11-22 09:30, for letters and notices.",
    least=1,
)
def local_text(run: Surroundings, value: Any) -> str:
    if is_date(value):
        return read_date(value, run.zone).isoformat()
    here = counted(lambda: moment_of(run, value).astimezone(run.zone))
    return str(here.isoformat(" ", timespec="minutes"))[:16]


@TIME.function(
    "add_days(m, n)",
    zh="n 个自然日之后的同一钟点；日期得日期。n 可为负。",
    en="The same time of day n calendar days later; a date gives a date. n may be negative.",
    least=2,
)
def add_days(run: Surroundings, value: Any, days: Any) -> str:
    count = timedelta(days=whole_of(days, MAX_DAYS))
    if is_date(value):
        day = read_date(value, run.zone)
        return str(counted(lambda: (day + count).isoformat()))
    begin = moment_of(run, value)
    return written(counted(lambda: begin.astimezone(run.zone) + count))


@TIME.function("add_hours(m, n)", zh="n 小时之后（钟点小时，不分工作时间）。", en="n clock hours later.", least=2)
def add_hours(run: Surroundings, value: Any, hours: Any) -> str:
    return _later(run, value, hours, 60)


@TIME.function("add_minutes(m, n)", zh="n 分钟之后。", en="n minutes later.", least=2)
def add_minutes(run: Surroundings, value: Any, minutes: Any) -> str:
    return _later(run, value, minutes, 1)


def _later(run: Surroundings, value: Any, amount: Any, minutes: int) -> str:
    count = number_of(amount)
    if abs(count) * minutes > MAX_DAYS * 24 * 60:
        raise ExpressionError(f"最多 {MAX_DAYS} 天。", f"At most {MAX_DAYS} days.")
    begin = moment_of(run, value)
    return written(counted(lambda: begin + timedelta(minutes=count * minutes)))


@TIME.function(
    "add_working_days(m, n)",
    zh="n 个工作日之后的同一钟点；非办公时间收到的从下一次上班时起算；日期得日期。",
    en="The same time of day n working days later; outside office hours it counts from the next opening; "
    "a date gives a date.",
    least=2,
)
def add_working_days(run: Surroundings, value: Any, days: Any) -> str:
    count = whole_of(days, MAX_DAYS)
    run.work.spend(100 + 2 * abs(count))
    if is_date(value):
        day = read_date(value, run.zone)
        return str(counted(lambda: run.calendar.move_working_days(day, count).isoformat()))
    begin = moment_of(run, value)
    return written(counted(lambda: run.calendar.add_working_days(begin, count)))


@TIME.function("add_working_hours(m, n)", zh="n 个办公小时之后。", en="n office hours later.", least=2)
def add_working_hours(run: Surroundings, value: Any, hours: Any) -> str:
    count = number_of(hours)
    run.work.spend(100 + int(min(abs(count), 100_000)))
    begin = moment_of(run, value)
    return written(counted(lambda: run.calendar.add_working_hours(begin, count)))


@TIME.function(
    "end_of_office_hours(m)",
    zh="当日下班时；已下班或非工作日的，为下一工作日下班时。",
    en="The close of that working day; after it, or on a day off, of the next working day.",
    least=1,
)
def end_of_office_hours(run: Surroundings, value: Any) -> str:
    run.work.spend(100)
    begin = moment_of(run, value)
    return written(counted(lambda: run.calendar.end_of_office_hours(begin)))


@TIME.function(
    "next_working_day(m)",
    zh="之后的第一个工作日：日期得日期，时刻得该日上班时。",
    en="The first working day after it: a date gives a date, a moment the opening of that day.",
    least=1,
)
def next_working_day(run: Surroundings, value: Any) -> str:
    run.work.spend(100)
    day = read_date(value, run.zone)
    following = counted(lambda: run.calendar.next_working_day(day))
    return str(following.isoformat()) if is_date(value) else written(counted(lambda: run.calendar.opening(following)))


@TIME.function("is_working_day(m)", zh="那一天是不是工作日。", en="Whether that day is a working day.", least=1)
def is_working_day(run: Surroundings, value: Any) -> bool:
    return run.calendar.is_working_day(read_date(value, run.zone))


@TIME.function(
    "working_days_between(a, b)",
    zh="a 之后到 b（含）的工作日数；b 较早时为负。",
    en="How many working days lie after a up to and with b; negative if b is earlier.",
    least=2,
)
def working_days_between(run: Surroundings, first: Any, last: Any) -> int:
    start, end = read_date(first, run.zone), read_date(last, run.zone)
    run.work.spend(100 + min(abs((end - start).days), MAX_DAYS))
    return int(counted(lambda: run.calendar.working_days_between(start, end)))


@TIME.function(
    "deadline(m, value, unit)",
    zh="自 m 起的时限到期时刻；单位 min、h、d、WD、WH、wk、mo、当日、当日或次日10时、monthly7、none；未设定得空值。",
    en="When a limit begun at m is due; units min, h, d, WD, WH, wk, mo, 当日, 当日或次日10时, monthly7, none; "
    "nothing where no limit is set.",
    least=3,
)
def limit(run: Surroundings, value: Any, amount: Any, unit: Any) -> str | None:
    if unit is not None and not isinstance(unit, str):
        raise ExpressionError("时限单位必须是文本。", "The unit of a limit is text.")
    count = None if amount is None or amount == "" else number_of(amount)
    run.work.spend(100 + 2 * int(min(abs(count or 0), MAX_DAYS)))
    begin = moment_of(run, value)
    due = counted(lambda: deadline(begin, count, unit, run.calendar))
    return None if due is None else written(due)


@TIME.function(
    "earlier(a, b)",
    zh="两个时刻中较早的；有一个为空时得另一个。",
    en="The earlier of two moments; if one is nothing, the other.",
    least=2,
)
def earlier(run: Surroundings, first: Any, second: Any) -> Any:
    return _pick(run, first, second, want_first=True)


@TIME.function(
    "later(a, b)",
    zh="两个时刻中较晚的；有一个为空时得另一个。",
    en="The later of two moments; if one is nothing, the other.",
    least=2,
)
def later(run: Surroundings, first: Any, second: Any) -> Any:
    return _pick(run, first, second, want_first=False)


def _pick(run: Surroundings, first: Any, second: Any, *, want_first: bool) -> Any:
    if first in (None, "") or second in (None, ""):
        return second if first in (None, "") else first
    for value in (first, second):
        moment_of(run, value)
    return first if before(first, second, run.zone) == want_first else second
