"""One run of the command line: its settings, its engine, what it answers, and how a command is declared."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from engine import Engine
from engine.cli.output import json_text, write
from engine.cli.wording import SpokenCommand, SpokenGroup, SpokenOption
from engine.clock import Clock
from engine.settings import Settings, read_settings

#: What a command may return: None and 0 mean done; 1 means it did its work and the answer is "no".
Exit = int | None


class Session:
    """Opened once a run; the database only when a command asks for ``engine``."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    @cached_property
    def settings(self) -> Settings:
        return read_settings()

    @cached_property
    def engine(self) -> Engine:
        return open_engine(self.settings)

    def close(self) -> None:
        if "engine" in self.__dict__:
            self.engine.close()

    def answer(self, document: Mapping[str, Any], text: Callable[[], str]) -> None:
        """The document with ``--json``, else the text made from the same things."""
        write(json_text(document) if self.as_json else text())


def open_engine(settings: Settings, clock: Clock | None = None) -> Engine:
    """The engine on the configured database, with the clock of the test environment where one is set."""
    make_folder(settings.database_url)
    return Engine.open(settings.database_url, clock=clock or settings.moments(), settings=settings)


def make_folder(url: str) -> None:
    """The folder of an SQLite file, which SQLite does not make itself."""
    if url.startswith("sqlite:///") and ":memory:" not in url and "?" not in url:
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)


def acting(user: str | None) -> str:
    """On whose behalf: ``--as``, else ``HUIYIN_USER``, else the login name of whoever runs the command."""
    if user:
        return user
    if named := os.environ.get("HUIYIN_USER"):
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def operating(user: str | None) -> str:
    """As ``acting``, but where nobody is named the installation itself: who reaches its database may set it up."""
    return user or os.environ.get("HUIYIN_USER") or "system"


def as_user() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--as USER``, given to the command as ``user``."""
    return click.option(
        "--as",
        "user",
        metavar="USER",
        cls=SpokenOption,
        zh="以谁的身份（登录名）；默认 HUIYIN_USER，再默认系统登录名。",
        en="On whose behalf (login); default HUIYIN_USER, then your login name.",
    )


def values_option() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--values FILE|-``, given to the command as ``values``."""
    return click.option(
        "--values",
        metavar="FILE|-",
        cls=SpokenOption,
        zh="含一个 JSON 对象的文件；- 表示标准输入。",
        en="A file with one JSON object; - is standard input.",
    )


def command(group: SpokenGroup, name: str, *, zh: str, en: str) -> Callable[[Callable[..., Exit]], click.Command]:
    """Declares a command of ``group``: its function gets the session and its parameters; ``--json`` is added."""

    def declare(function: Callable[..., Exit]) -> click.Command:
        def call(as_json: bool, **parameters: Any) -> Exit:
            session = Session(as_json)
            try:
                return function(session, **parameters)
            finally:
                session.close()

        option = SpokenOption(
            ["--json", "as_json"],
            is_flag=True,
            zh="以 JSON 输出，供程序使用。",
            en="Answer as one JSON document, for programs.",
        )
        # click collects the parameters declared above a function on the function itself, last one first.
        declared: list[click.Parameter] = getattr(function, "__click_params__", [])
        made = SpokenCommand(name, callback=call, params=[*reversed(declared), option], zh=zh, en=en)
        group.add_command(made)
        return made

    return declare
