"""The top of the command line: ``huiyin``. Each noun's module adds its commands to it."""

from __future__ import annotations

import importlib.metadata

import click

from engine.cli.output import write
from engine.cli.wording import SpokenGroup, SpokenOption


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        write(f"huiyin {importlib.metadata.version('huiyin')}")
        ctx.exit()


top = SpokenGroup(
    "huiyin",
    zh="回音：受理、转办、调查、方案、实施、反馈，件件有着落。数据库由 HUIYIN_DATABASE_URL 指定。",
    en="Huiyin: receive, transfer, investigate, plan, implement, feed back. The database is HUIYIN_DATABASE_URL.",
    params=[
        SpokenOption(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_show_version,
            zh="显示版本并退出。",
            en="Show the version and exit.",
        )
    ],
)
