"""``calendar``: working days and office hours."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import click

from engine.cli.output import table
from engine.cli.session import Exit, Session, as_user, command, operating
from engine.cli.top import top
from engine.cli.wording import SpokenGroup, SpokenOption, say
from engine.commands import SetCalendarDays, SetOfficeHours
from engine.imports.notice import read_notice
from engine.rules.calendar import WorkCalendar, office_hours_text

calendar = SpokenGroup(
    "calendar",
    zh="工作日历：导入放假通知、查看、设定办公时间。",
    en="Working days: import a notice, show, office hours.",
)
top.add_command(calendar)

_WEEK = 5


@command(
    calendar,
    "import",
    zh="从 CSV 文件导入放假调休安排。有一行读不了就都不导入；后录入的为准，已有诉求件的时限不变。",
    en="Import public holidays from a CSV file: all of it or nothing. What was entered last counts; limits that run "
    "stay as they are.",
)
@click.argument("file", metavar="FILE.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--source",
    metavar="TEXT",
    cls=SpokenOption,
    zh="依据，如国办发明电〔2026〕7号；默认为文件名。",
    en="Where it comes from, such as the notice's number; by default the file's name.",
)
@click.option(
    "--provisional", is_flag=True, cls=SpokenOption, zh="是预计的，尚未公布。", en="Expected, not announced yet."
)
@as_user()
def import_(session: Session, file: Path, source: str | None, provisional: bool, user: str | None) -> Exit:
    days = read_notice(file.read_bytes(), provisional)
    session.engine.handle(SetCalendarDays(days=days, source=source or file.name, actor=operating(user)))
    session.answer({"days": len(days)}, lambda: say(f"录入 {len(days)} 天。", f"{len(days)} day(s) entered."))
    return 0


@command(
    calendar,
    "show",
    zh="列出一年中与周末规则不同的日子。",
    en="List the days of a year that differ from the weekend rule.",
)
@click.argument("year", metavar="YEAR", type=click.IntRange(2000, 2100))
def show(session: Session, year: int) -> Exit:
    found = session.engine.calendar()
    days = [day for day in _days(year) if _differs(found, day)]
    provisional = any(found.is_provisional(day) for day in _days(year))
    hours = office_hours_text(found.spans)
    document = {
        "year": year,
        "provisional": provisional,
        "office_hours": hours,
        "working_days": sum(found.is_working_day(day) for day in _days(year)),
        "days": [
            {"day": day.isoformat(), "kind": found.kind(day), "provisional": found.is_provisional(day)} for day in days
        ],
    }

    def text() -> str:
        head = say(
            f"{year} 年：{document['working_days']} 个工作日，办公时间 {hours}。",
            f"{year}: {document['working_days']} working days, office hours {hours}.",
        )
        if provisional:
            head += say("放假通知尚未录入，为暂定。", " The notice is not there yet: provisional.")
        rows = [
            (day.isoformat(), found.kind(day), say("暂定", "provisional") if found.is_provisional(day) else "")
            for day in days
        ]
        return f"{head}\n{table([say('日期', 'Day'), say('类型', 'Kind'), ''], rows)}" if rows else head

    session.answer(document, text)
    return 0


@command(calendar, "hours", zh="设定办公时间，如 08:30-12:00,14:00-18:30。", en="Set the office hours.")
@click.argument("hours", metavar="HOURS")
@click.option("--source", metavar="TEXT", required=True, cls=SpokenOption, zh="依据。", en="Where it comes from.")
@as_user()
def hours(session: Session, hours: str, source: str, user: str | None) -> Exit:
    session.engine.handle(SetOfficeHours(hours=hours, source=source, actor=operating(user)))
    told = office_hours_text(session.engine.calendar().spans)
    session.answer({"office_hours": told}, lambda: say(f"办公时间：{told}", f"Office hours: {told}"))
    return 0


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


def _differs(found: WorkCalendar, day: date) -> bool:
    return found.is_working_day(day) != (day.weekday() < _WEEK)
