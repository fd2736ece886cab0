"""What can go wrong, as a tree. The class says what to do about it; the text says it to a person.

::

    EngineError
    ├── NotFound            there is no such case, task, procedure          (404)
    ├── NotAllowed          this person may not do that                     (403)
    ├── Refused             the request itself is wrong                     (422)
    │   ├── FormInvalid         a value is missing or wrong: .fields says which
    │   ├── VersionRejected     a diagram may not be published: .problems says why
    │   ├── MigrationRefused    a case cannot go over to another version: .reasons says why
    │   ├── CaseClosed          the case has ended, nothing can be done on it
    │   ├── CaseSuspended       the case stands still until somebody resumes it
    │   ├── ProcedureSuspended  the procedure opens no cases for the time being
    │   ├── ApprovalStale       what a second person agreed to is not possible any more
    │   ├── AlreadyThere        a case with this reference exists: .case names it
    │   ├── BadMapping          an import's mapping cannot be used
    │   ├── DemoRefused         the demonstration is not loaded here
    │   └── NotFitForProduction the server does not start as it is set up
    ├── Conflict            somebody was faster                             (409)
    │   ├── TaskAlreadyDone
    │   ├── StaleCase
    │   ├── DraftMovedOn        somebody else saved the draft of a procedure
    │   └── NotLocked           the work outside is not locked by this worker (any more)
    ├── DiagramFailed       the diagram could not go on; the step was rolled back
    │   ├── ExpressionFailed
    │   ├── NoPathTaken
    │   ├── ErrorUncaught       work outside ended in a business error that the diagram does not catch
    │   ├── ExternalFailed      work outside failed as often as it may
    │   ├── SendFailed          something could not be sent, however often it was tried
    │   └── TooManySteps
    ├── DatabaseFailed      the database cannot be used just now or at all
    │   └── ConnectionLost      it went away before anything was stored
    ├── SchemaTooNew        a newer Huiyin wrote the database
    ├── KeyMissing          callers' data needs the installation's key
    ├── KeyWrong            callers' data was encrypted with another key
    └── BadSetting          a setting cannot be used
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, Self

Language = Literal["zh", "en"]

#: The language in which errors and problems speak: set by the web for a request, by the command line for a run.
language: ContextVar[Language] = ContextVar("language", default="zh")


@contextmanager
def speaking(code: Language) -> Iterator[None]:
    """Errors and problems turned into text inside this block are in that language."""
    token = language.set(code)
    try:
        yield
    finally:
        language.reset(token)


class EngineError(Exception):
    """Something the caller should be told. ``zh`` and ``en`` are templates for the keyword arguments."""

    zh = "操作未能完成：{reason}"
    en = "This could not be done: {reason}"

    def __init__(self, **values: Any) -> None:
        super().__init__(values)
        self.values = values

    def text(self, code: Language) -> str:
        """The sentence for a person, in that language."""
        template = self.zh if code == "zh" else self.en
        values = {
            name: value.get(code, "") if isinstance(value, Bilingual) else value for name, value in self.values.items()
        }
        return template.format(**values)

    def __str__(self) -> str:
        return self.text(language.get())


class Bilingual(dict[str, str]):
    """A reason in both languages: ``Bilingual(zh="…", en="…")``, usable as a value of any error here."""

    def __str__(self) -> str:
        return self.get(language.get(), "")


Noun = Literal[
    "case",
    "task",
    "caller",
    "person",
    "procedure",
    "version",
    "diagram",
    "form",
    "attachment",
    "incident",
    "approval",
    "send",
]

_NOUNS: Mapping[Noun, Bilingual] = {
    "case": Bilingual(zh="诉求件", en="case"),
    "task": Bilingual(zh="待办", en="task"),
    "caller": Bilingual(zh="诉求人", en="caller"),
    "person": Bilingual(zh="用户", en="person"),
    "procedure": Bilingual(zh="流程", en="procedure"),
    "version": Bilingual(zh="版本", en="version"),
    "diagram": Bilingual(zh="流程图", en="diagram"),
    "form": Bilingual(zh="表单", en="form"),
    "attachment": Bilingual(zh="附件", en="attachment"),
    "incident": Bilingual(zh="异常", en="incident"),
    "approval": Bilingual(zh="申请", en="request"),
    "send": Bilingual(zh="发送", en="send"),
}


class NotFound(EngineError):
    """There is no such thing, or the person may not know of it. ``what``: its kind; ``which``: its number or name."""

    zh = "没有找到{what}“{which}”。"
    en = "There is no {what} “{which}”."

    def __init__(self, what: Noun, which: object) -> None:
        super().__init__(what=_NOUNS[what], which=which)


class NotAllowed(EngineError):
    """The person lacks the right. ``actor``, ``reason``."""

    zh = "{actor} 不能这样做：{reason}"
    en = "{actor} may not do this: {reason}"


class Refused(EngineError):
    """The request itself is wrong; asking again will not help. ``reason`` says what to do."""


def refused(zh: str, en: str) -> Refused:
    """``Refused`` with the reason in both languages."""
    return Refused(reason=Bilingual(zh=zh, en=en))


@dataclass(frozen=True)
class FieldError:
    """One wrong value: the path of the field (``measures.0.due`` inside a table), the sentence in both languages."""

    field: str
    zh: str
    en: str

    def __str__(self) -> str:
        return self.zh if language.get() == "zh" else self.en


class FormInvalid(Refused):
    """Values do not fit the form. ``fields``: what is wrong, one entry a field."""

    zh = "表单有 {count} 处需要更正：{detail}"
    en = "{count} field(s) need correcting: {detail}"

    def __init__(self, fields: Sequence[FieldError]) -> None:
        self.fields = tuple(fields)
        super().__init__(
            count=len(self.fields),
            detail=Bilingual(
                zh="；".join(f"{f.field} {f.zh}" for f in self.fields),
                en="; ".join(f"{f.field}: {f.en}" for f in self.fields),
            ),
        )


@dataclass(frozen=True)
class Problem:
    """Why a diagram, table or form may not be published (``error``), or had better not (``warning``).

    ``element`` is the BPMN/DMN/form element id, empty where the file as a whole is meant; ``code`` is stable and
    documented in ``docs/reference/problems.md``.
    """

    file: str
    element: str
    severity: Literal["error", "warning"]
    code: str
    zh: str
    en: str

    @property
    def message(self) -> str:
        """The sentence for a person, in the language in force."""
        return self.zh if language.get() == "zh" else self.en

    def as_json(self) -> Mapping[str, str]:
        """The shape of ``huiyin check --json``."""
        return {
            "file": self.file,
            "element": self.element,
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
        }


class VersionRejected(Refused):
    """The files have errors and were not published. ``problems`` holds all of them, warnings included."""

    zh = "未发布：{count} 处错误。{detail}"
    en = "Not published: {count} error(s). {detail}"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        wrong = [p for p in problems if p.severity == "error"]
        super().__init__(
            count=len(wrong),
            detail=Bilingual(
                zh="；".join(f"{p.file} {p.element} {p.zh}" for p in wrong[:20]),
                en="; ".join(f"{p.file} {p.element}: {p.en}" for p in wrong[:20]),
            ),
        )


class MigrationRefused(Refused):
    """The case cannot go over to that version. ``reasons``: (element, why), one for each token that has no place."""

    zh = "不能迁移：{detail}"
    en = "It cannot be migrated: {detail}"

    def __init__(self, reasons: Sequence[tuple[str, Bilingual]]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            detail=Bilingual(
                zh="；".join(why["zh"] for _, why in self.reasons), en="; ".join(why["en"] for _, why in self.reasons)
            )
        )


class CaseClosed(Refused):
    """The case has ended. ``case``."""

    zh = "诉求件 {case} 已经结束，不能再办理。"
    en = "Case {case} has ended; nothing more can be done on it."


class CaseSuspended(Refused):
    """The case stands still until somebody resumes it. ``case``."""

    zh = "诉求件 {case} 已挂起，恢复后才能继续办理。"
    en = "Case {case} is suspended; it goes on once somebody resumes it."


class ProcedureSuspended(Refused):
    """The procedure opens no cases for the time being. ``procedure``, ``reason``."""

    zh = "流程 {procedure} 已暂停立案：{reason}"
    en = "{procedure} opens no cases for the time being: {reason}"


class ApprovalStale(Refused):
    """What was asked for cannot be done any more, so it cannot be agreed to. ``approval``, ``reason``."""

    zh = "第 {approval} 号申请已不能执行，可以驳回或撤回：{reason}"
    en = "Request {approval} cannot be carried out any more; refuse or withdraw it: {reason}"


class AlreadyThere(Refused):
    """A case with this outside reference exists; nothing was created twice. ``reference``, ``case``."""

    zh = "外部编号 {reference} 已登记为诉求件 {case}。"
    en = "The reference {reference} is already registered as case {case}."

    @property
    def case(self) -> str:
        """The number of the case that has the reference."""
        return str(self.values["case"])


class BadMapping(Refused):
    """The mapping file cannot be used, or does not fit the CSV file. ``reason``."""

    zh = "对照文件有误：{reason}"
    en = "The mapping cannot be used: {reason}"


class DemoRefused(Refused):
    """The demonstration is not loaded here. ``reason``."""

    zh = "未载入演示数据：{reason}"
    en = "The demonstration was not loaded: {reason}"


class NotFitForProduction(Refused):
    """The server does not start in production as it is set up. ``reason`` says what to change."""

    zh = "未启动：{reason}"
    en = "Not started: {reason}"


class Conflict(EngineError):
    """Somebody changed the case in the meantime; look again and repeat if it is still wanted. ``case``."""

    zh = "诉求件 {case} 刚刚被他人更新，请刷新后重试。"
    en = "Case {case} was changed by somebody else just now; reload and try again."


class TaskAlreadyDone(Conflict):
    """The task is no longer open. ``task``; ``by`` says who finished it, if known."""

    zh = "待办 {task} 已被{by}办结或已撤销。"
    en = "Task {task} is no longer open: done or withdrawn by {by}."


class StaleCase(Conflict):
    """The revision moved between reading and writing. ``case``."""


class DraftMovedOn(Conflict):
    """Somebody else saved the draft in the meantime. ``procedure``."""

    zh = "流程 {procedure} 的草稿刚刚被他人保存，请重新载入后再改。"
    en = "The draft of {procedure} was saved by somebody else just now; load it again before editing."


class NotLocked(Conflict):
    """Work outside is not locked by the worker that reports on it. ``task``, ``worker``, ``reason``."""

    zh = "外部任务 {task} 没有由 {worker} 锁定：{reason}"
    en = "The external task {task} is not locked by {worker}: {reason}"


class DiagramFailed(EngineError):
    """The diagram cannot go on; the step was rolled back and nothing is lost. ``element``, ``reason``.

    ``process`` draws the element and ``seen`` are the variables that what failed mentions, where that is known: for
    whoever repairs it, never part of the sentence. ``attempt`` is what had been asked of the diagram (see
    ``engine.handlers.stepping``).
    """

    zh = "流程在“{element}”处无法继续：{reason}"
    en = "The procedure cannot go on at “{element}”: {reason}"

    process: str = ""
    seen: Mapping[str, Any] = {}
    attempt: Any = None

    def at(self, process: str, seen: Mapping[str, Any]) -> Self:
        """The error, with where it happened and what was seen there."""
        self.process, self.seen = process, seen
        return self

    @property
    def element(self) -> str:
        """The id of the element at which the diagram stopped; empty where there is none."""
        return str(self.values.get("element", ""))


class ExpressionFailed(DiagramFailed):
    """An expression cannot be worked out. ``element``, ``expression``, ``reason``."""

    zh = "“{element}”处的表达式 {expression} 无法计算：{reason}"
    en = "The expression {expression} at “{element}” cannot be worked out: {reason}"


class NoPathTaken(DiagramFailed):
    """No outgoing flow's condition holds and there is no default flow. ``element``."""

    zh = "“{element}”的所有流出条件都不成立，且没有默认流向。请为它设置默认流向。"
    en = "No condition out of “{element}” holds and it has no default flow. Give it a default flow."


class ErrorUncaught(DiagramFailed):
    """Work outside ended in a business error that nothing in the diagram catches. ``element``, ``code``, ``reason``."""

    zh = "“{element}”的外部工作报告业务错误 {code}，流程图中没有捕获它的事件：{reason}"
    en = "The outside work at “{element}” ended in the business error {code}, which nothing catches: {reason}"


class ExternalFailed(DiagramFailed):
    """Work outside failed as often as it may. ``element``, ``topic``, ``reason``; ``stack`` for developers."""

    zh = "“{element}”的外部工作（主题 {topic}）失败，重试次数已用完：{reason}"
    en = "The outside work at “{element}” (topic {topic}) failed, and no retries are left: {reason}"


class SendFailed(DiagramFailed):
    """Something that was to leave could not be sent, however often it was tried. ``element``, ``topic``, ``send``,
    ``reason``."""

    zh = "“{element}”处的第 {send} 号发送（主题 {topic}）失败，已不再重试：{reason}"
    en = "What “{element}” sends (number {send}, topic {topic}) could not be sent and is not tried again: {reason}"


class TooManySteps(DiagramFailed):
    """One step went through more automatic elements than is sane: the diagram loops without waiting."""

    zh = "流程在“{element}”处不停循环而不等待任何人（超过 {limit} 步）。"
    en = "The procedure loops at “{element}” without waiting for anybody (more than {limit} elements in one step)."


class DatabaseFailed(EngineError):
    """The database cannot be used just now or at all. ``reason``."""

    zh = "数据库不可用：{reason}"
    en = "The database cannot be used: {reason}"


class ConnectionLost(DatabaseFailed):
    """The database went away before anything was stored: asking again is safe, and the engine does so itself a few
    times. ``reason``."""


class SchemaTooNew(EngineError):
    """The database was written by a newer Huiyin. ``found``."""

    zh = "数据库由更新版本的回音建立（结构 {found}），请升级本软件。"
    en = "This database was made by a newer Huiyin (schema {found}); upgrade the software."


class KeyMissing(EngineError):
    """Personal data can be neither stored nor read without the installation's key. ``reason``."""

    zh = "缺少数据密钥：{reason}"
    en = "The data key is missing: {reason}"


class KeyWrong(EngineError):
    """What is stored was encrypted with another key."""

    zh = "数据密钥与加密时所用的不一致，无法解密。"
    en = "The data key is not the one this was encrypted with."


class BadSetting(EngineError):
    """A setting cannot be used. ``name``, ``reason``."""

    zh = "设置 {name} 无效：{reason}"
    en = "The setting {name} cannot be used: {reason}"


@dataclass(frozen=True)
class Mismatch:
    """One thing ``verify`` found: the case, the entry (0 = the case as a whole), a code and the sentence."""

    case: str
    seq: int
    code: str
    zh: str = field(default="")
    en: str = field(default="")

    def as_json(self) -> Mapping[str, Any]:
        """The shape of a mismatch in ``huiyin verify --json``."""
        return {
            "case": self.case,
            "seq": self.seq,
            "code": self.code,
            "message": self.zh if language.get() == "zh" else self.en,
        }
