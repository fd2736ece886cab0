"""What reaches a case from outside: messages, signals, and time."""

from __future__ import annotations

from engine import bpmn
from engine.clock import from_text
from engine.commands import SendMessage, SendSignal
from engine.errors import refused
from engine.handlers.cases import begin
from engine.handlers.persons import protect
from engine.handlers.stepping import OPEN, CaseChange
from engine.handlers.work import Work
from engine.records import Outcome, Values
from engine.rules.access import BROADCAST, has_role
from engine.rules.json_values import clean_values, refuse_reserved


def send_message(command: SendMessage, work: Work) -> Outcome:
    """Delivers a message to a case, or opens one on the procedure that starts with it."""
    if command.case is None:
        return start_by_message(work, command.name, command.values)
    change = CaseChange.of(work, command.case)
    work.must_see(change.case.number, change.case.started_by)
    if not any(wait.kind == "message" and wait.name == command.name for wait in change.waits):
        raise refused(
            f"诉求件 {command.case} 没有在等待消息“{command.name}”。",
            f"Case {command.case} does not wait for the message “{command.name}”.",
        )
    values = _given(change, command.values)
    change.step("message_received", {"name": command.name, "values": values}, bpmn.Message(command.name, values))
    return change.save()


def start_by_message(work: Work, name: str, values: Values) -> Outcome:
    """Opens a case on the one procedure that starts with that message."""
    work.must_be_known()
    starting = work.store.versions.starting_with("messages", name)
    if not starting:
        raise refused(f"没有流程由消息“{name}”启动。", f"No procedure starts with the message “{name}”.")
    if len(starting) > 1:
        names = ", ".join(version.procedure for version in starting)
        raise refused(
            f"消息“{name}”可启动多个流程：{names}。",
            f"More than one procedure starts with the message “{name}”: {names}.",
        )
    given = clean_values(values)
    refuse_reserved(given, {})
    return begin(work, work.version(starting[0].id), given, message=name).save()


def start_by_signal(work: Work, version: int, name: str, values: Values) -> Outcome:
    """Opens a case on a version that starts with that signal."""
    work.must_be_known()
    given = clean_values(values)
    refuse_reserved(given, {})
    return begin(work, work.version(version), given, signal=name).save()


def send_signal(command: SendSignal, work: Work) -> Outcome:
    """Hands a signal to the one case that is named. ``Refused`` if it does not wait for it."""
    case = work.store.cases.load(str(command.case))
    work.must_see(case.number, case.started_by)
    outcome = deliver_signal(work, case.number, command.name, command.values)
    if outcome is None:
        raise refused(
            f"诉求件 {case.number} 没有在等待信号“{command.name}”。",
            f"Case {case.number} does not wait for the signal “{command.name}”.",
        )
    return outcome


def may_broadcast(work: Work) -> None:
    """Raises ``NotAllowed`` for whoever may not reach every case at once."""
    work.needs(has_role(work.actor, BROADCAST), "您无权向所有诉求件广播信号。", "you may not broadcast signals.")


def deliver_signal(work: Work, number: str, name: str, values: Values) -> Outcome | None:
    """Hands a signal to one case; None if it does not wait for it (any more)."""
    change = CaseChange.of(work, number, must_be_open=False)
    if change.case.status not in OPEN or not any(wait.kind == "signal" and wait.name == name for wait in change.waits):
        return None
    given = _given(change, values)
    change.step("signal_received", {"name": name, "values": given}, bpmn.Signal(name, given))
    return change.save()


def fire_timers(work: Work, number: str) -> Outcome | None:
    """Lets the due timers of one case fire; None if there are none (any more): firing twice changes nothing."""
    change = CaseChange.of(work, number, must_be_open=False)
    due = [wait for wait in change.waits if wait.due is not None and from_text(wait.due) <= work.now]
    if change.case.status not in OPEN or not due or not change.step("timers_fired", {}, bpmn.Fire()):
        return None
    return change.save()


def _given(change: CaseChange, values: Values) -> dict[str, object]:
    given = clean_values(values)
    refuse_reserved(given, change.case.values)
    given = protect(change, given, change.loaded.personal_keys)
    change.attach(given)
    return given
