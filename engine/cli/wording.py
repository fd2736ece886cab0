"""The command line in two languages: which one is in force, and click's commands and options with both texts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from engine.errors import Language, language


def choose_language(environment: Mapping[str, str] | None = None) -> Language:
    """``HUIYIN_LANG`` (zh or en), else the locale if it names one of the two, else Chinese."""
    settings = os.environ if environment is None else environment
    for name in ("HUIYIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = settings.get(name, "").lower()
        if value.startswith("en"):
            return "en"
        if value.startswith("zh"):
            return "zh"
    return "zh"


def say(zh: str, en: str) -> str:
    """The one of two texts that is in the language in force."""
    return zh if language.get() == "zh" else en


class Page(click.HelpFormatter):
    """Help pages whose headings are in the language in force."""

    headings = {"Options": "选项", "Commands": "命令", "Positional arguments": "参数"}

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, say("用法: ", "Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        super().write_heading(say(self.headings.get(heading, heading), heading))


class SpokenContext(click.Context):
    formatter_class = Page


class SpokenOption(click.Option):
    """An option with a help text in both languages."""

    def __init__(self, *args: Any, zh: str = "", en: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zh, self.en = zh, en

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = say(self.zh, self.en)
        return super().get_help_record(ctx)


def help_option() -> SpokenOption:
    """``--help``, the same on every command."""

    def show(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            click.echo(ctx.get_help().encode("utf-8"))
            ctx.exit()

    return SpokenOption(
        ["-h", "--help"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=show,
        zh="显示本帮助并退出。",
        en="Show this message and exit.",
    )


class SpokenCommand(click.Command):
    """A command with a help text in both languages; the first sentence is its short form."""

    context_class = SpokenContext

    def __init__(self, *args: Any, zh: str = "", en: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **{"add_help_option": False, **kwargs})
        self.zh, self.en = zh, en
        self.params.append(help_option())

    def get_short_help_str(self, limit: int = 45) -> str:
        text = say(self.zh, self.en)
        return text.split("。" if language.get() == "zh" else ". ")[0].rstrip(".")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = say(self.zh, self.en)
        super().format_help_text(ctx, formatter)


class SpokenGroup(click.Group):
    """The top of the command line, with a help text in both languages."""

    context_class = SpokenContext

    def __init__(self, *args: Any, zh: str = "", en: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **{"add_help_option": False, **kwargs})
        self.zh, self.en = zh, en
        self.params.append(help_option())

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = say(self.zh, self.en)
        super().format_help_text(ctx, formatter)


def usage_message(error: click.ClickException) -> str:
    """What is wrong with the command as typed, in the language in force where click tells us enough to say it."""
    if language.get() == "en":
        return error.format_message()
    match error:
        case NoArgsIsHelpError():
            return error.format_message()
        case click.MissingParameter(param=param) if param is not None:
            return f"缺少{'选项' if param.param_type_name == 'option' else '参数'} {_name(error)}。"
        case click.BadParameter():
            return f"{_name(error)} 的值不正确：{error.message}"
        case click.NoSuchOption():
            hint = f"是否想用 {'、'.join(error.possibilities)}？" if error.possibilities else ""
            return f"没有选项 {error.option_name}。{hint}"
        case click.NoSuchCommand():
            hint = f"是否想用 {'、'.join(error.possibilities)}？" if error.possibilities else ""
            return f"没有命令 {error.command_name}。{hint}"
        case click.BadOptionUsage():
            return f"选项 {error.option_name} 用法不正确：{error.message}"
        case _:
            return f"命令用法不正确：{error.format_message()}"


def _name(error: click.BadParameter) -> str:
    hint = error.param_hint
    if hint is None and error.param is not None and error.ctx is not None:
        hint = error.param.get_error_hint(error.ctx)
    if hint is None:
        return ""
    return hint if isinstance(hint, str) else " / ".join(hint)
