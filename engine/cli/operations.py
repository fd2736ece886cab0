"""``incidents``, ``retry``, ``skip``, ``correct``, ``modify``, ``migrate``, ``suspend``, ``resume``, ``approvals``,
``approve``: what process owners and administrators do about cases that cannot go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from engine import Approval, Attended, Case, Incident, Preview
from engine.cli.output import listed, local, table
from engine.cli.session import Exit, Session, as_user, command, operating, values_option
from engine.cli.standing import answer_outcome, status_word, task_table
from engine.cli.top import top
from engine.cli.values import read_values
from engine.cli.wording import SpokenOption, say
from engine.commands import (
    Begin,
    CorrectValues,
    DecideApproval,
    MigrateCase,
    MigrateCases,
    ModifyCase,
    ResumeCase,
    ResumeProcedure,
    RetryIncident,
    RetryIncidents,
    SkipElement,
    SuspendCase,
    SuspendProcedure,
)

Parameters = Callable[[Callable[..., Any]], Callable[..., Any]]


def reason_option(required: bool = True) -> Parameters:
    needed: dict[str, Any] = {"required": True} if required else {"default": ""}
    return click.option(
        "--reason",
        metavar="TEXT",
        cls=SpokenOption,
        zh="原因，记入诉求件的记录。",
        en="Why; it stands in the log.",
        **needed,
    )


def preview_option() -> Parameters:
    return click.option(
        "--preview", is_flag=True, cls=SpokenOption, zh="只显示会怎样，不改变任何东西。",
        en="Show what would come of it and change nothing.",
    )  # fmt: skip


def map_option() -> Parameters:
    return click.option(
        "--map", "mapping", multiple=True, metavar="OLD=NEW", cls=SpokenOption,
        zh="元素在新版本中的编号；可多次给出。", en="An element's id in the new version; may be given again.",
    )  # fmt: skip


def text_option(name: str, metavar: str, zh: str, en: str) -> Parameters:
    return click.option(name, metavar=metavar, cls=SpokenOption, zh=zh, en=en)


@command(top, "incidents", zh="列出等待处置的异常。", en="List steps that failed and wait for a person.")
@click.argument("case", metavar="[CASE]", required=False)
@text_option("--procedure", "ID", "只列此流程的。", "Only of this procedure.")
@text_option("--element", "ID", "只列此环节的。", "Only at this element.")
@click.option(
    "--status", type=click.Choice(["open", "retried", "skipped", "gone", "all"]), default="open", cls=SpokenOption,
    zh="默认 open；all 为全部。", en="open unless told otherwise; all lists everything.",
)  # fmt: skip
@click.option("--page", type=int, default=1, cls=SpokenOption, zh="第几页，每页 50 条。", en="Page of 50.")
@click.option(
    "--stack", is_flag=True, cls=SpokenOption, zh="附程序位置，供开发人员。", en="With the place in the program."
)
def incidents(
    session: Session,
    case: str | None,
    procedure: str | None,
    element: str | None,
    status: str,
    page: int,
    stack: bool,
) -> Exit:
    found = session.engine.incident_page(
        status=None if status == "all" else status, procedure=procedure, element=element, case=case, page=page
    )
    rows = [
        (item, session.engine.incident(item.number, incident.seq) if stack else incident)
        for item, incident in found.rows
    ]

    def document(item: Case, incident: Incident) -> dict[str, Any]:
        told = {"case": item.number, "procedure": item.procedure, "version": item.version, **incident.in_full()}
        return {**told, "stack": incident.stack} if stack else told

    def text() -> str:
        headings = [say("诉求件", "Case"), "#", say("环节", "Element"), say("次数", "Tries"), say("说明", "What")]
        lines = table(
            headings,
            [
                (item.number, incident.seq, incident.element, incident.attempts, say(incident.zh, incident.en))
                for item, incident in rows
            ],
        )
        return "\n\n".join([lines, *(incident.stack for _, incident in rows if incident.stack)])

    session.answer({"total": found.total, "incidents": [document(*row) for row in rows]}, text)
    return 0


@command(
    top,
    "retry",
    zh="重做失败的操作：一个异常，一件诉求的全部，或按流程、环节成批。--values 先更正数据，--version 先迁移。",
    en="Carry out again what failed: one incident, a case's, or many. --values are put right first.",
)
@click.argument("case", metavar="[CASE]", required=False)
@click.argument("seq", metavar="[NUMBER]", required=False, type=int)
@text_option("--procedure", "ID", "成批：此流程的。", "Many: of this procedure.")
@text_option("--element", "ID", "成批：此环节的。", "Many: at this element.")
@click.option("--all", "everything", is_flag=True, cls=SpokenOption, zh="成批：全部。", en="Many: all there are.")
@click.option(
    "--limit", type=int, default=100, metavar="N", cls=SpokenOption, zh="最多几个（100）。", en="At most (100)."
)
@values_option()
@click.option(
    "--version", type=int, metavar="N", cls=SpokenOption, zh="先迁移到此版本。", en="Migrate to this one first."
)
@map_option()
@reason_option(required=False)
@preview_option()
@as_user()
def retry(
    session: Session,
    case: str | None,
    seq: int | None,
    procedure: str | None,
    element: str | None,
    everything: bool,
    limit: int,
    values: str | None,
    version: int | None,
    mapping: tuple[str, ...],
    reason: str,
    preview: bool,
    user: str | None,
) -> Exit:
    actor, pairs = operating(user), _mapping(mapping)
    if case is not None and seq is not None:
        one = RetryIncident(
            case=case, seq=seq, values=read_values(values), version=version, mapping=pairs, reason=reason, actor=actor
        )
        return _do(session, one, preview)
    if values is not None or preview:
        raise click.UsageError(
            say("--values 和 --preview 只用于一个异常。", "--values and --preview are for one incident.")
        )
    if not (case or procedure or element or everything):
        raise click.UsageError(
            say("请给出诉求件，或 --procedure、--element、--all。", "give a case, or --procedure, --element or --all.")
        )
    many = RetryIncidents(
        cases=(case,) if case else (),
        procedure=procedure,
        element=element,
        version=version,
        mapping=pairs,
        reason=reason,
        limit=limit,
        actor=actor,
    )
    return _answer_many(session, session.engine.handle(many))


@command(top, "skip", zh="跳过失败的环节，其余照做。", en="Carry out again what failed, passing by the element.")
@click.argument("case", metavar="CASE")
@click.argument("seq", metavar="NUMBER", type=int)
@text_option("--flow", "ID", "从网关走哪条连线。", "The way to take out of a gateway.")
@reason_option()
@preview_option()
@as_user()
def skip(session: Session, case: str, seq: int, flow: str | None, reason: str, preview: bool, user: str | None) -> Exit:
    return _do(session, SkipElement(case=case, seq=seq, flow=flow, reason=reason, actor=operating(user)), preview)


@command(top, "correct", zh="更正诉求件的数据。", en="Put values of a case right.")
@click.argument("case", metavar="CASE")
@values_option()
@reason_option()
@preview_option()
@as_user()
def correct(session: Session, case: str, values: str | None, reason: str, preview: bool, user: str | None) -> Exit:
    given = read_values(values)
    return _do(session, CorrectValues(case=case, values=given, reason=reason, actor=operating(user)), preview)


@command(
    top,
    "modify",
    zh="人工移动诉求件：撤销令牌，从别的元素开始。不带选项时列出令牌所在。",
    en="Move a case by hand: withdraw tokens, begin at other elements. Without either it says where tokens stand.",
)
@click.argument("case", metavar="CASE")
@click.option(
    "--cancel", multiple=True, metavar="TOKEN|ELEMENT", cls=SpokenOption,
    zh="撤销这个令牌，或这个元素处的全部令牌；可多次给出。", en="Withdraw this token, or all at this element.",
)  # fmt: skip
@click.option(
    "--begin", multiple=True, metavar="[PROCESS:]ELEMENT[@TOKEN]", cls=SpokenOption,
    zh="从这个元素开始；@ 后是它所在子流程的令牌。", en="Begin here; after @ the token of the subprocess around it.",
)  # fmt: skip
@values_option()
@reason_option(required=False)
@preview_option()
@as_user()
def modify(
    session: Session,
    case: str,
    cancel: tuple[str, ...],
    begin: tuple[str, ...],
    values: str | None,
    reason: str,
    preview: bool,
    user: str | None,
) -> Exit:
    if not cancel and not begin:
        return _answer_places(session, case)
    one = ModifyCase(
        case=case,
        cancel=tuple(int(item) if item.isascii() and item.isdigit() and len(item) < 10 else item for item in cancel),
        begin=tuple(_place(item) for item in begin),
        values=read_values(values),
        reason=reason,
        actor=operating(user),
    )
    return _do(session, one, preview)


@command(
    top,
    "migrate",
    zh="把一件诉求，或一个版本上的全部诉求，迁移到另一版本。",
    en="Take a case, or all cases of a version, over to another version.",
)
@click.argument("case", metavar="[CASE]", required=False)
@text_option("--procedure", "ID", "成批：此流程的。", "Many: of this procedure.")
@click.option(
    "--from", "source", type=int, metavar="N", cls=SpokenOption, zh="成批：此版本上的。", en="Many: on this one."
)
@click.option(
    "--to", "target", type=int, required=True, metavar="N", cls=SpokenOption, zh="到此版本。", en="To this one."
)
@map_option()
@reason_option()
@preview_option()
@as_user()
def migrate(
    session: Session,
    case: str | None,
    procedure: str | None,
    source: int | None,
    target: int,
    mapping: tuple[str, ...],
    reason: str,
    preview: bool,
    user: str | None,
) -> Exit:
    actor, pairs = operating(user), _mapping(mapping)
    if case is not None:
        return _do(session, MigrateCase(case=case, version=target, mapping=pairs, reason=reason, actor=actor), preview)
    if procedure is None or source is None or preview:
        raise click.UsageError(
            say(
                "请给出诉求件，或 --procedure 和 --from。",
                "give a case, or --procedure and --from (without --preview).",
            )
        )
    many = MigrateCases(
        procedure=procedure, from_version=source, to_version=target, mapping=pairs, reason=reason, actor=actor
    )
    return _answer_many(session, session.engine.handle(many))


@command(
    top, "suspend", zh="暂停一件诉求，或一个流程的立案。", en="Let a case stand still, or a procedure open no cases."
)
@click.argument("case", metavar="[CASE]", required=False)
@text_option("--procedure", "ID", "暂停此流程的立案。", "Open no cases of this procedure.")
@click.option(
    "--cases", is_flag=True, cls=SpokenOption, zh="连同它在办的诉求件。", en="Its running cases stand still too."
)
@reason_option()
@as_user()
def suspend(
    session: Session, case: str | None, procedure: str | None, cases: bool, reason: str, user: str | None
) -> Exit:
    _one_of(case, procedure)
    if case is not None:
        return answer_outcome(
            session, session.engine.handle(SuspendCase(case=case, reason=reason, actor=operating(user)))
        )
    wanted = SuspendProcedure(procedure=str(procedure), cases=cases, reason=reason, actor=operating(user))
    return _answer_procedure(session, str(procedure), True, session.engine.handle(wanted))


@command(top, "resume", zh="恢复暂停的诉求件或流程。", en="Let a suspended case or procedure go on.")
@click.argument("case", metavar="[CASE]", required=False)
@text_option(
    "--procedure", "ID", "恢复此流程，及随它暂停的诉求件。", "This procedure, and the cases suspended with it."
)
@reason_option(required=False)
@as_user()
def resume(session: Session, case: str | None, procedure: str | None, reason: str, user: str | None) -> Exit:
    _one_of(case, procedure)
    if case is not None:
        return answer_outcome(
            session, session.engine.handle(ResumeCase(case=case, reason=reason, actor=operating(user)))
        )
    wanted = ResumeProcedure(procedure=str(procedure), reason=reason, actor=operating(user))
    return _answer_procedure(session, str(procedure), False, session.engine.handle(wanted))


@command(top, "approvals", zh="列出等待第二人同意的处置。", en="List repairs that wait for a second person.")
@text_option("--case", "N", "受理编号。", "The case's number.")
@click.option("--decided", is_flag=True, cls=SpokenOption, zh="已有结果的。", en="Those that were decided.")
def approvals(session: Session, case: str | None, decided: bool) -> Exit:
    found = session.engine.approvals(open=not decided, case=case)

    def line(item: Approval) -> tuple[object, ...]:
        return item.id, item.case, item.command, item.asked_by, local(item.asked_at), item.decision or "", item.reason

    def text() -> str:
        headings = ["#", say("诉求件", "Case"), say("处置", "Repair"), say("申请人", "Asked by"), say("时间", "At")]
        headings += [say("结果", "Result"), say("原因", "Why")]
        return table(headings, [line(item) for item in found.rows])

    session.answer({"total": found.total, "approvals": [item.as_json() for item in found.rows]}, text)
    return 0


@command(
    top,
    "approve",
    zh="同意他人申请的处置并执行；--refuse 驳回，申请人自己则为撤回。",
    en="Agree to a repair somebody else asked for, and carry it out. --refuse refuses, or withdraws one's own.",
)
@click.argument("approval", metavar="NUMBER", type=int)
@click.option("--refuse", is_flag=True, cls=SpokenOption, zh="驳回或撤回。", en="Refuse, or withdraw.")
@reason_option(required=False)
@as_user()
def approve(session: Session, approval: int, refuse: bool, reason: str, user: str | None) -> Exit:
    wanted = DecideApproval(approval=approval, agree=not refuse, reason=reason, actor=operating(user))
    return answer_outcome(session, session.engine.handle(wanted))


def _do(
    session: Session, wanted: RetryIncident | SkipElement | CorrectValues | ModifyCase | MigrateCase, preview: bool
) -> Exit:
    if preview:
        return _answer_preview(session, session.engine.preview(wanted))
    outcome = session.engine.handle(wanted)
    if outcome.approval is None:
        return answer_outcome(session, outcome)
    number = outcome.approval
    session.answer(
        outcome.as_json(),
        lambda: say(f"已提出第 {number} 号申请，待另一人同意。", f"Request {number} waits for somebody else to agree."),
    )
    return 0


def _answer_preview(session: Session, found: Preview) -> Exit:
    def text() -> str:
        if found.problems:
            return "\n".join(say(problem.zh, problem.en) for problem in found.problems)
        head = say(f"将为：{status_word(found.status)}", f"It would be: {status_word(found.status)}")
        facts = table(
            [say("记录", "Kind"), say("环节", "Element")], [(fact["kind"], fact["element"]) for fact in found.facts]
        )
        waits = listed([f"{wait.kind} {wait.element}" for wait in found.waits])
        return "\n\n".join(
            part for part in (head, facts, task_table(found.tasks) if found.tasks else "", waits) if part
        )

    session.answer(found.as_json(), text)
    return 1 if found.problems else 0


def _answer_many(session: Session, attended: list[Attended]) -> Exit:
    def text() -> str:
        rows = [
            (
                item.case,
                say("成", "done") if item.done else say("待同意", "asked") if item.outcome else say("未成", "not done"),
                say(item.zh, item.en),
            )
            for item in attended
        ]
        return table([say("诉求件", "Case"), say("结果", "Result"), say("说明", "Why")], rows)

    session.answer({"cases": [item.as_json() for item in attended]}, text)
    return 0 if all(item.outcome is not None for item in attended) else 1


def _answer_procedure(session: Session, procedure: str, suspended: bool, cases: list[str]) -> Exit:
    word = say("已暂停立案", "opens no cases") if suspended else say("已恢复立案", "opens cases again")
    session.answer(
        {"procedure": procedure, "suspended": suspended, "cases": cases},
        lambda: say(
            f"流程 {procedure} {word}，{len(cases)} 件诉求随之。", f"{procedure} {word}; {len(cases)} case(s) with it."
        ),
    )
    return 0


def _answer_places(session: Session, case: str) -> Exit:
    found = session.engine.places(case)
    session.answer(
        {
            "case": case,
            "places": [
                {"token": item.token, "process": item.process, "element": item.element, "inside": item.inside}
                for item in found
            ],
        },
        lambda: table(
            [say("令牌", "Token"), say("元素", "Element"), say("流程", "Process"), say("所在令牌", "Inside")],
            [(item.token, item.element, item.process, item.inside or "") for item in found],
        ),
    )
    return 0


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    found = [pair.partition("=") for pair in pairs]
    for old, sign, new in found:
        if not (old and sign and new):
            raise click.UsageError(say("--map 应为 旧编号=新编号。", "--map is given as OLD=NEW."))
    return {old: new for old, _, new in found}


def _place(text: str) -> Begin:
    process, sign, element = text.rpartition(":")
    element, at, token = element.partition("@")
    if at and not (token.isascii() and token.isdigit() and len(token) < 10):
        raise click.UsageError(say("@ 后应为令牌的数字。", "after @ comes the number of a token."))
    return Begin(element, process if sign else "", int(token) if at else None)


def _one_of(case: str | None, procedure: str | None) -> None:
    if (case is None) == (procedure is None):
        raise click.UsageError(
            say("请给出诉求件或 --procedure，二者之一。", "give a case or --procedure, one of them.")
        )
