"""``import``: cases from a CSV file and a mapping."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from engine.cli.output import table
from engine.cli.session import Exit, Session, acting, as_user, command
from engine.cli.top import top
from engine.cli.wording import SpokenOption, say
from engine.imports import Report, import_rows, read_mapping


@command(
    top,
    "import",
    zh="从 CSV 文件导入诉求件，每行一件。读不了的行按行号列出原因，其余照常导入；重复导入不会重复登记。",
    en="Import cases from a CSV file, one a row. Unreadable rows are listed with line and reason, the others are "
    "imported; importing again makes nothing twice.",
)
@click.argument("file", metavar="FILE.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--mapping",
    metavar="FILE.yaml",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    cls=SpokenOption,
    zh="列与表单项的对照文件。",
    en="How columns become values.",
)
@click.option(
    "--strict", is_flag=True, cls=SpokenOption, zh="有行被拒绝时返回 1。", en="End with 1 if a row is refused."
)
@as_user()
def import_(session: Session, file: Path, mapping: Path, strict: bool, user: str | None) -> Exit:
    rules = read_mapping(mapping.read_bytes())
    with file.open("rb") as stream:
        if session.as_json or not sys.stderr.isatty():
            report = import_rows(session.engine, stream, rules, acting(user))
        else:
            with _progress_bar(file) as bar:
                report = import_rows(session.engine, stream, rules, acting(user), lambda at: bar.update(at - bar.pos))
    session.answer(report.as_json(), lambda: _text(report))
    return 1 if strict and report.refused else 0


def _progress_bar(file: Path) -> Any:
    return click.progressbar(length=file.stat().st_size, label=say("导入", "Importing"), file=sys.stderr)


def _text(report: Report) -> str:
    head = say(
        f"导入 {report.imported} 件，已有 {report.existing} 件，拒绝 {len(report.refused)} 行。",
        f"{report.imported} imported, {report.existing} already there, {len(report.refused)} row(s) refused.",
    )
    if not report.refused:
        return head
    rows = [(row.line, row.reason) for row in report.refused]
    return f"{head}\n{table([say('行', 'Line'), say('原因', 'Reason')], rows)}"
