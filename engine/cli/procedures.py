"""``publish`` and ``check``: diagrams, decisions and forms given as files or folders."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from engine.cli.output import table
from engine.cli.session import Exit, Session, as_user, command, operating
from engine.cli.top import top
from engine.cli.wording import SpokenOption, say
from engine.commands import PublishVersion
from engine.errors import Problem, VersionRejected

#: What belongs to a procedure, by the ending of its name.
ENDINGS = (".bpmn", ".dmn", ".form")

#: A file larger than this is refused unread.
LARGEST = 16_000_000


class Sources:
    """The files found under the paths given: name → bytes, how each was typed, and what could not be read."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.typed: dict[str, str] = {}
        self.problems: list[Problem] = []

    def add(self, given: str) -> None:
        """A file, or everything under a folder that has one of our endings, in the order of their names."""
        path = Path(given)
        if not path.is_dir():
            self._read(path, given, path.name)
            return
        found = []
        for folder, folders, names in os.walk(path):
            folders.sort()
            found += [Path(folder) / name for name in sorted(names) if name.lower().endswith(ENDINGS)]
        if not found:
            self._refuse(
                given, "nothing_found", "文件夹中没有 .bpmn、.dmn、.form 文件", "no .bpmn, .dmn or .form file here"
            )
        for one in found:
            self._read(one, str(one), f"{path.resolve().name}/{one.relative_to(path).as_posix()}")

    def _read(self, path: Path, typed: str, short: str) -> None:
        if not path.name.lower().endswith(ENDINGS):
            self._refuse(
                typed, "unknown_file", "只接受 .bpmn、.dmn、.form 文件", "only .bpmn, .dmn and .form files are read"
            )
            return
        try:
            about = path.stat()
            if not stat.S_ISREG(about.st_mode):
                self._refuse(typed, "unreadable", "不是普通文件", "not a regular file")
            elif about.st_size > LARGEST:
                self._refuse(typed, "too_large", f"超过 {LARGEST:,} 字节", f"more than {LARGEST:,} bytes")
            else:
                self._keep(path, typed, short, path.read_bytes())
        except OSError as error:
            self._refuse(typed, "unreadable", f"不能读取：{error.strerror}", f"cannot be read: {error.strerror}")

    def _keep(self, path: Path, typed: str, short: str, content: bytes) -> None:
        name = _printable(_stable_name(path, short))
        if self.files.get(name, content) != content:
            name = _printable(path.resolve().as_posix().lstrip("/"))
        self.files[name] = content
        self.typed[name] = _printable(typed)

    def _refuse(self, typed: str, code: str, zh: str, en: str) -> None:
        self.problems.append(Problem(_printable(typed), "", "error", code, zh, en))


def _stable_name(path: Path, short: str) -> str:
    """The name a version keeps: below the current folder the way there, elsewhere a short name; no machine's path."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return short


def _printable(name: str) -> str:
    """A file name is bytes; where they are not UTF-8 they are shown with replacement characters."""
    return os.fsencode(name).decode("utf-8", "replace")


def paths() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True))


@command(
    top,
    "check",
    zh="检查流程图、决策表和表单，列出问题。有错误时返回 1；不发布任何内容。",
    en="Check diagrams, decisions and forms and list the problems. Ends with 1 if one is an error; publishes nothing.",
)
@paths()
def check(session: Session, paths: tuple[str, ...]) -> Exit:
    sources = Sources()
    for path in paths:
        sources.add(path)
    found = list(session.engine.check(sources.files)) if sources.files else []
    problems = sources.problems + [_as_typed(problem, sources) for problem in found]
    session.answer(
        {"problems": [problem.as_json() for problem in problems]}, lambda: _report(problems, len(sources.files))
    )
    return 1 if any(problem.severity == "error" for problem in problems) else 0


@command(
    top,
    "publish",
    zh="发布流程：文件或文件夹（.bpmn、.dmn、.form）。内容与最新版本相同的不产生新版本。",
    en="Publish procedures from files or folders (.bpmn, .dmn, .form). What equals the newest version makes none.",
)
@paths()
@click.option("--note", default="", metavar="TEXT", cls=SpokenOption, zh="修改说明。", en="What was changed.")
@as_user()
def publish(session: Session, paths: tuple[str, ...], note: str, user: str | None) -> Exit:
    sources = Sources()
    for path in paths:
        sources.add(path)
    if sources.problems:
        raise VersionRejected(sources.problems)
    versions = session.engine.handle(PublishVersion(files=sources.files, note=note, actor=operating(user)))
    session.answer(
        {"versions": [version.as_json() for version in versions]},
        lambda: (
            table(
                [say("流程", "Procedure"), say("版本", "Version"), "SHA-256"],
                [(version.procedure, version.number, version.sha256) for version in versions],
            )
            if versions
            else say("内容与已发布的版本相同，没有新版本。", "Equal to what is published; no new version.")
        ),
    )
    return 0


def _as_typed(problem: Problem, sources: Sources) -> Problem:
    file = sources.typed.get(problem.file, problem.file)
    return Problem(file, problem.element, problem.severity, problem.code, problem.zh, problem.en)


def _report(problems: list[Problem], files: int) -> str:
    if not problems:
        return say(f"{files} 个文件，没有问题。", f"{files} file(s), no problems.")
    names = {"error": say("错误", "error"), "warning": say("提醒", "warning")}
    lines = [
        f"{problem.file}{':' + problem.element if problem.element else ''}: "
        f"{names[problem.severity]} [{problem.code}] {problem.message}"
        for problem in problems
    ]
    return "\n".join(lines)
